/* What only the disk tells: in which folders there is a repository, and what a name leads to. */
#ifndef REMIT_PLAN_EXISTING_H
#define REMIT_PLAN_EXISTING_H

#include "base/error.h"
#include "policy/policy.h"

/* Adds rules to the policy for what exists in the project and in the trees that were granted: a
 * `.git` that is a file, a bare repository, what git's configuration names, and where a tree was
 * opened for writing as a whole also the names that are protected at the root of a repository. So
 * `why` knows them as `run` does. Returns 0, or negative where what may be written cannot be looked
 * at. */
int existing_protect(struct policy *policy, struct error *err);

/* A refusal by name that speaks of a link, or leads through one, holds for what it leads to, too:
 * adds rules for those other names. Returns 0, or negative where one cannot be looked at. */
int existing_other_names(struct policy *policy, struct error *err);

#endif
