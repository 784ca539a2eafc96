/* Plays the run around an approver, without a sandbox: the loop of whoever waits for the end, and
 * the watch at the other end of the questions, which asks whatever it is told to.
 *
 *     play run AGENT WAY SECONDS REMEMBER COMMAND [ARGUMENT...]   (REMEMBER may be -)
 *     play ask [-p] [-c] [-n] [-o OPERATION] TARGET
 *     play asked COUNT
 *     play garbage | close
 *
 * `run` executes COMMAND as the tool, on the terminal that the approver has for it. Inside, `ask`
 * asks, prints the answer ("once tty") and succeeds where it permits; -p: a protected path, -c: a
 * connection, -n: prints that it asked, and does not wait. `asked` waits until the watch has put so
 * many questions. `garbage` has the watch send what is no question, `close` has it end. */
#include "base/cleanup.h"
#include "base/message.h"
#include "library/approve.h"
#include "library/prepare.h"
#include "watch/question.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CLIENTS = 1024,
	REQUEST_MOST = QUESTION_MOST + 64,
};

static const char *const words[] = {"no", "no-all", "once", "folder", "effect"};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "play: %s: %s\n", what, strerror(errno));
	exit(125);
}

static struct sockaddr_un address(void)
{
	struct sockaddr_un out = {.sun_family = AF_UNIX};
	const char *path = getenv("PLAY_SOCKET");

	if (!path || strlen(path) >= sizeof(out.sun_path)) {
		fprintf(stderr, "play: PLAY_SOCKET: where the watch listens\n");
		exit(125);
	}
	memcpy(out.sun_path, path, strlen(path));
	return out;
}

/* --- The watch -------------------------------------------------------------------------------- */

struct played_watch {
	int questions;
	int clients[CLIENTS]; /* by the number of their question; -1: none waits */
	size_t count;
};

static void say(int client, const char *word, const char *who)
{
	dprintf(client, "%s %s\n", word, who);
	close(client);
}

/* The request is "a", effect, protected, "waits", operation, NUL, target. */
static void ask_for(struct played_watch *watch, int client, char *request)
{
	cleanup_error struct error err = {0};
	const char *operation = request + 4;
	const struct question question = {
	        .id = watch->count,
	        .effect = request[1] == 'c' ? EFFECT_CONNECT : EFFECT_WRITE,
	        .protected = request[2] == 'p',
	        .pid = getpid(),
	        .comm = "tool",
	        .exe = "/usr/bin/tool",
	        .operation = operation,
	        .target = operation + strlen(operation) + 1,
	        .because = "agent.md:4 mode default",
	};

	if (watch->count == CLIENTS || watch->questions < 0 ||
	    question_send(watch->questions, &question, &err) < 0) {
		say(client, "unasked", err.message ? err.message : "");
		return;
	}
	watch->clients[watch->count++] = client;
	if (request[3] == 'n') {
		watch->clients[watch->count - 1] = -1;
		say(client, "asked", "");
	}
}

static void close_questions(struct played_watch *watch)
{
	if (watch->questions >= 0)
		close(watch->questions);
	watch->questions = -1;
	for (size_t i = 0; i < watch->count; i++) {
		if (watch->clients[i] >= 0)
			say(watch->clients[i], "gone", "");
		watch->clients[i] = -1;
	}
}

static void serve(struct played_watch *watch, int listening)
{
	static char request[REQUEST_MOST];
	int client = accept(listening, NULL, NULL);
	ssize_t size = client < 0 ? -1 : recv(client, request, sizeof(request) - 1, 0);

	if (size <= 0)
		return;
	request[size] = '\0';
	if (*request == 'a') {
		ask_for(watch, client, request);
	} else if (*request == 'n') {
		dprintf(client, "%zu\n", watch->count);
		close(client);
	} else if (*request == 'g') {
		if (send(watch->questions, "garbage", 7, MSG_NOSIGNAL) < 0)
			die("send");
		say(client, "sent", "");
	} else {
		close_questions(watch);
		say(client, "closed", "");
	}
}

static void hear_answer(struct played_watch *watch)
{
	cleanup_error struct error err = {0};
	struct answer answer;

	if (answer_receive(watch->questions, &answer, &err) < 0) {
		close_questions(watch);
		return;
	}
	if (answer.id >= watch->count)
		die("an answer to no question");
	if (watch->clients[answer.id] >= 0)
		say(watch->clients[answer.id], words[answer.scope], answer.who);
	watch->clients[answer.id] = -1;
}

static _Noreturn void play_watch(int questions, int listening)
{
	static struct played_watch watch;

	watch.questions = questions;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		struct pollfd places[] = {
		        {.fd = listening, .events = POLLIN},
		        {.fd = watch.questions, .events = POLLIN},
		};
		if (poll(places, 2, -1) < 0)
			die("poll");
		if (places[1].revents)
			hear_answer(&watch);
		if (places[0].revents)
			serve(&watch, listening);
	}
}

/* --- The tool --------------------------------------------------------------------------------- */

/* Sends the watch a request and takes its reply. */
static void exchange(const char *request, size_t size, char *reply, size_t room)
{
	const struct sockaddr_un place = address();
	int server = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	if (server < 0 || connect(server, (const struct sockaddr *)&place, sizeof(place)) < 0 ||
	    send(server, request, size, 0) < 0)
		die("asking");
	ssize_t got = recv(server, reply, room - 1, 0);
	if (got < 0)
		die("the answer");
	reply[got] = '\0';
	close(server);
}

