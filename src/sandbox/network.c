#include "base/cleanup.h"
#include "base/message.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
};

/* A filter of packets, for socket(7) SO_ATTACH_FILTER. */
struct packet_filter {
	const struct sock_filter *program;
	unsigned short count;
};

/* Nothing comes through: who connects to it waits, as for a peer that does not answer. */
static const struct sock_filter silent[] = {BPF_STMT(BPF_RET | BPF_K, 0)};

/* The first packet of a connection to the silent port: SYN without ACK. Behind the header of the
 * older protocol, whose length is in its first byte; the newer's is not shown. */
#define OPENS(load_port, load_flags)                                                           \
	load_port, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_PORT_SILENT, 0, 4), load_flags, \
	        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),                                     \
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),                               \
	        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX), BPF_STMT(BPF_RET | BPF_K, 0)

static const struct sock_filter opens[] = {
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        OPENS(BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2), BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13)),
};
static const struct sock_filter opens_six[] = {
        OPENS(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2), BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13)),
};

#define FILTER(program)                                         \
	{                                                       \
		(program), sizeof(program) / sizeof(*(program)) \
	}

static const struct inner_socket {
	char what;
	int family, type, protocol;
	uint16_t port;
	bool shared; /* others are bound to the same port later */
	bool listens;
	struct packet_filter filter;
} inner_sockets[] = {
        {SANDBOX_NETWORK_NAMES, AF_INET, SOCK_DGRAM, 0, SANDBOX_PORT_NAMES},
        {SANDBOX_NETWORK_NAMES_STREAM, AF_INET, SOCK_STREAM, 0, SANDBOX_PORT_NAMES,
         .listens = true},
        {SANDBOX_NETWORK_JOIN, AF_INET, SOCK_STREAM, 0, SANDBOX_PORT_JOIN, .listens = true},
        {SANDBOX_NETWORK_JOIN_SIX, AF_INET6, SOCK_STREAM, 0, SANDBOX_PORT_JOIN, .listens = true},
        {SANDBOX_NETWORK_SILENT, AF_INET, SOCK_STREAM, 0, SANDBOX_PORT_SILENT, true, true,
         FILTER(silent)},
        {SANDBOX_NETWORK_SILENT_SIX, AF_INET6, SOCK_STREAM, 0, SANDBOX_PORT_SILENT, true, true,
         FILTER(silent)},
        {SANDBOX_NETWORK_RAW, AF_INET, SOCK_RAW, IPPROTO_TCP, 0, .filter = FILTER(opens)},
        {SANDBOX_NETWORK_RAW_SIX, AF_INET6, SOCK_RAW, IPPROTO_TCP, 0, .filter = FILTER(opens_six)},
};

static int bind_own(int made, const struct inner_socket *row)
{
	const struct sockaddr_in four = {
	        .sin_family = AF_INET,
	        .sin_port = htons(row->port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct sockaddr_in6 six = {
	        .sin6_family = AF_INET6,
	        .sin6_port = htons(row->port),
	        .sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};

	return row->family == AF_INET ? bind(made, (const struct sockaddr *)&four, sizeof(four))
	                              : bind(made, (const struct sockaddr *)&six, sizeof(six));
}

static int prepare(int made, const struct inner_socket *row)
{
	const int one = 1;
	const struct sock_fprog filter = {
	        .len = row->filter.count,
	        .filter = (struct sock_filter *)(uintptr_t)row->filter.program,
	};

	if (row->shared && (setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	                    setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0))
		return -1;
	if (row->filter.count &&
	    setsockopt(made, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
		return -1;
	return bind_own(made, row) < 0 || (row->listens && listen(made, BACKLOG) < 0) ? -1 : 0;
}

/* Whether the kernel has the newer protocol, and the interface its address. */
static bool has_six(void)
{
	const struct sockaddr_in6 own = {.sin6_family = AF_INET6,
	                                 .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	cleanup_close int probe = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return probe >= 0 && bind(probe, (const struct sockaddr *)&own, sizeof(own)) == 0;
}

/* By descriptor: whoever gets it need not look into this process, which soon nobody can. */
static int hand_out_namespaces(int network, struct error *err)
{
	static const char *const places[] = {"/proc/self/ns/user", "/proc/self/ns/net"};

	for (int i = 0; i < 2; i++) {
		cleanup_close int namespace = open(places[i], O_RDONLY | O_CLOEXEC);
		if (namespace < 0)
			return error_system(err, errno, "%s", places[i]);
		if (message_send(network, (char)(SANDBOX_NETWORK_USERS + i), namespace, err) < 0)
			return -1;
	}
	return 0;
}

static int hand_out(int network, struct error *err)
{
	bool six = has_six();

	if (hand_out_namespaces(network, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(inner_sockets) / sizeof(*inner_sockets); i++) {
		const struct inner_socket *row = &inner_sockets[i];
		cleanup_close int made = -1;
		if (row->family == AF_INET || six) {
			made = socket(row->family, row->type | SOCK_CLOEXEC | SOCK_NONBLOCK,
			              row->protocol);
			if (made < 0 || prepare(made, row) < 0)
				return error_system(err, errno,
				                    "a socket of the sandbox's network");
		}
		if (message_send(network, row->what, made, err) < 0)
			return -1;
	}
	return 0;
}

/* Should: bring up the loopback interface of the empty network namespace, and give the machine a
 * name that resolves everywhere;
 * make the sockets of who brings it to peers outside, while ports below 1024 can be had.
 * Mustn't: keep a socket beyond the stage. */
int stage_network(struct entering *entering, struct error *err)
{
	static const char name[] = "localhost";
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	cleanup_close int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (control < 0 || ioctl(control, SIOCSIFFLAGS, &request) < 0)
		return error_system(err, errno, "bringing up the loopback interface");
	if (sethostname(name, strlen(name)) < 0)
		return error_system(err, errno, "sethostname");
	if (entering->network < 0)
		return 0;
	if (hand_out(entering->network, err) < 0)
		return -1;
	close(steal_descriptor(&entering->network));
	return 0;
}
