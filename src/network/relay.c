/* Theory of operation. The tool's connect(2) waits in the kernel while the watch passes its socket
 * on to here. What is then decided is decided on a copy of the address, and the tool's socket is
 * never connected to anything but a listener in its own network: so nothing that changes in the
 * tool's memory matters, and no socket of the host enters.
 *
 * Where the tool's socket blocks, the peer is connected first; then the tool's socket is connected
 * to the *joining* port, accepted here, and the call is answered. Where the peer refuses, the call
 * is answered with that error.
 *
 * Where it does not block, it is at once connected to the *silent* port, which drops what comes: to
 * the tool it is a connection in progress, with every timeout of the kernel's. When the peer has
 * answered, a socket of ours opens a connection from the silent port to the tool's: both sides are
 * opening, and so they meet (RFC 9293, 3.5, simultaneous open). When the peer refuses, a packet
 * tells the tool's socket so; a raw socket has seen which number it must bear. */
#include "network/relay.h"

#include "base/cleanup.h"
#include "network/address.h"
#include "network/join.h"
#include "network/permit.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Newer than the installed headers may be: Linux 5.14. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* --- life and death --- */

static int release(struct loop_later *later, struct error *err)
{
	struct connection *connection = later->owner;

	(void)err;
	free(connection);
	return 0;
}

/* Its memory stays until no event can speak of it. */
void relay_end(struct connection *connection)
{
	struct relay *relay = connection->relay;

	connection->state = CONNECTION_CLOSED;
	flow_clear(connection, &relay->pool);
	for (int side = 0; side < SIDES; side++)
		if (connection->sides[side].socket >= 0)
			close(steal_descriptor(&connection->sides[side].socket));
	if (connection->waiting >= 0)
		close(steal_descriptor(&connection->waiting));
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	relay->count--;
	connection->later.run = release;
	loop_later(relay->loop, &connection->later);
}

static int carry(struct connection *connection)
{
	if (flow_carry(connection, &connection->relay->pool))
		loop_later(connection->relay->loop, &connection->later);
	else if (connection->state == CONNECTION_CLOSED)
		relay_end(connection);
	return 0;
}

static int carry_on(struct loop_later *later, struct error *err)
{
	struct connection *connection = later->owner;

	(void)err;
	return connection->state == CONNECTION_CARRYING ? carry(connection) : 0;
}

static int side_ready(struct loop_source *source, uint32_t events, struct error *err);

static struct connection *begin(struct relay *relay)
{
	struct connection *connection =
	        relay->count < relay->most ? calloc(1, sizeof(*connection)) : NULL;

	if (!connection)
		return NULL;
	relay->count++;
	connection->relay = relay;
	connection->waiting = -1;
	connection->later = (struct loop_later){.run = carry_on, .owner = connection};
	for (int side = 0; side < SIDES; side++) {
		connection->sides[side].source =
		        (struct loop_source){.ready = side_ready, .owner = connection};
		connection->sides[side].socket = -1;
		connection->flows[side].pipe[0] = connection->flows[side].pipe[1] = -1;
	}
	connection->next = relay->first;
	connection->link = &relay->first;
	if (connection->next)
		connection->next->link = &connection->next;
	relay->first = connection;
	return connection;
}

/* --- what is told --- */

int relay_answer(struct relay *relay, uint64_t call, int error, struct error *err)
{
	const struct network_message message = {.kind = NETWORK_ANSWER, .id = call, .error = error};

	return network_send(relay->channel, &message, -1, err);
}

static int answer_refused(struct relay *relay, const struct network_message *asked,
                          enum network_reason reason, const char *name, struct error *err)
{
	struct network_message message = *asked;

	message.kind = NETWORK_ANSWER;
	message.approved = false;
	message.refused = true;
	message.reason = reason;
	message.error = ENETUNREACH;
	message.has_address = true;
	*message.name = '\0';
	if (name)
		memcpy(message.name, name, strnlen(name, NETWORK_NAME_MOST) + 1);
	return network_send(relay->channel, &message, -1, err);
}

