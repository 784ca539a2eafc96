/* The formula: min(every ceiling, every deny, max(min(tools, mode), grants)).
 *
 * System trees, the home entries and private scratch are walls of their own: they are there so that
 * programs can run at all, and a ceiling's complete lists do not speak of them. Refusals by name
 * hold everywhere except in private scratch, which holds nothing of the host. */
#include "policy/decide.h"

#include "base/path.h"
#include "policy/peer.h"
#include "policy/rule.h"

#include <string.h>

static bool is_files(enum effect effect)
{
	return effect == EFFECT_READ || effect == EFFECT_WRITE;
}

/* Among regions of the same root the one that the operator or the workspace made wins. */
static int precedence(enum region_kind kind)
{
	static const int order[] = {
	        [REGION_SCRATCH] = 0, [REGION_SYSTEM] = 1, [REGION_HOME] = 2, [REGION_PROJECT] = 3};

	return order[kind];
}

/* The deepest region that holds the path; roots that hold the same path differ in length. */
static const struct region *deepest(const struct policy *policy, const char *path, bool project)
{
	const struct region *best = NULL;
	size_t path_size = strlen(path);

	for (size_t i = 0; i < policy->region_count; i++) {
		const struct region *region = &policy->regions[i];
		size_t size = region->root_size;
		bool may = size == 1 ||
		           (size <= path_size && (path[size] == '/' || path[size] == '\0'));
		if (!may || (best && size < best->root_size) ||
		    (!project && region->kind == REGION_PROJECT) ||
		    !path_within(path, region->root))
			continue;
		if (best && size == best->root_size &&
		    precedence(region->kind) <= precedence(best->kind))
			continue;
		best = region;
	}
	return best;
}

const struct region *policy_region(const struct policy *policy, const char *path)
{
	return deepest(policy, path, true);
}

/* A grant inside a read-only tree adds to it: what the grant does not cover stays readable. The
 * workspace replaces what lies under it. */
static const struct region *tree_under(const struct policy *policy, const struct region *region,
                                       const char *path)
{
	if (!region || region->kind != REGION_PROJECT || path_within(path, policy->workspace) ||
	    (policy->repository && path_within(path, policy->repository)) ||
	    (policy->git_folder && path_within(path, policy->git_folder)))
		return NULL;
	const struct region *under = deepest(policy, path, false);
	return under && under->kind != REGION_SCRATCH ? under : NULL;
}

/* Secrets and protected paths open to a grant whose pattern names the path or something below. */
static bool is_excepted(const struct policy *policy, const struct rule *rule, const char *path)
{
	size_t size = pattern_match_length(&rule->pattern, path);

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *grant = &policy->rules[i];
		if (grant->layer == RULE_GRANT && grant->effect == rule->effect &&
		    grant->kind == TARGET_PATH &&
		    pattern_names_within_size(&grant->pattern, path, size) &&
		    pattern_matches(&grant->pattern, path))
			return true;
	}
	return false;
}

/* What forbidding a tool takes does not hold for what a named tool gives. */
static bool is_named(const struct policy *policy, const struct rule *forbidden, enum effect effect,
                     const char *target)
{
	for (size_t i = 0; forbidden->unless_named && i < policy->named_count; i++) {
		if (rule_covers(&policy->named[i], effect, target))
			return true;
	}
	return false;
}

/* A forbidden tool's read or write is of the project: programs need the system trees to run. */
static bool is_blanket(const struct rule *rule)
{
	return rule->kind == TARGET_ANY && is_files(rule->effect);
}

static void take_first(const struct rule **place, const struct rule *rule)
{
	if (!*place)
		*place = rule;
}

/* A rule gives what it covers. But what is not public opens only to the operator who names the
 * address, and a tool that reaches whatever host does so on the ports of the web. */
static bool gives(const struct rule *rule, enum effect effect, const char *target)
{
	if (!rule_covers(rule, effect, target))
		return false;
	if (effect != EFFECT_CONNECT)
		return true;
	if (peer_is_special(target))
		return rule->layer == RULE_GRANT && rule->kind == TARGET_NAME &&
		       peer_is_address(rule->name);
	return rule->layer == RULE_GRANT || rule->kind != TARGET_ANY || peer_is_web(target);
}

static void consider(const struct policy *policy, const struct rule *rule, enum effect effect,
                     const char *target, struct findings *out)
{
	bool project = !out->region || out->region->kind == REGION_PROJECT;

	switch (rule->layer) {
	case RULE_TOOLS:
		if (!out->tools && gives(rule, effect, target))
			out->tools = rule;
		else if (!out->lacking && rule_covers(rule, effect, target))
			out->lacking = rule;
		break;
	case RULE_GRANT:
		if (!out->grant && gives(rule, effect, target))
			out->grant = rule;
		break;
	case RULE_DENY:
		if (!out->deny && rule_touches(rule, effect, target))
			out->deny = rule;
		break;
	case RULE_FORBIDDEN:
		if ((out->forbidden && !out->blanket) || !rule_touches(rule, effect, target) ||
		    (is_blanket(rule) && !project) || is_named(policy, rule, effect, target))
			break;
		out->forbidden = rule;
		out->blanket = is_blanket(rule);
		break;
	case RULE_SECRET:
	case RULE_PROTECTED:
		if (!rule_covers(rule, effect, target) ||
		    (rule->except && path_within(target, rule->except)))
			break;
		if (is_excepted(policy, rule, target))
			take_first(&out->excepted, rule);
		else
			take_first(rule->layer == RULE_SECRET ? &out->secret : &out->protected,
			           rule);
		break;
	case RULE_CEILING:
		break; /* lists_target */
	}
}

