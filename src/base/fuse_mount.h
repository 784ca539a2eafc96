/* A file system in user space, mounted without a helper (fuse(4), fsopen(2): Linux 5.2). */
#ifndef REMIT_BASE_FUSE_MOUNT_H
#define REMIT_BASE_FUSE_MOUNT_H

#include "base/error.h"

#include <sys/types.h>

/* Makes the file system in the caller's user namespace, in which it must hold CAP_SYS_ADMIN over
 * its mount namespace, for users of that id. `*device` answers for it, `*mount` is the detached
 * mount; both owned by the caller. Negative on failure. */
int mount_fuse(uid_t user, gid_t group, int *device, int *mount, struct error *err);

#endif