void relay_refuse_port(struct connection *connection, enum network_reason reason, const char *name,
                       uint16_t port)
{
	struct relay *relay = connection->relay;
	struct error err = {0};
	struct network_message message = {
	        .kind = NETWORK_REFUSED,
	        .id = relay->refusals += 2,
	        .reason = reason,
	        .error = ECONNRESET,
	        .thread = connection->thread,
	        .address = connection->address,
	        .has_address = true,
	        .port = port,
	        .protocol = IPPROTO_TCP,
	};

	if (name)
		memcpy(message.name, name, strnlen(name, NETWORK_NAME_MOST));
	connection->state = CONNECTION_REFUSED;
	connection->refusal = message.id;
	/* Where the watch is gone, its end of the channel says so. */
	(void)network_send(relay->channel, &message, -1, &err);
	error_clear(&err);
}

void relay_refuse(struct connection *connection, enum network_reason reason, const char *name)
{
	relay_refuse_port(connection, reason, name, connection->port);
}

void relay_recorded(struct relay *relay, uint64_t number)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	for (struct connection *each = relay->first; each; each = each->next) {
		if (each->state != CONNECTION_REFUSED || each->refusal != number)
			continue;
		for (int side = 0; side < SIDES; side++)
			if (each->sides[side].socket >= 0)
				(void)setsockopt(each->sides[side].socket, SOL_SOCKET, SO_LINGER,
				                 &now, sizeof(now));
		relay_end(each);
		return;
	}
}

/* --- carrying --- */

static void start_carrying(struct connection *connection)
{
	connection->state = CONNECTION_CARRYING;
	for (int side = 0; side < SIDES; side++)
		connection->sides[side].readable = connection->sides[side].writable = true;
	carry(connection);
}

/* The tool's side has come to be. */
void relay_joined(struct connection *connection, int socket)
{
	const int one = 1;

	connection->sides[TOOL].socket = socket;
	for (int side = 0; side < SIDES; side++) {
		(void)setsockopt(connection->sides[side].socket, IPPROTO_TCP, TCP_NODELAY, &one,
		                 sizeof(one));
		(void)setsockopt(connection->sides[side].socket, SOL_SOCKET, SO_OOBINLINE, &one,
		                 sizeof(one));
	}
	start_carrying(connection);
}

int relay_watch_side(struct connection *connection, int side)
{
	return loop_add(connection->relay->loop, connection->sides[side].socket,
	                EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &connection->sides[side].source);
}

/* The peer has refused, or nobody answers. */
static int fail(struct connection *connection, int error, struct error *err)
{
	struct relay *relay = connection->relay;

	if (connection->waiting >= 0) {
		uint64_t call = connection->call;
		relay_end(connection);
		return relay_answer(relay, call, error, err);
	}
	join_fail(connection);
	relay_end(connection);
	return 0;
}

/* --- events --- */

