#include "agent/shapes.h"

#include "agent/rule.h"
#include "base/text.h"

#include <string.h>

/* Entries that are no names of tools. */
enum word {
	WORD_NAME,
	WORD_EVERYTHING,
	WORD_INHERIT,
	WORD_NONE,
	WORD_UNCLEAR, /* a sentence or a type of YAML, not a list of names */
};

static const struct {
	const char *text;
	enum word word;
} words[] = {
        {"*", WORD_EVERYTHING},       {"all tools", WORD_EVERYTHING}, {"inherit", WORD_INHERIT},
        {"none", WORD_NONE},          {"all", WORD_UNCLEAR},          {"and", WORD_UNCLEAR},
        {"any", WORD_UNCLEAR},        {"but", WORD_UNCLEAR},          {"default", WORD_UNCLEAR},
        {"everything", WORD_UNCLEAR}, {"except", WORD_UNCLEAR},       {"excluding", WORD_UNCLEAR},
        {"false", WORD_UNCLEAR},      {"minus", WORD_UNCLEAR},        {"no", WORD_UNCLEAR},
        {"not", WORD_UNCLEAR},        {"nothing", WORD_UNCLEAR},      {"null", WORD_UNCLEAR},
        {"off", WORD_UNCLEAR},        {"on", WORD_UNCLEAR},           {"only", WORD_UNCLEAR},
        {"or", WORD_UNCLEAR},         {"true", WORD_UNCLEAR},         {"without", WORD_UNCLEAR},
        {"yes", WORD_UNCLEAR},
};

/* What one list has said so far. */
struct collector {
	const struct reading *reading;
	enum tool_direction direction;
	const char *key;
	struct tool_list *list;
	size_t entries;   /* all of them */
	size_t none_line; /* where `none` stands, 0 where it does not */
};

static bool equal_fold_size(const char *text, size_t size, const char *word)
{
	return strlen(word) == size && strncasecmp(text, word, size) == 0;
}

static enum word word_of(const char *text, size_t size)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (equal_fold_size(text, size, words[i].text))
			return words[i].word;
	}
	return WORD_NAME;
}

static int refuse_unclear(const struct collector *collector, const char *text, size_t size,
                          size_t line)
{
	report_error(collector->reading, line, "`%s` in `%s` is not understood",
	             excerpt_of_size(text, size).text, collector->key);
	return error_help(collector->reading->err,
	                  "name the tools one by one, or write `*` for every tool and `[]` for "
	                  "none");
}

static int add_everything(struct collector *collector, size_t line)
{
	if (collector->direction == TOOLS_ALLOWED) {
		collector->list->everything = true;
		return 0;
	}
	return rule_append(collector->reading, "*", 1, line, &collector->list->rules);
}

static int add_entry(struct collector *collector, const char *text, size_t size, size_t line)
{
	collector->entries++;
	switch (word_of(text, size)) {
	case WORD_EVERYTHING:
		return add_everything(collector, line);
	case WORD_INHERIT:
		if (collector->direction == TOOLS_FORBIDDEN)
			return refuse_unclear(collector, text, size, line);
		return add_everything(collector, line);
	case WORD_NONE:
		collector->none_line = line;
		return 0;
	case WORD_UNCLEAR:
		return refuse_unclear(collector, text, size, line);
	default:
		return rule_append(collector->reading, text, size, line, &collector->list->rules);
	}
}

static int finish(const struct collector *collector)
{
	if (!collector->none_line || collector->entries == 1)
		return 0;
	report_error(collector->reading, collector->none_line, "`%s` names tools beside `none`",
	             collector->key);
	return error_help(collector->reading->err, "write the names, or only `none`");
}

/* One piece between commas: one entry, or several names with white space between them. */
static int add_piece(struct collector *collector, const char *text, size_t size, size_t line)
{
	const char *name;
	size_t name_size;
	size_t place = 0;
	int result;

	if (word_of(text, size) != WORD_NAME)
		return add_entry(collector, text, size, line);
	while ((result = rule_next_piece(collector->reading, line, text, size, " \t\n", &place,
	                                 &name, &name_size)) > 0) {
		if (name_size == 0)
			continue;
		/* `inherit except Bash` must not become everything and Bash. */
		if (word_of(name, name_size) != WORD_NAME)
			return refuse_unclear(collector, text, size, line);
		if (add_entry(collector, name, name_size, line) < 0)
			return -1;
	}
	return result;
}

