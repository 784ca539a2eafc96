#include "plan/closed.h"

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* As many links as the kernel follows: path_resolution(7). */
	MOST_LINKS = 40,
};

/* What a walk along a path came to. */
enum step {
	STEP_OPEN,   /* the whole path can be walked */
	STEP_CLOSED, /* the folder `at` cannot be entered */
	STEP_LINK,   /* a link: the path to go on with is `at` */
	STEP_FAILED,
};

/* The path with the link that its first `size` bytes name replaced by what it says. */
static char *replace_link(const char *path, const char *link, size_t size)
{
	cleanup_free char *text = calloc(1, PATH_MAX);
	cleanup_free char *parent = path_parent(link);

	if (!text || !parent || readlink(link, text, PATH_MAX - 1) < 0)
		return NULL;
	cleanup_free char *target = path_absolute(parent, text);
	return target ? text_printf("%s%s", target, path + size) : NULL;
}

/* Walks along the path up to the first link, or the first name that cannot be looked at. */
static enum step walk(const char *path, char **at)
{
	for (size_t size = 0; path[size];) {
		size += 1 + strcspn(path + size + 1, "/");
		cleanup_free char *name = text_copy_size(path, size);
		struct stat status;
		if (!name)
			return STEP_FAILED;
		if (lstat(name, &status) < 0) {
			*at = errno == EACCES ? path_parent(name) : NULL;
			return *at ? STEP_CLOSED : STEP_FAILED;
		}
		if (S_ISLNK(status.st_mode)) {
			*at = replace_link(path, name, size);
			return *at ? STEP_LINK : STEP_FAILED;
		}
	}
	return STEP_OPEN;
}

/* The folder that cannot be entered on the way to `path`; NULL where none is found. */
static char *find_closed(const char *path)
{
	cleanup_free char *current = text_copy(path);

	for (int i = 0; current && i < MOST_LINKS; i++) {
		char *at = NULL;
		enum step step = walk(current, &at);
		if (step == STEP_CLOSED)
			return at;
		if (step != STEP_LINK)
			return NULL;
		free(current);
		current = at;
	}
	return NULL;
}

int closed_refuse(const char *path, struct error *err)
{
	cleanup_free char *folder = find_closed(path);
	struct stat status;

	if (folder && geteuid() != 0 && lstat(folder, &status) == 0 && status.st_uid != geteuid())
		return 0;
	cleanup_free char *name = escape_terminal_copy(path);
	cleanup_free char *closed = escape_terminal_copy(folder ? folder : path);
	if (!name || !closed)
		return error_memory(err);
	error_set(err, "%s may have to be covered, and cannot be looked at: %s cannot be entered",
	          name, closed);
	return error_help(err, "its owner, which the tool is, could open it: chmod u+x, or take it "
	                       "away");
}
