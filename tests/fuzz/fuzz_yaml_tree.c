/* Whatever bytes come in: no crash, and either a tree whose nodes have places, or an error with
 * one. */
#include "base/yaml_tree.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_node(const struct yaml_tree *node)
{
	if (!node->line || !node->column)
		abort();
	for (size_t i = 0; i < node->count; i++)
		check_node(node->items[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_yaml_tree struct yaml_tree *root = NULL;
	cleanup_error struct error err = {0};
	size_t line = 0;
	size_t column = 0;

	if (yaml_tree_parse((const char *)data, size, 1, &root, &line, &column, &err) < 0) {
		if (root || !line || !column || !err.message)
			abort();
		return 0;
	}
	if (root)
		check_node(root);
	yaml_tree_duplicate_key(root);
	return 0;
}
