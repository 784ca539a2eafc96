#include "network/resolver.h"

#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/message.h"
#include "network/confine.h"
#include "plan/filter.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* Milliseconds a server has, and how often each is asked: programs wait for 5 seconds. */
	TIMEOUT = 2000,
	TRIES = 2,
};

struct asked {
	struct resolver_question question;
	int channel;
};

static void answer(int channel, const struct resolver_answer *text)
{
	/* Whoever is not there any more needs no answer. */
	while (send(channel, text, sizeof(*text), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void take_four(const unsigned char *message, int size, struct resolver_answer *out)
{
	struct ares_addrttl found[DNS_ADDRESSES];
	int count = DNS_ADDRESSES;

	if (ares_parse_a_reply(message, size, NULL, found, &count) != ARES_SUCCESS)
		return;
	for (int i = 0; i < count; i++) {
		struct network_address *address = &out->addresses[out->count++];
		address->bytes.s6_addr[10] = 0xff;
		address->bytes.s6_addr[11] = 0xff;
		memcpy(address->bytes.s6_addr + 12, &found[i].ipaddr, 4);
		if (found[i].ttl >= 0 && (uint32_t)found[i].ttl < out->seconds)
			out->seconds = (uint32_t)found[i].ttl;
	}
}

static void take_six(const unsigned char *message, int size, struct resolver_answer *out)
{
	struct ares_addr6ttl found[DNS_ADDRESSES];
	int count = DNS_ADDRESSES;

	if (ares_parse_aaaa_reply(message, size, NULL, found, &count) != ARES_SUCCESS)
		return;
	for (int i = 0; i < count; i++) {
		struct network_address *address = &out->addresses[out->count++];
		memcpy(&address->bytes, &found[i].ip6addr, sizeof(address->bytes));
		if (found[i].ttl >= 0 && (uint32_t)found[i].ttl < out->seconds)
			out->seconds = (uint32_t)found[i].ttl;
	}
}

static void answered(void *data, int status, int timeouts, unsigned char *message, int size)
{
	struct asked *asked = data;
	struct resolver_answer out = {.id = asked->question.id, .seconds = 3600};

	(void)timeouts;
	if (status == ARES_SUCCESS && asked->question.type == DNS_TYPE_A)
		take_four(message, size, &out);
	else if (status == ARES_SUCCESS)
		take_six(message, size, &out);
	if (out.count)
		out.status = RESOLVER_FOUND;
	else if (status == ARES_ENOTFOUND)
		out.status = RESOLVER_NO_NAME;
	else
		out.status = status == ARES_SUCCESS || status == ARES_ENODATA ? RESOLVER_NO_DATA
		                                                              : RESOLVER_FAILED;
	answer(asked->channel, &out);
	free(asked);
}

static void ask(ares_channel servers, int channel, const struct resolver_question *question)
{
	struct asked *asked = malloc(sizeof(*asked));
	struct resolver_answer failed = {.id = question->id, .status = RESOLVER_FAILED};

	if (!asked) {
		answer(channel, &failed);
		return;
	}
	*asked = (struct asked){.question = *question, .channel = channel};
	ares_query(servers, asked->question.name, 1, question->type, answered, asked);
}

/* Returns 1 at the end of the other side. */
static int hear(ares_channel servers, int channel)
{
	struct resolver_question question;
	ssize_t size = recv(channel, &question, sizeof(question), MSG_DONTWAIT);

	if (size < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : 1;
	if (size != (ssize_t)sizeof(question))
		return 1;
	question.name[sizeof(question.name) - 1] = '\0';
	ask(servers, channel, &question);
	return 0;
}

static void serve(ares_channel servers, int channel)
{
	for (;;) {
		ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
		struct pollfd places[ARES_GETSOCK_MAXNUM + 1] = {{.fd = channel, .events = POLLIN}};
		int bits = ares_getsock(servers, sockets, ARES_GETSOCK_MAXNUM);
		nfds_t count = 1;
		struct timeval left;

		for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
			short events =
			        (short)((ARES_GETSOCK_READABLE((unsigned)bits, i) ? POLLIN : 0) |
			                (ARES_GETSOCK_WRITABLE((unsigned)bits, i) ? POLLOUT : 0));
			if (events)
				places[count++] =
				        (struct pollfd){.fd = sockets[i], .events = events};
		}
		const struct timeval *next = ares_timeout(servers, NULL, &left);
		int wait = next ? (int)(next->tv_sec * 1000 + next->tv_usec / 1000 + 1) : -1;
		int ready = poll(places, count, wait);
		if (ready < 0 && errno != EINTR && errno != ENOMEM)
			return;
		if (ready == 0)
			ares_process_fd(servers, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		for (nfds_t i = 1; ready > 0 && i < count; i++)
			if (places[i].revents)
				ares_process_fd(servers,
				                places[i].revents & ~POLLOUT ? places[i].fd
				                                             : ARES_SOCKET_BAD,
				                places[i].revents & POLLOUT ? places[i].fd
				                                            : ARES_SOCKET_BAD);
		if (ready > 0 && places[0].revents && hear(servers, channel))
			return;
	}
}

/* Reads the host's configuration, then gives up what reads files. */
static _Noreturn void run(const struct plan_identity *identity, int channel)
{
	struct error err = {0};
	ares_channel servers;
	char lookups[] = "b"; /* name servers alone: the file of hosts is not asked */
	struct ares_options options = {
	        .timeout = TIMEOUT,
	        .tries = TRIES,
	        .lookups = lookups,
	};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || descriptors_keep(&channel, 1, &err) < 0 ||
	    ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS ||
	    ares_init_options(&servers, &options,
	                      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS) !=
	            ARES_SUCCESS ||
	    confine_as_host(identity, &err) < 0 ||
	    kernel_seccomp_filter(filter_resolver, filter_resolver_count) < 0)
		_exit(125);
	serve(servers, channel);
	_exit(0);
}

int resolver_start(const struct plan_identity *identity, pid_t *pid, int *channel,
                   struct error *err)
{
	int ends[2];

	if (message_pair(ends, err) < 0)
		return -1;
	*pid = fork();
	if (*pid == 0)
		run(identity, ends[1]);
	int number = errno;
	close(ends[1]);
	*channel = ends[0];
	if (*pid > 0)
		return 0;
	close(ends[0]);
	return error_system(err, number, "starting the resolver");
}
