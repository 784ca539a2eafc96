/* Walls: the network, and every other kind of socket. The services are those of `probe host`,
 * which answer with the token: a connection to something of the sandbox's own does not count. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static struct sockaddr_in service(const struct scene *scene)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	address.sin_port = htons((uint16_t)strtoul(TARGET(scene, port), NULL, 10));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static int with_time_limit(int descriptor)
{
	struct timeval limit = {.tv_sec = 1};

	if (descriptor >= 0 &&
	    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0)
		give_up("SO_RCVTIMEO: %s", strerror(errno));
	return descriptor;
}

/* argument "mptcp" or NULL. */
static int connect_tcp(const struct scene *scene)
{
	int protocol = scene->probe->argument ? IPPROTO_MPTCP : 0;
	struct sockaddr_in address = service(scene);
	int descriptor = with_time_limit(socket(AF_INET, SOCK_STREAM, protocol));

	if (descriptor < 0)
		return -1;
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return descriptor_holds_token(scene, descriptor);
}

static int connect_tcp_mapped(const struct scene *scene)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	int descriptor = with_time_limit(socket(AF_INET6, SOCK_STREAM, 0));

	address.sin6_port = service(scene).sin_port;
	if (inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr) != 1)
		give_up("inet_pton");
	if (descriptor < 0)
		return -1;
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return descriptor_holds_token(scene, descriptor);
}

/* Connects without connect(2). argument: which call sends. */
static int fast_open(const struct scene *scene)
{
	struct sockaddr_in address = service(scene);
	struct iovec vector = {(void *)(uintptr_t) "x", 1};
	struct mmsghdr messages = {.msg_hdr = {&address, sizeof(address), &vector, 1, NULL, 0, 0}};
	int descriptor = with_time_limit(socket(AF_INET, SOCK_STREAM, 0));
	ssize_t sent = -1;

	if (descriptor < 0)
		return -1;
	if (strcmp(scene->probe->argument, "sendto") == 0)
		sent = sendto(descriptor, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address,
		              sizeof(address));
	else if (strcmp(scene->probe->argument, "sendmsg") == 0)
		sent = sendmsg(descriptor, &messages.msg_hdr, MSG_FASTOPEN);
	else
		sent = sendmmsg(descriptor, &messages, 1, MSG_FASTOPEN);
	return sent < 0 ? -1 : descriptor_holds_token(scene, descriptor);
}

static int exchange_udp(const struct scene *scene)
{
	struct sockaddr_in address = service(scene);
	int descriptor = with_time_limit(socket(AF_INET, SOCK_DGRAM, 0));

	if (descriptor < 0)
		return -1;
	if (sendto(descriptor, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return descriptor_holds_token(scene, descriptor);
}

static int connect_abstract(const struct scene *scene)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *name = TARGET(scene, abstract);
	int descriptor = with_time_limit(socket(AF_UNIX, SOCK_STREAM, 0));

	if (strlen(name) + 1 > sizeof(address.sun_path))
		give_up("the name of the abstract socket is too long");
	memcpy(address.sun_path + 1, name, strlen(name));
	if (descriptor < 0)
		return -1;
	if (connect(descriptor, (struct sockaddr *)&address,
	            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))) != 0)
		return -1;
	return descriptor_holds_token(scene, descriptor);
}

static int connect_by_path(const struct scene *scene)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = TARGET(scene, socket);
	int descriptor = with_time_limit(socket(AF_UNIX, SOCK_STREAM, 0));

	if (strlen(path) >= sizeof(address.sun_path))
		give_up("the path of the socket is too long");
	memcpy(address.sun_path, path, strlen(path));
	if (descriptor < 0)
		return -1;
	if (connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	return descriptor_holds_token(scene, descriptor);
}

/* argument: "FAMILY TYPE PROTOCOL", as numbers. Having the socket is the attack. */
static int make_socket(const struct scene *scene)
{
	int family = 0;
	int type = 0;
	int protocol = 0;

	if (sscanf(scene->probe->argument, "%d %d %d", &family, &type, &protocol) != 3)
		give_up("an argument of three numbers was expected");
	return socket(family, type, protocol);
}

/* The same with an own network namespace, where an ordinary user's control succeeds too. */
static int make_privileged_socket(const struct scene *scene)
{
	try_to_become_root(scene, CLONE_NEWNET);
	return make_socket(scene);
}

static int make_socket_pair_netlink(const struct scene *scene)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	(void)scene;
	if (descriptor < 0)
		return -1;
	return bind(descriptor, (struct sockaddr *)&address, sizeof(address));
}

