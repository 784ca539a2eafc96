#include "sandbox/stage.h"

#include <errno.h>
#include <sys/resource.h>

/* Should: lower the limits to the plan's.
 * Mustn't: raise one. */
int stage_limits(struct entering *entering, struct error *err)
{
	for (size_t i = 0; i < entering->plan->limit_count; i++) {
		const struct plan_limit *limit = &entering->plan->limits[i];
		struct rlimit now;

		if (getrlimit((__rlimit_resource_t)limit->resource, &now) < 0)
			return error_system(err, errno, "getrlimit");
		rlim_t value = limit->value < now.rlim_max ? limit->value : now.rlim_max;
		struct rlimit wanted = {.rlim_cur = value, .rlim_max = value};
		if (setrlimit((__rlimit_resource_t)limit->resource, &wanted) < 0)
			return error_system(err, errno, "setrlimit");
	}
	return 0;
}
