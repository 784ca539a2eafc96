/* Carrying bytes: with splice(2) from socket to pipe to socket, so that they are never copied; but
 * what the tool says goes through memory as long as it is judged. A pipe is borrowed only while
 * something waits in it, so that idle connections hold two descriptors. What cannot be handed on
 * stays where it is: the sender's window closes, as between the two ends themselves. */
#include "base/cleanup.h"
#include "network/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* The more is handed on at once, the more seldom the other end has to be woken. What all
	 * pipes of a user may hold is limited (pipe(7), pipe-user-pages-soft): few are that large.
	 */
	LARGE_PIPE = 1 << 20,
	PIPE_SIZE = 1 << 18,
	LARGE_PIPES = 16,
	TLS_ALERT = 21,
	ROUNDS = 8, /* pipes that one connection fills before it is another's turn */
	HEARD_MOST = 2 * HTTP_HEAD_MOST,
	HEARD_STEP = 16384,
};

static bool borrow(struct pipe_pool *pool, struct flow *flow)
{
	if (flow->pipe[0] >= 0)
		return true;
	if (pool->count) {
		pool->count--;
		memcpy(flow->pipe, pool->pipes[pool->count], sizeof(flow->pipe));
		return true;
	}
	if (pipe2(flow->pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
		flow->pipe[0] = flow->pipe[1] = -1;
		return false;
	}
	/* A smaller one does as well, more slowly. */
	if (pool->open++ >= LARGE_PIPES || fcntl(flow->pipe[1], F_SETPIPE_SZ, LARGE_PIPE) < 0)
		(void)fcntl(flow->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	return true;
}

static void give_back(struct pipe_pool *pool, struct flow *flow)
{
	if (flow->pipe[0] < 0)
		return;
	if (flow->held == 0 && pool->count < sizeof(pool->pipes) / sizeof(*pool->pipes)) {
		memcpy(pool->pipes[pool->count++], flow->pipe, sizeof(flow->pipe));
	} else {
		close(flow->pipe[0]);
		close(flow->pipe[1]);
		pool->open--;
	}
	flow->pipe[0] = flow->pipe[1] = -1;
	flow->held = 0;
}

void flow_clear(struct connection *connection, struct pipe_pool *pool)
{
	for (int side = 0; side < SIDES; side++)
		give_back(pool, &connection->flows[side]);
	free(connection->heard.data);
	connection->heard = (struct heard){0};
}

/* One side broke off: so does the other. */
static void break_off(struct connection *connection)
{
	const struct linger now = {.l_onoff = 1, .l_linger = 0};

	for (int side = 0; side < SIDES; side++)
		if (connection->sides[side].socket >= 0)
			(void)setsockopt(connection->sides[side].socket, SOL_SOCKET, SO_LINGER,
			                 &now, sizeof(now));
	connection->state = CONNECTION_CLOSED;
}

/* The end of one side's words, once all of them went on. */
static void pass_end(struct connection *connection, int from)
{
	struct flow *flow = &connection->flows[from];

	if (flow->done)
		return;
	flow->done = true;
	(void)shutdown(connection->sides[!from].socket, SHUT_WR);
	if (connection->flows[!from].done)
		connection->state = CONNECTION_CLOSED;
}

/* From the pipe to the socket. False where it has to wait, or broke off. */
static bool push(struct connection *connection, int from)
{
	struct flow *flow = &connection->flows[from];
	struct connection_side *to = &connection->sides[!from];

	while (flow->held) {
		if (!to->writable)
			return false;
		ssize_t moved = splice(flow->pipe[0], NULL, to->socket, NULL, flow->held,
		                       SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (moved < 0 && errno == EAGAIN) {
			to->writable = false;
			return false;
		}
		if (moved <= 0) {
			break_off(connection);
			return false;
		}
		flow->held -= (size_t)moved;
	}
	return true;
}

/* From the socket to the empty pipe. False where nothing came. */
static bool pull(struct connection *connection, int from, struct pipe_pool *pool)
{
	struct flow *flow = &connection->flows[from];
	struct connection_side *side = &connection->sides[from];

	if (!side->readable || side->ended || !borrow(pool, flow))
		return false;
	ssize_t moved = splice(side->socket, NULL, flow->pipe[1], NULL, LARGE_PIPE,
	                       SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (moved < 0 && errno == EAGAIN) {
		side->readable = false;
	} else if (moved < 0) {
		break_off(connection);
	} else if (moved == 0) {
		side->ended = true;
	} else {
		flow->held = (size_t)moved;
		return true;
	}
	return false;
}

/* True where the rounds did not suffice. */
static bool carry_spliced(struct connection *connection, int from, struct pipe_pool *pool)
{
	struct flow *flow = &connection->flows[from];
	int round = 0;

	while (round < ROUNDS && push(connection, from) && pull(connection, from, pool))
		round++;
	if (connection->state == CONNECTION_CLOSED)
		return false;
	if (flow->held == 0) {
		give_back(pool, flow);
		if (connection->sides[from].ended)
			pass_end(connection, from);
	}
	return round == ROUNDS;
}

/* Sends what was approved. False where it has to wait, or broke off. */
static bool send_heard(struct connection *connection)
{
	struct heard *heard = &connection->heard;
	struct connection_side *peer = &connection->sides[PEER];

	while (heard->sent < heard->approved) {
		if (!peer->writable)
			return false;
		ssize_t sent = send(peer->socket, heard->data + heard->sent,
		                    heard->approved - heard->sent, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN) {
			peer->writable = false;
			return false;
		}
		if (sent <= 0) {
			break_off(connection);
			return false;
		}
		heard->sent += (size_t)sent;
	}
	memmove(heard->data, heard->data + heard->sent, heard->size - heard->sent);
	heard->size -= heard->sent;
	heard->approved = heard->sent = 0;
	return true;
}

static bool make_room(struct heard *heard)
{
	if (heard->capacity - heard->size >= HEARD_STEP / 2)
		return true;
	if (heard->capacity >= HEARD_MOST)
		return heard->size < heard->capacity;
	size_t capacity = heard->capacity ? heard->capacity * 2 : HEARD_STEP;
	char *data = realloc(heard->data, capacity);
	if (!data)
		return false;
	heard->data = data;
	heard->capacity = capacity;
	return true;
}

/* False where nothing came. */
static bool hear(struct connection *connection)
{
	struct heard *heard = &connection->heard;
	struct connection_side *tool = &connection->sides[TOOL];

	if (!tool->readable || tool->ended)
		return false;
	if (!make_room(heard)) {
		relay_refuse(connection, NETWORK_UNREADABLE, NULL);
		return false;
	}
	ssize_t size = recv(tool->socket, heard->data + heard->size, heard->capacity - heard->size,
	                    MSG_DONTWAIT);
	if (size < 0 && errno == EAGAIN) {
		tool->readable = false;
	} else if (size < 0) {
		break_off(connection);
	} else if (size == 0) {
		tool->ended = true;
	} else {
		heard->size += (size_t)size;
		return true;
	}
	return false;
}

/* From the tool, as long as it is judged. True where the rounds did not suffice. */
static bool carry_judged(struct connection *connection)
{
	struct heard *heard = &connection->heard;
	int round = 0;

	while (round < ROUNDS && connection->state == CONNECTION_CARRYING) {
		if (!send_heard(connection))
			return false;
		if (heard->size && speech_judge(connection))
			continue;
		if (connection->state != CONNECTION_CARRYING || speech_waits(connection))
			return false;
		if (connection->speech == SPEECH_PASSING && !heard->size)
			break;
		if (!hear(connection))
			break;
		round++;
	}
	if (connection->state != CONNECTION_CARRYING)
		return false;
	/* What is left of an unfinished request goes to nobody. */
	if (connection->sides[TOOL].ended && heard->approved == heard->sent)
		pass_end(connection, TOOL);
	if (connection->speech == SPEECH_PASSING && !heard->size) {
		free(heard->data);
		*heard = (struct heard){0};
	}
	return round == ROUNDS;
}

static bool is_judged(const struct connection *connection)
{
	return connection->speech != SPEECH_PASSING || connection->heard.size;
}

/* What the peer says before it was named goes to nobody. Where it speaks first, its protocol is one
 * that names nobody; but for an end that was put politely (HTTP, TLS). */
static bool may_answer(struct connection *connection)
{
	char first[2];
	struct connection_side *peer = &connection->sides[PEER];

	if (connection->speech == SPEECH_FIRST && connection->must_name) {
		ssize_t size =
		        peer->readable && !connection->heard.size
		                ? recv(peer->socket, first, sizeof(first), MSG_PEEK | MSG_DONTWAIT)
		                : 0;
		if (size > 0 && first[0] != 'H' && first[0] != TLS_ALERT)
			relay_refuse(connection, NETWORK_NO_NAME, NULL);
		return false;
	}
	if (connection->speech == SPEECH_FIRST)
		return true;
	return !speech_waits(connection) || !connection->sides[PEER].readable ||
	       speech_answered(connection);
}

bool flow_carry(struct connection *connection, struct pipe_pool *pool)
{
	bool more = false;

	if (is_judged(connection))
		more |= carry_judged(connection);
	if (connection->state == CONNECTION_CARRYING && !is_judged(connection))
		more |= carry_spliced(connection, TOOL, pool);
	if (connection->state == CONNECTION_CARRYING && may_answer(connection)) {
		more |= carry_spliced(connection, PEER, pool);
		/* The answer may have ended a pause. */
		if (connection->state == CONNECTION_CARRYING && is_judged(connection) &&
		    connection->heard.size && !speech_waits(connection))
			more |= carry_judged(connection);
	}
	return more && connection->state == CONNECTION_CARRYING;
}
