/* A folder and the folders above it, as far as the tree goes that may be written: which of them git
 * would take for its own. Everything is looked up when it is first asked for. */
#ifndef REMIT_WATCH_GIT_PLACE_H
#define REMIT_WATCH_GIT_PLACE_H

#include "watch/guard.h"

#include <stdbool.h>
#include <stddef.h>

/* Names that mean something to git. */
enum git_name {
	GIT_NONE,
	GIT_CONFIG,
	GIT_CONFIG_WORKTREE,
	GIT_COMMONDIR,
	GIT_GITDIR,
	GIT_HOOKS,
	GIT_MODULES,
	GIT_WORKTREES,
	GIT_DOT_GIT,
	GIT_OBJECTS,
	GIT_REFS,
	GIT_NAMES,
};

/* The name as git writes it. */
const char *git_name_text(enum git_name name);

/* One component of a path. */
struct git_component {
	const char *text;
	size_t size;
	enum git_name name; /* what it is, or is on a file system that folds names */
	bool exact;         /* it is written so */
};

/* Folder number k is the one that the first k components lead to: 0 is "/". */
struct git_place {
	const struct guard_place *place;
	struct git_component *components; /* those of the path, and the name */
	int *folders;                     /* O_PATH; -1 for what was not opened */
	size_t depth;                     /* the number of the folder itself */
	size_t top;                       /* above it nothing is looked at */
};

/* Whether anything on the path or the name itself can be of interest: without, nothing below needs
 * to be asked. Makes no system call. */
bool git_place_concerns(const struct guard_place *place);

/* Returns 0 and a place to be released with git_place_clear; negative on failure. */
int git_place_open(const struct guard_place *place, struct git_place *out, struct error *err);

void git_place_clear(struct git_place *place);

#define cleanup_git_place __attribute__((cleanup(git_place_clear)))

/* The descriptor of folder `number`, which the place keeps; negative on failure. */
int git_place_folder(struct git_place *place, size_t number, struct error *err);

/* All of these return 1 or 0, negative where the disk cannot be asked. */

/* Whether component `number` has that name (for which the folder it stands in is asked, where it is
 * written differently). */
int git_place_is(struct git_place *place, size_t number, enum git_name name, struct error *err);

/* Whether git would read the configuration of folder `number`. */
int git_place_is_git(struct git_place *place, size_t number, struct error *err);

/* Whether folder `number` is the own folder of a linked work tree, by its place. */
int git_place_is_own(struct git_place *place, size_t number, struct error *err);

/* Whether something stands in the folder of the place under that name. */
int git_place_holds(const struct git_place *place, enum git_name name, struct error *err);

#endif
