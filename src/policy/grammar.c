#include "policy/grammar.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/text.h"
#include "base/yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One pass over one file. */
struct reader {
	struct source *source;
	struct error *err;
};

struct key {
	const char *name;
	int (*read)(struct reader *reader, const struct key *key, const struct yaml_tree *value);
	enum source_kind kind;
	enum effect effect;
	bool widens; /* an error in a ceiling, which only narrows */
};

/* "FILE:LINE:COLUMN: ". Always returns -1. */
__attribute__((format(printf, 3, 4))) static int
complain(struct reader *reader, const struct yaml_tree *node, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	int size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0)
		return error_memory(reader->err);
	error_set(reader->err, "%s:%zu:%zu: %s", reader->source->label, node->line, node->column,
	          text);
	free(text);
	return -1;
}

/* As complain, with a text of the file behind the message. */
static int complain_of(struct reader *reader, const struct yaml_tree *node, const char *what,
                       const char *text)
{
	cleanup_free char *escaped = escape_terminal_copy(text);

	return complain(reader, node, "%s `%s`", what, escaped ? escaped : "");
}

static int add(struct reader *reader, const struct yaml_tree *node, struct source_item item)
{
	item.where = text_printf("%s:%zu", reader->source->label, node->line);
	return source_add(reader->source, item, reader->err);
}

/* Everything that YAML could mean in two ways is refused. */
static int expect(struct reader *reader, const struct yaml_tree *node, enum yaml_tree_kind kind,
                  const char *wanted)
{
	if (node->kind == YAML_TREE_ALIAS || node->anchored)
		return complain(reader, node, "anchors and aliases are not allowed in a policy");
	if (node->tagged)
		return complain(reader, node, "tags are not allowed in a policy");
	if (node->kind != kind)
		return complain(reader, node, "expected %s", wanted);
	return 0;
}

static int expect_text(struct reader *reader, const struct yaml_tree *node, const char *wanted)
{
	if (expect(reader, node, YAML_TREE_SCALAR, wanted) < 0)
		return -1;
	return *node->value ? 0 : complain(reader, node, "expected %s, found nothing", wanted);
}

static int expect_mapping(struct reader *reader, const struct yaml_tree *node, const char *wanted)
{
	if (expect(reader, node, YAML_TREE_MAPPING, wanted) < 0)
		return -1;
	for (size_t i = 0; i < node->count; i += 2) {
		if (expect_text(reader, node->items[i], "a key") < 0)
			return -1;
	}
	const struct yaml_tree *twice = yaml_tree_duplicate_key(node);
	return twice ? complain_of(reader, twice, "this key stands twice:", twice->value) : 0;
}

static int unknown_key(struct reader *reader, const struct yaml_tree *node, const struct key *keys,
                       size_t count)
{
	const char *names[16];
	size_t known = 0;

	while (known < count && known < 16) {
		names[known] = keys[known].name;
		known++;
	}
	cleanup_free char *escaped = escape_terminal_copy(node->value);
	const char *nearest = text_nearest(node->value, names, known);
	if (nearest)
		return complain(reader, node, "unknown key `%s`; did you mean `%s`?",
		                escaped ? escaped : "", nearest);

	cleanup_buffer struct buffer list = {0};
	for (size_t i = 0; i < known; i++)
		buffer_printf(&list, "%s`%s`", i ? ", " : "", names[i]);
	return complain(reader, node, "unknown key `%s`; known here: %s", escaped ? escaped : "",
	                list.data ? list.data : "");
}

static int read_keys(struct reader *reader, const struct yaml_tree *node, const struct key *keys,
                     size_t count, const char *wanted)
{
	if (expect_mapping(reader, node, wanted) < 0)
		return -1;
	for (size_t i = 0; i < node->count; i += 2) {
		const struct yaml_tree *name = node->items[i];
		const struct key *key = NULL;

		for (size_t k = 0; k < count && !key; k++) {
			if (strcmp(keys[k].name, name->value) == 0)
				key = &keys[k];
		}
		if (!key)
			return unknown_key(reader, name, keys, count);
		if (key->widens && reader->source->ceiling)
			return complain(reader, name,
			                "`%s` has no place in a ceiling: it can only narrow",
			                key->name);
		if (key->read(reader, key, node->items[i + 1]) < 0)
			return -1;
	}
	return 0;
}

