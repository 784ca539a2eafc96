/* Runs programs in turns and measures them: timer ROUNDS COMMAND... [--- COMMAND...]...
 *
 * In each round every command is run once, in an order that moves by one from round to round, so
 * that a noisy moment of the machine meets all of them alike. Prints one line a command: median,
 * first quartile and minimum of the wall time in microseconds. A command that does not exit with 0
 * ends the measurement, because what failed is quick. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
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

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Nanoseconds from before the start of the command until it was reaped; negative on failure. */
static int64_t measure(char **command, const posix_spawn_file_actions_t *actions)
{
	int64_t start = now();
	int status;
	pid_t child;
	int failure = posix_spawnp(&child, command[0], actions, NULL, command, environ);

	if (failure) {
		fprintf(stderr, "timer: %s: %s\n", command[0], strerror(failure));
		return -1;
	}
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "timer: %s: wait status 0x%x\n", command[0], (unsigned)status);
		return -1;
	}
	return now() - start;
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left;
	int64_t b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

/* Divides the arguments at "---"; each part ends in NULL then. Returns their number, 0 on error. */
static size_t divide(char **words, char ***commands)
{
	size_t count = 0;

	while (*words && count < MAX_COMMANDS) {
		commands[count++] = words;
		while (*words && strcmp(*words, "---") != 0)
			words++;
		if (commands[count - 1] == words)
			return 0;
		if (*words)
			*words++ = NULL;
	}
	return *words ? 0 : count;
}

static int run(char ***commands, size_t count, int64_t *times, size_t rounds)
{
	posix_spawn_file_actions_t actions;

	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) !=
	            0 ||
	    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) != 0)
		return -1;
	for (size_t round = 0; round < rounds + WARM_UP; round++) {
		for (size_t turn = 0; turn < count; turn++) {
			size_t which = (turn + round) % count;
			int64_t time = measure(commands[which], &actions);
			if (time < 0)
				return -1;
			if (round >= WARM_UP)
				times[which * rounds + round - WARM_UP] = time;
		}
	}
	return posix_spawn_file_actions_destroy(&actions) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	char **commands[MAX_COMMANDS];
	char *end = NULL;
	unsigned long rounds = argc > 2 ? strtoul(argv[1], &end, 10) : 0;

	if (!end || *end || rounds == 0 || rounds > MAX_ROUNDS) {
		fputs("usage: timer ROUNDS COMMAND... [--- COMMAND...]...\n", stderr);
		return 2;
	}
	size_t count = divide(argv + 2, commands);
	int64_t *times = count ? calloc(count * rounds, sizeof(*times)) : NULL;
	if (!times || run(commands, count, times, rounds) < 0) {
		free(times);
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		int64_t *own = times + i * rounds;
		qsort(own, rounds, sizeof(*own), compare);
		printf("%lld %lld %lld\n", (long long)(own[rounds / 2] / 1000),
		       (long long)(own[rounds / 4] / 1000), (long long)(own[0] / 1000));
	}
	free(times);
	return 0;
}
