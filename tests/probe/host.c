/* probe host DIR TOKEN MARKER: the host's side. Offers everything that a confined tool must not
 * reach and prints it as NAME=VALUE lines, the targets of `probe run`; a last line says `ready`.
 * It runs until its stdin ends, then takes all of it away.
 *
 * DIR is where the unix socket goes; MARKER is only there to stand on the command line. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum service { STDIN, TCP, UDP, ABSTRACT, BY_PATH, SERVICE_COUNT };

static struct pollfd services[SERVICE_COUNT];
static pid_t victims[2];
static int segment = -1;
static char *queue_name;
static char *socket_path;

static void fail(const char *what)
{
	fprintf(stderr, "probe host: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listening(int descriptor, const struct sockaddr *address, socklen_t length)
{
	if (descriptor < 0 || bind(descriptor, address, length) != 0)
		fail("bind");
	if (listen(descriptor, 16) != 0 && errno != EOPNOTSUPP)
		fail("listen");
	return descriptor;
}

/* TCP and UDP share the port that TCP was given. */
static void offer_internet(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	services[TCP].fd = listening(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	                             (struct sockaddr *)&address, length);
	if (setsockopt(services[TCP].fd, IPPROTO_TCP, 23 /* TCP_FASTOPEN */, &on, sizeof(on)) != 0)
		errno = 0;
	if (getsockname(services[TCP].fd, (struct sockaddr *)&address, &length) != 0)
		fail("getsockname");
	services[UDP].fd = listening(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	                             (struct sockaddr *)&address, length);
	printf("port=%u\n", ntohs(address.sin_port));
}

static void offer_unix(const char *folder)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *name = format_text("remit-probe-%d", (int)getpid());
	size_t start = offsetof(struct sockaddr_un, sun_path);

	memcpy(address.sun_path + 1, name, strlen(name));
	services[ABSTRACT].fd =
	        listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
	                  (struct sockaddr *)&address, (socklen_t)(start + 1 + strlen(name)));
	printf("abstract=%s\n", name);
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	socket_path = format_text("%s/socket", folder);
	if (strlen(socket_path) >= sizeof(address.sun_path))
		fail("the path of the socket is too long");
	memcpy(address.sun_path, socket_path, strlen(socket_path));
	services[BY_PATH].fd = listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
	                                 (struct sockaddr *)&address, sizeof(address));
	printf("socket=%s\n", socket_path);
}

static void offer_shared(const char *token)
{
	key_t key = (key_t)(0x52000000 | getpid());
	char *word;
	mqd_t queue;

	segment = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0666);
	word = segment < 0 ? NULL : shmat(segment, NULL, 0);
	if (!word || (intptr_t)word == -1)
		fail("shared memory");
	memccpy(word, token, 0, 4096);
	printf("memory_key=%u\n", (unsigned)key);
	queue_name = format_text("/remit-probe-%d", (int)getpid());
	queue = mq_open(queue_name, O_CREAT | O_EXCL | O_RDWR, 0666, NULL);
	if (queue < 0)
		fail("message queue");
	printf("message_queue=%s\n", queue_name);
}

/* A process of the same user that waits to be attacked. */
static pid_t make_victim(const char *token)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGUSR1, SIG_IGN);
		memccpy(memory_word, token, 0, sizeof(memory_word) - 1);
		for (;;)
			pause();
	}
	return child;
}

static void answer(enum service service, const char *token)
{
	struct sockaddr_storage peer;
	socklen_t length = sizeof(peer);
	char byte;
	int connection;

	if (service == UDP) {
		if (recvfrom(services[UDP].fd, &byte, 1, 0, (struct sockaddr *)&peer, &length) > 0)
			sendto(services[UDP].fd, token, strlen(token), 0, (struct sockaddr *)&peer,
			       length);
		return;
	}
	connection = accept4(services[service].fd, NULL, NULL, SOCK_CLOEXEC);
	if (connection < 0)
		return;
	send(connection, token, strlen(token), MSG_NOSIGNAL);
	close(connection);
}

static void serve(const char *token)
{
	for (int i = 0; i < SERVICE_COUNT; i++)
		services[i].events = POLLIN;
	services[STDIN].fd = STDIN_FILENO;
	for (;;) {
		if (poll(services, SERVICE_COUNT, -1) < 0 && errno != EINTR)
			return;
		if (services[STDIN].revents)
			return;
		for (int i = TCP; i < SERVICE_COUNT; i++)
			if (services[i].revents)
				answer((enum service)i, token);
	}
}

static void take_away(void)
{
	for (size_t i = 0; i < 2; i++)
		kill(victims[i], SIGKILL);
	shmctl(segment, IPC_RMID, NULL);
	mq_unlink(queue_name);
	unlink(socket_path);
}

static void print_namespaces(void)
{
	static const char *const names[][2] = {
	        {"mnt", "mount_space"}, {"pid", "process_space"}, {"ipc", "ipc_space"},
	        {"uts", "uts_space"},   {"net", "network_space"}, {"cgroup", "cgroup_space"},
	        {"user", "user_space"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char link[64] = "";

		if (readlink(format_text("/proc/self/ns/%s", names[i][0]), link, sizeof(link) - 1) <
		    0)
			fail("/proc/self/ns");
		printf("%s=%s\n", names[i][1], link);
	}
}

int command_host(int count, char **arguments)
{
	if (count != 3) {
		fprintf(stderr, "usage: probe host DIR TOKEN MARKER\n");
		return 2;
	}
	/* A dead victim must be gone at once, not wait as a zombie. */
	signal(SIGCHLD, SIG_IGN);
	offer_internet();
	offer_unix(arguments[0]);
	offer_shared(arguments[1]);
	for (size_t i = 0; i < 2; i++)
		victims[i] = make_victim(arguments[1]);
	printf("outside=%d\nvictim=%d\nprocess=%d\n", (int)victims[0], (int)victims[1],
	       (int)victims[0]);
	print_namespaces();
	printf("ready\n");
	fflush(stdout);
	serve(arguments[1]);
	take_away();
	return 0;
}