static int wait_until_asked(unsigned long count)
{
	char reply[256];

	for (;;) {
		exchange("number", 6, reply, sizeof(reply));
		if (strtoul(reply, NULL, 10) >= count)
			return 0;
		usleep(10000);
	}
}

static int ask(int argc, char **argv)
{
	static char request[REQUEST_MOST] = "aw-w";
	const char *operation = "open";
	char reply[256];
	int option;

	while ((option = getopt(argc, argv, "pcno:")) != -1) {
		if (option == 'p')
			request[2] = 'p';
		else if (option == 'c')
			request[1] = 'c';
		else if (option == 'n')
			request[3] = 'n';
		else
			operation = optarg;
	}
	const char *target = argv[optind] ? argv[optind] : "";
	size_t size = 4 + (size_t)snprintf(request + 4, 64, "%s", operation) + 1;
	if (strcmp(argv[0], "ask") != 0)
		request[0] = *argv[0];
	if (size + strlen(target) >= sizeof(request))
		return 125;
	memcpy(request + size, target, strlen(target));
	size += strlen(target);
	exchange(request, size, reply, sizeof(reply));
	fputs(*reply ? reply : "nothing\n", stdout);
	return strncmp(reply, "once", 4) != 0 && strncmp(reply, "folder", 6) != 0 &&
	       strncmp(reply, "effect", 6) != 0;
}

static _Noreturn void become_tool(const struct approver *approver, const sigset_t *signals,
                                  char **command)
{
	unsigned streams;
	int terminal = approver_terminal(approver, &streams);

	for (int stream = 0; terminal >= 0 && stream < 3; stream++)
		if ((streams & 1U << stream) && dup2(terminal, stream) < 0)
			die("dup2");
	if (terminal >= 0 && (setsid() < 0 || ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0))
		die("the terminal");
	close_range(3, ~0U, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_SETMASK, signals, NULL);
	execvp(command[0], command);
	die(command[0]);
}

/* --- The run ---------------------------------------------------------------------------------- */

static void wait_for(struct approver *approver, pid_t tool, int arriving)
{
	int process = (int)syscall(SYS_pidfd_open, tool, 0);
	struct pollfd places[2 + APPROVE_PLACES] = {
	        {.fd = process, .events = POLLIN},
	        {.fd = arriving, .events = POLLIN},
	};
	struct signalfd_siginfo info;

	while (!places[0].revents) {
		approver_places(approver, places + 2);
		if (poll(places, 2 + APPROVE_PLACES, approver_patience(approver)) < 0)
			die("poll");
		if (places[1].revents && read(arriving, &info, sizeof(info)) == sizeof(info) &&
		    !approver_signal(approver, (int)info.ssi_signo) && info.ssi_signo != SIGCHLD &&
		    info.ssi_signo != SIGPIPE)
			kill(tool, (int)info.ssi_signo);
		approver_work(approver, places + 2);
	}
	close(process);
}

static int fail(const struct error *err)
{
	fprintf(stderr, "play: %s\nplay: %s\n", error_message(err), err->help ? err->help : "");
	return 125;
}

static int run(char **argv)
{
	const struct sockaddr_un place = address();
	struct remit_options options;
	cleanup_prepared struct prepared prepared = {0};
	cleanup_error struct error err = {0};
	struct approver *approver = NULL;
	sigset_t all, before;
	int ends[2], status;

	remit_options_init(&options);
	options.agent = argv[0];
	if (prepare(&options, false, NULL, &prepared, &err) < 0)
		return fail(&err);
	const struct approve_request request = {
	        .way = *argv[1] ? argv[1] : NULL,
	        .seconds = (unsigned)atoi(argv[2]),
	        .remember = strcmp(argv[3], "-") == 0 ? NULL : argv[3],
	        .watched = true,
	        .policy = prepared.policy,
	        .environment = environ,
	};
	int listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (listening < 0 || bind(listening, (const struct sockaddr *)&place, sizeof(place)) < 0 ||
	    listen(listening, CLIENTS) < 0)
		die("listening");
	if (approver_new(&request, &approver, &err) < 0 || message_pair(ends, &err) < 0)
		return fail(&err);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	int arriving = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	pid_t watch = fork();
	if (watch == 0) {
		close(ends[0]);
		play_watch(ends[1], listening);
	}
	close(ends[1]);
	pid_t tool = fork();
	if (tool == 0)
		become_tool(approver, &before, argv + 4);
	approver_begin(approver, ends[0]);
	wait_for(approver, tool, arriving);
	if (approver_end(approver, &err) < 0)
		fail(&err);
	approver_free(approver);
	if (waitpid(tool, &status, 0) != tool)
		die("waitpid");
	kill(watch, SIGKILL);
	waitpid(watch, NULL, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	if (argc >= 7 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	if (argc == 3 && strcmp(argv[1], "asked") == 0)
		return wait_until_asked(strtoul(argv[2], NULL, 10));
	if (argc >= 2 && strcmp(argv[1], "run") != 0)
		return ask(argc - 1, argv + 1);
	fprintf(stderr, "play run AGENT WAY SECONDS REMEMBER COMMAND..., or play ask ...\n");
	return 125;
}