/* A list of texts, each of which becomes one item. */
static int read_list(struct reader *reader, struct source_item item, bool into_name,
                     const struct yaml_tree *node)
{
	if (expect(reader, node, YAML_TREE_SEQUENCE, "a list, as in [a, b]") < 0)
		return -1;
	for (size_t i = 0; i < node->count; i++) {
		if (expect_text(reader, node->items[i], "a text") < 0)
			return -1;
		*(into_name ? &item.name : &item.text) = node->items[i]->value;
		if (add(reader, node->items[i], item) < 0)
			return -1;
	}
	return 0;
}

static int read_targets(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	struct source_item item = {.kind = key->kind, .effect = key->effect};
	struct source_item list = {.kind = SOURCE_LIST, .effect = key->effect};

	if (key->kind == SOURCE_GRANT && reader->source->ceiling && add(reader, value, list) < 0)
		return -1;
	return read_list(reader, item, false, value);
}

static int read_word(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	if (expect_text(reader, value, "one word") < 0)
		return -1;
	return add(reader, value, (struct source_item){.kind = key->kind, .text = value->value});
}

static int read_names(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	return read_list(reader, (struct source_item){.kind = key->kind}, true, value);
}

/* `{NAME: value}` with names of the writer's own. */
static int read_pairs(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	if (expect_mapping(reader, value, "`NAME: value` pairs") < 0)
		return -1;
	for (size_t i = 0; i < value->count; i += 2) {
		const struct yaml_tree *text = value->items[i + 1];
		if (expect(reader, text, YAML_TREE_SCALAR, "a value") < 0)
			return -1;
		struct source_item item = {
		        .kind = key->kind, .name = value->items[i]->value, .text = text->value};
		if (add(reader, value->items[i], item) < 0)
			return -1;
	}
	return 0;
}

static int read_groups(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	if (expect_mapping(reader, value, "groups, as in {mirror: [host]}") < 0)
		return -1;
	for (size_t i = 0; i < value->count; i += 2) {
		struct source_item item = {.kind = key->kind, .name = value->items[i]->value};
		if (read_list(reader, item, false, value->items[i + 1]) < 0)
			return -1;
	}
	return 0;
}

/* The keys of one server; its name travels in the items that they made. */
static int read_server_list(struct reader *reader, const struct key *key,
                            const struct yaml_tree *value)
{
	return read_list(reader, (struct source_item){.kind = key->kind}, false, value);
}

