/* Two processes that answer each other are several times faster on one processor: waking another
 * one costs more than the answer. So they may share one while a sandbox is built. */
#ifndef REMIT_BASE_PROCESSOR_H
#define REMIT_BASE_PROCESSOR_H

#include "base/error.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

/* Where a thread may run, as it was before. All zero is "nothing was changed". */
struct processor_hold {
	bool held;
	cpu_set_t before;
};

/* Binds the calling thread to one processor (a number of sched_getcpu(3); negative: none). Where
 * that cannot be, nothing is changed: it is only slower. */
void processor_hold(int processor, struct processor_hold *out);

/* Lets the thread (0: the caller) run where it could before. Returns 0, or negative. */
int processor_release(pid_t thread, struct processor_hold *hold, struct error *err);

#endif
