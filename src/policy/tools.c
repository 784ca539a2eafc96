/* The agent's tools become rules. First the list of what the agent may use is settled: looked up,
 * narrowed, relieved of what is forbidden. Then each tool in effect gives its rules, and each
 * forbidden one takes. */
#include "policy/tools.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"
#include "policy/build.h"
#include "policy/names.h"
#include "policy/rule.h"
#include "policy/specifier.h"

#include <stdlib.h>
#include <string.h>

/* `Tool(*)` says no more than `Tool`. */
static const char *specifier_of(const struct agent_rule *rule)
{
	return rule->specifier && strcmp(rule->specifier, "*") != 0 ? rule->specifier : NULL;
}

static bool names_every_tool(const struct agent_rule *rule)
{
	return strcmp(rule->name, "*") == 0;
}

/* The row of a name in the file; *out stays NULL, with a warning, where there is none. */
static int look_up(struct builder *build, const struct agent_rule *rule, bool forbidden,
                   const struct table_tool **out)
{
	*out = tool_find(rule->name);
	if (*out)
		return 0;
	if (forbidden && strpbrk(rule->name, "*?") && strncmp(rule->name, "mcp__", 5) != 0) {
		error_set(build->err, "%s:%zu: a forbidden tool with wildcards is not understood",
		          build->agent_label, rule->line);
		return error_help(build->err, "name each tool, or `*` for all of them");
	}

	cleanup_free char *name = escape_terminal_copy(rule->name);
	const char *nearest = tool_nearest(rule->name);
	cleanup_free char *hint =
	        nearest ? text_printf("; did you mean %s?", nearest) : text_copy("");
	if (!name || !hint)
		return error_memory(build->err);
	if (forbidden && build->strict)
		return error_set(build->err, "%s:%zu: unknown forbidden tool %s%s",
		                 build->agent_label, rule->line, name, hint);
	return build_warn(build, rule->line, "unknown-tool",
	                  forbidden ? "unknown tool %s: forbidding it removes nothing%s"
	                            : "unknown tool %s grants nothing%s",
	                  name, hint);
}

static int add_use(struct builder *build, const struct table_tool *tool, const char *as,
                   const char *specifier, size_t line, bool named)
{
	struct policy *policy = build->policy;
	struct policy_tool use = {.tool = tool, .line = line, .named = named};

	use.as = text_copy(as);
	use.specifier = specifier ? text_copy(specifier) : NULL;
	if (!use.as || (specifier && !use.specifier) ||
	    array_reserve((void **)&policy->tools, &policy->tool_capacity, policy->tool_count,
	                  sizeof(use)) < 0) {
		free(use.as);
		free(use.specifier);
		return error_memory(build->err);
	}
	policy->tools[policy->tool_count++] = use;
	return 0;
}

/* The bare rule of the definition that forbids a tool, or NULL. */
static const struct agent_rule *forbidding(const struct agent *agent, const struct table_tool *tool,
                                           const char *as)
{
	for (size_t i = 0; i < agent->forbidden.count; i++) {
		const struct agent_rule *rule = &agent->forbidden.items[i];
		const struct table_tool *other = tool_find(rule->name);
		if (specifier_of(rule))
			continue;
		if (names_every_tool(rule) || (other && tool_covers(other, rule->name, tool, as)))
			return rule;
	}
	return NULL;
}

/* How a list that narrows speaks of a tool. */
enum narrowing {
	NARROWED_AWAY,
	NARROWED_TO_SPECIFIERS,
	NARROWED_NOT,
};

static enum narrowing narrowing_of(const struct agent *agent, const struct table_tool *tool,
                                   const char *as)
{
	enum narrowing result = NARROWED_AWAY;

	for (size_t i = 0; i < agent->narrowed.count; i++) {
		const struct agent_rule *rule = &agent->narrowed.items[i];
		const struct table_tool *other = tool_find(rule->name);
		if (names_every_tool(rule))
			return NARROWED_NOT;
		if (!other || !tool_covers(other, rule->name, tool, as))
			continue;
		if (!specifier_of(rule))
			return NARROWED_NOT;
		result = NARROWED_TO_SPECIFIERS;
	}
	return result;
}

