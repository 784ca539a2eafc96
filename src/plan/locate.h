/* Where things are on this machine: the caller's home, the workspace, the repository around it.
 * Everything that comes out is absolute and free of symbolic links. */
#ifndef REMIT_PLAN_LOCATE_H
#define REMIT_PLAN_LOCATE_H

#include "base/error.h"
#include "plan/git_folder.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct place {
	char *workspace;
	dev_t workspace_device; /* which folder it was when it was judged */
	ino_t workspace_inode;
	char *repository;      /* root of the repository that holds the workspace, or NULL */
	struct git_folder git; /* where that has its git folder elsewhere */
	char *home;            /* where HOME will be inside */
	char *directory;       /* where COMMAND starts */
	char *user_name;       /* the caller's name in /etc/passwd, or NULL */
	bool home_exists;      /* the caller can enter `home` on the host */
	bool has_passwd;       /* /etc/passwd knows the caller's user id */
	/* Folders in which there are secrets as in `home`: other home folders of the caller, that
	 * of the workspace's owner, and the repository around the workspace, which may be one. */
	const char *other_homes[3];
	size_t other_home_count;
	char *owned_homes[3]; /* what other_homes points to */
};

struct place_request {
	const char *workspace; /* -w or REMIT_WORKSPACE, or NULL: the current directory */
	bool must_name;        /* the current directory must not be taken for the workspace */
	bool allow_weaker;     /* --allow-weaker workspace */
	bool explaining;       /* nothing will run: no workspace is refused */
};

/* Returns 0 and places owned by the caller (place_clear); negative where the workspace does not
 * exist, is no directory, is `/`, or is or contains a home folder. */
int place_find(const struct place_request *request, struct place *out, struct error *err);

void place_clear(struct place *place);

#endif
