/* What of the host is there inside, as far as the policy alone tells. */
#ifndef REMIT_PLAN_VISIBLE_H
#define REMIT_PLAN_VISIBLE_H

#include "policy/policy.h"

#include <stdbool.h>

/* The host's object at `path` (absolute, normal) can be read inside. */
bool visible_inside(const struct policy *policy, const char *path);

/* Reading `path` is refused by name: not merely not granted. */
bool refused_inside(const struct policy *policy, const char *path);

#endif
