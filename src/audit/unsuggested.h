/* What no suggestion names: secrets, and names by which code gets run later. */
#ifndef REMIT_AUDIT_UNSUGGESTED_H
#define REMIT_AUDIT_UNSUGGESTED_H

#include "policy/effect.h"

#include <stdbool.h>
#include <stddef.h>

/* True where the path looks like one of the built-in lists, whoever's home folder and whichever
 * repository it may be in: a log does not say. Rather too often than too rarely. */
bool unsuggested_path(enum effect effect, const char *path, size_t size);

#endif
