/* A tool that is refused things, and counts what it was answered: what the log says is measured
 * against it.
 *
 *   refuse tell FOLDER...                  opens names of each folder without end, from two
 *                                          processes; a line "PATH ERRNO" for each answer
 *   refuse flood THREADS MILLISECONDS SIGNALS OPEN...
 *                                          every thread makes every OPEN in turns; prints a line
 *                                          "OPEN ERRNO COUNT" for each; SIGNALS a second interrupt
 * it refuse names COUNT OPEN                OPEN with 0 to COUNT-1 at the end of its path; the same
 *   refuse work MILLISECONDS               computes; prints how much
 *   refuse spin THREADS MILLISECONDS       computes in threads; prints nothing
 *   refuse time COUNT OPEN                 nanoseconds of one OPEN (and close), the median of
 * tenths
 *
 * An OPEN is read:PATH or write:PATH (that may create). Status 1: an OPEN that is to be refused was
 * not; 2: it was not understood. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
	OPENS_MOST = 8,
	THREADS_MOST = 32,
	ERRORS = 134, /* numbers of errors on every architecture */
	WORK_STEP = 20000,
	PARTS = 10,
};

static _Noreturn void die(const char *text)
{
	fprintf(stderr, "refuse: %s\n", text);
	_exit(2);
}

static long number(const char *text)
{
	char *end;
	long value = text ? strtol(text, &end, 10) : -1;

	if (value < 0 || *end)
		die("a number is wanted");
	return value;
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (long long)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* --- Opening ---------------------------------------------------------------------------------- */

struct attempt {
	const char *path;
	int flags;
};

static struct attempt attempt(const char *text)
{
	if (strncmp(text, "read:", 5) == 0)
		return (struct attempt){text + 5, O_RDONLY};
	if (strncmp(text, "write:", 6) == 0)
		return (struct attempt){text + 6, O_WRONLY | O_CREAT};
	die("read:PATH or write:PATH is wanted");
}

/* The errno; 0 where it was permitted. */
static int try(const struct attempt *attempt)
{
	int file = open(attempt->path, attempt->flags, 0600);

	if (file < 0)
		return errno;
	close(file);
	return 0;
}

/* --- tell ------------------------------------------------------------------------------------- */

static _Noreturn void tell_names(char **folders, const char *who)
{
	for (unsigned long turn = 0;; turn++) {
		for (char **folder = folders; *folder; folder++) {
			char path[512];
			char line[600];
			bool writes = strncmp(*folder, "write:", 6) == 0;
			struct attempt one = attempt(*folder);

			/* Of what is read there are a hundred. */
			if (writes)
				snprintf(path, sizeof(path), "%s/%s%lu", one.path, who, turn);
			else
				snprintf(path, sizeof(path), "%s/%lu", one.path, turn % 100);
			one.path = path;
			int error = try(&one);
			int size = snprintf(line, sizeof(line), "%s %s\n", path,
			                    error ? strerrorname_np(error) : "0");
			if (write(STDOUT_FILENO, line, (size_t)size) != size)
				_exit(0);
		}
	}
}

static int tell(char **arguments)
{
	/* One that left the session and the process group of the other, and lost its parent. */
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			tell_names(arguments, "away");
		_exit(0);
	}
	tell_names(arguments, "here");
}

/* --- flood and names -------------------------------------------------------------------------- */

static long long deadline;

struct flood {
	pthread_t thread;
	struct attempt attempts[OPENS_MOST];
	size_t attempt_count;
	unsigned long counts[OPENS_MOST][ERRORS];
};

static struct flood floods[THREADS_MOST];

static void *run_flood(void *data)
{
	struct flood *flood = data;

	while (now() < deadline)
		for (size_t i = 0; i < flood->attempt_count; i++)
			flood->counts[i][try(&flood->attempts[i])]++;
	return NULL;
}

static void nothing(int signal)
{
	(void)signal;
}

static void interrupt(long signals)
{
	const struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
	struct itimerval timer = {0};

	if (signals == 0)
		return;
	timer.it_interval.tv_usec = timer.it_value.tv_usec = 1000000 / signals;
	if (sigaction(SIGALRM, &action, NULL) < 0 || setitimer(ITIMER_REAL, &timer, NULL) < 0)
		die("signals");
}

