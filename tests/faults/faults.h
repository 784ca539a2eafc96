/* Makes remit's system calls fail, one at a time, and judges what becomes of the run. */
#ifndef REMIT_TESTS_FAULTS_H
#define REMIT_TESTS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TASK_LIMIT = 64,
	HANG_SECONDS = 60,
};

/* One system call of one task, counted over all tasks in the order of a run without a fault. Its
 * identity is the task (0 is remit, the others by their birth) and its place among the calls of
 * that task, which does not depend on how the kernel schedules. */
struct point {
	int task;
	size_t index;
	long number; /* of the system call */
	bool empty;  /* brk(0), which asks for nothing */
};

/* What the reference run yields. */
struct points {
	struct point *items;
	size_t count, capacity;
	size_t first; /* the first call after the definition was opened */
};

struct run_request {
	char **command;
	const char *input;      /* standard input; NULL: /dev/null */
	const char *definition; /* whose opening begins what counts, in the reference run */
	const struct point *fault;
	int error; /* errno of the fault */
	struct points *record;
};

struct run_result {
	bool reached; /* the fault was reached, at the same call */
	bool hang;
	bool left;       /* a process outlived remit */
	int status;      /* as waitpid(2) gives it */
	char *output;    /* of the command; owned by the result */
	char *complaint; /* standard error; owned by the result */
};

/* Runs COMMAND under the tracer, which leaves at the tool's execve. Returns 0, or -1 with a message
 * printed where the tracer itself failed. */
int run_traced(const struct run_request *request, struct run_result *out);
void run_clear(struct run_result *result);

/* The name of a system call, or "call N" in a static buffer. */
const char *call_name(long number);

/* Whether making this call fail has a meaning: 0 and NULL, else why not. */
const char *call_excluded(const struct point *point);

/* The errors with which a call is made to fail, ended by 0. */
const int *call_errors(long number);

enum verdict {
	VERDICT_HELD,    /* executed, and confined as without the fault */
	VERDICT_LESS,    /* executed, with a known second wall or identity missing, and said so */
	VERDICT_REFUSED, /* 125, nothing executed */
	VERDICT_NOT_EXECUTED, /* 126 or 127 of execve itself */
	VERDICT_ENDED_EARLY,  /* before the definition was read: nothing executed, whatever the
	                         status */
	VERDICT_NOT_REACHED,  /* another order of events: the call was not made, all was well */
	VERDICT_FAILED,
	VERDICTS,
};

/* `why` (256 bytes) says what is wrong where the verdict is VERDICT_FAILED. */
enum verdict judge(const struct point *point, int error, bool before, const char *reference,
                   const struct run_result *result, char *why);

#endif
