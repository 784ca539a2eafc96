#include "library/publish.h"

#include "sandbox/sandbox.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BACKLOG = 128,
};

/* From 1 to 65535, in digits alone. */
static bool take_port(const char *text, size_t size, uint16_t *out)
{
	unsigned long value = 0;

	if (size == 0 || size > 5)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned long)(text[i] - '0');
	}
	*out = (uint16_t)value;
	return value > 0 && value <= UINT16_MAX;
}

static int listen_on(uint16_t port, struct error *err)
{
	const int one = 1;
	const struct sockaddr_in address = {
	        .sin_family = AF_INET,
	        .sin_port = htons(port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int made = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (made >= 0 && setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    bind(made, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(made, BACKLOG) == 0)
		return made;
	int number = errno;
	if (made >= 0)
		close(made);
	error_system(err, number, "--publish: 127.0.0.1:%u", port);
	return number == EACCES ? error_help(err, "ports from 1024 on are for everybody") : -1;
}

int publish_open(const char *const *texts, struct publish *out, struct error *err)
{
	*out = (struct publish){0};
	for (size_t i = 0; texts && texts[i]; i++) {
		const char *colon = strchr(texts[i], ':');
		uint16_t outside;
		uint16_t inside;
		if (out->count == NETWORK_PUBLISH_MOST)
			return error_set(err, "--publish: at most %d ports", NETWORK_PUBLISH_MOST);
		if (!colon || !take_port(texts[i], (size_t)(colon - texts[i]), &outside) ||
		    !take_port(colon + 1, strlen(colon + 1), &inside)) {
			error_set(err, "--publish %s: not understood", texts[i]);
			return error_help(err, "two ports from 1 to 65535: --publish 8080:3000");
		}
		if (inside == SANDBOX_PORT_JOIN || inside == SANDBOX_PORT_SILENT ||
		    inside == SANDBOX_PORT_NAMES) {
			error_set(err, "--publish %s: port %u inside is remit's own", texts[i],
			          inside);
			return error_help(err, "let COMMAND listen at another port");
		}
		int listener = listen_on(outside, err);
		if (listener < 0)
			return -1;
		out->items[out->count++] =
		        (struct network_publish){.listener = listener, .port = inside};
	}
	return 0;
}

void publish_close(struct publish *publish)
{
	for (size_t i = 0; i < publish->count; i++)
		close(publish->items[i].listener);
	publish->count = 0;
}
