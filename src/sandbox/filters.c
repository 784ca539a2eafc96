#include "base/kernel.h"
#include "plan/filter.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <linux/filter.h>

static int load(const struct sock_filter *filter, size_t count, struct error *err)
{
	/* The kernel only reads the program. */
	union {
		const struct sock_filter *in;
		struct sock_filter *out;
	} program = {.in = filter};
	const struct sock_fprog description = {
	        .len = (unsigned short)count,
	        .filter = program.out,
	};

	if (kernel_seccomp_filter(&description) < 0)
		return error_system(err, errno, "seccomp");
	return 0;
}

/* Should: load the embedded filter, then what the policy adds.
 * Mustn't: come before anything that the filters refuse. */
int stage_filters(struct entering *entering, struct error *err)
{
	const struct plan *plan = entering->plan;

	if (load(filter_base, filter_base_count, err) < 0)
		return -1;
	return plan->filter_count ? load(plan->filter, plan->filter_count, err) : 0;
}
