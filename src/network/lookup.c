#include "network/lookup.h"

#include "base/cleanup.h"
#include "network/address.h"
#include "network/message.h"
#include "network/resolver.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* --- answering --- */

static void send_answer(struct lookups *lookups, const struct lookup *lookup,
                        const unsigned char *answer, size_t size)
{
	unsigned char framed[2 + DNS_DATAGRAM];

	if (lookup->stream < 0) {
		(void)sendto(lookups->datagrams, answer, size, MSG_DONTWAIT,
		             (const struct sockaddr *)&lookup->from, sizeof(lookup->from));
		return;
	}
	const struct lookup_stream *stream = &lookups->streams[lookup->stream];
	if (stream->socket < 0 || stream->number != lookup->stream_number)
		return; /* whoever asked is gone */
	framed[0] = (unsigned char)(size >> 8);
	framed[1] = (unsigned char)size;
	memcpy(framed + 2, answer, size);
	(void)send(stream->socket, framed, size + 2, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void answer(struct lookups *lookups, struct lookup *lookup, unsigned code,
                   const struct network_address *addresses, size_t count, uint32_t seconds)
{
	unsigned char text[DNS_DATAGRAM];
	size_t size = dns_answer(&lookup->query, code, addresses, count, seconds, text);

	send_answer(lookups, lookup, text, size);
	lookup->id = 0;
}

/* The answer waits until that is recorded. */
static void refuse(struct lookups *lookups, struct lookup *lookup, enum network_reason reason,
                   const struct network_address *address)
{
	struct error err = {0};
	struct network_message message = {
	        .kind = NETWORK_REFUSED,
	        .id = lookup->id,
	        .reason = reason,
	        .protocol = IPPROTO_UDP,
	        .port = lookup->stream < 0 ? ntohs(lookup->from.sin_port) : 0,
	};

	if (address) {
		message.address = *address;
		message.has_address = true;
	}
	memcpy(message.name, lookup->query.name, sizeof(lookup->query.name));
	lookup->code = DNS_NO_NAME;
	(void)network_send(lookups->channel, &message, -1, &err);
	error_clear(&err);
}

/* --- asking --- */

static bool is_local(const char *name)
{
	static const char localhost[] = "localhost";
	size_t size = strlen(name);
	size_t tail = strlen(localhost);

	return size >= tail && strcmp(name + size - tail, localhost) == 0 &&
	       (size == tail || name[size - tail - 1] == '.');
}

/* RFC 6761, 6.3. */
static void answer_local(struct lookups *lookups, struct lookup *lookup)
{
	struct network_address own = address_loopback(lookup->query.type == DNS_TYPE_AAAA);

	answer(lookups, lookup, DNS_NO_ERROR, &own, 1, LOOKUP_SECONDS);
}

static void ask_resolver(struct lookups *lookups, struct lookup *lookup)
{
	struct resolver_question question = {.id = lookup->id, .type = lookup->query.type};

	memcpy(question.name, lookup->query.name, sizeof(question.name));
	if (send(lookups->resolver, &question, sizeof(question), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		answer(lookups, lookup, DNS_SERVER_FAILURE, NULL, 0, 0);
}

/* Nothing but names that a rule permits leaves, and of those only the names. */
static void consider(struct lookups *lookups, struct lookup *lookup)
{
	const struct dns_query *query = &lookup->query;
	struct decision decision;

	if (query->plain && query->internet && is_local(query->name)) {
		answer_local(lookups, lookup);
		return;
	}
	if (!query->plain || !query->internet) {
		answer(lookups, lookup, DNS_NO_NAME, NULL, 0, 0);
		return;
	}
	network_decide_name(lookups->policy, query->name, &decision);
	bool approved = decision.verdict == VERDICT_ASK && lookup->approved;
	if (decision.verdict != VERDICT_ALLOW && !approved) {
		refuse(lookups, lookup, NETWORK_BY_NAME, NULL);
	} else if (query->type != DNS_TYPE_A && query->type != DNS_TYPE_AAAA) {
		answer(lookups, lookup, DNS_NO_ERROR, NULL, 0, 0);
	} else if (!approved && !network_name_is_exact(lookups->policy, query->name) &&
	           ++lookups->wild > LOOKUP_WILD_MOST) {
		refuse(lookups, lookup, NETWORK_TOO_MANY, NULL);
	} else {
		ask_resolver(lookups, lookup);
	}
}

void lookups_recorded(struct lookups *lookups, uint64_t id, bool approved)
{
	for (size_t i = 0; id && i < LOOKUPS_MOST; i++) {
		struct lookup *lookup = &lookups->waiting[i];
		if (lookup->id != id)
			continue;
		lookup->approved = approved;
		if (approved)
			consider(lookups, lookup);
		else
			answer(lookups, lookup, lookup->code, NULL, 0, 0);
	}
}

static struct lookup *find_free(struct lookups *lookups)
{
	for (size_t i = 0; i < LOOKUPS_MOST; i++)
		if (!lookups->waiting[i].id)
			return &lookups->waiting[i];
	return NULL;
}

static void take_question(struct lookups *lookups, const unsigned char *data, size_t size,
                          const struct sockaddr_in *from, int stream)
{
	struct lookup *lookup = find_free(lookups);

	if (!lookup || !dns_parse(data, size, &lookup->query))
		return;
	lookup->id = lookups->ids += 2;
	lookup->approved = false;
	lookup->stream = stream;
	if (from)
		lookup->from = *from;
	if (stream >= 0)
		lookup->stream_number = lookups->streams[stream].number;
	consider(lookups, lookup);
}

/* --- what the resolver says --- */

/* What an address is answered for: public or named by the operator, and with a way there. */
static bool is_usable(struct lookups *lookups, const struct network_address *address, bool *foreign)
{
	bool own;

	if (!network_address_is_public(address) &&
	    !network_opens_address(lookups->policy, address)) {
		*foreign = true;
		return false;
	}
	return address_probe(address, &own) == 0;
}

static void take_found(struct lookups *lookups, struct lookup *lookup,
                       const struct resolver_answer *found)
{
	struct network_address usable[DNS_ADDRESSES];
	size_t count = 0;
	bool foreign = false;
	uint32_t seconds = found->seconds < LOOKUP_SECONDS ? found->seconds : LOOKUP_SECONDS;
	uint64_t until =
	        loop_seconds() + (found->seconds > NAMES_SECONDS ? found->seconds : NAMES_SECONDS);

	for (size_t i = 0; i < found->count && i < DNS_ADDRESSES; i++) {
		if (!is_usable(lookups, &found->addresses[i], &foreign))
			continue;
		if (names_add(lookups->names, lookup->query.name, &found->addresses[i], until) == 0)
			usable[count++] = found->addresses[i];
	}
	if (!count && foreign)
		refuse(lookups, lookup, NETWORK_NOT_PUBLIC, &found->addresses[0]);
	else
		answer(lookups, lookup, DNS_NO_ERROR, usable, count, seconds);
}

static int resolver_ready(struct loop_source *source, uint32_t events, struct error *err)
{
	struct lookups *lookups = source->owner;
	struct resolver_answer found;
	ssize_t size = recv(lookups->resolver, &found, sizeof(found), MSG_DONTWAIT);

	(void)events;
	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (size != (ssize_t)sizeof(found))
		return error_set(err, "the resolver has ended");
	for (size_t i = 0; i < LOOKUPS_MOST; i++) {
		struct lookup *lookup = &lookups->waiting[i];
		if (!lookup->id || lookup->id != found.id)
			continue;
		if (found.status == RESOLVER_FOUND)
			take_found(lookups, lookup, &found);
		else
			answer(lookups, lookup,
			       found.status == RESOLVER_NO_NAME   ? DNS_NO_NAME
			       : found.status == RESOLVER_NO_DATA ? DNS_NO_ERROR
			                                          : DNS_SERVER_FAILURE,
			       NULL, 0, 0);
	}
	return 0;
}

/* --- questions --- */

static int datagram_ready(struct loop_source *source, uint32_t events, struct error *err)
{
	struct lookups *lookups = source->owner;
	unsigned char data[DNS_DATAGRAM];
	union socket_address from = {0};
	socklen_t from_size = sizeof(from);
	ssize_t size = recvfrom(lookups->datagrams, data, sizeof(data), MSG_DONTWAIT, &from.any,
	                        &from_size);

	(void)events;
	(void)err;
	if (size > 0 && from.any.sa_family == AF_INET)
		take_question(lookups, data, (size_t)size, &from.four, -1);
	return 0;
}

static void close_stream(struct lookup_stream *stream)
{
	close(steal_descriptor(&stream->socket));
	stream->size = 0;
}

static int stream_ready(struct loop_source *source, uint32_t events, struct error *err)
{
	struct lookups *lookups = source->owner;
	int number = 0;

	(void)events;
	(void)err;
	while (&lookups->streams[number].source != source)
		number++;
	struct lookup_stream *stream = &lookups->streams[number];
	if (stream->socket < 0)
		return 0;
	ssize_t size = recv(stream->socket, stream->data + stream->size,
	                    sizeof(stream->data) - stream->size, MSG_DONTWAIT);
	if (size < 0 && errno == EAGAIN)
		return 0;
	if (size <= 0) {
		close_stream(stream);
		return 0;
	}
	stream->size += (size_t)size;
	while (stream->size >= 2) {
		size_t length = (size_t)stream->data[0] << 8 | stream->data[1];
		if (length > DNS_DATAGRAM) {
			close_stream(stream);
			return 0;
		}
		if (stream->size < 2 + length)
			return 0;
		take_question(lookups, stream->data + 2, length, NULL, number);
		stream->size -= 2 + length;
		memmove(stream->data, stream->data + 2 + length, stream->size);
	}
	return 0;
}

static int listener_ready(struct loop_source *source, uint32_t events, struct error *err)
{
	struct lookups *lookups = source->owner;
	int came = accept4(lookups->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	(void)err;
	for (int i = 0; came >= 0 && i < LOOKUP_STREAMS; i++) {
		struct lookup_stream *stream = &lookups->streams[i];
		if (stream->socket >= 0)
			continue;
		*stream = (struct lookup_stream){
		        .source = {.ready = stream_ready, .owner = lookups},
		        .socket = came,
		        .number = ++lookups->stream_numbers,
		};
		if (loop_add(lookups->loop, came, EPOLLIN, &stream->source) < 0)
			close_stream(stream);
		return 0;
	}
	if (came >= 0)
		close(came);
	return 0;
}

int lookups_start(struct lookups *lookups, struct error *err)
{
	for (int i = 0; i < LOOKUP_STREAMS; i++)
		lookups->streams[i].socket = -1;
	lookups->datagram_source = (struct loop_source){.ready = datagram_ready, .owner = lookups};
	lookups->listener_source = (struct loop_source){.ready = listener_ready, .owner = lookups};
	lookups->resolver_source = (struct loop_source){.ready = resolver_ready, .owner = lookups};
	if (loop_add(lookups->loop, lookups->datagrams, EPOLLIN, &lookups->datagram_source) < 0 ||
	    loop_add(lookups->loop, lookups->listener, EPOLLIN, &lookups->listener_source) < 0 ||
	    loop_add(lookups->loop, lookups->resolver, EPOLLIN, &lookups->resolver_source) < 0)
		return error_system(err, errno, "epoll_ctl");
	return 0;
}
