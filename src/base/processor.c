#include "base/processor.h"

#include <errno.h>

void processor_hold(int processor, struct processor_hold *out)
{
	cpu_set_t one;

	*out = (struct processor_hold){0};
	if (processor < 0 || processor >= CPU_SETSIZE ||
	    sched_getaffinity(0, sizeof(out->before), &out->before) < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((size_t)processor, &one);
	out->held = sched_setaffinity(0, sizeof(one), &one) == 0;
}

int processor_release(pid_t thread, struct processor_hold *hold, struct error *err)
{
	if (hold->held && sched_setaffinity(thread, sizeof(hold->before), &hold->before) < 0)
		return error_system(err, errno, "sched_setaffinity");
	hold->held = false;
	return 0;
}
