/* Work trees of submodules: which folder the git folders below `modules` name by core.worktree. Git
 * goes there by the text, through whatever links stand on the way. */
#ifndef REMIT_WATCH_GIT_MODULES_H
#define REMIT_WATCH_GIT_MODULES_H

#include "base/error.h"
#include "watch/git_place.h"

/* All of these return 1 or 0, negative where the disk cannot be asked. */

/* Whether what comes to stand at the name of the place leads such a work tree elsewhere: a link at
 * its path or above it (`object` is -1), or a folder `object` with a link on the way. What is too
 * much to be looked through may. */
int git_modules_misled(struct git_place *place, int object, struct error *err);

/* Whether the work tree that a configuration at the place names is nothing so far, or a real folder
 * whose `.git`, if it is a file, points back. */
int git_modules_stands(const struct guard_place *place, const char *value, struct error *err);

/* Whether a `.git` file at the place may name the git folder `git`, which lies below the top: its
 * work tree is the folder of the place, or is nowhere (a submodule that was moved). */
int git_modules_agrees(const struct guard_place *place, const char *git, struct error *err);

#endif