static const struct key server_keys[] = {
        {.name = "connect", .read = read_server_list, .kind = SOURCE_SERVER_CONNECT},
        {.name = "env", .read = read_server_list, .kind = SOURCE_SERVER_KEEP},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int read_servers(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	(void)key;
	if (expect_mapping(reader, value, "servers, as in {github: {connect: [host]}}") < 0)
		return -1;
	for (size_t i = 0; i < value->count; i += 2) {
		size_t first = reader->source->count;
		if (read_keys(reader, value->items[i + 1], server_keys, COUNT(server_keys),
		              "`connect` and `env`") < 0)
			return -1;
		for (size_t k = first; k < reader->source->count; k++) {
			reader->source->items[k].name = text_copy(value->items[i]->value);
			if (!reader->source->items[k].name)
				return error_memory(reader->err);
		}
	}
	return 0;
}

#define FIVE_EFFECTS(KIND)                                                                         \
	{.name = "read", .read = read_targets, .kind = KIND, .effect = EFFECT_READ},               \
	        {.name = "write", .read = read_targets, .kind = KIND, .effect = EFFECT_WRITE},     \
	        {.name = "exec", .read = read_targets, .kind = KIND, .effect = EFFECT_EXEC},       \
	        {.name = "connect", .read = read_targets, .kind = KIND, .effect = EFFECT_CONNECT}, \
	{                                                                                          \
		.name = "delegate", .read = read_targets, .kind = KIND, .effect = EFFECT_DELEGATE  \
	}

static const struct key grant_keys[] = {FIVE_EFFECTS(SOURCE_GRANT)};
static const struct key deny_keys[] = {FIVE_EFFECTS(SOURCE_DENY)};

static const struct key mode_keys[] = {
        {.name = "max", .read = read_word, .kind = SOURCE_MODE_MAX},
        {.name = "absent", .read = read_word, .kind = SOURCE_MODE_ABSENT},
};

static const struct key env_keys[] = {
        {.name = "keep", .read = read_names, .kind = SOURCE_KEEP, .widens = true},
        {.name = "set", .read = read_pairs, .kind = SOURCE_SET, .widens = true},
};

static int read_grant(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	(void)key;
	return read_keys(reader, value, grant_keys, COUNT(grant_keys), "effects, as in {read: []}");
}

static int read_deny(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	(void)key;
	return read_keys(reader, value, deny_keys, COUNT(deny_keys), "effects, as in {read: []}");
}

static int read_modes(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	(void)key;
	return read_keys(reader, value, mode_keys, COUNT(mode_keys), "`max` and `absent`");
}

static int read_env(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	(void)key;
	return read_keys(reader, value, env_keys, COUNT(env_keys), "`keep` and `set`");
}

static int read_version(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	(void)key;
	if (expect_text(reader, value, "`1`") < 0)
		return -1;
	if (strcmp(value->value, "1") != 0 || !value->plain)
		return complain(reader, value, "only `version: 1` is known");
	return 0;
}

static int read_switch(struct reader *reader, const struct key *key, const struct yaml_tree *value)
{
	if (expect_text(reader, value, "`true` or `false`") < 0)
		return -1;
	if (!value->plain ||
	    (strcmp(value->value, "true") != 0 && strcmp(value->value, "false") != 0))
		return complain(reader, value, "expected `true` or `false`");
	return add(reader, value, (struct source_item){.kind = key->kind, .text = value->value});
}

static const struct key top_keys[] = {
        {.name = "version", .read = read_version},
        {.name = "strict", .read = read_switch, .kind = SOURCE_STRICT},
        {.name = "grant", .read = read_grant},
        {.name = "deny", .read = read_deny},
        {.name = "modes", .read = read_modes},
        {.name = "env", .read = read_env},
        {.name = "limits", .read = read_pairs, .kind = SOURCE_LIMIT},
        {.name = "groups", .read = read_groups, .kind = SOURCE_GROUP, .widens = true},
        {.name = "servers", .read = read_servers, .widens = true},
};

int grammar_parse(const char *file, const char *text, size_t size, bool ceiling, struct source *out,
                  struct error *err)
{
	cleanup_yaml_tree struct yaml_tree *root = NULL;
	struct reader reader = {.source = out, .err = err};
	size_t line = 1;
	size_t column = 1;

	*out = (struct source){.label = escape_terminal_copy(file), .ceiling = ceiling};
	if (!out->label)
		return error_memory(err);
	int result = yaml_tree_parse(text, size, 1, &root, &line, &column, err);
	if (result < 0)
		error_context(err, "%s:%zu:%zu", out->label, line, column);
	else if (!root)
		result = error_set(err, "%s:1:1: empty; a policy begins with `version: 1`",
		                   out->label);
	else
		result = read_keys(&reader, root, top_keys, COUNT(top_keys),
		                   "a mapping that begins with `version: 1`");
	if (result == 0 && !yaml_tree_get(root, "version"))
		result = complain(&reader, root, "`version: 1` is missing");
	if (result < 0)
		source_clear(out);
	return result;
}

int grammar_load(const char *file, bool ceiling, struct source *out, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	*out = (struct source){0};
	if (file_read(file, GRAMMAR_SIZE_LIMIT, &text, err) < 0)
		return -1;
	return grammar_parse(file, text.data, text.size, ceiling, out, err);
}
