/* Connections, side by side: network serve PORT; network connects|requests|download PORT COUNT.
 *
 * The server of 127.0.0.1 answers each request by as many bytes as its path says. The clients print
 * one number: microseconds a connect, microseconds a request (each on a connection of its own),
 * megabytes a second. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char block[1 << 17];
static struct sockaddr_in address = {.sin_family = AF_INET};

static _Noreturn void fail(const char *step)
{
	perror(step);
	exit(1);
}

static void *answer(void *data)
{
	char request[1024];
	int client = (int)(long)data;
	long long left;

	while (read(client, request, sizeof(request) - 1) > 0 &&
	       sscanf(request, "GET /%lld", &left) == 1) {
		char head[100];
		int size = snprintf(head, sizeof(head),
		                    "HTTP/1.1 200 OK\r\nContent-Length: %lld\r\n\r\n", left);
		if (write(client, head, (size_t)size) < 0)
			break;
		while (left > 0) {
			size_t part =
			        left < (long long)sizeof(block) ? (size_t)left : sizeof(block);
			ssize_t sent = write(client, block, part);
			if (sent < 0)
				break;
			left -= sent;
		}
	}
	close(client);
	return NULL;
}

static void serve(void)
{
	const int one = 1;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	signal(SIGPIPE, SIG_IGN);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 4096) < 0)
		fail("listen");
	for (;;) {
		int client = accept(listener, NULL, NULL);
		if (client < 0)
			continue;
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		pthread_t thread;
		if (pthread_create(&thread, NULL, answer, (void *)(long)client) == 0)
			pthread_detach(thread);
		else
			close(client);
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int reach(void)
{
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (s < 0 || connect(s, (const struct sockaddr *)&address, sizeof(address)) < 0)
		fail("connect");
	return s;
}

static double fetch(int s, long long size)
{
	char request[100];
	int length = snprintf(request, sizeof(request),
	                      "GET /%lld HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", size);
	double got = 0;

	if (write(s, request, (size_t)length) != length)
		fail("write");
	while (got < (double)size) {
		ssize_t part = read(s, block, sizeof(block));
		if (part <= 0)
			fail("read");
		got += (double)part;
	}
	return got;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	address.sin_port = htons((in_port_t)atoi(argv[2]));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (strcmp(argv[1], "serve") == 0)
		serve();
	if (argc < 4)
		return 2;
	long count = atol(argv[3]);
	bool requests = strcmp(argv[1], "requests") == 0;
	double took = 0;
	if (strcmp(argv[1], "download") == 0) {
		int s = reach();
		took = now();
		double got = fetch(s, count);
		printf("%.0f\n", got / (now() - took));
		return 0;
	}
	for (long i = 0; i < count; i++) {
		double start = now();
		int s = reach();
		if (requests)
			fetch(s, 100);
		took += now() - start;
		close(s);
	}
	printf("%.1f\n", took / (double)count);
	return 0;
}
