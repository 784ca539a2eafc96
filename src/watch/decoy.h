/* The decoy: a file system that answers for every path that was not granted. It is the sandbox's
 * root, in which granted trees are mounted, and pieces of it lie over what is refused by name
 * inside of them. It holds nothing: whatever is done to a name of the host ends in a refusal, and
 * in a record with the whole path. */
#ifndef REMIT_WATCH_DECOY_H
#define REMIT_WATCH_DECOY_H

#include "base/error.h"
#include "watch/context.h"

/* Starts to answer for the file system behind `device` (see base/fuse_mount.h), in a thread of its
 * own. `device` stays open until the process ends. While the sandbox is built, the thread stays on
 * `processor` (negative: on any). */
int decoy_start(struct watch_context *context, int device, int processor, struct error *err);

/* The sandbox is built: the decoy's thread runs where it may. */
int decoy_release(struct watch_context *context, struct error *err);

#endif
