/* A datagram is a header of fixed size, and behind it the texts that are known, in the order of the
 * table, each with its NUL. Neither side waits for the other: who does not take what was sent is as
 * good as gone, and what is sent to it is an error. */
#include "watch/question.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

enum {
	WIRE_VERSION = 1,
};

/* Both ends are processes of one program: the order of bytes is the machine's. */
struct wire_question {
	uint64_t id;
	uint32_t version;
	uint32_t effect;
	uint32_t protected;
	int32_t pid;
	uint32_t texts; /* bits, by their place in the table */
	uint32_t zero;
};

struct wire_answer {
	uint64_t id;
	uint64_t microseconds;
	uint32_t version;
	uint32_t scope;
	char who[ANSWER_WHO];
};

static const struct {
	size_t offset; /* in struct question */
	bool needed;
} texts[] = {
        {offsetof(struct question, comm), false},     {offsetof(struct question, exe), false},
        {offsetof(struct question, operation), true}, {offsetof(struct question, target), true},
        {offsetof(struct question, because), false},
};

enum {
	TEXTS = sizeof(texts) / sizeof(*texts),
	PARTS = 1 + TEXTS, /* of a datagram: the header, and each text */
};

static const char **text_of(struct question *question, size_t number)
{
	return (const char **)(void *)((char *)question + texts[number].offset);
}

/* An effect that is ever asked about. */
static bool is_asked(uint32_t effect)
{
	return effect == EFFECT_WRITE || effect == EFFECT_CONNECT;
}

static int send_whole(int socket, struct iovec *parts, size_t count, struct error *err)
{
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
	size_t size = 0;
	ssize_t sent;

	for (size_t i = 0; i < count; i++)
		size += parts[i].iov_len;
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return error_system(err, errno, "sending to another process of the run");
	return (size_t)sent == size
	               ? 0
	               : error_set(err, "another process of the run takes parts of messages only");
}

/* Returns the whole size of the datagram, also where it is more than `size`. Descriptors that came
 * with it are closed by the kernel, since nobody asked for them. */
static ssize_t receive(int socket, void *memory, size_t size, struct error *err)
{
	ssize_t received;

	do {
		received = recv(socket, memory, size, MSG_TRUNC);
	} while (received < 0 && errno == EINTR);
	if (received < 0)
		return error_system(err, errno, "hearing another process of the run");
	if (received == 0)
		return error_set(err, "another process of the run is gone");
	return received;
}

int question_send(int socket, const struct question *question, struct error *err)
{
	struct question copy = *question;
	struct wire_question header = {
	        .id = question->id,
	        .version = WIRE_VERSION,
	        .effect = question->effect,
	        .protected = question->protected,
	        .pid = question->pid,
	};
	struct iovec parts[PARTS] = {{.iov_base = &header, .iov_len = sizeof(header)}};
	size_t count = 1;
	size_t size = sizeof(header);

	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = *text_of(&copy, i);
		if (!text && texts[i].needed)
			return error_set(err, "a question without its operation or target");
		if (!text)
			continue;
		header.texts |= 1U << i;
		/* sendmsg(2) only reads. */
		parts[count++] = (struct iovec){(void *)(uintptr_t)text, strlen(text) + 1};
		size += strlen(text) + 1;
	}
	if (size > QUESTION_MOST)
		return error_set(err, "a question of %zu bytes: %d are the most", size,
		                 QUESTION_MOST);
	return send_whole(socket, parts, count, err);
}

/* True where every text that the header names is there, and nothing else is. */
static bool take_texts(const struct wire_question *header, const char *place, const char *end,
                       struct question *out)
{
	if (header->texts >> TEXTS)
		return false;
	for (size_t i = 0; i < TEXTS; i++) {
		if (!(header->texts & 1U << i)) {
			if (texts[i].needed)
				return false;
			continue;
		}
		const char *next = memchr(place, '\0', (size_t)(end - place));
		if (!next || (texts[i].needed && next == place))
			return false;
		*text_of(out, i) = place;
		place = next + 1;
	}
	return place == end;
}

int question_receive(int socket, char *memory, struct question *out, struct error *err)
{
	struct wire_question header;
	ssize_t size = receive(socket, memory, QUESTION_MOST, err);

	*out = (struct question){0};
	if (size < 0)
		return -1;
	if (size > QUESTION_MOST || size < (ssize_t)sizeof(header))
		return error_set(err, "a datagram of %zd bytes is no question", size);
	memcpy(&header, memory, sizeof(header));
	if (header.version != WIRE_VERSION || !is_asked(header.effect) || header.protected > 1 ||
	    header.pid < 0 || header.zero)
		return error_set(err, "a datagram that is no question");
	if (!take_texts(&header, memory + sizeof(header), memory + size, out)) {
		*out = (struct question){0};
		return error_set(err, "a question with other texts than it says");
	}
	out->id = header.id;
	out->effect = (enum effect)header.effect;
	out->protected = header.protected;
	out->pid = header.pid;
	return 0;
}

int answer_send(int socket, const struct answer *answer, struct error *err)
{
	struct wire_answer wire = {
	        .id = answer->id,
	        .microseconds = answer->microseconds,
	        .version = WIRE_VERSION,
	        .scope = answer->scope,
	};
	struct iovec part = {.iov_base = &wire, .iov_len = sizeof(wire)};

	/* The rest stays zero, so that no memory of this process goes along. */
	memcpy(wire.who, answer->who, strnlen(answer->who, sizeof(wire.who) - 1));
	return send_whole(socket, &part, 1, err);
}

int answer_receive(int socket, struct answer *out, struct error *err)
{
	struct wire_answer wire;
	ssize_t size = receive(socket, &wire, sizeof(wire), err);

	*out = (struct answer){.scope = ANSWER_NO};
	if (size < 0)
		return -1;
	if (size != sizeof(wire) || wire.version != WIRE_VERSION || wire.scope > ANSWER_EFFECT ||
	    !memchr(wire.who, '\0', sizeof(wire.who)))
		return error_set(err, "a datagram that is no answer");
	out->id = wire.id;
	out->scope = (enum answer_scope)wire.scope;
	out->microseconds = wire.microseconds;
	memcpy(out->who, wire.who, sizeof(out->who));
	return 0;
}
