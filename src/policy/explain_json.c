/* `remit explain --json`: one object, keys in the order that docs/design.md shows. */
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"
#include "policy/effects.h"
#include "policy/explain.h"
#include "policy/names.h"

#include <jansson.h>
#include <string.h>

static void json_cleanup(json_t **place)
{
	json_decref(*place);
}

#define cleanup_json __attribute__((cleanup(json_cleanup)))

/* A string; bytes that are no UTF-8 are escaped as on a terminal. NULL when memory is exhausted. */
static json_t *string(const char *text)
{
	json_t *value = json_string(text);

	if (value)
		return value;
	cleanup_free char *escaped = escape_terminal_copy(text);
	return escaped ? json_string(escaped) : NULL;
}

static json_t *string_or_null(const char *text)
{
	return text ? string(text) : json_null();
}

static json_t *integer(size_t value)
{
	return json_integer((json_int_t)value);
}

/* Sets a key; both take the value over. A value of NULL is a failure. */
static int set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

static const char *const parsed_words[] = {
        [AGENT_PARSED_STRICT] = "strict",
        [AGENT_PARSED_QUOTED] = "quoted",
        [AGENT_PARSED_LINES] = "lines",
};

static json_t *tool_entry(const struct agent_rule *rule, const struct table_tool *tool)
{
	cleanup_json json_t *object = json_object();
	bool mcp = tool == &table_tool_mcp;

	if (!object ||
	    set(object, "tool", tool ? string(mcp ? rule->name : tool->name) : json_null()) < 0 ||
	    set(object, "as", string(rule->name)) < 0 ||
	    set(object, "specifier", string_or_null(rule->specifier)) < 0 ||
	    set(object, "line", integer(rule->line)) < 0)
		return NULL;
	return steal_pointer(&object);
}

/* The entries whose name is known, or those whose name is not. `*` is known: it is every tool. */
static int add_tools(json_t *array, const struct agent_rules *rules, bool known)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct agent_rule *rule = &rules->items[i];
		const struct table_tool *tool = tool_find(rule->name);
		bool every = strcmp(rule->name, "*") == 0;
		if ((tool || every) != known)
			continue;
		json_t *entry = tool_entry(rule, tool);
		if (every && entry && set(entry, "tool", string("*")) < 0) {
			json_decref(entry);
			return -1;
		}
		if (json_array_append_new(array, entry) < 0)
			return -1;
	}
	return 0;
}

static int set_tools(json_t *root, const struct agent *agent)
{
	json_t *allowed = json_array();
	json_t *forbidden = json_array();
	json_t *unknown = json_array();
	const struct agent_rules *list =
	        agent->inherits && agent->narrows ? &agent->narrowed : &agent->allowed;

	/* Each is taken over, whether setting it succeeds or not: set all before giving up. */
	int failed = set(root, "allowed", allowed) < 0;
	failed += set(root, "forbidden", forbidden) < 0;
	failed += set(root, "unknown", unknown) < 0;
	if (failed)
		return -1;
	if (add_tools(allowed, list, true) < 0 || add_tools(forbidden, &agent->forbidden, true) < 0)
		return -1;
	return add_tools(unknown, list, false) < 0 ||
	                       add_tools(unknown, &agent->forbidden, false) < 0
	               ? -1
	               : 0;
}

static int add_warning(json_t *array, size_t line, const char *code, const char *message)
{
	cleanup_json json_t *object = json_object();

	if (!object || set(object, "line", integer(line)) < 0 ||
	    set(object, "code", string(code)) < 0 || set(object, "message", string(message)) < 0)
		return -1;
	return json_array_append(array, object);
}

static int set_warnings(json_t *root, const struct agent *agent, const struct policy *policy)
{
	json_t *array = json_array();

	if (set(root, "warnings", array) < 0)
		return -1;
	for (size_t i = 0; i < agent->warning_count; i++) {
		const struct agent_warning *warning = &agent->warnings[i];
		if (add_warning(array, warning->line, warning->code, warning->message) < 0)
			return -1;
	}
	for (size_t i = 0; policy && i < policy->warning_count; i++) {
		const struct policy_warning *warning = &policy->warnings[i];
		if (add_warning(array, warning->line, warning->code, warning->message) < 0)
			return -1;
	}
	return 0;
}

static int add_effect(json_t *array, const struct effect_entry *entry)
{
	cleanup_json json_t *object = json_object();

	if (!object || set(object, "effect", string(effect_name(entry->effect))) < 0 ||
	    set(object, "target", string(entry->target)) < 0 ||
	    set(object, "verdict", string(verdict_name(entry->verdict))) < 0 ||
	    set(object, "because", string(entry->because)) < 0)
		return -1;
	if (entry->at_launch && set(object, "held", string("at launch")) < 0)
		return -1;
	return json_array_append(array, object);
}

static int set_effects(json_t *root, const struct policy *policy)
{
	struct effect_list list;
	json_t *array = json_array();
	int result = 0;

	if (set(root, "effects", array) < 0 || effect_list_make(policy, &list) < 0)
		return -1;
	for (size_t i = 0; i < list.count && result == 0; i++)
		result = add_effect(array, &list.items[i]);
	effect_list_clear(&list);
	return result;
}

static int set_head(json_t *root, const struct agent *agent)
{
	cleanup_free char *origin =
	        agent->mode ? text_printf("%s:%zu", agent->file, agent->mode_line) : NULL;

	if (agent->mode && !origin)
		return -1;
	if (set(root, "v", integer(1)) < 0 ||
	    set(root, "name", string(agent->name ? agent->name : "")) < 0 ||
	    set(root, "file", string(agent->file)) < 0 ||
	    set(root, "format", string("claude")) < 0 ||
	    set(root, "mode", string_or_null(agent->mode)) < 0 ||
	    set(root, "mode_origin", string_or_null(origin)) < 0)
		return -1;
	if (set(root, "parsed", string(parsed_words[agent->parsed])) < 0)
		return -1;
	return set(root, "inherits", json_boolean(agent->inherits));
}

int explain_json(const struct agent *agent, const struct policy *policy, struct buffer *out)
{
	cleanup_json json_t *root = json_object();

	if (!root || set_head(root, agent) < 0 || set_tools(root, agent) < 0 ||
	    set_warnings(root, agent, policy) < 0 || (policy && set_effects(root, policy) < 0))
		return -1;
	cleanup_free char *text = json_dumps(root, JSON_COMPACT);
	if (!text)
		return -1;
	buffer_printf(out, "%s\n", text);
	return buffer_failed(out) ? -1 : 0;
}
