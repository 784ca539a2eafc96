#include "generate/source.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	SIZE_LIMIT = 1024 * 1024,
};

static const char *const kind_names[] = {
        [YAML_TREE_SCALAR] = "a word",
        [YAML_TREE_SEQUENCE] = "a list",
        [YAML_TREE_MAPPING] = "a mapping",
        [YAML_TREE_ALIAS] = "an alias",
};

int source_error(const struct source *source, const struct yaml_tree *node, struct error *err,
                 const char *format, ...)
{
	cleanup_free char *message = NULL;
	va_list arguments;

	va_start(arguments, format);
	int length = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (length < 0) {
		message = NULL;
		return error_memory(err);
	}
	return error_set(err, "%s:%zu:%zu: %s", source->path, node->line, node->column, message);
}

int source_expect(const struct source *source, const struct yaml_tree *node,
                  enum yaml_tree_kind kind, const char *what, struct error *err)
{
	if (node->kind == kind)
		return 0;
	return source_error(source, node, err, "%s must be %s, not %s", what, kind_names[kind],
	                    kind_names[node->kind]);
}

static const struct source_key *find_key(const char *name, const struct source_key *keys,
                                         size_t key_count)
{
	for (size_t i = 0; i < key_count; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static int expect_known(const struct source *source, const struct yaml_tree *key,
                        const struct yaml_tree *value, const struct source_key *keys,
                        size_t key_count, struct error *err)
{
	const struct source_key *known = find_key(key->value, keys, key_count);

	if (!known)
		return source_error(source, key, err, "unknown key `%s`", key->value);
	return source_expect(source, value, known->kind, known->name, err);
}

int source_expect_keys(const struct source *source, const struct yaml_tree *mapping,
                       const struct source_key *keys, size_t key_count, struct error *err)
{
	for (size_t i = 0; i < mapping->count; i += 2)
		if (expect_known(source, mapping->items[i], mapping->items[i + 1], keys, key_count,
		                 err) < 0)
			return -1;
	for (size_t i = 0; i < key_count; i++)
		if (keys[i].required && !yaml_tree_get(mapping, keys[i].name))
			return source_error(source, mapping, err, "`%s` is missing", keys[i].name);
	return 0;
}

int source_expect_words(const struct source *source, const struct yaml_tree *sequence,
                        struct error *err)
{
	if (source_expect(source, sequence, YAML_TREE_SEQUENCE, "this", err) < 0)
		return -1;
	for (size_t i = 0; i < sequence->count; i++) {
		const struct yaml_tree *item = sequence->items[i];

		if (source_expect(source, item, YAML_TREE_SCALAR, "an item", err) < 0)
			return -1;
		if (!item->value[0])
			return source_error(source, item, err, "an item is empty");
		for (size_t j = 0; j < i; j++)
			if (strcmp(sequence->items[j]->value, item->value) == 0)
				return source_error(source, item, err,
				                    "`%s` stands on line %zu already", item->value,
				                    sequence->items[j]->line);
	}
	return 0;
}

/* What these files never need, and what would make them harder to read. */
static int expect_plain_yaml(const struct source *source, const struct yaml_tree *node,
                             struct error *err)
{
	if (node->kind == YAML_TREE_ALIAS || node->anchored || node->tagged)
		return source_error(source, node, err,
		                    "anchors, aliases and tags are not used here");
	if (node->kind == YAML_TREE_MAPPING) {
		for (size_t i = 0; i < node->count; i += 2)
			if (source_expect(source, node->items[i], YAML_TREE_SCALAR, "a key", err) <
			    0)
				return -1;
		const struct yaml_tree *twice = yaml_tree_duplicate_key(node);
		if (twice)
			return source_error(source, twice, err, "the key `%s` stands here twice",
			                    twice->value);
	}
	for (size_t i = 0; i < node->count; i++)
		if (expect_plain_yaml(source, node->items[i], err) < 0)
			return -1;
	return 0;
}

/* The parser reads the first document: a second one would be passed over in silence. */
static int expect_one_document(const struct source *source, struct error *err)
{
	const char *text = source->text.data;
	size_t line = 1;

	for (const char *at = text; at; line++) {
		if (strncmp(at, "---", 3) == 0 || strncmp(at, "...", 3) == 0)
			return error_set(err, "%s:%zu:1: document markers are not used here",
			                 source->path, line);
		at = strchr(at, '\n');
		if (at)
			at++;
	}
	return 0;
}

static int parse(struct source *source, struct error *err)
{
	size_t line = 0, column = 0;

	if (yaml_tree_parse(source->text.data, source->text.size, 1, &source->root, &line, &column,
	                    err) < 0)
		return error_context(err, "%s:%zu:%zu", source->path, line, column);
	if (!source->root)
		return error_set(err, "%s:1:1: the file is empty", source->path);
	return 0;
}

static int expect_version(const struct source *source, struct error *err)
{
	const struct yaml_tree *version = yaml_tree_get(source->root, "version");

	if (!version)
		return source_error(source, source->root, err, "`version: 1` is missing");
	if (version->kind != YAML_TREE_SCALAR || strcmp(version->value, "1") != 0)
		return source_error(source, version, err, "version must be 1");
	return 0;
}

static int expect_root_keys(const struct source *source, const struct source_key *keys,
                            size_t key_count, struct error *err)
{
	const struct yaml_tree *root = source->root;

	for (size_t i = 0; i < root->count; i += 2) {
		if (strcmp(root->items[i]->value, "version") == 0)
			continue;
		if (expect_known(source, root->items[i], root->items[i + 1], keys, key_count, err) <
		    0)
			return -1;
	}
	for (size_t i = 0; i < key_count; i++)
		if (keys[i].required && !yaml_tree_get(root, keys[i].name))
			return source_error(source, root, err, "`%s` is missing", keys[i].name);
	return 0;
}

int source_read(const char *path, struct source *out, struct error *err)
{
	*out = (struct source){.path = text_copy(path)};
	if (!out->path)
		return error_memory(err);
	if (file_read(path, SIZE_LIMIT, &out->text, err) < 0)
		return -1;
	if (!out->text.data)
		return error_set(err, "%s:1:1: the file is empty", path);
	return 0;
}

int source_load(const char *path, const struct source_key *keys, size_t key_count,
                struct source *out, struct error *err)
{
	if (source_read(path, out, err) < 0)
		return -1;
	if (expect_one_document(out, err) < 0 || parse(out, err) < 0 ||
	    source_expect(out, out->root, YAML_TREE_MAPPING, "the file", err) < 0 ||
	    expect_plain_yaml(out, out->root, err) < 0 || expect_version(out, err) < 0)
		return -1;
	return expect_root_keys(out, keys, key_count, err);
}

void source_free(struct source *source)
{
	yaml_tree_free(source->root);
	buffer_free(&source->text);
	free(source->path);
	*source = (struct source){0};
}
