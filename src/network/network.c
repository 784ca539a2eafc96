/* Theory of operation: the caller forks this process as soon as the sandbox's first process exists.
 * It starts the resolver, takes over the sockets that the first process has made in its network,
 * confines itself, and says to the watch that it is ready. From then on it waits for what the watch
 * asks of it, for questions of names, and for every socket at once. Where the watch ends, it does;
 * where it ends, the watch does, and the run with that. */
#include "network/network.h"

#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/kernel.h"
#include "base/message.h"
#include "network/confine.h"
#include "network/inner.h"
#include "network/lookup.h"
#include "network/relay.h"
#include "network/resolver.h"
#include "plan/filter.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct publishing {
	struct loop_source source;
	const struct network_publish *publish;
	struct relay *relay;
};

/* The process. */
struct serving {
	const struct network_request *request;
	struct loop loop;
	struct loop_source channel;
	struct inner inner;
	struct names *names;
	struct relay relay;
	struct lookups lookups;
	struct publishing publishing[NETWORK_PUBLISH_MOST];
	bool over; /* the watch has ended */
};

static int fail(int channel, const struct error *err)
{
	struct error ignored = {0};
	struct network_message message = {.kind = NETWORK_FAILURE};

	snprintf(message.text, sizeof(message.text), "%s", error_message(err));
	(void)network_send(channel, &message, -1, &ignored);
	return 125;
}

/* --- beginning --- */

/* In the order of SANDBOX_NETWORK_*. Where pid 1 is gone, it has said why. */
static int take_sockets(struct serving *serving, int namespaces[2], struct error *err)
{
	struct relay *relay = &serving->relay;
	int silent[FAMILIES] = {-1, -1}; /* held open, so that they stay silent */
	int *const places[] = {
	        &namespaces[0],
	        &namespaces[1],
	        &serving->lookups.datagrams,
	        &serving->lookups.listener,
	        &relay->joins[0],
	        &relay->joins[1],
	        &silent[0],
	        &silent[1],
	        &relay->raws[0],
	        &relay->raws[1],
	};

	for (int i = 0; i < SANDBOX_NETWORK_END - SANDBOX_NETWORK_USERS; i++)
		if (message_expect(serving->request->gate, (char)(SANDBOX_NETWORK_USERS + i),
		                   places[i], err) < 0)
			_exit(125);
	for (int i = 0; i < 5; i++)
		if (*places[i] < 0)
			return error_set(err, "no sockets of the sandbox's network came");
	close(serving->request->gate);
	return 0;
}

/* Thousands of connections take as many descriptors. Returns how many connections there may be. */
static size_t raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return RELAY_OTHERS;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < RELAY_OTHERS + RELAY_MOST * RELAY_DESCRIPTORS)
		return limit.rlim_cur > RELAY_OTHERS
		               ? (limit.rlim_cur - RELAY_OTHERS) / RELAY_DESCRIPTORS
		               : 0;
	return RELAY_MOST;
}

static int keep_descriptors(const struct network_request *request, struct error *err)
{
	int keep[NETWORK_PUBLISH_MOST + 2] = {request->channel, request->gate};
	size_t count = 2;

	for (size_t i = 0; i < request->publish_count && i < NETWORK_PUBLISH_MOST; i++)
		keep[count++] = request->publish[i].listener;
	return descriptors_keep(keep, count, err);
}

static int confine(struct serving *serving, struct error *err)
{
	const struct network_request *request = serving->request;
	int namespaces[2]; /* of users, and the network */
	pid_t resolver;

	/* The resolver stays what the caller is; everything else happens inside. */
	if (keep_descriptors(request, err) < 0 ||
	    resolver_start(&request->plan->identity, &resolver, &serving->lookups.resolver, err) <
	            0)
		return -1;
	serving->relay.most = raise_limit();
	if (take_sockets(serving, namespaces, err) < 0)
		return -1;
	if (setns(namespaces[0], CLONE_NEWUSER) < 0)
		return error_system(err, errno, "entering the tool's user namespace");
	if (confine_as_tool(&request->plan->identity, err) < 0 ||
	    inner_start(&serving->inner, namespaces[1], err) < 0 ||
	    confine_capabilities(NULL, 0, err) < 0)
		return -1;
	close(namespaces[0]);
	close(namespaces[1]);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_system(err, errno, "PR_SET_PDEATHSIG");
	return kernel_seccomp_filter(filter_relay, filter_relay_count) < 0
	               ? error_system(err, errno, "seccomp")
	               : 0;
}

