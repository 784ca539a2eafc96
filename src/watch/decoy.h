/* The decoy: a file system that answers for every path that was not granted. It is the sandbox's
 * root, in which granted trees are mounted, and pieces of it lie over what is refused by name
 * inside of them. It holds nothing: whatever is done to a name of the host ends in a refusal, and
 * in a record with the whole path. */
#ifndef REMIT_WATCH_DECOY_H
#define REMIT_WATCH_DECOY_H

#include "base/error.h"
#include "watch/context.h"

#include <sched.h>

/* Starts to answer for the file system behind `device` (see base/fuse_mount.h), in a thread of its
 * own, which runs where the caller may. `device` stays open until the process ends. */
int decoy_start(struct watch_context *context, int device, struct error *err);

/* Lets the decoy's thread run on these processors. */
int decoy_release(struct watch_context *context, const cpu_set_t *processors, struct error *err);

#endif
