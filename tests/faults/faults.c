/* faults [OPTION...] -- REMIT ARGUMENT... -- INSIDE TARGET...
 *
 *   -n NAME   of the scenario, for the report
 *   -d FILE   the definition, as the command line names it: what is counted begins with its opening
 *   -i FILE   standard input
 *   -s STEP   every STEP-th point only
 *   -o FIRST  beginning with this one
 *   -e        every sensible error, not one a point
 *   -j COUNT  so many runs at a time
 *   -v        every run, with its verdict
 *
 * Runs the command once without a fault, for reference, then once for every system call of it, over
 * all its tasks, which is made to fail. The closing line is "N passed, N failed, 0 skipped". */
#include "faults.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ATTEMPTS = 3, /* where another order of events hid the point */
	WORKERS = 16,
	/* One point in so many: calls of a task that is killed early, as the one that only holds a
	 * user namespace, and of the watch, whose threads answer in varying order. */
	NOT_REACHED_SHARE = 20,
	REFERENCES = 8,
};

struct options {
	const char *name;
	const char *definition;
	const char *input;
	size_t step;
	size_t first;
	bool every_error;
	size_t workers;
	bool verbose;
	char **command;
};

/* Shared by the workers. */
struct tally {
	_Atomic size_t verdicts[VERDICTS];
	_Atomic size_t points;
	_Atomic size_t faults;
};

static const char *const verdict_names[VERDICTS] = {
        [VERDICT_HELD] = "held",
        [VERDICT_LESS] = "held with less",
        [VERDICT_REFUSED] = "refused",
        [VERDICT_NOT_EXECUTED] = "not executed",
        [VERDICT_ENDED_EARLY] = "ended early",
        [VERDICT_NOT_REACHED] = "not reached",
        [VERDICT_FAILED] = "FAILED",
};

static bool parse(int count, char **arguments, struct options *out)
{
	int option;

	*out = (struct options){.name = "remit", .definition = "", .step = 1, .workers = 1};
	while ((option = getopt(count, arguments, "+n:d:i:s:o:ej:v")) != -1) {
		switch (option) {
		case 'n':
			out->name = optarg;
			break;
		case 'd':
			out->definition = optarg;
			break;
		case 'i':
			out->input = optarg;
			break;
		case 's':
			out->step = strtoul(optarg, NULL, 10);
			break;
		case 'o':
			out->first = strtoul(optarg, NULL, 10);
			break;
		case 'e':
			out->every_error = true;
			break;
		case 'j':
			out->workers = strtoul(optarg, NULL, 10);
			break;
		case 'v':
			out->verbose = true;
			break;
		default:
			return false;
		}
	}
	out->command = arguments + optind;
	return *out->command && out->step > 0 && out->workers > 0 && out->workers <= WORKERS;
}

static void print_run(const struct options *options, size_t number, const struct point *point,
                      int error, enum verdict verdict, const char *why, const char *complaint)
{
	printf("%-8s %s: point %zu, task %d call %zu, %s = %s%s%s\n", verdict_names[verdict],
	       options->name, number, point->task, point->index, call_name(point->number),
	       strerrorname_np(error), *why ? ": " : "", why);
	if (verdict == VERDICT_FAILED || options->verbose)
		for (const char *line = complaint; *line;) {
			size_t size = strcspn(line, "\n");
			printf("         | %.*s\n", (int)size, line);
			line += size + (line[size] == '\n');
		}
	fflush(stdout);
}

static int try_fault(const struct options *options, const struct points *points, size_t number,
                     int error, const char *reference, struct tally *tally)
{
	const struct point *point = &points->items[number];
	const struct run_request request = {
	        .command = options->command,
	        .input = options->input,
	        .fault = point,
	        .error = error,
	};
	struct run_result result = {0};
	char why[256];
	enum verdict verdict;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		run_clear(&result);
		if (run_traced(&request, &result) < 0)
			return -1;
		if (result.reached)
			break;
	}
	verdict = judge(point, error, number < points->first, reference, &result, why);
	tally->verdicts[verdict]++;
	tally->faults++;
	if (verdict == VERDICT_FAILED || options->verbose)
		print_run(options, number, point, error, verdict, why, result.complaint);
	run_clear(&result);
	return 0;
}

static int try_point(const struct options *options, const struct points *points, size_t number,
                     const char *reference, struct tally *tally)
{
	const int *errors = call_errors(points->items[number].number);
	size_t count = 0;

	while (errors[count])
		count++;
	tally->points++;
	if (!options->every_error)
		return try_fault(options, points, number, errors[number / options->step % count],
		                 reference, tally);
	for (size_t i = 0; i < count; i++)
		if (try_fault(options, points, number, errors[i], reference, tally) < 0)
			return -1;
	return 0;
}

static int work(const struct options *options, const struct points *points, size_t worker,
                const char *reference, struct tally *tally)
{
	size_t turn = 0;

	for (size_t i = options->first; i < points->count; i += options->step) {
		if (call_excluded(&points->items[i]) || turn++ % options->workers != worker)
			continue;
		if (try_point(options, points, i, reference, tally) < 0)
			return 1;
	}
	return 0;
}

