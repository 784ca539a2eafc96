#include "network/address.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

socklen_t address_fill(union socket_address *out, int family, const struct network_address *address,
                       uint16_t port)
{
	memset(out, 0, sizeof(*out));
	if (family == AF_INET6) {
		out->six = (struct sockaddr_in6){.sin6_family = AF_INET6,
		                                 .sin6_port = htons(port),
		                                 .sin6_addr = address->bytes};
		return sizeof(out->six);
	}
	if (family != AF_INET || !network_address_is_four(address))
		return 0;
	out->four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	memcpy(&out->four.sin_addr, address->bytes.s6_addr + 12, sizeof(out->four.sin_addr));
	return sizeof(out->four);
}

bool address_take(const union socket_address *from, struct network_address *address, uint16_t *port)
{
	*address = (struct network_address){0};
	if (from->any.sa_family == AF_INET6) {
		address->bytes = from->six.sin6_addr;
		*port = ntohs(from->six.sin6_port);
		return true;
	}
	if (from->any.sa_family != AF_INET)
		return false;
	address->bytes.s6_addr[10] = 0xff;
	address->bytes.s6_addr[11] = 0xff;
	memcpy(address->bytes.s6_addr + 12, &from->four.sin_addr, sizeof(from->four.sin_addr));
	*port = ntohs(from->four.sin_port);
	return true;
}

struct network_address address_loopback(bool six)
{
	struct network_address address = {.bytes = IN6ADDR_LOOPBACK_INIT};

	if (!six)
		network_address_parse("127.0.0.1", &address);
	return address;
}

int address_probe(const struct network_address *address, bool *own)
{
	int family = network_address_is_four(address) ? AF_INET : AF_INET6;
	union socket_address peer;
	union socket_address self;
	cleanup_close int probe = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = address_fill(&peer, family, address, 53);

	*own = false;
	if (probe < 0)
		return errno;
	if (!size)
		return EADDRNOTAVAIL;
	/* Only an address of the host itself, whichever of its several, can be bound. */
	if (bind(probe, &self.any, address_fill(&self, family, address, 0)) == 0)
		*own = true;
	else if (errno != EADDRNOTAVAIL || connect(probe, &peer.any, size) < 0)
		return errno;
	return 0;
}
