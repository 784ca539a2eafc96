/* Connections as programs make them, and as attacks do: connect OPERATION ADDRESS PORT [HOST
 * [OTHER]].
 *
 * Prints one line: what came of it. Where a connection stands, a page is asked for by the name
 * HOST, and what the server says of itself is printed. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	THREADS = 50,
	ROUNDS = 300,
	IPPROTO_MULTIPATH = 262,
};

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static union address peer;
static socklen_t peer_size;
static const char *host;
static const char *other;
static in_port_t port;

static socklen_t fill(union address *out, const char *text)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &out->four.sin_addr) == 1) {
		out->four.sin_family = AF_INET;
		out->four.sin_port = port;
		return sizeof(out->four);
	}
	if (inet_pton(AF_INET6, text, &out->six.sin6_addr) != 1) {
		printf("no address: %s\n", text);
		exit(2);
	}
	out->six.sin6_family = AF_INET6;
	out->six.sin6_port = port;
	return sizeof(out->six);
}

static int made(int type)
{
	int result = socket(peer.any.sa_family, type, 0);

	if (result < 0) {
		printf("socket: %s\n", strerrorname_np(errno));
		exit(1);
	}
	return result;
}

static int failed(const char *step)
{
	printf("%s: %s\n", step, strerrorname_np(errno));
	return 1;
}

/* Asks for the page; what came is in `page`. */
static bool ask(int connected, char *page, size_t size)
{
	char request[300];
	size_t have = 0;
	ssize_t got;
	int length = snprintf(request, sizeof(request),
	                      "GET /who HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);

	if (send(connected, request, (size_t)length, MSG_NOSIGNAL) != length)
		return false;
	while ((got = recv(connected, page + have, size - 1 - have, 0)) > 0)
		have += (size_t)got;
	page[have] = '\0';
	return strstr(page, "\"host\"") != NULL;
}

static int show(int connected)
{
	char page[4096];

	if (!ask(connected, page, sizeof(page)))
		return failed("asking");
	puts(strrchr(page, '\n') + 1);
	return 0;
}

static int do_block(void)
{
	int s = made(SOCK_STREAM);

	return connect(s, &peer.any, peer_size) < 0 ? failed("connect") : show(s);
}

static int socket_error(int s)
{
	int error = 0;
	socklen_t size = sizeof(error);

	getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &size);
	return error;
}

static int finish(int s, short events)
{
	int error = socket_error(s);

	if (error) {
		errno = error;
		return failed("later");
	}
	if (!(events & POLLOUT)) {
		printf("events %#x\n", (unsigned)events);
		return 1;
	}
	if (connect(s, &peer.any, peer_size) < 0 && errno != EISCONN)
		return failed("connecting again");
	fcntl(s, F_SETFL, 0);
	return show(s);
}

static int do_poll(void)
{
	int s = made(SOCK_STREAM | SOCK_NONBLOCK);
	struct pollfd place = {.fd = s, .events = POLLOUT};

	if (connect(s, &peer.any, peer_size) == 0 || errno != EINPROGRESS)
		return failed("connect");
	if (connect(s, &peer.any, peer_size) < 0 && errno != EALREADY && errno != EISCONN)
		return failed("later");
	if (poll(&place, 1, 3000) != 1) {
		puts("nothing in time");
		return 1;
	}
	return finish(s, place.revents);
}

static int do_epoll(void)
{
	int s = made(SOCK_STREAM | SOCK_NONBLOCK);
	int waiting = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLOUT | EPOLLIN | EPOLLET};

	epoll_ctl(waiting, EPOLL_CTL_ADD, s, &event);
	epoll_wait(waiting, &event, 1, 0); /* that it is not connected yet */
	if (connect(s, &peer.any, peer_size) == 0 || errno != EINPROGRESS)
		return failed("connect");
	if (epoll_wait(waiting, &event, 1, 3000) != 1) {
		puts("nothing in time");
		return 1;
	}
	return finish(s, (short)event.events);
}

