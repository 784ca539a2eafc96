/* The watch confines itself. Stages in a fixed order; negative: nothing may be executed. */
#ifndef REMIT_WATCH_CONFINE_H
#define REMIT_WATCH_CONFINE_H

#include "base/error.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stddef.h>

/* Enters the user namespace of the process (a pidfd). */
int confine_enter(int process, struct error *err);

/* A mount namespace of its own, to mount in. */
int confine_mounts(struct error *err);

/* A view of the files in which nothing can be written; takes the tool's id, where that is not the
 * caller's own; gives up every capability but those to look into processes and, for a thread that
 * will enter the tool's tree, to do so. */
int confine_identity(const struct plan_identity *identity, struct error *err);

/* The calling thread keeps the capability to look into processes only, and loads the filter of the
 * watch. */
int confine_calls(struct error *err);

/* The same for the broker, with a filter of its own; it may ask for one capability more. */
int confine_broker(struct error *err);

/* Whether the calling thread, one of the broker's, passes through folders that the tool may not
 * search: for as long as it looks for a folder that the tool holds open. */
int confine_search(bool on, struct error *err);

#endif
