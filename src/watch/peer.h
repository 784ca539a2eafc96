/* The address that a process gave to connect(2), bind(2) or sendto(2). */
#ifndef REMIT_WATCH_PEER_H
#define REMIT_WATCH_PEER_H

#include "policy/network.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct peer {
	char *text; /* "192.0.2.1:443", "[2001:db8::1]:443"; owned */
	char *path; /* of a socket file, as the process gave it; or NULL; owned */
	int family; /* AF_INET, AF_INET6; else 0 */
	struct network_address address;
	uint16_t port;
	bool inside; /* the sandbox's own localhost, or a name in its own network */
};

/* Returns 0; -1 where the address cannot be read, or is of a family that nothing is said of: the
 * kernel answers then. */
int peer_read(pid_t thread, uint64_t address, uint64_t size, struct peer *out);

void peer_clear(struct peer *peer);

#define cleanup_peer __attribute__((cleanup(peer_clear)))

#endif