static int do_dup(void)
{
	int s = made(SOCK_STREAM);
	int again = dup(s);
	const int one = 1;
	int set = 0;
	socklen_t size = sizeof(set);

	setsockopt(s, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (connect(s, &peer.any, peer_size) < 0)
		return failed("connect");
	close(s);
	getsockopt(again, SOL_SOCKET, SO_KEEPALIVE, &set, &size);
	if (!set) {
		puts("an option was lost");
		return 1;
	}
	return show(again);
}

static int do_timeout(void)
{
	int s = made(SOCK_STREAM);
	const struct timeval time = {.tv_usec = 500000};

	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
	return connect(s, &peer.any, peer_size) < 0 ? failed("connect") : show(s);
}

static int do_names(void)
{
	int s = made(SOCK_STREAM);
	union address own = {0};
	union address theirs = {0};
	socklen_t size = sizeof(own);

	if (connect(s, &peer.any, peer_size) < 0)
		return failed("connect");
	getsockname(s, &own.any, &size);
	size = sizeof(theirs);
	if (getpeername(s, &theirs.any, &size) < 0)
		return failed("getpeername");
	printf("own %d peer %d\n", own.any.sa_family == peer.any.sa_family,
	       theirs.any.sa_family == peer.any.sa_family);
	return show(s);
}

static void *one_of_many(void *data)
{
	char page[4096];
	int s = made(SOCK_STREAM);

	(void)data;
	bool reached = connect(s, &peer.any, peer_size) == 0 && ask(s, page, sizeof(page));
	close(s);
	return reached ? &peer : NULL;
}

static int do_threads(void)
{
	pthread_t threads[THREADS];
	int reached = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, one_of_many, NULL);
	for (int i = 0; i < THREADS; i++) {
		void *result;
		pthread_join(threads[i], &result);
		reached += result != NULL;
	}
	printf("%d of %d reached\n", reached, THREADS);
	return reached != THREADS;
}

/* The address that another thread changes while the call is decided. */
static union address changing;
static volatile bool over;

static void *change(void *data)
{
	union address both[2] = {peer};

	(void)data;
	fill(&both[1], other);
	for (unsigned i = 0; !over; i++)
		changing.four.sin_addr = both[i % 2].four.sin_addr;
	return NULL;
}

static int do_race(void)
{
	pthread_t thread;
	int permitted = 0;
	int forbidden = 0;
	char page[4096];

	changing = peer;
	pthread_create(&thread, NULL, change, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		int s = made(SOCK_STREAM);
		if (connect(s, &changing.any, peer_size) == 0 && ask(s, page, sizeof(page))) {
			if (strstr(page, other))
				forbidden++;
			else
				permitted++;
		}
		close(s);
	}
	over = true;
	pthread_join(thread, NULL);
	printf("permitted %s, forbidden %d\n", permitted ? "some" : "none", forbidden);
	return 0;
}

static int do_fastopen(void)
{
	int s = made(SOCK_STREAM);

	return sendto(s, "x", 1, MSG_FASTOPEN, &peer.any, peer_size) < 0 ? failed("sendto")
	                                                                 : (puts("sent"), 0);
}

static int do_fastopen_message(void)
{
	int s = made(SOCK_STREAM);
	char byte = 'x';
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
	        .msg_name = &peer, .msg_namelen = peer_size, .msg_iov = &data, .msg_iovlen = 1};

	return sendmsg(s, &message, MSG_FASTOPEN) < 0 ? failed("sendmsg") : (puts("sent"), 0);
}

static int do_fastopen_later(void)
{
	int s = made(SOCK_STREAM);
	const int one = 1;

	if (setsockopt(s, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)) < 0)
		return failed("TCP_FASTOPEN_CONNECT");
	return connect(s, &peer.any, peer_size) < 0 ? failed("connect") : show(s);
}

