#include "network/join.h"

#include "base/cleanup.h"
#include "network/address.h"
#include "network/relay.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	JOIN_MICROSECONDS = 200000, /* on the sandbox's own loopback */
};

int join_connect(int waiting, const union socket_address *to, socklen_t size)
{
	const struct timeval patience = {.tv_usec = JOIN_MICROSECONDS};
	struct timeval own;
	socklen_t own_size = sizeof(own);

	if (getsockopt(waiting, SOL_SOCKET, SO_SNDTIMEO, &own, &own_size) < 0 ||
	    setsockopt(waiting, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return ECONNABORTED;
	int error = connect(waiting, &to->any, size) < 0 ? errno : 0;
	(void)setsockopt(waiting, SOL_SOCKET, SO_SNDTIMEO, &own, sizeof(own));
	return error;
}

/* The tool's socket waits: it is connected to the port where it is accepted. */
int join_waiting(struct connection *connection, struct error *err)
{
	struct relay *relay = connection->relay;
	union socket_address local = {0};
	socklen_t size = sizeof(local);
	struct network_address loopback = address_loopback(connection->six);
	union socket_address join;
	int family = AF_INET;
	socklen_t family_size = sizeof(family);
	int error = 0;

	(void)getsockopt(connection->waiting, SOL_SOCKET, SO_DOMAIN, &family, &family_size);
	socklen_t join_size = address_fill(&join, family, &loopback, SANDBOX_PORT_JOIN);
	error = join_connect(connection->waiting, &join, join_size);
	if (error == EINPROGRESS || error == EAGAIN)
		error = ECONNABORTED;
	if (!error && (getsockname(connection->waiting, &local.any, &size) < 0 ||
	               !address_take(&local, &connection->local, &connection->local_port)))
		error = ECONNABORTED;
	uint64_t call = connection->call;
	connection->call = 0;
	close(steal_descriptor(&connection->waiting));
	if (error)
		relay_end(connection);
	else
		connection->state = CONNECTION_JOINING;
	return relay_answer(relay, call, error, err);
}

/* The tool's socket is opening towards the silent port: so does one of ours from there. */
void join_silent(struct connection *connection)
{
	int family = connection->six ? AF_INET6 : AF_INET;
	union socket_address tool;
	socklen_t size = address_fill(&tool, family, &connection->local, connection->local_port);
	int own = inner_socket(connection->relay->inner, family, true);

	connection->sides[TOOL].socket = own;
	connection->state = CONNECTION_JOINING;
	if (own < 0 || !size || (connect(own, &tool.any, size) < 0 && errno != EINPROGRESS) ||
	    relay_watch_side(connection, TOOL) < 0)
		relay_end(connection);
}

static struct connection *find_local(struct relay *relay, enum connection_state state,
                                     const struct network_address *address, uint16_t port)
{
	for (struct connection *each = relay->first; each; each = each->next)
		if (each->state == state && each->local_port == port && !each->published &&
		    memcmp(&each->local, address, sizeof(*address)) == 0)
			return each;
	return NULL;
}

/* Whoever comes without being expected has connected here by himself, and is sent away. */
int join_ready(struct loop_source *source, uint32_t events, struct error *err)
{
	struct relay *relay = source->owner;
	int listener = relay->joins[source - relay->join_sources];

	(void)events;
	(void)err;
	for (;;) {
		union socket_address from = {0};
		socklen_t size = sizeof(from);
		struct network_address address;
		uint16_t port;
		int came = accept4(listener, &from.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (came < 0)
			return 0;
		struct connection *connection =
		        address_take(&from, &address, &port)
		                ? find_local(relay, CONNECTION_JOINING, &address, port)
		                : NULL;
		if (!connection || connection->sides[TOOL].socket >= 0) {
			close(came);
			continue;
		}
		connection->sides[TOOL].socket = came;
		if (relay_watch_side(connection, TOOL) < 0)
			relay_end(connection);
		else
			relay_joined(connection, came);
	}
}

/* --- refusing what is opening --- */

static uint16_t checksum(const unsigned char *data, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* The packet of a port where nobody listens. */
static void send_reset(struct connection *connection)
{
	/* RFC 9293, 3.1: the addresses, zero and the protocol, the size; then the packet. */
	struct {
		struct network_address from, to;
		uint32_t size, protocol;
		struct tcphdr header;
	} packet = {
	        .from = address_loopback(connection->six),
	        .to = connection->local,
	        .size = htonl(sizeof(struct tcphdr)),
	        .protocol = htonl(IPPROTO_TCP),
	        .header =
	                {
	                        .source = htons(SANDBOX_PORT_SILENT),
	                        .dest = htons(connection->local_port),
	                        .ack_seq = htonl(connection->sequence + 1),
	                        .doff = sizeof(struct tcphdr) / 4,
	                        .rst = 1,
	                        .ack = 1,
	                },
	};
	int raw = connection->relay->raws[connection->six];
	union socket_address to;
	socklen_t size =
	        address_fill(&to, connection->six ? AF_INET6 : AF_INET, &connection->local, 0);
	unsigned char bytes[sizeof(packet)];

	/* The older kind sums four bytes of each address: the prefix must not count. */
	if (!connection->six) {
		memset(packet.from.bytes.s6_addr, 0, 12);
		memset(packet.to.bytes.s6_addr, 0, 12);
	}
	memcpy(bytes, &packet, sizeof(packet));
	packet.header.check = checksum(bytes, sizeof(bytes));
	if (raw >= 0 && size)
		(void)sendto(raw, &packet.header, sizeof(packet.header), MSG_DONTWAIT, &to.any,
		             size);
}

/* Notes the numbers of connections that are opening. */
static void read_raw(struct relay *relay, bool six)
{
	unsigned char packet[256];
	union socket_address from;

	for (;;) {
		socklen_t from_size = sizeof(from);
		ssize_t size = recvfrom(relay->raws[six], packet, sizeof(packet), MSG_DONTWAIT,
		                        &from.any, &from_size);
		struct network_address address;
		struct tcphdr header;
		uint16_t port;
		if (size < 0)
			return;
		size_t offset = six ? 0 : (size_t)(packet[0] & 0x0f) * 4;
		if ((size_t)size < offset + sizeof(header) || !address_take(&from, &address, &port))
			continue;
		memcpy(&header, packet + offset, sizeof(header));
		struct connection *connection =
		        find_local(relay, CONNECTION_OPENING, &address, ntohs(header.source));
		if (!connection)
			continue;
		connection->sequence = ntohl(header.seq);
		connection->has_sequence = true;
	}
}

void join_fail(struct connection *connection)
{
	read_raw(connection->relay, connection->six);
	if (connection->has_sequence)
		send_reset(connection);
}
