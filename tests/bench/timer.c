/* Runs commands in turns and measures them.
 *
 *   timer ROUNDS COMMAND... [--- COMMAND...]...           whole commands, launched each time
 *   timer --turns ROUNDS SERVER... [--- SERVER...]...     what servers run, their launch apart
 *   timer --serve COMMAND...                              a server: runs COMMAND when it is asked
 *
 * In each round every command is run once, in an order that moves by one from round to round, so
 * that a noisy moment of the machine meets all of them alike. Prints one line a command: median,
 * first quartile and minimum of the wall time in microseconds, and the median of its ratios to the
 * first command in the same round. A command that does not exit with 0 ends the measurement,
 * because what failed is quick.
 *
 * A server is a command that ends up in `timer --serve`, inside a sandbox or not; it measures where
 * it is. It is asked by one byte on its standard input and answers with the time. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum {
	MAX_COMMANDS = 16,
	MAX_ROUNDS = 100000,
	WARM_UP = 3, /* rounds that are not counted: caches fill */
};

struct command {
	char **words; /* NULL-terminated */
	int ask;      /* pipes of a server, or -1 */
	int answer;
	pid_t server;
};

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Starts the command with these descriptors as standard input and output, -1: none. */
static int start(char **words, int input, int output, pid_t *child)
{
	posix_spawn_file_actions_t actions;
	int failure = posix_spawn_file_actions_init(&actions);

	if (failure)
		return -1;
	if (input >= 0)
		failure = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	else
		failure = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
		                                           O_RDONLY, 0);
	if (!failure && output >= 0)
		failure = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	else if (!failure)
		failure = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
		                                           O_WRONLY, 0);
	if (!failure)
		failure = posix_spawnp(child, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failure)
		fprintf(stderr, "timer: %s: %s\n", words[0], strerror(failure));
	return failure ? -1 : 0;
}

static int finish(pid_t child, const char *name)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	fprintf(stderr, "timer: %s: wait status 0x%x\n", name, (unsigned)status);
	return -1;
}

/* Nanoseconds from before the start of the command until it was reaped; negative on failure. */
static int64_t measure(char **words)
{
	int64_t begin = now();
	pid_t child;

	if (start(words, -1, -1, &child) < 0 || finish(child, words[0]) < 0)
		return -1;
	return now() - begin;
}

static int serve(char **words)
{
	char byte;
	ssize_t size;

	while ((size = read(STDIN_FILENO, &byte, 1)) == 1) {
		int64_t time = measure(words);
		if (write(STDOUT_FILENO, &time, sizeof(time)) != sizeof(time) || time < 0)
			return 1;
	}
	return size < 0;
}

static int start_server(struct command *command)
{
	int questions[2];
	int answers[2];

	if (pipe2(questions, O_CLOEXEC) < 0 || pipe2(answers, O_CLOEXEC) < 0)
		return -1;
	command->ask = questions[1];
	command->answer = answers[0];
	int result = start(command->words, questions[0], answers[1], &command->server);
	close(questions[0]);
	close(answers[1]);
	return result;
}

static int stop_server(struct command *command)
{
	close(command->ask);
	close(command->answer);
	return finish(command->server, command->words[0]);
}

static int64_t ask(const struct command *command)
{
	int64_t time = -1;

	if (command->ask < 0)
		return measure(command->words);
	if (write(command->ask, "", 1) != 1 ||
	    read(command->answer, &time, sizeof(time)) != sizeof(time)) {
		fprintf(stderr, "timer: %s: the server is gone\n", command->words[0]);
		return -1;
	}
	return time;
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left;
	int64_t b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

/* Divides the arguments at "---". Returns the number of commands, 0 on error. */
static size_t divide(char **words, struct command *commands)
{
	size_t count = 0;

	while (*words && count < MAX_COMMANDS) {
		commands[count++] = (struct command){.words = words, .ask = -1, .answer = -1};
		while (*words && strcmp(*words, "---") != 0)
			words++;
		if (commands[count - 1].words == words)
			return 0;
		if (*words)
			*words++ = NULL;
	}
	return *words ? 0 : count;
}

static int run(const struct command *commands, size_t count, int64_t *times, size_t rounds)
{
	for (size_t round = 0; round < rounds + WARM_UP; round++) {
		for (size_t turn = 0; turn < count; turn++) {
			size_t which = (turn + round) % count;
			int64_t time = ask(&commands[which]);
			if (time < 0)
				return -1;
			if (round >= WARM_UP)
				times[which * rounds + round - WARM_UP] = time;
		}
	}
	return 0;
}

static int run_servers(struct command *commands, size_t count, int64_t *times, size_t rounds)
{
	size_t started = 0;
	int result = 0;

	signal(SIGPIPE, SIG_IGN);
	while (result == 0 && started < count)
		result = start_server(&commands[started++]);
	if (result == 0)
		result = run(commands, count, times, rounds);
	for (size_t i = 0; i < started; i++)
		if (commands[i].server > 0 && stop_server(&commands[i]) < 0)
			result = -1;
	return result;
}

/* Sorts `own`; `ratios` is room for a number each round. */
static void print_command(int64_t *own, const int64_t *first, int64_t *ratios, size_t rounds)
{
	for (size_t i = 0; i < rounds; i++)
		ratios[i] = own[i] * 10000 / (first[i] ? first[i] : 1);
	qsort(ratios, rounds, sizeof(*ratios), compare);
	qsort(own, rounds, sizeof(*own), compare);
	printf("%lld %lld %lld %.3f\n", (long long)(own[rounds / 2] / 1000),
	       (long long)(own[rounds / 4] / 1000), (long long)(own[0] / 1000),
	       (double)ratios[rounds / 2] / 10000);
}

/* Returns 0, or negative where memory did not suffice. */
static int print(int64_t *times, size_t count, size_t rounds)
{
	int64_t *first = calloc(rounds, sizeof(*first));
	int64_t *ratios = calloc(rounds, sizeof(*ratios));
	bool enough = first && ratios;

	if (enough)
		memcpy(first, times, rounds * sizeof(*first));
	for (size_t i = 0; enough && i < count; i++)
		print_command(times + i * rounds, first, ratios, rounds);
	free(first);
	free(ratios);
	return enough ? 0 : -1;
}

static int usage(void)
{
	fputs("usage: timer [--turns] ROUNDS COMMAND... [--- COMMAND...]...\n"
	      "       timer --serve COMMAND...\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct command commands[MAX_COMMANDS];
	char *end = NULL;

	if (argc > 2 && strcmp(argv[1], "--serve") == 0)
		return serve(argv + 2);
	bool turns = argc > 1 && strcmp(argv[1], "--turns") == 0;
	char **words = argv + 1 + turns;
	unsigned long rounds = words[0] ? strtoul(words[0], &end, 10) : 0;
	if (!end || *end || rounds == 0 || rounds > MAX_ROUNDS)
		return usage();
	size_t count = divide(words + 1, commands);
	if (count == 0)
		return usage();
	int64_t *times = calloc(count * rounds, sizeof(*times));
	int result = !times  ? -1
	             : turns ? run_servers(commands, count, times, rounds)
	                     : run(commands, count, times, rounds);
	if (result == 0)
		result = print(times, count, rounds);
	free(times);
	return result < 0;
}