/* Returns whether anything was permitted. */
static bool print_counts(char **texts, size_t thread_count)
{
	bool permitted = false;

	for (size_t i = 0; texts[i]; i++) {
		for (int error = 0; error < ERRORS; error++) {
			unsigned long count = 0;
			for (size_t thread = 0; thread < thread_count; thread++)
				count += floods[thread].counts[i][error];
			if (count)
				printf("%s %s %lu\n", texts[i],
				       error ? strerrorname_np(error) : "0", count);
			permitted |= count && !error;
		}
	}
	return permitted;
}

static int flood(char **arguments)
{
	size_t threads = (size_t)number(arguments[0]);
	long milliseconds = number(arguments[1]);
	long signals = number(arguments[2]);
	char **texts = arguments + 3;

	if (threads > THREADS_MOST)
		die("too many threads");
	deadline = now() + milliseconds * 1000000LL;
	interrupt(signals);
	for (size_t i = 0; i < threads; i++) {
		struct flood *one = &floods[i];
		for (size_t j = 0; texts[j] && j < OPENS_MOST; j++)
			one->attempts[one->attempt_count++] = attempt(texts[j]);
		if (pthread_create(&one->thread, NULL, run_flood, one) != 0)
			die("no thread");
	}
	for (size_t i = 0; i < threads; i++)
		pthread_join(floods[i].thread, NULL);
	return print_counts(texts, threads);
}

static int names(char **arguments)
{
	long count = number(arguments[0]);
	struct attempt one = attempt(arguments[1]);
	const char *prefix = one.path;

	for (long i = 0; i < count; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s%ld", prefix, i);
		one.path = path;
		floods[0].counts[0][try(&one)]++;
	}
	return print_counts(arguments + 1, 1);
}

/* --- work and spin ---------------------------------------------------------------------------- */

static unsigned long compute(void)
{
	volatile unsigned long value = 1;

	for (int i = 0; i < WORK_STEP; i++)
		value = value * 6364136223846793005UL + 1;
	return value;
}

static void *run_spin(void *data)
{
	unsigned long *steps = data;

	while (now() < deadline) {
		compute();
		(*steps)++;
	}
	return NULL;
}

static int work(char **arguments)
{
	unsigned long steps = 0;

	deadline = now() + number(arguments[0]) * 1000000LL;
	run_spin(&steps);
	printf("%lu\n", steps);
	return 0;
}

static int spin(char **arguments)
{
	size_t threads = (size_t)number(arguments[0]);
	unsigned long steps[THREADS_MOST] = {0};

	if (threads > THREADS_MOST)
		die("too many threads");
	deadline = now() + number(arguments[1]) * 1000000LL;
	for (size_t i = 0; i < threads; i++)
		if (pthread_create(&floods[i].thread, NULL, run_spin, &steps[i]) != 0)
			die("no thread");
	for (size_t i = 0; i < threads; i++)
		pthread_join(floods[i].thread, NULL);
	return 0;
}

/* --- time ------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	long long left = *(const long long *)a;
	long long right = *(const long long *)b;

	return left < right ? -1 : left > right;
}

static int measure(char **arguments)
{
	long count = number(arguments[0]) / PARTS;
	struct attempt one = attempt(arguments[1]);
	long long parts[PARTS];

	if (count == 0)
		die("too few");
	try(&one); /* the first of its kind is written */
	for (int part = 0; part < PARTS; part++) {
		long long start = now();
		for (long i = 0; i < count; i++)
			try(&one);
		parts[part] = (now() - start) / count;
	}
	qsort(parts, PARTS, sizeof(*parts), compare);
	printf("%lld\n", parts[PARTS / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*function)(char **arguments);
	} modes[] = {
	        {"tell", 1, tell}, {"flood", 4, flood}, {"names", 2, names},
	        {"work", 1, work}, {"spin", 2, spin},   {"time", 2, measure},
	};

	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0 && argc - 2 >= modes[i].arguments)
			return modes[i].function(argv + 2);
	die("tell, flood, names, work, spin or time is wanted");
}
