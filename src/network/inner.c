#include "network/inner.h"

#include "base/kernel.h"
#include "network/confine.h"
#include "plan/filter.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/socket.h>
#include <unistd.h>

struct wanted {
	int family;
	bool silent;
};

struct made {
	int descriptor; /* the table is the whole process's */
	int number;     /* errno */
};

struct beginning {
	struct inner *inner;
	int network;
	struct error *err;
};

/* Beside the listener on the same port that drops everything. */
static int bind_silent(int made, int family)
{
	const int one = 1;
	const struct sockaddr_in four = {
	        .sin_family = AF_INET,
	        .sin_port = htons(SANDBOX_PORT_SILENT),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct sockaddr_in6 six = {
	        .sin6_family = AF_INET6,
	        .sin6_port = htons(SANDBOX_PORT_SILENT),
	        .sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	if (setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0)
		return -1;
	return family == AF_INET ? bind(made, (const struct sockaddr *)&four, sizeof(four))
	                         : bind(made, (const struct sockaddr *)&six, sizeof(six));
}

static struct made make(const struct wanted *wanted)
{
	int made = socket(wanted->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (made >= 0 && wanted->silent && bind_silent(made, wanted->family) < 0) {
		int number = errno;
		close(made);
		return (struct made){.descriptor = -1, .number = number};
	}
	return (struct made){.descriptor = made, .number = made < 0 ? errno : 0};
}

static int enter(const struct beginning *beginning)
{
	static const int keep[] = {CAP_NET_BIND_SERVICE};
	struct error *err = beginning->err;

	if (setns(beginning->network, CLONE_NEWNET) < 0)
		return error_system(err, errno, "entering the sandbox's network");
	if (confine_capabilities(keep, 1, err) < 0)
		return -1;
	return kernel_seccomp_filter(filter_relay, filter_relay_count) < 0
	               ? error_system(err, errno, "seccomp")
	               : 0;
}

static void *serve(void *data)
{
	struct beginning *beginning = data;
	int end = beginning->inner->ends[1];
	struct wanted wanted;
	char result = enter(beginning) < 0 ? 'N' : 'Y';

	/* What `data` points to is gone after this. */
	if (write(end, &result, 1) != 1 || result == 'N')
		return NULL;
	while (read(end, &wanted, sizeof(wanted)) == (ssize_t)sizeof(wanted)) {
		struct made made = make(&wanted);
		if (write(end, &made, sizeof(made)) != (ssize_t)sizeof(made))
			break;
	}
	return NULL;
}

int inner_start(struct inner *inner, int network, struct error *err)
{
	struct beginning beginning = {.inner = inner, .network = network, .err = err};
	pthread_t thread;
	char result;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, inner->ends) < 0)
		return error_system(err, errno, "a pair of sockets");
	int number = pthread_create(&thread, NULL, serve, &beginning);
	if (number)
		return error_system(err, number, "pthread_create");
	if (read(inner->ends[0], &result, 1) != 1)
		return error_system(err, errno, "waiting for a thread");
	if (result != 'Y') {
		pthread_join(thread, NULL);
		return -1;
	}
	pthread_detach(thread);
	return 0;
}

int inner_socket(struct inner *inner, int family, bool silent)
{
	const struct wanted wanted = {.family = family, .silent = silent};
	struct made made;

	if (write(inner->ends[0], &wanted, sizeof(wanted)) != (ssize_t)sizeof(wanted) ||
	    read(inner->ends[0], &made, sizeof(made)) != (ssize_t)sizeof(made))
		return -1;
	errno = made.number;
	return made.descriptor;
}
