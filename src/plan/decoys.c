/* Secrets of the home folder. Inside, the home folder is private and empty, so nothing of them is
 * there; but who looks for one by its name is to be told, and heard. */
#include "base/cleanup.h"
#include "base/path.h"
#include "plan/listing.h"
#include "plan/parts.h"

#include <errno.h>
#include <sys/stat.h>

/* Something is mounted at the path, above it in the home folder, or below it. */
static bool is_taken(const struct plan *plan, const char *path, const char *home)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		if (path_within(mount->path, path) ||
		    (path_within(path, mount->path) && path_below(mount->path, home)))
			return true;
	}
	return false;
}

static int add_decoy(const struct plan_request *request, struct plan *plan, const struct rule *rule,
                     struct error *err)
{
	const char *path = rule->pattern.root;
	struct decision decision;
	struct plan_mount *mount;
	struct stat status;

	/* What the caller cannot look at is nothing that the tool could have. */
	if (lstat(path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
		               ? 0
		               : error_system(err, errno, "%s", path);
	policy_decide(request->policy, EFFECT_READ, path, &decision);
	if (S_ISLNK(status.st_mode) || decision.region != REGION_SCRATCH ||
	    decision.verdict == VERDICT_ALLOW || is_taken(plan, path, request->policy->home))
		return 0;
	if (plan_add_mount(plan, MOUNT_DECOY, path, NULL, rule->because, &mount, err) < 0)
		return -1;
	mount->directory = S_ISDIR(status.st_mode);
	return 0;
}

int plan_decoys_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct policy *policy = request->policy;
	cleanup_listing struct listing home = {0};

	plan->decoy = request->decoy;
	if (!plan->decoy)
		return 0;
	if (listing_read(policy->home, &home, err) < 0)
		return -1;
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer == RULE_SECRET && rule->effect == EFFECT_READ &&
		    rule->kind == TARGET_PATH && rule->pattern.kind == PATTERN_TREE &&
		    path_below(rule->pattern.root, policy->home) &&
		    listing_may_hold(&home, rule->pattern.root) &&
		    add_decoy(request, plan, rule, err) < 0)
			return -1;
	}
	return 0;
}
