/* The network of a run: a process of its own that reaches permitted peers for the tool.
 *
 * It stays in the host's network and has the tool's id; the tool stays in an empty one. It connects
 * outside, joins that to the tool's own socket, and carries bytes both ways; what is said first
 * must name whom it was permitted to reach. Names are looked up by a second process, on permitted
 * names alone. It opens, executes and writes no file. When it ends, the run does. */
#ifndef REMIT_NETWORK_NETWORK_H
#define REMIT_NETWORK_NETWORK_H

#include "base/error.h"
#include "plan/plan.h"
#include "policy/policy.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A port of the host's 127.0.0.1 that leads to one of the sandbox's. */
struct network_publish {
	int listener;
	uint16_t port; /* inside */
};

enum {
	NETWORK_PUBLISH_MOST = 16,
};

struct network_request {
	const struct policy *policy;
	const struct plan *plan;
	int gate;    /* socket to it: the sockets of its network come from there */
	int channel; /* socket to the watch (see network/message.h) */
	const struct network_publish *publish;
	size_t publish_count;
};

struct network {
	pid_t pid;
};

/* Starts the process; the caller's signals should be blocked. Nothing in the request is taken over.
 * Returns 0 and a network to be released with network_close; negative where there is no process.
 * What fails later, it tells the watch. */
int network_start(const struct network_request *request, struct network *out, struct error *err);

/* Kills what is left of it, and waits for it. */
void network_close(struct network *network);

#endif
