/* `remit explain` for people. */
#include "policy/explain.h"

#include "base/cleanup.h"
#include "base/escape.h"
#include "policy/effects.h"
#include "policy/names.h"

#include <string.h>

static void escaped(struct buffer *out, const char *text)
{
	escape_terminal(out, text, strlen(text));
}

static void field(struct buffer *out, const char *name, const char *text)
{
	buffer_printf(out, "%-10s ", name);
	escaped(out, text);
	buffer_append_text(out, "\n");
}

static void header(const struct agent *agent, const struct policy *policy, struct buffer *out)
{
	field(out, "agent", policy->agent_name);
	field(out, "file", policy->agent_file);
	field(out, "workspace", policy->workspace);
	if (policy->repository && strcmp(policy->repository, policy->workspace) != 0)
		field(out, "repository", policy->repository);
	if (policy->git_folder)
		field(out, "git", policy->git_folder);
	/* mode_because is escaped where it is made. */
	buffer_printf(out, "%-10s %s (%s)\n", "mode", policy->mode->name, policy->mode_because);
	if (policy->tool)
		field(out, "tool", policy->tool->name);
	if (agent->parsed == AGENT_PARSED_QUOTED)
		field(out, "parsed", "after quoting values: the file is not valid YAML");
	if (agent->parsed == AGENT_PARSED_LINES)
		field(out, "parsed", "only the lines that bear permissions could be read");
}

static void tool_list(const char *title, const struct agent_rules *rules, struct buffer *out)
{
	buffer_printf(out, "%-10s ", title);
	for (size_t i = 0; i < rules->count; i++) {
		const struct agent_rule *rule = &rules->items[i];
		const struct table_tool *tool = tool_find(rule->name);
		buffer_append_text(out, i ? ", " : "");
		escaped(out, tool && tool != &table_tool_mcp ? tool->name : rule->name);
		if (rule->specifier) {
			buffer_append_text(out, "(");
			escaped(out, rule->specifier);
			buffer_append_text(out, ")");
		}
		if (!tool && strcmp(rule->name, "*") != 0)
			buffer_append_text(out, " (unknown)");
	}
	buffer_append_text(out, rules->count ? "\n" : "none\n");
}

static void tools(const struct agent *agent, const struct policy *policy, struct buffer *out)
{
	if (agent->inherits && !agent->narrows)
		field(out, "allowed", "everything that the ceilings permit (no tool is named)");
	else
		tool_list("allowed", agent->inherits ? &agent->narrowed : &agent->allowed, out);
	if (agent->forbidden.count)
		tool_list("forbidden", &agent->forbidden, out);
	if (policy_permits_nothing(policy))
		field(out, "", "this leaves no tool: the agent may do nothing, and run refuses it");
}

/* The column of targets is as wide as the targets that people compare, within reason. */
static int target_width(const struct effect_list *list)
{
	size_t width = 20;

	for (size_t i = 0; i < list->count; i++) {
		size_t size = strlen(list->items[i].target);
		if (list->items[i].layer <= RULE_FORBIDDEN && size > width && size <= 48)
			width = size;
	}
	return (int)width;
}

static int effect_row(const struct effect_entry *entry, int width, struct buffer *out)
{
	cleanup_free char *target = escape_terminal_copy(entry->target);

	if (!target)
		return -1;
	buffer_printf(out, "%-8s  %-7s  %-*s  %s\n", effect_name(entry->effect),
	              verdict_name(entry->verdict), width, target, entry->because);
	return 0;
}

/* Secrets and protected paths are many: one line each says how many. */
static void summary_row(const struct policy *policy, const struct effect_list *list,
                        enum rule_layer layer, enum effect effect, int width, struct buffer *out)
{
	bool secret = layer == RULE_SECRET;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->items[i].layer == layer && list->items[i].effect == effect;
	if (!count)
		return;
	cleanup_buffer struct buffer text = {0};
	buffer_printf(&text, "%zu %s paths", count, secret ? "secret" : "protected");
	buffer_printf(out, "%-8s  %-7s  %-*s  %s\n", effect_name(effect),
	              verdict_name(secret ? VERDICT_DENY : policy->mode_protected), width,
	              text.data ? text.data : "",
	              secret ? "secrets.yaml" : "protected.yaml; held at launch");
}

static int effects(const struct policy *policy, struct buffer *out)
{
	struct effect_list list;

	if (effect_list_make(policy, &list) < 0)
		return -1;
	int width = target_width(&list);
	int result = 0;
	buffer_printf(out, "\n%-8s  %-7s  %-*s  %s\n", "EFFECT", "VERDICT", width, "TARGET",
	              "BECAUSE");
	for (size_t e = 0; e < EFFECT_COUNT && result == 0; e++) {
		for (size_t i = 0; i < list.count && result == 0; i++) {
			if (list.items[i].effect == (enum effect)e &&
			    list.items[i].layer <= RULE_FORBIDDEN)
				result = effect_row(&list.items[i], width, out);
		}
		summary_row(policy, &list, RULE_PROTECTED, (enum effect)e, width, out);
		summary_row(policy, &list, RULE_SECRET, (enum effect)e, width, out);
	}
	effect_list_clear(&list);
	return result;
}

static void commands(const struct policy *policy, struct buffer *out)
{
	if (!policy->command_count)
		return;
	buffer_append_text(out, "\ncommand patterns (a rail for the command line, not a wall)\n");
	for (size_t i = 0; i < policy->command_count; i++)
		buffer_printf(out, "  %-9s %s\n",
		              policy->commands[i].forbidden ? "forbidden" : "allowed",
		              policy->commands[i].because);
}

static void warnings(const struct agent *agent, const struct policy *policy, struct buffer *out)
{
	if (agent->warning_count + policy->warning_count)
		buffer_append_text(out, "\nwarnings\n");
	for (size_t i = 0; i < agent->warning_count; i++) {
		buffer_append_text(out, "  ");
		escaped(out, agent->file);
		buffer_printf(out, ":%zu: ", agent->warnings[i].line);
		buffer_printf(out, "%s\n", agent->warnings[i].message);
	}
	for (size_t i = 0; i < policy->warning_count; i++)
		buffer_printf(out, "  %s: %s\n", policy->warnings[i].where,
		              policy->warnings[i].message);
}

int explain_table(const struct agent *agent, const struct policy *policy, struct buffer *out)
{
	header(agent, policy, out);
	tools(agent, policy, out);
	if (effects(policy, out) < 0)
		return -1;
	commands(policy, out);
	warnings(agent, policy, out);
	return buffer_failed(out) ? -1 : 0;
}