static int add_text(struct collector *collector, const struct yaml_tree *value)
{
	size_t size = strlen(value->value);
	const char *piece;
	size_t piece_size;
	size_t place = 0;
	int result;

	while ((result = rule_next_piece(collector->reading, value->line, value->value, size, ",",
	                                 &place, &piece, &piece_size)) > 0) {
		/* A comma at the end, or two in a row, hide nothing. */
		if (piece_size && add_piece(collector, piece, piece_size, value->line) < 0)
			return -1;
	}
	if (result == 0 && collector->entries == 0 && strchr(value->value, ','))
		return refuse_unclear(collector, value->value, size, value->line);
	return result;
}

static int add_items(struct collector *collector, const struct yaml_tree *sequence)
{
	for (size_t i = 0; i < sequence->count; i++) {
		const struct yaml_tree *item = sequence->items[i];
		if (shape_check_value(collector->reading, collector->key, item) < 0)
			return -1;
		if (item->kind != YAML_TREE_SCALAR) {
			report_error(collector->reading, item->line,
			             "an item of `%s` is a list or a mapping", collector->key);
			return error_help(collector->reading->err,
			                  "write one tool's name per item");
		}
		if (add_entry(collector, item->value, strlen(item->value), item->line) < 0)
			return -1;
	}
	return 0;
}

/* A reason is a sentence. A single word may be an answer (no, off, never, deny), which would turn
 * the meaning round. */
static bool is_reason(const char *text)
{
	return strpbrk(text, " \t\n") != NULL;
}

/* A mapping of name to the reason for it. */
static int add_reasons(struct collector *collector, const struct yaml_tree *mapping)
{
	if (shape_check_keys(collector->reading, collector->key, mapping) < 0)
		return -1;
	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		const struct yaml_tree *name = mapping->items[i];
		const struct yaml_tree *reason = mapping->items[i + 1];
		bool boolean;
		if (shape_check_value(collector->reading, name->value, reason) < 0)
			return -1;
		if (reason->kind != YAML_TREE_SCALAR || shape_is_boolean(reason, &boolean) ||
		    (collector->direction == TOOLS_ALLOWED && !is_reason(reason->value))) {
			report_error(collector->reading, reason->line,
			             "what stands behind `%s` in `%s` is no reason in words",
			             excerpt_of(name->value).text, collector->key);
			return error_help(collector->reading->err,
			                  "write a list of names, or a sentence behind each");
		}
		if (add_entry(collector, name->value, strlen(name->value), name->line) < 0)
			return -1;
	}
	return 0;
}

static int refuse_empty_mapping(const struct collector *collector, size_t line)
{
	report_error(collector->reading, line, "`%s` is an empty mapping", collector->key);
	return error_help(collector->reading->err, "write `[]` for an empty list");
}

int shape_read_list(const struct reading *reading, enum tool_direction direction, const char *key,
                    size_t line, const struct yaml_tree *value, struct tool_list *list)
{
	struct collector collector = {
	        .reading = reading, .direction = direction, .key = key, .list = list};
	int result = shape_check_value(reading, key, value);

	list->given = true;
	list->key = key;
	list->line = line;
	if (result < 0)
		return result;
	switch (value->kind) {
	case YAML_TREE_SCALAR:
		result = add_text(&collector, value);
		break;
	case YAML_TREE_SEQUENCE:
		result = add_items(&collector, value);
		break;
	default:
		result = value->count ? add_reasons(&collector, value)
		                      : refuse_empty_mapping(&collector, value->line);
		break;
	}
	return result < 0 ? result : finish(&collector);
}

int shape_read_booleans(const struct reading *reading, const char *key, size_t line,
                        const struct yaml_tree *mapping, struct tool_list *allowed,
                        struct tool_list *forbidden)
{
	struct collector yes = {
	        .reading = reading, .direction = TOOLS_ALLOWED, .key = key, .list = allowed};
	struct collector no = {
	        .reading = reading, .direction = TOOLS_FORBIDDEN, .key = key, .list = forbidden};

