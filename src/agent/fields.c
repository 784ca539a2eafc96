#include "agent/fields.h"

#include "agent/keys.h"
#include "agent/rule.h"
#include "agent/shapes.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

struct fields {
	const struct reading *reading;
	size_t lines[KEY_KINDS]; /* where each key stood first, 0 where it did not */
	bool second_name;
	struct tool_list allowed; /* of `tools`, `tool_restrictions` or `capabilities` */
	enum key_kind allowed_by;
	struct tool_list narrow; /* of `allowedTools` */
	struct tool_list forbidden;
};

enum division_key {
	DIVISION_ALLOWED,
	DIVISION_FORBIDDEN,
	DIVISION_REASON, /* says why; there may be no such key */
	DIVISION_KEYS,
};

/* A mapping with one key for allowed and one for forbidden tools. */
struct division {
	enum key_kind kind;
	const char *key;
	const char *keys[DIVISION_KEYS];
	bool others; /* keys that say nothing of tools may stand beside them */
};

static const struct division divisions[] = {
        {KEY_TOOLS, "tools", {"allowed", "forbidden", "rationale"}, false},
        {KEY_TOOL_RESTRICTIONS, "tool_restrictions", {"allowed", "forbidden", "rationale"}, false},
        {KEY_CAPABILITIES, "capabilities", {"allowed_tools", "restricted_tools", NULL}, true},
};

/* Other words for the two keys, which are not read as them. */
static const struct {
	const char *word;
	bool allows;
} synonyms[] = {
        {"allow", true},     {"allowlist", true},  {"enabled", true},     {"permitted", true},
        {"whitelist", true}, {"blacklist", false}, {"blocked", false},    {"denied", false},
        {"deny", false},     {"denylist", false},  {"disallowed", false}, {"disabled", false},
        {"excluded", false}, {"forbid", false},    {"prohibited", false}, {"restricted", false},
};

static const struct division *division_of(enum key_kind kind)
{
	for (size_t i = 0; i < sizeof(divisions) / sizeof(divisions[0]); i++) {
		if (divisions[i].kind == kind)
			return &divisions[i];
	}
	return NULL;
}

/* The key of the division that `text` misspells, or NULL. */
static const char *near_key(const struct division *division, const char *text)
{
	for (size_t i = 0; i < DIVISION_KEYS; i++) {
		if (division->keys[i] && key_is_near(text, division->keys[i]))
			return division->keys[i];
	}
	return NULL;
}

/* The key of the division that `text` probably means, or NULL. */
static const char *probable_key(const struct division *division, const char *text)
{
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		if (key_is(text, synonyms[i].word))
			return synonyms[i].allows ? division->keys[DIVISION_ALLOWED]
			                          : division->keys[DIVISION_FORBIDDEN];
	}
	return near_key(division, text);
}

static bool is_own_key(const struct division *division, const char *text)
{
	for (size_t i = 0; i < DIVISION_KEYS; i++) {
		if (division->keys[i] && key_is(text, division->keys[i]))
			return true;
	}
	return false;
}

static int refuse_key(const struct reading *reading, const struct division *division,
                      const struct yaml_tree *key)
{
	const char *probable = probable_key(division, key->value);

	report_error(reading, key->line, "unknown key `%s` in `%s`", excerpt_of(key->value).text,
	             division->key);
	if (probable)
		return error_help(reading->err, "did you mean `%s`?", probable);
	return error_help(reading->err, "`%s` says its tools with `%s` and `%s`%s", division->key,
	                  division->keys[DIVISION_ALLOWED], division->keys[DIVISION_FORBIDDEN],
	                  division->keys[DIVISION_REASON] ? ", and why with `rationale`" : "");
}

/* Notes where an own key of the division stands; a second time is an error. */
static int check_own_key(const struct reading *reading, const struct division *division,
                         const struct yaml_tree *key, size_t lines[DIVISION_KEYS])
{
	for (size_t i = 0; i < DIVISION_KEYS; i++) {
		const char *own = division->keys[i];
		if (!own || !key_is(key->value, own))
			continue;
		if (lines[i]) {
			report_error(reading, key->line,
			             "`%s` stands twice in `%s`, first on line %zu", own,
			             division->key, lines[i]);
			return error_help(reading->err, "keep one of the two");
		}
		lines[i] = key->line;
	}
	return 0;
}

