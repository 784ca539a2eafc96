/* Between calls that want a connection and the network's process, which makes it. */
#ifndef REMIT_WATCH_NETWORK_H
#define REMIT_WATCH_NETWORK_H

#include "base/error.h"
#include "watch/context.h"
#include "watch/notify.h"

#include <stdbool.h>

/* Waits until connections can be asked for; negative with what the process said where it cannot. 0
 * where there is no such process. */
int watch_network_begin(struct watch_context *context, const struct notify *notify,
                        struct error *err);

/* Whether the call in hand connects to a peer outside. Then it is handed on, and answered when the
 * network's process has: returns true. */
bool watch_network_takes(struct watch_context *context, const struct notice *notice);

/* Hears what the network's process says: answers calls, records refusals, asks whom there is to
 * ask. For the main thread. Negative where it is over, and everything with it. */
int watch_network_hear(struct watch_context *context, struct error *err);

/* A name that somebody was asked about waits as a call does; when it comes back, it is looked at
 * again. */
bool watch_network_is_lookup(const struct notice *notice);
int watch_network_look_again(struct watch_context *context, struct notice *notice,
                             struct error *err);

#endif
