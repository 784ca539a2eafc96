/* Joining a peer that has answered to the tool's own socket (see relay.c). */
#ifndef REMIT_NETWORK_JOIN_H
#define REMIT_NETWORK_JOIN_H

#include "base/error.h"
#include "network/address.h"
#include "network/connection.h"

/* Connects the tool's socket to a port of the sandbox, with little patience: it may be blocking, or
 * made so meanwhile, and have options with which no answer reaches it (TCP_MD5SIG). Returns 0 or an
 * errno: EINPROGRESS where it goes on. */
int join_connect(int tool, const union socket_address *to, socklen_t size);

/* Connects the tool's socket, which waits, to the joining port, and answers the call. */
int join_waiting(struct connection *connection, struct error *err);

/* Meets the tool's socket, which is opening towards the silent port. */
void join_silent(struct connection *connection);

/* Tells the tool's socket, which is opening, that the peer has refused. */
void join_fail(struct connection *connection);

/* Of a source of the relay: accepts what comes to the joining port. */
int join_ready(struct loop_source *source, uint32_t events, struct error *err);

#endif
