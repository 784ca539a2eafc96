/* What the watch and the network's process say to each other, one datagram each. */
#ifndef REMIT_NETWORK_MESSAGE_H
#define REMIT_NETWORK_MESSAGE_H

#include "base/error.h"
#include "policy/network.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum network_message_kind {
	NETWORK_READY,    /* from the network: connections can be asked for */
	NETWORK_FAILURE,  /* from the network: why it is over */
	NETWORK_CONNECT,  /* to the network, with the tool's socket */
	NETWORK_ANSWER,   /* from the network: `error` answers the call */
	NETWORK_REFUSED,  /* from the network: to be recorded; answered by NETWORK_RECORDED */
	NETWORK_RECORDED, /* to the network */
};

/* Why something is refused, where it is not the policy's own line that says it. */
enum network_reason {
	NETWORK_BY_RULE,   /* network_decide of name, address and port */
	NETWORK_BY_NAME,   /* network_decide_name: it is not looked up */
	NETWORK_BY_SPOKEN, /* network_decide_spoken */
	NETWORK_NO_NAME,   /* what was said first names nobody */
	NETWORK_OTHER_NAME,
	NETWORK_HIDDEN_NAME,
	NETWORK_UNREADABLE,
	NETWORK_HTTP_TWO,
	NETWORK_SLOW,
	NETWORK_OWN_ADDRESS,
	NETWORK_DATAGRAM,
	NETWORK_NOT_PUBLIC, /* all addresses of the name */
	NETWORK_TOO_MANY,   /* look-ups below a wildcard */
	NETWORK_FOREIGN,    /* a socket of another network */
};

struct network_message {
	enum network_message_kind kind;
	uint64_t id; /* of the notification; of NETWORK_REFUSED without a call: the network's own */
	bool refused;  /* NETWORK_ANSWER: to be recorded */
	bool approved; /* NETWORK_CONNECT: somebody was asked, and permits it */
	int error;
	enum network_reason reason;
	pid_t thread;
	struct seccomp_data call; /* NETWORK_CONNECT: for the watch alone, which gets it back */
	struct network_address address;
	uint16_t port;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	bool has_address;
	int family;                       /* NETWORK_CONNECT: of the address as the tool gave it */
	char name[NETWORK_NAME_MOST + 1]; /* or "" */
	char text[256];                   /* NETWORK_FAILURE */
};

/* `descriptor` may be -1. Waits until it is sent. */
int network_send(int socket, const struct network_message *message, int descriptor,
                 struct error *err);

/* Waits for one; `*descriptor` is owned by the caller, or -1. Returns 1, 0 at the end of the other
 * side, negative on errors. With `wait` false: 2 where there is none. */
int network_receive(int socket, struct network_message *out, int *descriptor, bool wait,
                    struct error *err);

#endif
