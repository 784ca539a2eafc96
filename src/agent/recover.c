#include "agent/recover.h"

#include "agent/lines.h"
#include "agent/quote.h"
#include "base/cleanup.h"

static int warn_recovered(const struct reading *reading, size_t line, const char *problem)
{
	if (reading->agent->parsed == AGENT_PARSED_QUOTED)
		return report_warning(reading, line, "quoted-values",
		                      "not valid YAML (%s); plain values of top-level lines were "
		                      "read as if they stood in quotes",
		                      problem);
	return report_warning(reading, line, "lines-only",
	                      "not valid YAML (%s); only the lines that bear a permission were "
	                      "read",
	                      problem);
}

static int parse_quoted(const struct reading *reading, const struct source *source,
                        struct yaml_tree **root)
{
	cleanup_buffer struct buffer text = {0};
	cleanup_error struct error ignored = {0};
	bool quoted = quote_values(source->text.data, source->text.size, &text);

	if (buffer_failed(&text))
		return error_memory(reading->err);
	if (!quoted)
		return 0;
	/* Failure is no error yet: the caller sees no tree. */
	yaml_tree_parse(text.data, text.size, source->first_line, root, NULL, NULL, &ignored);
	return 0;
}

static int demand_mapping(const struct reading *reading, const struct yaml_tree *root)
{
	const char *kind = !root                              ? "empty"
	                   : root->kind == YAML_TREE_SEQUENCE ? "a list"
	                                                      : "plain text";

	if (root && root->kind == YAML_TREE_MAPPING)
		return 0;
	report_error(reading, 1,
	             "not an agent definition: the front matter is %s, not a list of keys", kind);
	return error_help(reading->err, "write lines such as `name: reviewer` and `tools: Read`");
}

int recover_mapping(const struct reading *reading, const struct source *source,
                    struct yaml_tree **root)
{
	cleanup_yaml_tree struct yaml_tree *tree = NULL;
	cleanup_error struct error strict = {0};
	size_t line = source->first_line;
	int result = yaml_tree_parse(source->text.data, source->text.size, source->first_line,
	                             &tree, &line, NULL, &strict);

	reading->agent->parsed = AGENT_PARSED_STRICT;
	if (result < 0) {
		reading->agent->parsed = AGENT_PARSED_QUOTED;
		if (parse_quoted(reading, source, &tree) < 0)
			return -1;
		if (!tree) {
			reading->agent->parsed = AGENT_PARSED_LINES;
			if (lines_read(reading, source, &tree) < 0)
				return -1;
		}
		if (warn_recovered(reading, line, error_message(&strict)) < 0)
			return -1;
	}
	if (demand_mapping(reading, tree) < 0)
		return -1;
	*root = steal_pointer(&tree);
	return 0;
}
