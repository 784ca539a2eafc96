/* The watch confines itself. Stages in a fixed order; negative: nothing may be executed. */
#ifndef REMIT_WATCH_CONFINE_H
#define REMIT_WATCH_CONFINE_H

#include "base/error.h"
#include "plan/plan.h"

#include <stddef.h>

/* Keeps only these descriptors (and moves none); 0, 1 and 2 become /dev/null. */
int confine_descriptors(const int *keep, size_t count, struct error *err);

/* Enters the user namespace of the process (a pidfd). */
int confine_enter(int process, struct error *err);

/* A mount namespace of its own, to mount in. */
int confine_mounts(struct error *err);

/* A view of the files in which nothing can be written; takes the tool's id, where that is not the
 * caller's own; gives up every capability but the one to look into processes. */
int confine_identity(const struct plan_identity *identity, struct error *err);

/* Loads the filter of the watch. */
int confine_calls(struct error *err);

#endif