/* One entry of the allowed list meets the entries with specifiers that narrow it. */
static int add_narrowed(struct builder *build, const struct table_tool *tool,
                        const struct agent_rule *rule)
{
	const struct agent *agent = build->agent;
	const char *own = specifier_of(rule);

	for (size_t i = 0; i < agent->narrowed.count; i++) {
		const struct agent_rule *other = &agent->narrowed.items[i];
		const struct table_tool *other_tool = tool_find(other->name);
		const char *specifier = specifier_of(other);
		if (!specifier || !other_tool ||
		    !tool_covers(other_tool, other->name, tool, rule->name))
			continue;
		if (!own || strcmp(own, specifier) == 0) {
			if (add_use(build, tool, rule->name, specifier, rule->line, true) < 0)
				return -1;
		} else if (build_warn(build, other->line, "narrowed-away",
		                      "%s has different specifiers here and on line %zu: only "
		                      "what both spell alike is granted",
		                      tool->name, rule->line) < 0) {
			return -1;
		}
	}
	return 0;
}

static int add_inherited_uses(struct builder *build)
{
	size_t line = build->agent->tools_line;

	for (size_t i = 0; i <= table_tools_count; i++) {
		const struct table_tool *tool =
		        i < table_tools_count ? &table_tools[i] : &table_tool_mcp;
		if (forbidding(build->agent, tool, tool->name))
			continue;
		if (add_use(build, tool, tool->name, NULL, line, false) < 0)
			return -1;
	}
	return 0;
}

static int add_named_uses(struct builder *build, const struct agent_rules *list, bool narrow)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct agent_rule *rule = &list->items[i];
		const struct table_tool *tool;

		if (names_every_tool(rule)) {
			if (add_inherited_uses(build) < 0)
				return -1;
			continue;
		}
		if (look_up(build, rule, false, &tool) < 0)
			return -1;
		if (!tool || forbidding(build->agent, tool, rule->name))
			continue;
		enum narrowing narrowing =
		        narrow ? narrowing_of(build->agent, tool, rule->name) : NARROWED_NOT;
		int result = 0;
		if (narrowing == NARROWED_NOT)
			result = add_use(build, tool, rule->name, specifier_of(rule), rule->line,
			                 true);
		else if (narrowing == NARROWED_TO_SPECIFIERS)
			result = add_narrowed(build, tool, rule);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int settle_uses(struct builder *build)
{
	const struct agent *agent = build->agent;

	if (!agent->inherits)
		return add_named_uses(build, &agent->allowed, agent->narrows);
	/* Whoever inherits everything and narrows it has named what is left. */
	if (agent->narrows)
		return add_named_uses(build, &agent->narrowed, false);
	return add_inherited_uses(build);
}

static int refuse_tool(struct builder *build, const char *reason)
{
	cleanup_buffer struct buffer granted = {0};
	cleanup_free char *name = escape_terminal_copy(build->request->tool);
	struct policy *policy = build->policy;
	size_t listed = 0;

	for (size_t i = 0; i < policy->tool_count; i++) {
		const struct policy_tool *use = &policy->tools[i];
		bool repeated = false;
		for (size_t k = 0; k < i && use->tool != &table_tool_mcp; k++)
			repeated |= policy->tools[k].tool == use->tool;
		if (repeated || !tool_has_effects(use->tool))
			continue;
		cleanup_free char *as = escape_terminal_copy(
		        use->tool == &table_tool_mcp ? use->as : use->tool->name);
		buffer_printf(&granted, "%s%s", listed++ ? ", " : "", as ? as : "");
	}
	error_set(build->err, "--tool %s: %s", name ? name : "", reason);
	return error_help(build->err, "%s grants %s", build->agent_label,
	                  listed ? granted.data : "no tool that has an effect");
}

