/* The second wall: what may be written and executed, once more, without mounts. */
#include "base/kernel.h"
#include "base/text.h"
#include "plan/landlock_rights.h"
#include "plan/parts.h"

#include <errno.h>
#include <stdlib.h>

int plan_add_right(struct plan *plan, const char *path, uint64_t rights, bool optional,
                   struct error *err)
{
	void *items = plan->rights;

	rights &= plan->landlock_handled;
	if (!rights)
		return 0;
	if (array_reserve(&items, &plan->right_capacity, plan->right_count, sizeof(*plan->rights)) <
	    0)
		return error_memory(err);
	plan->rights = items;
	char *copy = text_copy(path);
	if (!copy)
		return error_memory(err);
	plan->rights[plan->right_count++] =
	        (struct plan_right){.path = copy, .rights = rights, .optional = optional};
	return 0;
}

/* exec is limited unless it is allowed for whatever name. */
static bool exec_limited(const struct policy *policy)
{
	struct decision decision;

	policy_decide(policy, EFFECT_EXEC, "/", &decision);
	return decision.verdict != VERDICT_ALLOW;
}

static int without_landlock(const struct plan_request *request, struct plan *plan,
                            struct error *err)
{
	if (plan->limited_exec || request->strict) {
		error_set(err, "this kernel has no Landlock, which holds %s",
		          plan->limited_exec ? "what may be executed" : "the second wall");
		return error_help(err, "add `landlock` to the kernel's lsm= parameter, or use "
		                       "Linux 5.13 or newer");
	}
	return plan_add_note(plan, "no-landlock",
	                     text_copy("this kernel has no Landlock: mounts and system-call "
	                               "filters hold alone"),
	                     err);
}

int plan_landlock_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const uint64_t write_file = UINT64_C(1) << 1;
	int abi = kernel_landlock_abi();

	if (abi < 0 && errno != ENOSYS && errno != EOPNOTSUPP)
		return error_system(err, errno, "asking for Landlock");
	plan->limited_exec = exec_limited(request->policy);
	if (abi < 1)
		return without_landlock(request, plan, err);
	plan->landlock_abi = abi;
	uint64_t socket = landlock_group(RIGHT_SOCKET, abi);
	uint64_t write = landlock_group(RIGHT_WRITE, abi) | socket;
	uint64_t device = landlock_group(RIGHT_DEVICE, abi);
	uint64_t execute = landlock_group(RIGHT_EXECUTE, abi);
	plan->landlock_handled = write | device | execute;
	for (size_t i = 0; i < landlock_scopes_count; i++)
		if (landlock_scopes[i].abi <= abi)
			plan->landlock_scoped |= landlock_scopes[i].scope;

	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		bool writable = mount->kind == MOUNT_SCRATCH ||
		                (mount->kind == MOUNT_BIND && mount->writable);
		/* Names change through the broker alone. What stands there already may be opened:
		 * of files the read-only mount says no, of named pipes nobody does. */
		bool brokered = mount->kind == MOUNT_BIND && plan->broker;
		if (writable &&
		    plan_add_right(plan, mount->path, brokered ? write_file | socket : write, false,
		                   err) < 0)
			return -1;
	}
	if (plan_add_right(plan, "/dev", write_file | device, false, err) < 0 ||
	    plan_add_right(plan, "/proc", write_file, false, err) < 0)
		return -1;
	return plan->limited_exec ? 0 : plan_add_right(plan, "/", execute, false, err);
}
