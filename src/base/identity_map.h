/* Maps of ids into a user namespace. */
#ifndef REMIT_BASE_IDENTITY_MAP_H
#define REMIT_BASE_IDENTITY_MAP_H

#include "base/error.h"

#include <sys/types.h>

/* Maps one id of the user namespace of `process` to one of the caller's: `name` is "uid_map" or
 * "gid_map" (user_namespaces(7)). Needs CAP_SETUID and CAP_SETGID for ids that are not the
 * caller's own. */
int identity_map_write(pid_t process, const char *name, unsigned inner, unsigned outer,
                       struct error *err);

#endif
