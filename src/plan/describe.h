/* A plan as text, for people and for programs. */
#ifndef REMIT_PLAN_DESCRIBE_H
#define REMIT_PLAN_DESCRIBE_H

#include "base/buffer.h"
#include "plan/plan.h"

#include <stdbool.h>

/* Appends the whole plan for a terminal: identity, mounts in order, Landlock, limits, names of the
 * environment, filters as pseudo code, or as numbers where `raw`. Values of the environment are
 * left out: they may be secret. Negative when memory is exhausted. */
int describe_text(const struct plan *plan, const struct policy *policy, bool raw,
                  struct buffer *out);

/* Appends the same as one line of JSON, filters both ways. Negative when memory is exhausted. */
int describe_json(const struct plan *plan, const struct policy *policy, struct buffer *out);

/* "bind", "scratch" ... Static. */
const char *describe_mount_kind(enum mount_kind kind);

/* "read", "write", "none" or "" (a link): what the mount permits at most. Static. */
const char *describe_mount_access(const struct plan_mount *mount);

/* The name of RLIMIT_*, as `ulimit` and getrlimit(2) know it. Static. */
const char *describe_limit(int resource);

#endif
