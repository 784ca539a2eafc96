/* Walking along a path one symbolic link at a time. */
#ifndef REMIT_BASE_LINK_H
#define REMIT_BASE_LINK_H

enum {
	/* As many links as the kernel follows: path_resolution(7). */
	MOST_LINKS = 40,
};

enum link_step {
	LINK_NONE,   /* the whole path can be walked, and no link is on it */
	LINK_FOUND,  /* *out is the path with its first link replaced by what that says */
	LINK_CLOSED, /* the folder *out cannot be entered (EACCES) */
	LINK_FAILED, /* nothing stands there, or memory is exhausted */
};

/* Looks at the absolute `path` name by name. *out is the caller's, NULL where the step has none. */
enum link_step link_walk(const char *path, char **out);

#endif
