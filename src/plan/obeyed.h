/* Files in the project that git obeys since the operator's own configuration names them. */
#ifndef REMIT_PLAN_OBEYED_H
#define REMIT_PLAN_OBEYED_H

#include "base/error.h"
#include "policy/policy.h"

/* Protects what the configuration in the git folder `git` names by core.hooksPath, include.path and
 * includeIf.*.path, as far as it may be written; and what those files name in turn. `tree` is the
 * root of the work tree. What git itself cannot read names nothing. Returns 0, or negative. */
int obeyed_protect(struct policy *policy, const char *git, const char *tree, struct error *err);

#endif
