/* tools.yaml: names of tools, and what each gives and takes of the five effects. */
#include "base/text.h"
#include "generate/emit.h"
#include "generate/tables.h"
#include "policy/effect.h"

#include <string.h>

const struct source_key tools_keys[] = {
        {"tools", YAML_TREE_MAPPING, true},
        {"mcp", YAML_TREE_MAPPING, true},
};
const size_t tools_key_count = sizeof(tools_keys) / sizeof(tools_keys[0]);

static const struct source_key tool_keys[] = {
        {"aliases", YAML_TREE_SEQUENCE, false}, {"shell", YAML_TREE_SCALAR, false},
        {"command", YAML_TREE_SCALAR, false},   {"gives", YAML_TREE_MAPPING, false},
        {"takes", YAML_TREE_MAPPING, false},
};

/* Indexed by effect: the constant's name, and the word for all of it. */
static const struct effect_word {
	const char *constant;
	const char *whole;
	const char *scope;
} effect_words[EFFECT_COUNT] = {
        [EFFECT_READ] = {"EFFECT_READ", "workspace", "TABLE_WORKSPACE"},
        [EFFECT_WRITE] = {"EFFECT_WRITE", "workspace", "TABLE_WORKSPACE"},
        [EFFECT_EXEC] = {"EFFECT_EXEC", "any", "TABLE_ANY"},
        [EFFECT_CONNECT] = {"EFFECT_CONNECT", "any", "TABLE_ANY"},
        [EFFECT_DELEGATE] = {"EFFECT_DELEGATE", "any", "TABLE_ANY"},
};

static int emit_grant(const struct source *source, const struct yaml_tree *key,
                      const struct yaml_tree *value, struct buffer *out, struct error *err)
{
	enum effect effect;

	if (effect_from_name(key->value, &effect) < 0)
		return source_error(source, key, err, "`%s` is no effect", key->value);
	const struct effect_word *word = &effect_words[effect];
	if (value->kind == YAML_TREE_SEQUENCE) {
		if (source_expect_words(source, value, err) < 0)
			return -1;
		if (value->count == 0)
			return source_error(source, value, err,
			                    "an empty list gives nothing: leave it out");
		buffer_printf(out, "[%s] = {TABLE_LISTED, ", word->constant);
		emit_word_array(out, value);
		buffer_append_text(out, "}, ");
		return 0;
	}
	if (value->kind != YAML_TREE_SCALAR || strcmp(value->value, word->whole) != 0)
		return source_error(source, value, err, "%s must be `%s` or a list", key->value,
		                    word->whole);
	buffer_printf(out, "[%s] = {%s, NULL}, ", word->constant, word->scope);
	return 0;
}

static int emit_grants(const struct source *source, const char *member,
                       const struct yaml_tree *mapping, struct buffer *out, struct error *err)
{
	if (!mapping)
		return 0;
	buffer_printf(out, "\n\t\t.%s = {", member);
	for (size_t i = 0; i < mapping->count; i += 2)
		if (emit_grant(source, mapping->items[i], mapping->items[i + 1], out, err) < 0)
			return -1;
	buffer_append_text(out, "},");
	return 0;
}

static int emit_flag(const struct source *source, const char *member, const struct yaml_tree *value,
                     struct buffer *out, struct error *err)
{
	if (!value)
		return 0;
	if (strcmp(value->value, "true") != 0)
		return source_error(source, value, err, "must be `true`, or left out");
	buffer_printf(out, "\n\t\t.%s = true,", member);
	return 0;
}

static int emit_tool(const struct source *source, const char *name, size_t line,
                     const struct yaml_tree *tool, struct buffer *out, struct error *err)
{
	const struct yaml_tree *aliases = yaml_tree_get(tool, "aliases");

	if (source_expect_keys(source, tool, tool_keys, sizeof(tool_keys) / sizeof(tool_keys[0]),
	                       err) < 0)
		return -1;
	if (aliases && source_expect_words(source, aliases, err) < 0)
		return -1;
	buffer_append_text(out, "{\n\t\t.name = ");
	emit_literal(out, name);
	buffer_append_text(out, ",\n\t\t.aliases = ");
	emit_word_array(out, aliases);
	buffer_append_text(out, ",");
	if (emit_grants(source, "gives", yaml_tree_get(tool, "gives"), out, err) < 0 ||
	    emit_grants(source, "takes", yaml_tree_get(tool, "takes"), out, err) < 0 ||
	    emit_flag(source, "shell", yaml_tree_get(tool, "shell"), out, err) < 0 ||
	    emit_flag(source, "specifier_command", yaml_tree_get(tool, "command"), out, err) < 0)
		return -1;
	buffer_printf(out, "\n\t\t.line = %zu,\n\t}", line);
	return 0;
}

/* How often `name` stands in the whole file, as a tool or an alias, whatever its letter case. */
static size_t count_name(const struct yaml_tree *tools, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < tools->count; i += 2) {
		const struct yaml_tree *aliases = yaml_tree_get(tools->items[i + 1], "aliases");

		count += text_equal_fold(tools->items[i]->value, name);
		for (size_t j = 0; aliases && j < aliases->count; j++)
			count += text_equal_fold(aliases->items[j]->value, name);
	}
	return count;
}

static int expect_unique(const struct source *source, const struct yaml_tree *tools,
                         const struct yaml_tree *name, struct error *err)
{
	if (count_name(tools, name->value) == 1)
		return 0;
	return source_error(source, name, err,
	                    "`%s` stands on this list twice (letter case does not matter)",
	                    name->value);
}

static int expect_unique_names(const struct source *source, const struct yaml_tree *tools,
                               struct error *err)
{
	for (size_t i = 0; i < tools->count; i += 2) {
		const struct yaml_tree *aliases = yaml_tree_get(tools->items[i + 1], "aliases");

		if (expect_unique(source, tools, tools->items[i], err) < 0)
			return -1;
		for (size_t j = 0; aliases && j < aliases->count; j++)
			if (expect_unique(source, tools, aliases->items[j], err) < 0)
				return -1;
	}
	return 0;
}

int tools_generate(const struct source *source, struct buffer *out, struct error *err)
{
	const struct yaml_tree *tools = yaml_tree_get(source->root, "tools");
	const struct yaml_tree *mcp = yaml_tree_get(source->root, "mcp");

	buffer_append_text(out, "const struct table_tool table_tools[] = {\n");
	for (size_t i = 0; i < tools->count; i += 2) {
		const struct yaml_tree *name = tools->items[i];

		if (source_expect(source, tools->items[i + 1], YAML_TREE_MAPPING, name->value,
		                  err) < 0)
			return -1;
		buffer_append_text(out, "\t");
		if (emit_tool(source, name->value, name->line, tools->items[i + 1], out, err) < 0)
			return -1;
		buffer_append_text(out, ",\n");
	}
	buffer_append_text(out, "};\n");
	emit_count(out, "table_tools");
	if (expect_unique_names(source, tools, err) < 0)
		return -1;
	buffer_append_text(out, "const struct table_tool table_tool_mcp = ");
	if (emit_tool(source, "mcp", mcp->line, mcp, out, err) < 0)
		return -1;
	buffer_append_text(out, ";\n\n");
	return 0;
}