/* Refuses the keys that a division cannot hold, and its own ones in two spellings. */
static int check_division(const struct reading *reading, const struct division *division,
                          const struct yaml_tree *mapping)
{
	size_t lines[DIVISION_KEYS] = {0};

	if (shape_check_keys(reading, division->key, mapping) < 0)
		return -1;
	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		const struct yaml_tree *key = mapping->items[i];
		if (is_own_key(division, key->value)) {
			if (check_own_key(reading, division, key, lines) < 0)
				return -1;
		} else if (!division->others || near_key(division, key->value) ||
		           key_bears_permission(key_of(key->value).kind)) {
			return refuse_key(reading, division, key);
		}
	}
	return 0;
}

/* Puts a list of allowed tools in force; there can be only one. */
static int take_allowed(struct fields *fields, enum key_kind kind, struct tool_list *list)
{
	if (fields->allowed.given) {
		report_error(fields->reading, list->line,
		             "`%s` names allowed tools, and so does `%s` on line %zu", list->key,
		             fields->allowed.key, fields->allowed.line);
		return error_help(fields->reading->err, "say in one place which tools are allowed");
	}
	fields->allowed = *list;
	fields->allowed_by = kind;
	*list = (struct tool_list){0};
	return 0;
}

static int take_forbidden(struct fields *fields, struct tool_list *list)
{
	for (size_t i = 0; i < list->rules.count; i++) {
		const struct agent_rule *rule = &list->rules.items[i];
		void *items = fields->forbidden.rules.items;
		int result = array_reserve(&items, &fields->forbidden.rules.capacity,
		                           fields->forbidden.rules.count, sizeof(*rule));
		fields->forbidden.rules.items = items;
		if (result < 0)
			return error_memory(fields->reading->err);
		fields->forbidden.rules.items[fields->forbidden.rules.count++] = *rule;
		list->rules.items[i] = (struct agent_rule){0};
	}
	return 0;
}

static int read_division(struct fields *fields, const struct division *division,
                         const struct yaml_tree *mapping)
{
	const struct reading *reading = fields->reading;
	cleanup_tool_list struct tool_list allowed = {0};
	cleanup_tool_list struct tool_list forbidden = {0};

	if (check_division(reading, division, mapping) < 0)
		return -1;
	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		const struct yaml_tree *key = mapping->items[i];
		const struct yaml_tree *value = mapping->items[i + 1];
		int result = 0;
		if (key_is(key->value, division->keys[DIVISION_ALLOWED]))
			result = shape_read_list(reading, TOOLS_ALLOWED,
			                         division->keys[DIVISION_ALLOWED], key->line, value,
			                         &allowed);
		else if (key_is(key->value, division->keys[DIVISION_FORBIDDEN]))
			result = shape_read_list(reading, TOOLS_FORBIDDEN,
			                         division->keys[DIVISION_FORBIDDEN], key->line,
			                         value, &forbidden);
		if (result < 0)
			return -1;
	}
	if (!division->others && !allowed.given && !forbidden.given) {
		report_error(reading, mapping->line, "`%s` names no tools", division->key);
		return error_help(
		        reading->err, "give it `%s` or `%s`, or write `[]` for an empty list",
		        division->keys[DIVISION_ALLOWED], division->keys[DIVISION_FORBIDDEN]);
	}
	if (shape_check_contradiction(reading, &allowed.rules, &forbidden.rules) < 0 ||
	    take_forbidden(fields, &forbidden) < 0)
		return -1;
	return allowed.given ? take_allowed(fields, division->kind, &allowed) : 0;
}

static int read_booleans(struct fields *fields, size_t line, const struct yaml_tree *mapping)
{
	cleanup_tool_list struct tool_list allowed = {0};
	cleanup_tool_list struct tool_list forbidden = {0};

	if (shape_read_booleans(fields->reading, "tools", line, mapping, &allowed, &forbidden) <
	            0 ||
	    take_forbidden(fields, &forbidden) < 0)
		return -1;
	return allowed.given ? take_allowed(fields, KEY_TOOLS, &allowed) : 0;
}

/* Names with true and false, none of which could be a key of a division. */
static bool is_boolean_map(const struct division *division, const struct yaml_tree *mapping)
{
	bool value;

	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		const struct yaml_tree *key = mapping->items[i];
		if (key->kind != YAML_TREE_SCALAR)
			continue;
		if (is_own_key(division, key->value) || probable_key(division, key->value))
			return false;
	}
	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		if (shape_is_boolean(mapping->items[i + 1], &value))
			return true;
	}
	return false;
}

