#include "watch/context.h"

#include "base/path.h"
#include "base/text.h"

#include <string.h>

void watch_record(struct watch_context *context, const struct refusal *refusal)
{
	struct error err = {0};

	pthread_mutex_lock(&context->lock);
	int result = audit_log_refusal(context->log, refusal, &err);
	pthread_mutex_unlock(&context->lock);
	if (result < 0) {
		error_context(&err, "a refusal could not be recorded");
		watch_fail(context, &err);
	}
}

/* A pattern that means the path itself. */
static bool is_literal(const char *path)
{
	return !strpbrk(path, "*?[]{}\\");
}

/* What a grant would have to name: one for all of the workspace, not one for each of its files. */
static char *grant(const struct policy *policy, enum effect effect, const char *target)
{
	bool files = effect == EFFECT_READ || effect == EFFECT_WRITE;
	const char *place =
	        files && path_within(target, policy->workspace) ? policy->workspace : target;

	return is_literal(place) ? text_printf("--grant %s:%s", effect_name(effect), place) : NULL;
}

char *watch_remedy(const struct policy *policy, const struct decision *decision, enum effect effect,
                   const char *target)
{
	switch (decision->cause) {
	case CAUSE_MODE:
		return text_copy(effect == EFFECT_CONNECT ? "--mode bypassPermissions"
		                                          : "--mode acceptEdits");
	case CAUSE_UNGRANTED:
		return effect < EFFECT_COUNT ? grant(policy, effect, target) : NULL;
	default:
		return NULL;
	}
}

const struct plan_mount *watch_mount_of(const struct plan *plan, const char *path)
{
	const struct plan_mount *found = NULL;

	for (size_t i = 0; i < plan->mount_count; i++)
		if (path_within(path, plan->mounts[i].path) &&
		    (!found || strlen(plan->mounts[i].path) >= strlen(found->path)))
			found = &plan->mounts[i];
	return found;
}
