/* One connection: the tool's side, which is a socket of the sandbox's network, and the peer's side,
 * which is one of the host's. Between them bytes go both ways, after what is said first was heard.
 */
#ifndef REMIT_NETWORK_CONNECTION_H
#define REMIT_NETWORK_CONNECTION_H

#include "network/http.h"
#include "network/loop.h"
#include "network/message.h"
#include "policy/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	TOOL,
	PEER,
	SIDES,
};

/* Pipes for splice(2) that no connection needs now. */
struct pipe_pool {
	int pipes[32][2];
	size_t count;
	size_t open; /* with those that connections hold */
};

/* What comes from one side and goes to the other. */
struct flow {
	int pipe[2]; /* -1 where nothing waits */
	size_t held; /* bytes in it */
	bool done;   /* the end was passed on */
};

/* What the tool has said and what was judged of it. */
struct heard {
	char *data;
	size_t size, capacity;
	size_t approved; /* bytes that may go on */
	size_t sent;     /* of these */
	uint64_t since;  /* millisecond at which a part came that is not whole; 0: none */
};

enum speech {
	SPEECH_FIRST,   /* nothing was judged yet */
	SPEECH_HTTP,    /* requests, one behind the other */
	SPEECH_SWITCH,  /* the server is about to say whether another protocol begins */
	SPEECH_HELLO,   /* the server is about to say whether TLS begins, or wants another hello */
	SPEECH_AGAIN,   /* it does, and that is judged as the first one was */
	SPEECH_PASSING, /* nothing more is judged */
};

enum connection_state {
	CONNECTION_OPENING, /* the peer has not answered */
	CONNECTION_JOINING, /* it has; the tool's side is being made */
	CONNECTION_CARRYING,
	CONNECTION_REFUSED, /* as soon as that is recorded, it ends */
	CONNECTION_CLOSED,  /* about to be released */
};

struct connection_side {
	struct loop_source source;
	int socket; /* -1 where there is none yet */
	bool readable, writable, ended;
};

struct relay;

struct connection {
	struct connection *next, **link;
	struct relay *relay;
	struct loop_later later; /* more to carry, or to be released */
	enum connection_state state;
	struct connection_side sides[SIDES];
	struct flow flows[SIDES]; /* [TOOL]: from the tool */

	/* Opening. */
	int waiting;       /* the tool's blocking socket, or -1 */
	uint64_t call;     /* that waits with it; 0: none */
	uint64_t deadline; /* millisecond at which it does not wait any longer; 0: none */
	bool six;          /* joined on ::1, not 127.0.0.1 */
	struct network_address local; /* the tool's own address and port */
	uint16_t local_port;
	bool has_sequence, failed;
	uint32_t sequence; /* of the packet that opens the tool's connection */

	/* Who is reached, and what must be said. */
	pid_t thread;
	struct network_address address;
	uint16_t port;
	bool published;                    /* from the host to the sandbox: nothing is judged */
	bool approved;                     /* somebody was asked, and permits it: */
	char asked[NETWORK_NAME_MOST + 1]; /* as this name, or "": by its address */
	bool must_name;                    /* what is said first must name a permitted peer */
	enum speech speech;
	struct heard heard;
	struct http http;
	size_t requests;
	uint64_t refusal; /* the record that it waits for */
};

/* Carries what can be carried; true where something is left that needs no waiting. Sets the state
 * where it is over. */
bool flow_carry(struct connection *connection, struct pipe_pool *pool);

/* Gives back what the flows hold. */
void flow_clear(struct connection *connection, struct pipe_pool *pool);

/* Judges what was heard: moves `approved` on, or refuses. Returns whether something changed. */
bool speech_judge(struct connection *connection);

/* Whether nothing is judged before the server has answered. */
bool speech_waits(const struct connection *connection);

/* The server's first bytes say how it goes on. Returns whether that is known. */
bool speech_answered(struct connection *connection);

/* The connection is over: what was said is not permitted. `name` may be NULL. */
void relay_refuse(struct connection *connection, enum network_reason reason, const char *name);

/* The same of another port than that of the connection, for which a proxy was asked. */
void relay_refuse_port(struct connection *connection, enum network_reason reason, const char *name,
                       uint16_t port);

#endif
