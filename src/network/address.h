/* Addresses as sockets take them. */
#ifndef REMIT_NETWORK_ADDRESS_H
#define REMIT_NETWORK_ADDRESS_H

#include "policy/network.h"

#include <netinet/in.h>
#include <sys/socket.h>

union socket_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* For a socket of `family`; an address of the older kind fits into both. Returns its size, 0 where
 * it does not fit. */
socklen_t address_fill(union socket_address *out, int family, const struct network_address *address,
                       uint16_t port);

/* The other way. False for other families. */
bool address_take(const union socket_address *from, struct network_address *address,
                  uint16_t *port);

/* 127.0.0.1, or ::1 where `six`. */
struct network_address address_loopback(bool six);

/* Whether the host has a way there, and whether that leads to itself: asked of the kernel with a
 * datagram socket, which sends nothing. Returns 0, or the errno of the attempt. */
int address_probe(const struct network_address *address, bool *own);

#endif