static int socket_error(int socket)
{
	int error = 0;
	socklen_t size = sizeof(error);

	return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

/* Whether it is connected; with its error where not, 0 where it still opens. */
static bool is_open(int socket, int *error)
{
	union socket_address peer;
	socklen_t size = sizeof(peer);

	*error = socket_error(socket);
	return !*error && getpeername(socket, &peer.any, &size) == 0;
}

static int peer_opened(struct connection *connection, struct error *err)
{
	int error;

	if (!is_open(connection->sides[PEER].socket, &error))
		return error ? fail(connection, error, err) : 0;
	if (connection->waiting >= 0)
		return join_waiting(connection, err);
	join_silent(connection);
	return 0;
}

static int side_ready(struct loop_source *source, uint32_t events, struct error *err)
{
	struct connection *connection = source->owner;
	int number = source == &connection->sides[PEER].source ? PEER : TOOL;
	struct connection_side *side = &connection->sides[number];
	int error;

	switch (connection->state) {
	case CONNECTION_OPENING:
		return number == PEER ? peer_opened(connection, err) : 0;
	case CONNECTION_JOINING:
		if (number != TOOL || !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
			return 0;
		if (is_open(side->socket, &error))
			relay_joined(connection, side->socket);
		else if (error || (events & EPOLLHUP))
			relay_end(connection);
		return 0;
	case CONNECTION_CARRYING:
		if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			side->readable = true;
		if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
			side->writable = true;
		return carry(connection);
	case CONNECTION_REFUSED:
	case CONNECTION_CLOSED:
		break;
	}
	return 0;
}

/* --- beginning --- */

static bool is_blocking(int socket)
{
	int flags = fcntl(socket, F_GETFL);

	return flags >= 0 && !(flags & O_NONBLOCK);
}

static int number_of(int socket, int option, int otherwise)
{
	int value = otherwise;
	socklen_t size = sizeof(value);

	return getsockopt(socket, SOL_SOCKET, option, &value, &size) < 0 ? otherwise : value;
}

/* What the kernel says of a socket that is connected already, or was about to be. 0: it is not. */
static int busy_error(int tool)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(tool, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return EBADF;
	if (info.tcpi_state == TCP_CLOSE)
		return 0;
	return info.tcpi_state == TCP_SYN_SENT || info.tcpi_state == TCP_SYN_RECV ? EALREADY
	                                                                          : EISCONN;
}

static int tool_family(const struct network_message *message, int tool, int *family)
{
	*family = number_of(tool, SO_DOMAIN, AF_UNSPEC);
	if (*family == AF_INET6)
		return message->family == AF_INET6 ? 0 : EAFNOSUPPORT;
	if (*family == AF_INET)
		return message->family == AF_INET ? 0 : EAFNOSUPPORT;
	return EINVAL;
}

/* Until when connect(2) waits: SO_SNDTIMEO. */
static uint64_t deadline_of(int tool)
{
	struct timeval time = {0};
	socklen_t size = sizeof(time);

	if (getsockopt(tool, SOL_SOCKET, SO_SNDTIMEO, &time, &size) < 0 ||
	    (!time.tv_sec && !time.tv_usec))
		return 0;
	return loop_milliseconds() + (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_usec / 1000 +
	       1;
}

/* Connects to the peer. Returns 0 where that is under way, or the errno. */
static int open_peer(struct connection *connection)
{
	int family = network_address_is_four(&connection->address) ? AF_INET : AF_INET6;
	union socket_address peer;
	socklen_t size = address_fill(&peer, family, &connection->address, connection->port);
	int made = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	connection->sides[PEER].socket = made;
	if (made < 0 || (connect(made, &peer.any, size) < 0 && errno != EINPROGRESS))
		return errno;
	return relay_watch_side(connection, PEER) < 0 ? errno : 0;
}

/* A socket that does not block begins to open at once. Returns the errno for the tool. */
static int open_tool(struct connection *connection, int family, int tool)
{
	struct network_address loopback = address_loopback(connection->six);
	union socket_address silent;
	union socket_address local = {0};
	socklen_t local_size = sizeof(local);
	socklen_t size = address_fill(&silent, family, &loopback, SANDBOX_PORT_SILENT);
	int error = join_connect(tool, &silent, size);

	if (error != EINPROGRESS)
		return error ? error : ECONNABORTED;
	if (getsockname(tool, &local.any, &local_size) < 0 ||
	    !address_take(&local, &connection->local, &connection->local_port))
		return ECONNABORTED;
	return EINPROGRESS;
}

/* Starts what was permitted; where `approved`, by who was asked. */
static int reach(struct relay *relay, const struct network_message *message, bool approved,
                 int family, int tool, struct error *err)
{
	cleanup_close int owned = tool;
	struct connection *connection = begin(relay);

	if (!connection)
		return relay_answer(relay, message->id, EMFILE, err);
	connection->state = CONNECTION_OPENING;
	connection->thread = message->thread;
	connection->address = message->address;
	connection->port = message->port;
	connection->six = family == AF_INET6 && !network_address_is_four(&message->address);
	connection->approved = approved;
	if (approved)
		memcpy(connection->asked, message->name, sizeof(connection->asked));
	/* Who permitted an address that has no name means it. */
	connection->must_name = !(approved && !*connection->asked) &&
	                        permit_needs_name(relay, &message->address, message->port,
	                                          approved ? connection->asked : NULL);
	int error = open_peer(connection);
	if (!error && is_blocking(owned)) {
		connection->waiting = steal_descriptor(&owned);
		connection->call = message->id;
		connection->deadline = deadline_of(connection->waiting);
		return 0;
	}
	if (!error)
		error = open_tool(connection, family, owned);
	if (error != EINPROGRESS)
		relay_end(connection);
	return relay_answer(relay, message->id, error, err);
}

int relay_connect(struct relay *relay, const struct network_message *message, int tool,
                  struct error *err)
{
	cleanup_close int owned = tool;
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	struct decision decision;
	const char *name;
	bool own = false;
	int family;

	if (owned < 0)
		return relay_answer(relay, message->id, EBADF, err);
	if (getsockopt(owned, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) < 0 ||
	    cookie != relay->network)
		return answer_refused(relay, message, NETWORK_FOREIGN, NULL, err);
	int error = tool_family(message, owned, &family);
	if (error)
		return relay_answer(relay, message->id, error, err);
	permit_decide(relay, &message->address, message->port, &decision, &name);
	if (number_of(owned, SO_TYPE, 0) != SOCK_STREAM) {
		struct network_message datagram = *message;
		datagram.protocol = IPPROTO_UDP;
		return answer_refused(relay, &datagram, NETWORK_DATAGRAM, name, err);
	}
	error = busy_error(owned);
	if (error)
		return relay_answer(relay, message->id, error, err);
	bool approved = decision.verdict != VERDICT_ALLOW && permit_was_given(relay, message);
	if (decision.verdict != VERDICT_ALLOW && !approved)
		return answer_refused(relay, message, NETWORK_BY_RULE, name, err);
	error = address_probe(&message->address, &own);
	if (error)
		return relay_answer(relay, message->id, error, err);
	if (own && !network_names_address(relay->policy, &message->address, message->port))
		return answer_refused(relay, message, NETWORK_OWN_ADDRESS, name, err);
	return reach(relay, message, approved, family, steal_descriptor(&owned), err);
}

void relay_publish(struct relay *relay, int peer, uint16_t port)
{
	struct connection *connection = begin(relay);
	struct network_address loopback = address_loopback(false);
	union socket_address tool;
	socklen_t size = address_fill(&tool, AF_INET, &loopback, port);

	if (!connection) {
		close(peer);
		return;
	}
	connection->state = CONNECTION_JOINING;
	connection->published = true;
	connection->speech = SPEECH_PASSING;
	connection->sides[PEER].socket = peer;
	connection->sides[TOOL].socket = inner_socket(relay->inner, AF_INET, false);
	if (connection->sides[TOOL].socket < 0 ||
	    (connect(connection->sides[TOOL].socket, &tool.any, size) < 0 &&
	     errno != EINPROGRESS) ||
	    relay_watch_side(connection, TOOL) < 0 || relay_watch_side(connection, PEER) < 0)
		relay_end(connection);
}

bool relay_tick(struct relay *relay, struct error *err)
{
	uint64_t now = loop_milliseconds();
	bool timed = false;
	struct connection *next;

	for (struct connection *each = relay->first; each; each = next) {
		next = each->next;
		if (each->state == CONNECTION_OPENING && each->deadline) {
			timed = true;
			if (now >= each->deadline && fail(each, EINPROGRESS, err) < 0)
				return false;
		} else if (each->state == CONNECTION_CARRYING && each->heard.since) {
			timed = true;
			if (now >= each->heard.since + RELAY_PATIENCE)
				relay_refuse(each, NETWORK_SLOW, NULL);
		}
	}
	return timed;
}

int relay_start(struct relay *relay, struct error *err)
{
	socklen_t size = sizeof(relay->network);

	relay->refusals = 1;
	if (getsockopt(relay->joins[0], SOL_SOCKET, SO_NETNS_COOKIE, &relay->network, &size) < 0)
		return error_system(err, errno, "SO_NETNS_COOKIE");
	for (int i = 0; i < FAMILIES; i++) {
		relay->join_sources[i] = (struct loop_source){.ready = join_ready, .owner = relay};
		if (relay->joins[i] >= 0 &&
		    loop_add(relay->loop, relay->joins[i], EPOLLIN, &relay->join_sources[i]) < 0)
			return error_system(err, errno, "epoll_ctl");
	}
	return 0;
}
