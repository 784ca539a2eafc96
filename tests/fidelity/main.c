/* fidelity play FOLDER SEED FIRST COUNT [KEPT,KEPT...]   sequences below FOLDER, a log of each
 * fidelity tree FOLDER                                   what they left, which is removed
 *
 * A sequence is a process of its own, so that the next begins as this one did: with its folder,
 * umask, limits and descriptors. KEPT: only these operations, by number (a digest ends the others).
 * The log begins each sequence with "sequence N". */
#include "fidelity.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LATER_OPERATIONS = 26, SECONDS = 20 };

static const char *kept; /* NULL: all */

static bool is_kept(size_t number)
{
	for (const char *word = kept; word && *word;
	     word += strcspn(word, ","), word += *word == ',')
		if (strtoul(word, NULL, 10) == number)
			return true;
	return kept == NULL;
}

static void ignore(int signal)
{
	(void)signal;
}

/* Calls that are interrupted begin again, and nothing is done twice. */
static void be_interrupted(void)
{
	struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_RESTART};
	struct itimerval often = {{0, 300}, {0, 300}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

/* A page behind it is not mapped. */
static char *make_region(void)
{
	char *region = mmap(NULL, REGION_SIZE + 4096, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (region == MAP_FAILED || mprotect(region + REGION_SIZE, 4096, PROT_NONE) < 0)
		_exit(3);
	return region;
}

static void play(struct actor *actor, uint64_t seed, unsigned long sequence)
{
	char name[32];
	static char home[4096];
	uint64_t own = mix(seed, sequence);

	static const char *const deeper[] = {"p", "r", "q"};

	umask(022);
	snprintf(name, sizeof(name), "%06lu", sequence);
	bool there = mkdir(name, 0755) == 0 && chdir(name) == 0;
	for (size_t i = 0; i < 3 && there; i++)
		there = mkdir(deeper[i], 0755) == 0 && chdir(deeper[i]) == 0;
	if (!there || !getcwd(home, sizeof(home))) {
		say(actor, "no folder: %s\n", strerrorname_np(errno));
		return;
	}
	actor->home = home;
	actor->state = own;
	if (percent(actor, 25)) {
		say(actor, "with a timer\n");
		be_interrupted();
	}
	for (size_t i = 0; i < BUILD_OPERATIONS + LATER_OPERATIONS; i++) {
		if (!is_kept(i))
			continue;
		actor->state = mix(own, i);
		say(actor, "%zu ", i);
		if (i == 0)
			furnish(actor);
		else
			operate(actor, i < BUILD_OPERATIONS);
	}
}

/* How the sequence ended, where it did not end well. */
static int await(pid_t child)
{
	int status = 0;
	int process = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd ended = {.fd = process, .events = POLLIN};

	if (process >= 0 && poll(&ended, 1, SECONDS * 1000) == 0) {
		kill(child, SIGKILL);
		printf("hung\n");
	}
	if (process >= 0)
		close(process);
	waitpid(child, &status, 0);
	return status;
}

static int play_one(const char *base, char *text, uint64_t seed, unsigned long sequence)
{
	size_t *used = (size_t *)(void *)(text + LOG_SIZE);
	struct log log = {.text = text};

	memset(text, 0, LOG_SIZE);
	*used = 0;
	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		return -1;
	if (child == 0) {
		struct actor actor = {.log = &log,
		                      .base = base,
		                      .prefix = "",
		                      .region = {make_region(), make_region()},
		                      .slots = {-1, -1, -1, -1, -1, -1}};
		play(&actor, seed, sequence);
		_exit(0);
	}
	printf("sequence %lu\n", sequence);
	int status = await(child);
	fputs(text, stdout);
	if (status != 0)
		printf("ended with %x\n", status);
	return 0;
}

static int play_all(const char *folder, uint64_t seed, unsigned long first, unsigned long count)
{
	char *text = mmap(NULL, LOG_SIZE + 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                  -1, 0);

	if (text == MAP_FAILED || chdir(folder) < 0) {
		perror(folder);
		return 2;
	}
	close_range(3, ~0u, 0);
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (unsigned long i = first; i < first + count; i++)
		if (play_one(folder, text, seed, i) < 0)
			return 2;
	printf("played %lu\n", count);
	return fflush(stdout) == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "tree") == 0)
		return tree_print(argv[2], true) < 0;
	if (argc < 6 || strcmp(argv[1], "play") != 0) {
		fputs("usage: fidelity play FOLDER SEED FIRST COUNT [KEPT,...] | tree FOLDER\n",
		      stderr);
		return 2;
	}
	kept = argc > 6 ? argv[6] : NULL;
	return play_all(argv[2], strtoull(argv[3], NULL, 0), strtoul(argv[4], NULL, 10),
	                strtoul(argv[5], NULL, 10));
}
