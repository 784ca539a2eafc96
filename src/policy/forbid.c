/* What forbidding takes: a tool by its bare name, or a target by `Tool(specifier)`. */
#include "policy/rule.h"
#include "policy/specifier.h"
#include "policy/specifier_text.h"

#include <stddef.h>

static char *forbidden_origin(const struct builder *build, const struct agent_rule *rule)
{
	return specifier_origin(build, "forbidden ", rule->name, rule->specifier, rule->line);
}

int specifier_add_takes(struct builder *build, const struct table_tool *tool,
                        const struct agent_rule *rule)
{
	struct pattern_base base = {
	        .directory = build->deep, .deny = true, .deep = build->deep, .claude = false};

	for (size_t e = 0; e < EFFECT_COUNT; e++) {
		const struct table_grant *grant = &tool->takes[e];
		struct rule taken = {.layer = RULE_FORBIDDEN,
		                     .effect = (enum effect)e,
		                     .kind = TARGET_ANY,
		                     .unless_named = true};

		if (grant->scope == TABLE_NONE || build->named_gives[e])
			continue;
		if (grant->scope != TABLE_LISTED) {
			if (build_add_rule(build, taken, forbidden_origin(build, rule)) < 0)
				return -1;
			continue;
		}
		for (const char *const *target = grant->targets; target && *target; target++) {
			struct rule listed = taken;
			if (rule_target(&listed, *target, &base, build->err) < 0 ||
			    build_add_rule(build, listed, forbidden_origin(build, rule)) < 0)
				return -1;
		}
	}
	return 0;
}

static int deny_one(struct builder *build, const struct agent_rule *rule, enum effect effect,
                    const char *target)
{
	struct pattern_base base = build_agent_base(build, true);
	struct rule denied = {.layer = RULE_FORBIDDEN, .effect = effect};

	if (rule_target(&denied, target, &base, build->err) < 0)
		return -1;
	return build_add_rule(build, denied, forbidden_origin(build, rule));
}

/* What a path specifier denies: what forbidding the tool would take; of a tool that only loses its
 * name (Grep), what it gives. */
static int deny_paths(struct builder *build, const struct table_tool *tool,
                      const struct agent_rule *rule)
{
	static const enum effect files[] = {EFFECT_READ, EFFECT_WRITE};
	bool takes = tool->takes[EFFECT_READ].scope != TABLE_NONE ||
	             tool->takes[EFFECT_WRITE].scope != TABLE_NONE;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const struct table_grant *grant =
		        takes ? &tool->takes[files[i]] : &tool->gives[files[i]];
		if (grant->scope != TABLE_NONE &&
		    deny_one(build, rule, files[i], rule->specifier) < 0)
			return -1;
	}
	return 0;
}

struct denier {
	struct builder *build;
	const struct agent_rule *rule;
};

static int deny_agent(void *context, const char *name)
{
	struct denier *denier = context;

	return deny_one(denier->build, denier->rule, EFFECT_DELEGATE, name);
}

static int deny_specified(struct builder *build, const struct table_tool *tool,
                          const struct agent_rule *rule)
{
	struct denier denier = {.build = build, .rule = rule};
	const char *domain;

	if (!*rule->specifier)
		return error_set(build->err, "nothing stands between the parentheses");
	switch (specifier_subject(tool)) {
	case SUBJECT_NOTHING:
		return 0;
	case SUBJECT_COMMAND:
		if (!specifier_command_matters(build, tool))
			return 0;
		return specifier_add_commands(build, true, rule->specifier,
		                              forbidden_origin(build, rule));
	case SUBJECT_PATH:
		return deny_paths(build, tool, rule);
	case SUBJECT_DOMAIN:
		domain = specifier_domain(rule->specifier, build->err);
		return domain ? deny_one(build, rule, EFFECT_CONNECT, domain) : -1;
	case SUBJECT_AGENT:
		return specifier_each_agent(rule->specifier, &denier, deny_agent, build->err);
	case SUBJECT_UNKNOWN:
		break;
	}
	return error_set(build->err, "%s takes no specifier", tool->name);
}

int specifier_add_deny(struct builder *build, const struct table_tool *tool,
                       const struct agent_rule *rule)
{
	if (deny_specified(build, tool, rule) < 0)
		return specifier_refuse(build, rule->name, rule->specifier, rule->line);
	return 0;
}
