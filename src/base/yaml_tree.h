/* A YAML document as a tree in which every node knows where it stood. Built on libyaml's parser
 * events; nothing is interpreted (no types, no merge keys, aliases are not expanded). */
#ifndef REMIT_BASE_YAML_TREE_H
#define REMIT_BASE_YAML_TREE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum yaml_tree_kind {
	YAML_TREE_SCALAR,
	YAML_TREE_SEQUENCE,
	YAML_TREE_MAPPING,
	YAML_TREE_ALIAS, /* `*name`; `value` is the name */
};

struct yaml_tree {
	enum yaml_tree_kind kind;
	size_t line;   /* from 1, counted from the first line of the file (see first_line) */
	size_t column; /* from 1, in characters */
	bool plain;    /* a scalar without quotes and not a block scalar */
	bool tagged;   /* carries an explicit tag such as !!bool */
	bool anchored; /* carries an anchor (&name) */
	char *value;   /* scalar or alias: the text, NUL-terminated; it holds no NUL itself */
	struct yaml_tree **items; /* sequence: the items; mapping: key, value, key, value, ... */
	size_t count;             /* how many entries of `items` */
	size_t capacity;
};

/* Parses the only document of `text`; a second one is an error, or what it says would be lost, and
 * so are line breaks that editors do not show. `first_line` is the line of the file on which `text`
 * begins (1 for a whole file). Limits: depth 64, 100,000 nodes; NUL bytes are an error. Returns
 * 0 and a tree owned by the caller (*root is NULL for an empty document), negative on failure;
 * `line` and `column` (may be NULL) then say where. */
int yaml_tree_parse(const char *text, size_t size, size_t first_line, struct yaml_tree **root,
                    size_t *line, size_t *column, struct error *err);

/* The value of `key` in a mapping, or NULL. Where a key stands twice, the first. */
struct yaml_tree *yaml_tree_get(const struct yaml_tree *mapping, const char *key);

/* The second appearance of any scalar key in a mapping, or NULL where all differ. */
const struct yaml_tree *yaml_tree_duplicate_key(const struct yaml_tree *mapping);

void yaml_tree_free(struct yaml_tree *root);

static inline void yaml_tree_cleanup(struct yaml_tree **place)
{
	yaml_tree_free(*place);
}

#define cleanup_yaml_tree __attribute__((cleanup(yaml_tree_cleanup)))

#endif