static bool work_all(const struct options *options, const struct points *points,
                     const char *reference, struct tally *tally)
{
	pid_t workers[WORKERS];
	bool good = true;

	fflush(stdout);
	for (size_t i = 0; i < options->workers; i++) {
		workers[i] = fork();
		if (workers[i] == 0)
			_exit(work(options, points, i, reference, tally));
	}
	for (size_t i = 0; i < options->workers; i++) {
		int status = 1;
		good &= workers[i] > 0 && waitpid(workers[i], &status, 0) == workers[i] &&
		        status == 0;
	}
	return good;
}

static bool usable(const struct run_result *result)
{
	size_t size = strlen(result->output);

	return !result->hang && !result->left && WIFEXITED(result->status) &&
	       WEXITSTATUS(result->status) == 7 && size > 4 &&
	       strcmp(result->output + size - 4, "end\n") == 0 &&
	       !strstr(result->output, " open\n");
}

/* One run without a fault; 1 where it differs from what is recorded already in the calls that were
 * made: an order of events that the next one does not take. */
static int refer_once(const struct options *options, struct points *points, struct run_result *out)
{
	struct points made = {0};
	const struct run_request request = {
	        .command = options->command,
	        .input = options->input,
	        .definition = options->definition,
	        .record = &made,
	};

	if (run_traced(&request, out) < 0) {
		fprintf(stderr, "faults: no run without a fault\n");
		return -1;
	}
	if (!usable(out)) {
		fprintf(stderr, "faults: without a fault, status 0x%x:\n%s%s",
		        (unsigned)out->status, out->output, out->complaint);
		return -1;
	}
	int other = made.count != points->count;
	free(points->items);
	*points = made;
	return other;
}

/* The run without a fault, until two follow each other that make the same number of calls: what a
 * run says must not differ from run to run. */
static int refer(const struct options *options, struct points *points, struct run_result *out)
{
	int other = refer_once(options, points, out);

	for (int attempt = 0; other > 0 && attempt < REFERENCES; attempt++) {
		struct run_result before = *out;
		*out = (struct run_result){0};
		other = refer_once(options, points, out);
		if (other >= 0 && strcmp(before.output, out->output) != 0) {
			fprintf(stderr, "faults: two runs without a fault differ\n");
			other = -1;
		}
		run_clear(&before);
	}
	return other < 0 ? -1 : 0;
}

static void print_excluded(const struct options *options, const struct points *points)
{
	size_t total = 0;

	printf("excluded %s:", options->name);
	for (size_t i = 0; i < points->count; i++) {
		const char *why = call_excluded(&points->items[i]);
		bool first = why != NULL;
		size_t count = 0;

		for (size_t j = 0; why && j < points->count; j++)
			if (points->items[j].number == points->items[i].number &&
			    points->items[j].empty == points->items[i].empty) {
				first &= j >= i;
				count++;
			}
		if (!first)
			continue;
		printf(" %s %zu (%s);", call_name(points->items[i].number), count, why);
		total += count;
	}
	printf(" %zu in all\n", total);
}

static void print_summary(const struct options *options, const struct points *points,
                          const struct tally *tally)
{
	printf("faults   %s: %zu of %zu points (%zu before the definition is read), %zu faults:",
	       options->name, (size_t)tally->points, points->count, points->first,
	       (size_t)tally->faults);
	for (int i = 0; i < VERDICTS; i++)
		printf("%s %zu %s", i ? "," : "", (size_t)tally->verdicts[i], verdict_names[i]);
	printf("\n");
}

int main(int count, char **arguments)
{
	struct options options;
	struct points points = {0};
	struct run_result reference = {0};
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
	                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!parse(count, arguments, &options) || tally == MAP_FAILED) {
		fprintf(stderr,
		        "usage: faults [-n NAME] [-d FILE] [-i FILE] [-s STEP] [-o FIRST] [-e] "
		        "[-j COUNT] [-v] -- COMMAND...\n");
		return 2;
	}
	if (refer(&options, &points, &reference) < 0)
		return 2;
	bool good = work_all(&options, &points, reference.output, tally);
	print_excluded(&options, &points);
	print_summary(&options, &points, tally);
	if (!good)
		printf("FAILED   %s: the tracer failed\n", options.name);
	size_t not_reached = tally->verdicts[VERDICT_NOT_REACHED];
	if (not_reached > tally->faults / NOT_REACHED_SHARE) {
		printf("FAILED   %s: too many points were not reached\n", options.name);
		good = false;
	}
	size_t failed = tally->verdicts[VERDICT_FAILED] + (good ? 0 : 1);
	printf("%zu passed, %zu failed, 0 skipped\n",
	       tally->faults - not_reached - tally->verdicts[VERDICT_FAILED], failed);
	free(points.items);
	run_clear(&reference);
	return failed == 0 && tally->faults > 0 ? 0 : 1;
}