static int read_tools(struct fields *fields, enum key_kind kind, const struct yaml_tree *key,
                      const struct yaml_tree *value)
{
	cleanup_tool_list struct tool_list list = {0};
	const struct division *division = division_of(kind);

	if (shape_check_value(fields->reading, key->value, value) < 0)
		return -1;
	if (value->kind == YAML_TREE_MAPPING)
		return is_boolean_map(division, value) ? read_booleans(fields, key->line, value)
		                                       : read_division(fields, division, value);
	if (shape_read_list(fields->reading, TOOLS_ALLOWED, "tools", key->line, value, &list) < 0)
		return -1;
	return take_allowed(fields, kind, &list);
}

static int read_disallowed(struct fields *fields, enum key_kind kind, const struct yaml_tree *key,
                           const struct yaml_tree *value)
{
	cleanup_tool_list struct tool_list list = {0};

	(void)kind;
	if (shape_read_list(fields->reading, TOOLS_FORBIDDEN, "disallowedTools", key->line, value,
	                    &list) < 0)
		return -1;
	return take_forbidden(fields, &list);
}

static int read_restrictions(struct fields *fields, enum key_kind kind, const struct yaml_tree *key,
                             const struct yaml_tree *value)
{
	if (shape_check_value(fields->reading, key->value, value) < 0)
		return -1;
	if (value->kind != YAML_TREE_MAPPING) {
		report_error(fields->reading, value->line, "`%s` is no mapping",
		             excerpt_of(key->value).text);
		return error_help(fields->reading->err,
		                  "give it the keys `allowed` and `forbidden`");
	}
	return read_division(fields, division_of(kind), value);
}

/* Lists of what an agent is good at bear the same name; they say nothing of tools. */
static int read_capabilities(struct fields *fields, enum key_kind kind, const struct yaml_tree *key,
                             const struct yaml_tree *value)
{
	if (shape_is_null(value))
		return 0;
	if (shape_check_value(fields->reading, key->value, value) < 0)
		return -1;
	return value->kind == YAML_TREE_MAPPING ? read_division(fields, division_of(kind), value)
	                                        : 0;
}

static int read_allowed(struct fields *fields, enum key_kind kind, const struct yaml_tree *key,
                        const struct yaml_tree *value)
{
	(void)kind;
	return shape_read_list(fields->reading, TOOLS_ALLOWED, "allowedTools", key->line, value,
	                       &fields->narrow);
}

static int read_mode(struct fields *fields, enum key_kind kind, const struct yaml_tree *key,
                     const struct yaml_tree *value)
{
	const struct reading *reading = fields->reading;

	(void)kind;
	if (value->kind == YAML_TREE_ALIAS || value->anchored || value->tagged)
		return shape_check_value(reading, key->value, value);
	if (value->kind != YAML_TREE_SCALAR || shape_is_null(value) || !*value->value) {
		report_error(reading, value->line, "`permissionMode` is %s",
		             value->kind == YAML_TREE_SCALAR ? "empty" : "a list or a mapping");
		return error_help(reading->err,
		                  "write one mode, as in `permissionMode: plan`, or leave it out");
	}
	if (strlen(value->value) > RULE_SIZE_LIMIT ||
	    !text_is_visible(value->value, strlen(value->value))) {
		report_error(reading, value->line,
		             "`permissionMode` is too long, or holds control or invisible "
		             "characters: `%s`",
		             excerpt_of(value->value).text);
		return error_help(reading->err, "write one mode, as in `permissionMode: plan`");
	}
	reading->agent->mode = text_copy(value->value);
	reading->agent->mode_line = key->line;
	return reading->agent->mode ? 0 : error_memory(reading->err);
}

static int read_name(struct fields *fields, enum key_kind kind, const struct yaml_tree *key,
                     const struct yaml_tree *value)
{
	const struct reading *reading = fields->reading;

	(void)kind;
	(void)key;
	if (value->kind != YAML_TREE_SCALAR || shape_is_null(value) || !*value->value)
		return 0;
	reading->agent->name = text_copy(value->value);
	return reading->agent->name ? 0 : error_memory(reading->err);
}

