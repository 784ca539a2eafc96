/* The masks of new files' rights (umask(2)) of the processes inside. Reading one from /proc takes
 * longer than making the file. */
#ifndef REMIT_WATCH_MASKS_H
#define REMIT_WATCH_MASKS_H

#include "base/error.h"
#include "watch/notify.h"

#include <sys/types.h>

struct masks;

/* Returns 0, or negative. It stays until the process ends. */
int masks_new(struct masks **out, struct error *err);

/* A process is about to change its own to `mask`. */
void masks_change(struct masks *masks, const struct notice *notice, mode_t mask);

/* The mask of a thread that waits for an answer. Until some process has changed its own, all have
 * the one that the first had. Returns 0, or -1 where it cannot be read. */
int masks_read(struct masks *masks, pid_t thread, mode_t *out);

#endif
