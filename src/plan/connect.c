/* No connection to another machine can be held yet: a policy that permits one is refused. */
#include "plan/parts.h"

static int check(const struct policy *policy, const char *peer, struct error *err)
{
	struct decision decision;

	policy_decide(policy, EFFECT_CONNECT, peer, &decision);
	if (decision.verdict != VERDICT_ALLOW)
		return 0;
	error_set(err, "%s: connect %s is permitted, and cannot be held at level namespaces",
	          decision.because ? decision.because : "policy", peer);
	return error_help(err, "take the permission away: --deny connect:* , or a mode in which "
	                       "connect is not allowed; connections to localhost stay possible");
}

int plan_connect_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct policy *policy = request->policy;

	(void)plan;
	if (check(policy, "*", err) < 0)
		return -1;
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect == EFFECT_CONNECT && rule->kind == TARGET_NAME &&
		    check(policy, rule->name, err) < 0)
			return -1;
	}
	return 0;
}
