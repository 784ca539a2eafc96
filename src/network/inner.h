/* Sockets of the sandbox's network, made by a thread that is in it. */
#ifndef REMIT_NETWORK_INNER_H
#define REMIT_NETWORK_INNER_H

#include "base/error.h"

#include <stdbool.h>

struct inner {
	int ends[2]; /* the first is the caller's */
};

/* Starts the thread. The calling thread must be in the user namespace that owns `network`, with
 * CAP_SYS_ADMIN and CAP_NET_BIND_SERVICE, and have no filter yet. When this returns, the thread has
 * confined itself. */
int inner_start(struct inner *inner, int network, struct error *err);

/* A non-blocking TCP socket, owned by the caller; bound to the silent port where `silent`. -1 with
 * errno. */
int inner_socket(struct inner *inner, int family, bool silent);

#endif
