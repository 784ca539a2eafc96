/* The chain of reasons behind a verdict, one step a line. */
#include "policy/decide.h"

#include <string.h>

static void line(struct buffer *out, const char *step, const char *verdict, const char *because)
{
	buffer_printf(out, "%-10s %-6s %s\n", step, verdict, because);
}

static void rule_line(struct buffer *out, const char *step, const struct rule *rule,
                      const char *verdict, const char *otherwise)
{
	line(out, step, rule ? verdict : "-", rule ? rule->because : otherwise);
}

/* What a region is, for people. */
static const char *const region_words[] = {
        [REGION_SYSTEM] = "system tree: readable, never writable",
        [REGION_HOME] = "toolchains and configuration in the home folder: readable, never writable",
        [REGION_SCRATCH] = "private scratch: writable; what the host keeps there is not visible",
        [REGION_PROJECT] = "project",
};

static void region_lines(const struct findings *found, struct buffer *out)
{
	if (!found->region) {
		line(out, "region", "-", "outside of everything that is granted or needed to run");
		return;
	}
	buffer_printf(out, "%-10s %-6s %s (%s)\n", "region", "", found->region->because,
	              region_words[found->region->kind]);
	if (found->under)
		buffer_printf(out, "%-10s %-6s %s (%s)\n", "within", "", found->under->because,
		              region_words[found->under->kind]);
}

static void tool_lines(const struct policy *policy, enum effect effect,
                       const struct findings *found, struct buffer *out)
{
	if (!found->tools && found->lacking)
		buffer_printf(out, "%-10s %-6s %s (not this: public hosts, on ports 80 and 443)\n",
		              "tools", "-", found->lacking->because);
	else
		rule_line(out, "tools", found->tools, "allow", policy->ungranted[effect]);
	if (found->tools)
		line(out, "mode", verdict_name(policy->mode_cells[effect]), policy->mode_because);
	else
		line(out, "mode", "-", "nothing for a mode to speak of");
}

static void name_lines(const struct policy *policy, enum effect effect,
                       const struct findings *found, struct buffer *out)
{
	rule_line(out, "denies", found->deny, "deny", "none speaks of it");
	rule_line(out, "forbidden", found->forbidden, "deny", "no forbidden tool takes it away");
	if (effect != EFFECT_READ && effect != EFFECT_WRITE)
		return;
	rule_line(out, "secrets", found->secret, "deny", "not a secret");
	if (effect == EFFECT_WRITE)
		rule_line(out, "protected", found->protected, verdict_name(policy->mode_protected),
		          "not a protected path");
	if (found->excepted)
		line(out, "opened", "", found->excepted->because);
}

void policy_reasons(const struct policy *policy, enum effect effect, const char *target,
                    struct buffer *out)
{
	struct findings found;
	struct decision decision;
	bool files = effect == EFFECT_READ || effect == EFFECT_WRITE;

	findings_collect(policy, effect, target, &found);
	policy_decide(policy, effect, target, &decision);
	if (files)
		region_lines(&found, out);
	if (!files || !found.region || found.region->kind == REGION_PROJECT)
		tool_lines(policy, effect, &found, out);
	rule_line(out, "grants", found.grant, "allow", "the operator grants none of it");
	line(out, "ceilings", found.ceiling ? "deny" : "-",
	     found.ceiling               ? found.ceiling
	     : policy->ceiling_count > 0 ? "within every list"
	                                 : "none named");
	name_lines(policy, effect, &found, out);
	buffer_printf(out, "%-10s %-6s %s%s%s%s\n", "verdict", verdict_name(decision.verdict),
	              decision.because, decision.mode_because ? "; " : "",
	              decision.mode_because ? decision.mode_because : "",
	              decision.at_launch ? " (held for names that exist at launch)" : "");
}
