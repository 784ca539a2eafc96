#include "watch/peer.h"

#include "base/text.h"
#include "watch/process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct sockaddr_un local;
	char bytes[sizeof(struct sockaddr_un) + 1];
};

static bool is_own(const struct network_address *address)
{
	return network_address_is_four(address) ? address->bytes.s6_addr[12] == IN_LOOPBACKNET
	                                        : IN6_IS_ADDR_LOOPBACK(&address->bytes);
}

static int read_four(const struct sockaddr_in *address, struct peer *out)
{
	char host[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address->sin_addr, host, sizeof(host));
	network_address_parse(host, &out->address);
	inet_ntop(AF_INET, &out->address.bytes.s6_addr[12], host, sizeof(host));
	out->family = AF_INET;
	out->port = ntohs(address->sin_port);
	out->text = text_printf("%s:%u", host, out->port);
	out->inside = is_own(&out->address);
	return out->text ? 0 : -1;
}

static int read_six(const struct sockaddr_in6 *address, struct peer *out)
{
	char host[INET6_ADDRSTRLEN];

	out->address.bytes = address->sin6_addr;
	network_address_normalize(&out->address);
	inet_ntop(AF_INET6, &out->address.bytes, host, sizeof(host));
	out->family = AF_INET6;
	out->port = ntohs(address->sin6_port);
	out->text = text_printf("[%s]:%u", host, out->port);
	out->inside = is_own(&out->address);
	return out->text ? 0 : -1;
}

static int read_local(const union address *address, size_t size, struct peer *out)
{
	size_t room = size - offsetof(struct sockaddr_un, sun_path);

	out->inside = true;
	if (room == 0 || !address->local.sun_path[0])
		return 0; /* unnamed, or a name of the sandbox's own network namespace */
	out->path = text_copy_size(address->local.sun_path, strnlen(address->local.sun_path, room));
	return out->path ? 0 : -1;
}

int peer_read(pid_t thread, uint64_t address, uint64_t size, struct peer *out)
{
	union address copy = {0};

	*out = (struct peer){0};
	if (size < sizeof(copy.any.sa_family) || size > sizeof(copy.local) ||
	    process_memory(thread, address, &copy, (size_t)size) != (ssize_t)size)
		return -1;
	if (copy.any.sa_family == AF_INET && size >= sizeof(copy.four))
		return read_four(&copy.four, out);
	if (copy.any.sa_family == AF_INET6 && size >= offsetof(struct sockaddr_in6, sin6_scope_id))
		return read_six(&copy.six, out);
	if (copy.any.sa_family == AF_UNIX)
		return read_local(&copy, (size_t)size, out);
	return -1;
}

void peer_clear(struct peer *peer)
{
	free(peer->text);
	free(peer->path);
	*peer = (struct peer){0};
}
