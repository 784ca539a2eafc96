/* What a client says first: whom it believes to speak to. A permitted address serves many names,
 * and only those that are permitted may be asked for there. */
#include "network/connection.h"
#include "network/hello.h"
#include "network/permit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
	TLS_HANDSHAKE = 22,
	TLS_VERSION = 3,
	STATUS_SIZE = 12, /* "HTTP/1.1 101" */
};

static bool is_waiting(struct connection *connection)
{
	if (!connection->heard.since)
		connection->heard.since = loop_milliseconds();
	return false;
}

/* Names nobody: permitted where a rule of its own says that nobody need be named. */
static bool name_nobody(struct connection *connection, enum network_reason reason)
{
	if (connection->must_name) {
		relay_refuse(connection, reason, NULL);
		return false;
	}
	connection->speech = SPEECH_PASSING;
	connection->heard.approved = connection->heard.size;
	return true;
}

static bool judge_hello(struct connection *connection)
{
	char name[NETWORK_NAME_MOST + 1];
	struct heard *heard = &connection->heard;
	const unsigned char *data = (const unsigned char *)heard->data + heard->approved;
	size_t used;

	switch (hello_read(data, heard->size - heard->approved, &used, name)) {
	case HELLO_MORE:
		return is_waiting(connection);
	case HELLO_NONE:
		return name_nobody(connection, NETWORK_NO_NAME);
	case HELLO_HIDDEN:
		return name_nobody(connection, NETWORK_HIDDEN_NAME);
	case HELLO_BAD:
		return name_nobody(connection, NETWORK_UNREADABLE);
	case HELLO_NAME:
		break;
	}
	if (!permit_name(connection, name, connection->port))
		return false;
	connection->speech = connection->speech == SPEECH_FIRST ? SPEECH_HELLO : SPEECH_PASSING;
	heard->approved += used;
	heard->since = 0;
	return true;
}

/* The second hello, which a server has asked for. Before it comes what makes boxes in between
 * believe in an older version (RFC 8446, D.4). */
static bool judge_again(struct connection *connection)
{
	static const char change[] = {0x14, 3, 3, 0, 1, 1};
	struct heard *heard = &connection->heard;
	size_t left = heard->size - heard->approved;
	const char *data = heard->data + heard->approved;

	if (*data != change[0])
		return judge_hello(connection);
	if (memcmp(data, change, left < sizeof(change) ? left : sizeof(change)) != 0)
		return name_nobody(connection, NETWORK_UNREADABLE);
	if (left < sizeof(change))
		return is_waiting(connection);
	heard->approved += sizeof(change);
	return true;
}

/* A request by name. Any other protocol than WebSocket is not asked for: the field that would do so
 * gets another name, and the server goes on as before. */
static bool judge_request(struct connection *connection, size_t used)
{
	struct heard *heard = &connection->heard;
	struct http *http = &connection->http;

	connection->requests++;
	if (!*http->name && connection->must_name) {
		relay_refuse(connection, NETWORK_NO_NAME, NULL);
		return false;
	}
	if (*http->name &&
	    !permit_name(connection, http->name, http->port ? http->port : connection->port))
		return false;
	if (http->upgrade)
		heard->data[heard->approved + http->upgrade] = 'X';
	if (http->tunnel || http->websocket) {
		/* The answer that counts must be the next one. */
		if (connection->requests > 1) {
			relay_refuse(connection, NETWORK_UNREADABLE, http->name);
			return false;
		}
		connection->speech = SPEECH_SWITCH;
	}
	heard->approved += used;
	return true;
}

static bool judge_http(struct connection *connection)
{
	struct heard *heard = &connection->heard;
	size_t used;

	switch (http_read(&connection->http, heard->data + heard->approved,
	                  heard->size - heard->approved, &used)) {
	case HTTP_MORE:
		return is_waiting(connection);
	case HTTP_BODY:
		heard->approved += used;
		heard->since = 0;
		return true;
	case HTTP_HEAD:
		heard->since = 0;
		return judge_request(connection, used);
	case HTTP_BAD:
		break;
	}
	if (connection->speech == SPEECH_FIRST)
		return name_nobody(connection, NETWORK_UNREADABLE);
	relay_refuse(connection, NETWORK_UNREADABLE, NULL);
	return false;
}

static bool judge_first(struct connection *connection)
{
	const struct heard *heard = &connection->heard;
	const char *data = heard->data;

	if (data[0] == TLS_HANDSHAKE && (heard->size < 2 || data[1] == TLS_VERSION))
		return judge_hello(connection);
	if (http_looks_like_two(data, heard->size)) {
		/* Both begin with P. */
		if (heard->size < 4)
			return is_waiting(connection);
		return name_nobody(connection, NETWORK_HTTP_TWO);
	}
	if (!http_looks_like(data, heard->size))
		return name_nobody(connection, NETWORK_NO_NAME);
	if (!judge_http(connection))
		return false;
	if (connection->speech == SPEECH_FIRST)
		connection->speech = SPEECH_HTTP;
	return true;
}

bool speech_judge(struct connection *connection)
{
	if (connection->heard.approved == connection->heard.size)
		return false;
	switch (connection->speech) {
	case SPEECH_FIRST:
		return judge_first(connection);
	case SPEECH_HTTP:
		return judge_http(connection);
	case SPEECH_AGAIN:
		return judge_again(connection);
	case SPEECH_SWITCH:
	case SPEECH_HELLO:
		return false;
	case SPEECH_PASSING:
		connection->heard.approved = connection->heard.size;
		return true;
	}
	return false;
}

bool speech_waits(const struct connection *connection)
{
	return connection->speech == SPEECH_SWITCH || connection->speech == SPEECH_HELLO;
}

/* Whether another protocol begins. */
static bool hear_switch(struct connection *connection, const char *status, size_t size)
{
	if (size < STATUS_SIZE && size > 0)
		return false;
	bool http = size > 0 && memcmp(status, "HTTP/1.", 7) == 0 && status[8] == ' ';
	bool agrees = http && (connection->http.tunnel ? status[9] == '2'
	                                               : memcmp(status + 9, "101", 3) == 0);
	connection->speech = agrees ? SPEECH_PASSING : SPEECH_HTTP;
	return true;
}

/* Whether TLS begins, or another hello is asked for. */
static bool hear_hello(struct connection *connection, const char *answer, size_t size)
{
	const unsigned char *data = (const unsigned char *)answer;

	if (size > 0 && size < HELLO_ANSWER && hello_may_answer(data, size))
		return false;
	connection->speech = hello_is_retry(data, size) ? SPEECH_AGAIN : SPEECH_PASSING;
	return true;
}

bool speech_answered(struct connection *connection)
{
	char answer[HELLO_ANSWER];
	bool hello = connection->speech == SPEECH_HELLO;
	struct connection_side *peer = &connection->sides[PEER];
	ssize_t size = recv(peer->socket, answer, hello ? HELLO_ANSWER : STATUS_SIZE,
	                    MSG_PEEK | MSG_DONTWAIT);

	if (size < 0 && errno == EAGAIN)
		peer->readable = false;
	if (size < 0)
		return errno != EAGAIN;
	return hello ? hear_hello(connection, answer, (size_t)size)
	             : hear_switch(connection, answer, (size_t)size);
}
