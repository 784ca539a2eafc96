#include "base/cleanup.h"
#include "base/kernel.h"
#include "plan/landlock_rights.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>

/* The attributes grow with the ABI; older kernels refuse what they do not know. */
static size_t attributes_size(int abi)
{
	if (abi >= 6)
		return sizeof(struct kernel_landlock_ruleset);
	if (abi >= 4)
		return offsetof(struct kernel_landlock_ruleset, scoped);
	return offsetof(struct kernel_landlock_ruleset, handled_net);
}

static int add_rule(int ruleset, const struct plan_right *right, struct error *err)
{
	struct stat status;
	cleanup_close int place = open(right->path, O_PATH | O_CLOEXEC);

	if (place < 0 && right->optional &&
	    (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 0;
	if (place < 0 || fstat(place, &status) < 0)
		return error_system(err, errno, "%s", right->path);
	uint64_t rights =
	        S_ISDIR(status.st_mode) ? right->rights : landlock_file_rights(right->rights);
	if (rights && kernel_landlock_add_path(ruleset, place, rights) < 0)
		return error_system(err, errno, "%s", right->path);
	return 0;
}

/* Should: permit writing and executing once more, by a mechanism that knows nothing of mounts.
 * Mustn't: leave out a rule that could not be added. */
int stage_landlock(struct entering *entering, struct error *err)
{
	const struct plan *plan = entering->plan;
	const struct kernel_landlock_ruleset attributes = {
	        .handled_fs = plan->landlock_handled,
	        .scoped = plan->landlock_scoped,
	};

	if (!plan->landlock_abi)
		return 0;
	cleanup_close int ruleset =
	        kernel_landlock_create(&attributes, attributes_size(plan->landlock_abi));
	if (ruleset < 0)
		return error_system(err, errno, "landlock_create_ruleset");
	for (size_t i = 0; i < plan->right_count; i++)
		if (add_rule(ruleset, &plan->rights[i], err) < 0)
			return -1;
	if (kernel_landlock_restrict(ruleset) < 0)
		return error_system(err, errno, "landlock_restrict_self");
	return 0;
}