/* --- serving --- */

static int channel_ready(struct loop_source *source, uint32_t events, struct error *err)
{
	struct serving *serving = source->owner;
	struct network_message message;
	int descriptor;
	int result = network_receive(serving->request->channel, &message, &descriptor, false, err);

	(void)events;
	if (result != 1) {
		serving->over = result == 0;
		return result < 0 ? -1 : 0;
	}
	if (message.kind == NETWORK_CONNECT)
		return relay_connect(&serving->relay, &message, descriptor, err);
	if (descriptor >= 0)
		close(descriptor);
	if (message.kind == NETWORK_RECORDED && message.id % 2)
		relay_recorded(&serving->relay, message.id);
	else if (message.kind == NETWORK_RECORDED)
		lookups_recorded(&serving->lookups, message.id, message.approved);
	return 0;
}

static int publish_ready(struct loop_source *source, uint32_t events, struct error *err)
{
	struct publishing *publishing = source->owner;
	int came = accept4(publishing->publish->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	(void)err;
	if (came >= 0)
		relay_publish(publishing->relay, came, publishing->publish->port);
	return 0;
}

static int publish(struct serving *serving, struct error *err)
{
	const struct network_request *request = serving->request;

	for (size_t i = 0; i < request->publish_count && i < NETWORK_PUBLISH_MOST; i++) {
		struct publishing *publishing = &serving->publishing[i];
		*publishing = (struct publishing){
		        .source = {.ready = publish_ready, .owner = publishing},
		        .publish = &request->publish[i],
		        .relay = &serving->relay,
		};
		if (loop_add(&serving->loop, request->publish[i].listener, EPOLLIN,
		             &publishing->source) < 0)
			return error_system(err, errno, "epoll_ctl");
	}
	return 0;
}

static int begin(struct serving *serving, struct error *err)
{
	const struct network_request *request = serving->request;
	const struct network_message ready = {.kind = NETWORK_READY};

	if (confine(serving, err) < 0 || names_new(&serving->names, err) < 0 ||
	    loop_open(&serving->loop, err) < 0)
		return -1;
	serving->relay.loop = serving->lookups.loop = &serving->loop;
	serving->relay.policy = serving->lookups.policy = request->policy;
	serving->relay.names = serving->lookups.names = serving->names;
	serving->relay.channel = serving->lookups.channel = request->channel;
	serving->relay.inner = &serving->inner;
	serving->channel = (struct loop_source){.ready = channel_ready, .owner = serving};
	if (loop_add(&serving->loop, request->channel, EPOLLIN, &serving->channel) < 0)
		return error_system(err, errno, "epoll_ctl");
	if (relay_start(&serving->relay, err) < 0 || lookups_start(&serving->lookups, err) < 0 ||
	    publish(serving, err) < 0)
		return -1;
	return network_send(request->channel, &ready, -1, err);
}

static _Noreturn void run(const struct network_request *request)
{
	static struct serving serving;
	struct error err = {0};
	bool timed = false;

	serving.request = request;
	if (begin(&serving, &err) < 0)
		_exit(fail(request->channel, &err));
	while (!serving.over) {
		if (loop_step(&serving.loop, timed ? RELAY_TICK : -1, &err) < 0)
			_exit(fail(request->channel, &err));
		timed = relay_tick(&serving.relay, &err);
	}
	_exit(0);
}

int network_start(const struct network_request *request, struct network *out, struct error *err)
{
	*out = (struct network){.pid = fork()};
	if (out->pid == 0)
		run(request);
	return out->pid < 0 ? error_system(err, errno, "starting the network") : 0;
}

void network_close(struct network *network)
{
	if (network->pid > 0) {
		kill(network->pid, SIGKILL);
		waitpid(network->pid, NULL, 0);
	}
	network->pid = -1;
}
