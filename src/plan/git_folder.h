/* A `.git` that is a file: it says where the git folder of a linked work tree or a submodule is.
 * The file lies in the workspace and is not trusted: it counts only where the git folder, which
 * does not, points back at it. */
#ifndef REMIT_PLAN_GIT_FOLDER_H
#define REMIT_PLAN_GIT_FOLDER_H

#include <sys/types.h>

struct git_folder {
	char *shared; /* the git folder: of the main repository, or of the submodule; or NULL */
	char *own;    /* a linked work tree's own folder, shared/worktrees/NAME; or NULL */
};

/* `folder` (absolute, no links) holds a file `.git` of `owner`. Finds what the file leads to,
 * owned by the caller: nothing where it leads nowhere, to somebody else's, or to what does not
 * point back (nor where memory is exhausted: what is not found is not shown). */
void git_folder_find(const char *folder, uid_t owner, struct git_folder *out);

void git_folder_clear(struct git_folder *git);

#endif
