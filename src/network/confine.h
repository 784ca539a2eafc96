/* The network's processes confine themselves. */
#ifndef REMIT_NETWORK_CONFINE_H
#define REMIT_NETWORK_CONFINE_H

#include "base/error.h"
#include "plan/plan.h"

/* Of a process that stays in the caller's user namespace: takes the tool's id where the caller is
 * root, gives up every capability, cannot be looked into. */
int confine_as_host(const struct plan_identity *identity, struct error *err);

/* Of one that entered the sandbox's: the same, but for what making sockets of its network takes. */
int confine_as_tool(const struct plan_identity *identity, struct error *err);

/* Of the calling thread: keeps `count` capabilities, for now. */
int confine_capabilities(const int *keep, int count, struct error *err);

#endif