typedef int read_field(struct fields *fields, enum key_kind kind, const struct yaml_tree *key,
                       const struct yaml_tree *value);

static read_field *const readers[KEY_KINDS] = {
        [KEY_NAME] = read_name,
        [KEY_TOOLS] = read_tools,
        [KEY_DISALLOWED_TOOLS] = read_disallowed,
        [KEY_TOOL_RESTRICTIONS] = read_restrictions,
        [KEY_CAPABILITIES] = read_capabilities,
        [KEY_ALLOWED_TOOLS] = read_allowed,
        [KEY_PERMISSION_MODE] = read_mode,
};

/* A key that stands twice is a contradiction where it bears a permission. */
static int check_once(struct fields *fields, const struct key *key, const struct yaml_tree *node)
{
	size_t *line = &fields->lines[key->kind];

	if (*line && key_bears_permission(key->kind)) {
		report_error(fields->reading, node->line, "`%s` stands twice, first on line %zu",
		             key->spelling, *line);
		return error_help(fields->reading->err, "keep one of the two");
	}
	if (!*line)
		*line = node->line;
	return 0;
}

/* Says once that a later `name` counts for nothing. */
static int warn_second_name(struct fields *fields, size_t line)
{
	if (fields->second_name)
		return 0;
	fields->second_name = true;
	return report_warning(fields->reading, line, "duplicate-name",
	                      "`name` stands twice; the one on line %zu was taken",
	                      fields->lines[KEY_NAME]);
}

static int read_field_of(struct fields *fields, const struct yaml_tree *node,
                         const struct yaml_tree *value)
{
	const struct reading *reading = fields->reading;

	if (node->kind != YAML_TREE_SCALAR || (node->plain && strcmp(node->value, "<<") == 0)) {
		report_error(reading, node->line,
		             "a top-level key is an alias, a merge, a list or a mapping");
		return error_help(reading->err, "write the keys themselves");
	}

	struct key key = key_of(node->value);
	if (key.kind == KEY_MISTAKEN)
		return key_refuse(reading, node->line, node->value, strlen(node->value));
	if (key.kind == KEY_OTHER)
		return 0;
	if (key_bears_permission(key.kind) && (node->anchored || node->tagged)) {
		report_error(reading, node->line, "the key `%s` carries an anchor or a tag",
		             excerpt_of(node->value).text);
		return error_help(reading->err, "write the key itself");
	}
	if (key.kind == KEY_NAME && fields->lines[KEY_NAME])
		return warn_second_name(fields, node->line);
	if (check_once(fields, &key, node) < 0)
		return -1;
	return readers[key.kind](fields, key.kind, node, value);
}

/* `allowedTools` narrows `tools`; alone it is the list of allowed tools. */
static int join_narrow(struct fields *fields)
{
	struct agent *agent = fields->reading->agent;

	if (!fields->narrow.given)
		return 0;
	if (!fields->allowed.given || fields->allowed_by != KEY_TOOLS)
		return take_allowed(fields, KEY_ALLOWED_TOOLS, &fields->narrow);
	if (fields->narrow.everything)
		return 0;
	agent->narrows = true;
	agent->narrowed = fields->narrow.rules;
	fields->narrow.rules = (struct agent_rules){0};
	return 0;
}

static void give_lists(struct fields *fields)
{
	struct agent *agent = fields->reading->agent;

	agent->inherits = !fields->allowed.given || fields->allowed.everything;
	agent->tools_line = fields->allowed.line;
	agent->allowed = fields->allowed.rules;
	agent->forbidden = fields->forbidden.rules;
	fields->allowed.rules = (struct agent_rules){0};
	fields->forbidden.rules = (struct agent_rules){0};
}

static void fields_free(struct fields *fields)
{
	tool_list_free(&fields->allowed);
	tool_list_free(&fields->narrow);
	tool_list_free(&fields->forbidden);
}

int fields_read(const struct reading *reading, const struct yaml_tree *root)
{
	__attribute__((cleanup(fields_free))) struct fields fields = {.reading = reading};

	for (size_t i = 0; i + 1 < root->count; i += 2) {
		if (read_field_of(&fields, root->items[i], root->items[i + 1]) < 0)
			return -1;
	}
	if (join_narrow(&fields) < 0)
		return -1;
	give_lists(&fields);
	return 0;
}
