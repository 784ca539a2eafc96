#include "plan/visible.h"

bool visible_inside(const struct policy *policy, const char *path)
{
	const struct region *region = policy_region(policy, path);
	struct decision decision;

	policy_decide(policy, EFFECT_READ, path, &decision);
	return region && region->kind != REGION_SCRATCH && decision.verdict == VERDICT_ALLOW;
}

bool refused_inside(const struct policy *policy, const char *path)
{
	struct decision decision;

	policy_decide(policy, EFFECT_READ, path, &decision);
	return decision.verdict != VERDICT_ALLOW && decision.class == DECISION_DENIED;
}