	if (shape_check_keys(reading, key, mapping) < 0)
		return -1;
	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		const struct yaml_tree *name = mapping->items[i];
		const struct yaml_tree *value = mapping->items[i + 1];
		bool allows;
		if (shape_check_value(reading, name->value, value) < 0)
			return -1;
		if (!shape_is_boolean(value, &allows)) {
			report_error(reading, value->line, "`%s` in `%s` is neither true nor false",
			             excerpt_of(name->value).text, key);
			return error_help(reading->err,
			                  "write true to allow a tool and false to forbid it, or "
			                  "the keys `allowed` and `forbidden`");
		}
		if (word_of(name->value, strlen(name->value)) == WORD_NONE)
			return refuse_unclear(&yes, name->value, strlen(name->value), name->line);
		if (add_entry(allows ? &yes : &no, name->value, strlen(name->value), name->line) <
		    0)
			return -1;
	}
	if (yes.entries) {
		allowed->given = true;
		allowed->key = key;
		allowed->line = line;
	}
	return 0;
}

bool shape_is_null(const struct yaml_tree *value)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (value->kind != YAML_TREE_SCALAR || !value->plain)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		if (strcmp(value->value, nulls[i]) == 0)
			return true;
	}
	return false;
}

bool shape_is_boolean(const struct yaml_tree *node, bool *value)
{
	static const struct {
		const char *text;
		bool value;
	} booleans[] = {{"true", true},   {"True", true},   {"TRUE", true},
	                {"false", false}, {"False", false}, {"FALSE", false}};

	if (node->kind != YAML_TREE_SCALAR || !node->plain)
		return false;
	for (size_t i = 0; i < sizeof(booleans) / sizeof(booleans[0]); i++) {
		if (strcmp(node->value, booleans[i].text) == 0) {
			*value = booleans[i].value;
			return true;
		}
	}
	return false;
}

int shape_check_value(const struct reading *reading, const char *key, const struct yaml_tree *value)
{
	if (value->kind == YAML_TREE_ALIAS || value->anchored || value->tagged) {
		report_error(
		        reading, value->line,
		        "`%s` uses an alias, an anchor or a tag, which are not understood here",
		        excerpt_of(key).text);
		return error_help(reading->err, "write the value itself");
	}
	if (shape_is_null(value)) {
		report_error(reading, value->line, "`%s` says nothing", excerpt_of(key).text);
		return error_help(reading->err,
		                  "write `[]` for an empty list, or leave the entry out");
	}
	return 0;
}

/* True when a key before entry `end` is the same but for case. */
static const struct yaml_tree *same_key_before(const struct yaml_tree *mapping, size_t end)
{
	for (size_t i = 0; i < end; i += 2) {
		if (text_equal_fold(mapping->items[i]->value, mapping->items[end]->value))
			return mapping->items[i];
	}
	return NULL;
}

int shape_check_keys(const struct reading *reading, const char *key,
                     const struct yaml_tree *mapping)
{
	/* Bounds the comparison of all pairs. */
	if (mapping->count / 2 > RULES_LIMIT) {
		report_error(reading, mapping->line, "more than %d entries in `%s`", RULES_LIMIT,
		             key);
		return error_help(reading->err, "name fewer tools, or write `*` for every tool");
	}
	for (size_t i = 0; i + 1 < mapping->count; i += 2) {
		const struct yaml_tree *name = mapping->items[i];
		if (name->kind != YAML_TREE_SCALAR || name->anchored || name->tagged ||
		    strcmp(name->value, "<<") == 0) {
			report_error(
			        reading, name->line,
			        "a key of `%s` is an alias, an anchor, a tag, a merge or no name",
			        key);
			return error_help(reading->err, "write the name itself");
		}
		const struct yaml_tree *before = same_key_before(mapping, i);
		if (before) {
			report_error(reading, name->line,
			             "`%s` stands twice in `%s`, first on line %zu",
			             excerpt_of(name->value).text, key, before->line);
			return error_help(reading->err, "keep one of the two");
		}
	}
	return 0;
}

int shape_check_contradiction(const struct reading *reading, const struct agent_rules *allowed,
                              const struct agent_rules *forbidden)
{
	for (size_t i = 0; i < forbidden->count; i++) {
		const struct agent_rule *refused = &forbidden->items[i];
		for (size_t j = 0; j < allowed->count; j++) {
			const struct agent_rule *granted = &allowed->items[j];
			if (refused->specifier || granted->specifier ||
			    !text_equal_fold(refused->name, granted->name))
				continue;
			report_error(reading, refused->line,
			             "`%s` is forbidden here and allowed on line %zu",
			             excerpt_of(refused->name).text, granted->line);
			return error_help(reading->err, "keep one of the two");
		}
	}
	return 0;
}

void tool_list_free(struct tool_list *list)
{
	rules_free(&list->rules);
	*list = (struct tool_list){0};
}