static int interface_beyond_loopback(const struct scene *scene)
{
	FILE *devices = fopen("/proc/net/dev", "re");
	char line[512];

	(void)scene;
	if (!devices)
		return -1;
	while (fgets(line, sizeof(line), devices)) {
		const char *name = line + strspn(line, " ");

		if (strchr(name, ':') && strncmp(name, "lo:", 3) != 0) {
			note("%.*s", (int)strcspn(name, ":"), name);
			return 0;
		}
	}
	return refuse(ENODEV);
}

static int change_interface(const struct scene *scene)
{
	struct ifreq request = {.ifr_name = "lo"};
	int descriptor;

	try_to_become_root(scene, CLONE_NEWNET);
	descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0 || ioctl(descriptor, SIOCGIFFLAGS, &request) != 0)
		return -1;
	return ioctl(descriptor, SIOCSIFFLAGS, &request);
}

#define PROTOCOL ABSENT_PROTOCOL

const struct probe network_probes[] = {
        {"connect_tcp", connect_tcp, NULL, 0, 0, 0, "a service of the host on 127.0.0.1"},
        {"connect_tcp_mapped", connect_tcp_mapped, NULL, 0, PROTOCOL, 0, "the same over IPv6"},
        {"connect_mptcp", connect_tcp, "mptcp", 0, PROTOCOL, 0, "the same over MPTCP"},
        {"fast_open_sendto", fast_open, "sendto", 0, 0, 0, "MSG_FASTOPEN on sendto"},
        {"fast_open_sendmsg", fast_open, "sendmsg", 0, 0, 0, "MSG_FASTOPEN on sendmsg"},
        {"fast_open_sendmmsg", fast_open, "sendmmsg", 0, 0, 0, "MSG_FASTOPEN on sendmmsg"},
        {"exchange_udp", exchange_udp, NULL, 0, 0, 0, "datagrams with the host"},
        {"connect_abstract", connect_abstract, NULL, 0, 0, 0, "abstract unix socket of the host"},
        {"connect_unix_path", connect_by_path, NULL, 0, 0, 0, "unix socket of the host, by path"},
        {"socket_mptcp", make_socket, "2 1 262", 0, PROTOCOL, 0, "MPTCP"},
        {"socket_sctp", make_socket, "2 1 132", 0, PROTOCOL, 0, "SCTP"},
        {"socket_sctp_sequence", make_socket, "2 5 132", 0, PROTOCOL, 0, "SCTP, one to many"},
        {"socket_dccp", make_socket, "2 6 33", 0, PROTOCOL, 0, "DCCP"},
        {"socket_raw_icmp", make_privileged_socket, "2 3 1", 0, 0, 0, "raw ICMP"},
        {"socket_raw_ip", make_privileged_socket, "2 3 255", 0, 0, 0, "raw IP"},
        {"socket_raw_ip6", make_privileged_socket, "10 3 58", 0, PROTOCOL, 0, "raw ICMPv6"},
        {"socket_packet", make_privileged_socket, "17 3 768", 0, PROTOCOL, 0, "AF_PACKET, raw"},
        {"socket_packet_cooked", make_privileged_socket, "17 2 768", 0, PROTOCOL, 0, "AF_PACKET"},
        {"socket_netlink_route", make_socket, "16 3 0", 0, PROTOCOL, 0, "netlink, routing"},
        {"socket_netlink_audit", make_socket, "16 3 9", 0, PROTOCOL, 0, "netlink, audit"},
        {"socket_netlink_diagnosis", make_socket, "16 3 4", 0, PROTOCOL, 0, "netlink, sock_diag"},
        {"netlink_device_events", make_socket_pair_netlink, NULL, 0, PROTOCOL, 0, "udev events"},
        {"socket_vsock", make_socket, "40 1 0", 0, PROTOCOL, 0, "AF_VSOCK: the hypervisor"},
        {"socket_alg", make_socket, "38 5 0", 0, PROTOCOL, 0, "AF_ALG"},
        {"socket_xdp", make_privileged_socket, "44 3 0", 0, PROTOCOL, 0, "AF_XDP"},
        {"socket_key", make_privileged_socket, "15 3 2", 0, PROTOCOL, 0, "AF_KEY"},
        {"socket_bluetooth", make_socket, "31 3 1", 0, PROTOCOL, 0, "AF_BLUETOOTH"},
        {"socket_can", make_socket, "29 3 1", 0, PROTOCOL, 0, "AF_CAN"},
        {"socket_tipc", make_socket, "30 1 0", 0, PROTOCOL, 0, "AF_TIPC"},
        {"socket_rds", make_socket, "21 5 0", 0, PROTOCOL, 0, "AF_RDS"},
        {"socket_smc", make_socket, "43 1 0", 0, PROTOCOL, 0, "AF_SMC"},
        {"interface_beyond_loopback", interface_beyond_loopback, NULL, 0, ABSENT_PATH, 0,
         "an interface of the host"},
        {"change_interface", change_interface, NULL, 0, 0, 0, "SIOCSIFFLAGS"},
        {0},
};
