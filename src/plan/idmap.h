/* The user namespaces behind idmapped mounts. */
#ifndef REMIT_PLAN_IDMAP_H
#define REMIT_PLAN_IDMAP_H

#include "base/error.h"
#include "plan/plan.h"

/* Makes a user namespace in which the file system's `user` and `group` are the host's ids of
 * `identity`. Returns 0 and a descriptor owned by the caller, for as long as which it lives. */
int idmap_namespace(const struct plan_identity *identity, uid_t user, gid_t group, int *out,
                    struct error *err);

#endif