/* Settles --tool, if it was given. */
static int select_tool(struct builder *build)
{
	const char *name = build->request->tool;
	struct policy *policy = build->policy;

	if (!name)
		return 0;
	const struct table_tool *tool = tool_find(name);
	if (!tool) {
		const char *nearest = tool_nearest(name);
		cleanup_free char *reason =
		        nearest ? text_printf("unknown tool; did you mean %s?", nearest)
		                : text_copy("unknown tool");
		return refuse_tool(build, reason ? reason : "unknown tool");
	}

	const struct agent_rule *rule = forbidding(build->agent, tool, name);
	if (rule) {
		cleanup_free char *reason =
		        text_printf("forbidden by %s:%zu", build->agent_label, rule->line);
		return refuse_tool(build, reason ? reason : "forbidden");
	}
	bool granted = false;
	for (size_t i = 0; i < policy->tool_count && !granted; i++)
		granted = tool_covers(policy->tools[i].tool, policy->tools[i].as, tool, name);
	if (!granted)
		return refuse_tool(build, "not among the tools of the agent");
	if (!tool_has_effects(tool))
		return refuse_tool(build, "has no effects of its own: it acts inside the harness, "
		                          "there is nothing to run");
	policy->tool = tool;
	return 0;
}

bool tool_has_effects(const struct table_tool *tool)
{
	for (size_t e = 0; e < EFFECT_COUNT; e++) {
		if (tool->gives[e].scope != TABLE_NONE)
			return true;
	}
	return false;
}

/* With --tool, only that tool's effects hold; what a shell may do is what all tools may do. */
static bool in_effect(const struct builder *build, const struct policy_tool *use)
{
	const struct table_tool *tool = build->policy->tool;

	return !tool || tool->shell || tool_covers(use->tool, use->as, tool, build->request->tool);
}

/* Notes what is named before anything is forbidden, whatever --tool says. */
static void note_named(struct builder *build)
{
	for (size_t i = 0; i < build->policy->tool_count; i++) {
		const struct policy_tool *use = &build->policy->tools[i];
		bool narrowed = use->specifier && !use->tool->specifier_command;
		if (!use->named)
			continue;
		for (size_t e = 0; e < EFFECT_COUNT; e++) {
			enum table_scope scope = use->tool->gives[e].scope;
			if (!narrowed && (scope == TABLE_WORKSPACE || scope == TABLE_ANY))
				build->named_gives[e] = true;
		}
		build->writes_named |= use->tool->gives[EFFECT_WRITE].scope != TABLE_NONE;
	}
}

static int add_forbidden(struct builder *build, const struct agent_rule *rule)
{
	const struct table_tool *tool = NULL;

	if (names_every_tool(rule)) {
		for (size_t i = 0; i < table_tools_count; i++) {
			if (specifier_add_takes(build, &table_tools[i], rule) < 0)
				return -1;
		}
		return 0;
	}
	if (look_up(build, rule, true, &tool) < 0)
		return -1;
	if (!tool)
		return 0;
	return specifier_of(rule) ? specifier_add_deny(build, tool, rule)
	                          : specifier_add_takes(build, tool, rule);
}

/* True where forbidding a tool takes every execution away. */
static bool exec_forbidden(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer == RULE_FORBIDDEN && rule->effect == EFFECT_EXEC &&
		    rule->kind == TARGET_ANY)
			return true;
	}
	return false;
}

/* The reason for what no tool gives. */
static int note_ungranted(struct builder *build)
{
	for (size_t e = 0; e < EFFECT_COUNT; e++) {
		cleanup_free char *place = build_place(build, build->agent->tools_line);
		if (!place)
			return error_memory(build->err);
		build->policy->ungranted[e] = text_printf(
		        "%s: not granted: no tool%s gives %s here", place,
		        build->policy->tool ? " in effect" : "", effect_name((enum effect)e));
		if (!build->policy->ungranted[e])
			return error_memory(build->err);
	}
	return 0;
}

int build_tools(struct builder *build)
{
	struct policy *policy = build->policy;

	if (settle_uses(build) < 0 || select_tool(build) < 0 || note_ungranted(build) < 0)
		return -1;
	note_named(build);
	for (size_t i = 0; i < policy->tool_count; i++) {
		if (specifier_add_gives(build, &policy->tools[i],
		                        in_effect(build, &policy->tools[i])) < 0)
			return -1;
	}
	for (size_t i = 0; i < build->agent->forbidden.count; i++) {
		if (add_forbidden(build, &build->agent->forbidden.items[i]) < 0)
			return -1;
	}
	bool taken = exec_forbidden(policy);
	for (size_t i = 0; i < policy->tool_count && !taken; i++)
		policy->shell |=
		        policy->tools[i].tool->shell && in_effect(build, &policy->tools[i]);
	return 0;
}
