/* Reaching peers for the tool. */
#ifndef REMIT_NETWORK_RELAY_H
#define REMIT_NETWORK_RELAY_H

#include "base/error.h"
#include "network/connection.h"
#include "network/inner.h"
#include "network/loop.h"
#include "network/message.h"
#include "network/names.h"
#include "network/network.h"

enum {
	RELAY_MOST = 4096,     /* connections, where as many descriptors can be had */
	RELAY_DESCRIPTORS = 6, /* that one takes: two sockets, two pipes */
	RELAY_OTHERS = 128,    /* that are none of connections */

	FAMILIES = 2, /* 127.0.0.1 and ::1 */

	/* Milliseconds that something said first may take to be whole. */
	RELAY_PATIENCE = 60000,
	RELAY_TICK = 250, /* how often that is looked at */
};

struct relay {
	struct loop *loop;
	const struct policy *policy;
	struct names *names;
	struct inner *inner;
	int channel;         /* to the watch */
	uint64_t network;    /* cookie of the sandbox's */
	int joins[FAMILIES]; /* listeners, or -1 */
	int raws[FAMILIES];  /* or -1 */
	struct loop_source join_sources[FAMILIES];
	struct connection *first;
	size_t count, most; /* connections; more are EMFILE */
	struct pipe_pool pool;
	uint64_t refusals; /* numbers of records; odd, those of look-ups are even */
};

/* Takes the sockets over. */
int relay_start(struct relay *relay, struct error *err);

/* Somebody inside wants to connect; takes `tool` over, his socket. */
int relay_connect(struct relay *relay, const struct network_message *message, int tool,
                  struct error *err);

/* A connection from the host to `port` inside; takes `peer` over. */
void relay_publish(struct relay *relay, int peer, uint16_t port);

/* What was refused under that number is recorded. */
void relay_recorded(struct relay *relay, uint64_t number);

/* For who joins: answers a call; ends a connection, whose memory stays until no event can speak of
 * it; waits for events of a side; takes over the tool's side, and begins to carry. */
int relay_answer(struct relay *relay, uint64_t call, int error, struct error *err);
void relay_end(struct connection *connection);
int relay_watch_side(struct connection *connection, int side);
void relay_joined(struct connection *connection, int socket);

/* Ends what took too long. Returns whether there is anything to look at later. */
bool relay_tick(struct relay *relay, struct error *err);

#endif