static bool lists_target(const struct policy *policy, size_t ceiling, enum effect effect,
                         const char *target)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer == RULE_CEILING && rule->ceiling == ceiling &&
		    rule_covers(rule, effect, target))
			return true;
	}
	return false;
}

void findings_collect(const struct policy *policy, enum effect effect, const char *target,
                      struct findings *out)
{
	*out = (struct findings){0};
	if (is_files(effect)) {
		out->region = policy_region(policy, target);
		out->under = tree_under(policy, out->region, target);
	}
	size_t size = strlen(target);
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect != effect ||
		    (rule->kind == TARGET_PATH && !pattern_may_match(&rule->pattern, target, size)))
			continue;
		consider(policy, rule, effect, target, out);
	}
	for (size_t i = 0; i < policy->ceiling_count && !out->ceiling; i++) {
		const struct policy_ceiling *ceiling = &policy->ceilings[i];
		if (ceiling->limits[effect] && !lists_target(policy, i, effect, target))
			out->ceiling = ceiling->because[effect];
	}
}

/* --- The verdict ------------------------------------------------------------------------------ */

static void set(struct decision *out, enum decision_cause cause, enum verdict verdict,
                enum decision_class class, const char *because)
{
	out->cause = cause;
	out->verdict = verdict;
	out->class = verdict == VERDICT_ALLOW ? DECISION_PERMITTED : class;
	out->because = because;
	out->mode_because = NULL;
	out->at_launch = false;
}

/* How it shows that something is merely not granted. */
static enum decision_class ungranted_class(enum effect effect)
{
	return effect == EFFECT_READ ? DECISION_HIDDEN : DECISION_DENIED;
}

/* max(min(tools, mode), grants). */
static void decide_base(const struct policy *policy, enum effect effect,
                        const struct findings *found, struct decision *out)
{
	if (found->grant) {
		set(out, CAUSE_GRANT, VERDICT_ALLOW, DECISION_PERMITTED, found->grant->because);
	} else if (found->tools) {
		set(out, CAUSE_TOOLS, policy->mode_cells[effect], DECISION_DENIED,
		    found->tools->because);
		if (out->verdict != VERDICT_ALLOW) {
			out->cause = CAUSE_MODE;
			out->mode_because = policy->mode_because;
		}
	} else {
		set(out, CAUSE_UNGRANTED, VERDICT_DENY, ungranted_class(effect),
		    found->lacking ? found->lacking->because : policy->ungranted[effect]);
	}
}

static void decide_region(const struct policy *policy, enum effect effect,
                          const struct findings *found, struct decision *out)
{
	const struct region *region = found->region;

	if (region && region->kind != REGION_PROJECT && effect == EFFECT_READ)
		set(out, CAUSE_REGION, VERDICT_ALLOW, DECISION_PERMITTED, region->because);
	else if (region && region->kind == REGION_SCRATCH)
		set(out, CAUSE_REGION, VERDICT_ALLOW, DECISION_PERMITTED, region->because);
	else if (region && region->kind != REGION_PROJECT && !found->grant)
		set(out, CAUSE_REGION, VERDICT_DENY, DECISION_DENIED, region->because);
	else if (region || !is_files(effect))
		decide_base(policy, effect, found, out);
	else
		set(out, CAUSE_UNGRANTED, VERDICT_DENY, ungranted_class(effect),
		    policy->ungranted[effect]);
}

/* A ceiling's complete list limits what tools and operators give, not the walls. */
static void apply_ceiling(enum effect effect, const struct findings *found, struct decision *out)
{
	bool wall = found->region && found->region->kind != REGION_PROJECT &&
	            !(effect == EFFECT_WRITE && found->region->kind != REGION_SCRATCH);

	if (found->ceiling && !wall && out->verdict != VERDICT_DENY)
		set(out, CAUSE_CEILING, VERDICT_DENY, ungranted_class(effect), found->ceiling);
	if (found->under && effect == EFFECT_READ && out->verdict != VERDICT_ALLOW)
		set(out, CAUSE_REGION, VERDICT_ALLOW, DECISION_PERMITTED, found->under->because);
}

static void apply_names(const struct policy *policy, const struct findings *found,
                        struct decision *out)
{
	out->beneath = out->verdict;
	if (found->protected && policy->mode_protected <= out->verdict) {
		set(out, CAUSE_PROTECTED, policy->mode_protected, DECISION_DENIED,
		    found->protected->because);
		out->mode_because = policy->mode_because;
		out->at_launch = true;
	}
	/* Taking reading away takes the project's files, not the tree that lies under a grant. */
	if (found->forbidden &&
	    !(found->blanket && found->under && found->forbidden->effect == EFFECT_READ))
		set(out, CAUSE_FORBIDDEN, VERDICT_DENY, DECISION_DENIED, found->forbidden->because);
	if (found->deny)
		set(out, CAUSE_DENY, VERDICT_DENY, DECISION_DENIED, found->deny->because);
	if (found->secret)
		set(out, CAUSE_SECRET, VERDICT_DENY, DECISION_DENIED, found->secret->because);
}

void policy_decide(const struct policy *policy, enum effect effect, const char *target,
                   struct decision *out)
{
	struct findings found;

	*out = (struct decision){0};
	findings_collect(policy, effect, target, &found);
	out->no_region = is_files(effect) && !found.region;
	out->region = found.region ? found.region->kind : REGION_SYSTEM;
	decide_region(policy, effect, &found, out);
	if (found.region && found.region->kind == REGION_SCRATCH) {
		/* The tool may make its own keys there; what it may not see is the host's. */
		if (found.secret && effect == EFFECT_READ)
			set(out, CAUSE_SECRET, VERDICT_DENY, DECISION_DENIED,
			    found.secret->because);
		return;
	}
	apply_ceiling(effect, &found, out);
	apply_names(policy, &found, out);
}