static int of_protocol(int type, int protocol)
{
	int s = socket(peer.any.sa_family, type, protocol);

	if (s < 0)
		return failed("socket");
	return connect(s, &peer.any, peer_size) < 0 ? failed("connect") : (puts("connected"), 0);
}

static int do_multipath(void)
{
	return of_protocol(SOCK_STREAM, IPPROTO_MULTIPATH);
}

static int do_sctp(void)
{
	return of_protocol(SOCK_STREAM, IPPROTO_SCTP);
}

static int do_raw(void)
{
	return of_protocol(SOCK_RAW, IPPROTO_TCP);
}

static int do_datagram(void)
{
	int s = made(SOCK_DGRAM);

	return sendto(s, "x", 1, 0, &peer.any, peer_size) < 0 ? failed("sendto")
	                                                      : (puts("sent"), 0);
}

static int do_datagram_message(void)
{
	int s = made(SOCK_DGRAM);
	char byte = 'x';
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
	        .msg_name = &peer, .msg_namelen = peer_size, .msg_iov = &data, .msg_iovlen = 1};

	return sendmsg(s, &message, 0) < 0 ? failed("sendmsg") : (puts("sent"), 0);
}

static int do_datagram_connected(void)
{
	int s = made(SOCK_DGRAM);

	if (connect(s, &peer.any, peer_size) < 0)
		return failed("connect");
	return send(s, "x", 1, 0) < 0 ? failed("send") : (puts("sent"), 0);
}

/* A socket that another process has made, passed on. */
static int do_passed(void)
{
	int ends[2];
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte = 'x';
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &data,
	                         .msg_iovlen = 1,
	                         .msg_control = &control,
	                         .msg_controllen = sizeof(control)};

	socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	if (fork() == 0) {
		int s = made(SOCK_STREAM);
		control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
		                                  .cmsg_level = SOL_SOCKET,
		                                  .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.header), &s, sizeof(s));
		_exit(sendmsg(ends[0], &message, 0) < 0);
	}
	int s;
	if (recvmsg(ends[1], &message, 0) < 0)
		return failed("recvmsg");
	memcpy(&s, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(s));
	wait(NULL);
	return connect(s, &peer.any, peer_size) < 0 ? failed("connect") : show(s);
}

/* What the joined socket may be made into afterwards: nothing that listens outside. */
static int do_again(void)
{
	int s = made(SOCK_STREAM);
	const struct sockaddr unspecified = {.sa_family = AF_UNSPEC};

	if (connect(s, &peer.any, peer_size) < 0)
		return failed("connect");
	if (connect(s, &unspecified, sizeof(unspecified)) < 0)
		return failed("disconnect");
	return connect(s, &peer.any, peer_size) < 0 ? failed("connecting again") : show(s);
}

static const struct {
	const char *name;
	int (*run)(void);
} operations[] = {
        {"block", do_block},
        {"poll", do_poll},
        {"epoll", do_epoll},
        {"dup", do_dup},
        {"timeout", do_timeout},
        {"names", do_names},
        {"threads", do_threads},
        {"race", do_race},
        {"passed", do_passed},
        {"again", do_again},
        {"fastopen", do_fastopen},
        {"fastopen-message", do_fastopen_message},
        {"fastopen-later", do_fastopen_later},
        {"multipath", do_multipath},
        {"sctp", do_sctp},
        {"raw", do_raw},
        {"datagram", do_datagram},
        {"datagram-message", do_datagram_message},
        {"datagram-connected", do_datagram_connected},
};

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	port = htons((in_port_t)atoi(argv[3]));
	peer_size = fill(&peer, argv[2]);
	host = argc > 4 ? argv[4] : argv[2];
	other = argc > 5 ? argv[5] : "0.0.0.0";
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (strcmp(argv[1], operations[i].name) == 0)
			return operations[i].run();
	return 2;
}
