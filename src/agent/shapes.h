/* The shapes in which a definition says a list of tools: a string, a list, a mapping of names. */
#ifndef REMIT_AGENT_SHAPES_H
#define REMIT_AGENT_SHAPES_H

#include "agent/report.h"
#include "base/yaml_tree.h"

enum tool_direction {
	TOOLS_ALLOWED,
	TOOLS_FORBIDDEN,
};

/* What one key said. All zero says nothing. */
struct tool_list {
	bool given;
	const char *key; /* the key's right spelling; not owned */
	size_t line;     /* of the key */
	bool everything; /* `*`, `All tools` or `inherit`; only of allowed tools */
	struct agent_rules rules;
};

/* Refuses what cannot be a permission: aliases, anchors, explicit tags, and nothing at all. `key`
 * names it in messages. Returns 0, or negative with an error. */
int shape_check_value(const struct reading *reading, const char *key,
                      const struct yaml_tree *value);

/* True for a plain scalar that YAML reads as nothing: empty, `~`, `null`. */
bool shape_is_null(const struct yaml_tree *value);

/* True for a plain `true` or `false`; *value is then which. */
bool shape_is_boolean(const struct yaml_tree *node, bool *value);

/* Adds the tools that `value` names to `list->rules`: a string, a list, or a mapping of name to
 * reason. `key` and `line` are those of the key. Every tool that is forbidden at once becomes a
 * rule named `*`. Returns 0, or negative with an error. */
int shape_read_list(const struct reading *reading, enum tool_direction direction, const char *key,
                    size_t line, const struct yaml_tree *value, struct tool_list *list);

/* Adds what a mapping of name to boolean says: true allows, false forbids. */
int shape_read_booleans(const struct reading *reading, const char *key, size_t line,
                        const struct yaml_tree *mapping, struct tool_list *allowed,
                        struct tool_list *forbidden);

/* Refuses a key of a mapping that is no plain name (an alias, a list, `<<`) or that stands twice.
 */
int shape_check_keys(const struct reading *reading, const char *key,
                     const struct yaml_tree *mapping);

/* Refuses a tool that stands in both lists without a specifier. */
int shape_check_contradiction(const struct reading *reading, const struct agent_rules *allowed,
                              const struct agent_rules *forbidden);

void tool_list_free(struct tool_list *list);

#define cleanup_tool_list __attribute__((cleanup(tool_list_free)))

#endif
