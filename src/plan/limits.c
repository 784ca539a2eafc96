#include "plan/parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Which limit of policies/limits.yaml is held by which resource of setrlimit(2). */
static const struct {
	const char *name;
	int resource;
} resources[] = {
        {"processes", RLIMIT_NPROC},
        {"files", RLIMIT_NOFILE},
        {"file-size", RLIMIT_FSIZE},
        {"cpu", RLIMIT_CPU},
};

static int add_limit(struct plan *plan, int resource, rlim_t value, struct error *err)
{
	void *items = plan->limits;

	if (array_reserve(&items, &plan->limit_capacity, plan->limit_count, sizeof(*plan->limits)) <
	    0)
		return error_memory(err);
	plan->limits = items;
	plan->limits[plan->limit_count++] =
	        (struct plan_limit){.resource = resource, .value = value};
	return 0;
}

static int hold(const struct policy_limit *limit, struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < sizeof(resources) / sizeof(*resources); i++)
		if (strcmp(resources[i].name, limit->limit->name) == 0)
			return add_limit(plan, resources[i].resource, limit->value, err);
	if (strcmp(limit->limit->name, "wall") == 0) {
		plan->wall_seconds =
		        limit->value > UINT32_MAX ? UINT32_MAX : (unsigned)limit->value;
		return 0;
	}
	if (strcmp(limit->limit->name, "scratch") == 0) {
		snprintf(plan->scratch_size, sizeof(plan->scratch_size), "%llu%s", limit->value,
		         limit->percent ? "%" : "");
		return 0;
	}
	error_set(err, "%s: limit %s cannot be held here", limit->because, limit->limit->name);
	return error_help(err, "it needs a control group, which remit cannot make on this "
	                       "machine; limit processes, file-size or wall instead");
}

int plan_limits_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct policy *policy = request->policy;

	/* 1: too small for a file, and no handler of the machine is started, as it is for 0
	 * (core(5), do_coredump in the kernel). */
	if (add_limit(plan, RLIMIT_CORE, 1, err) < 0)
		return -1;
	for (size_t i = 0; i < policy->limit_count; i++)
		if (policy->limits[i].set && hold(&policy->limits[i], plan, err) < 0)
			return -1;
	if (request->timeout && (!plan->wall_seconds || request->timeout < plan->wall_seconds))
		plan->wall_seconds = request->timeout;
	return 0;
}
