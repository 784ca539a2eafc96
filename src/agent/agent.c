/* Theory of operation. A definition goes through four steps, each of which only narrows what is
 * taken for granted: source.c finds the front matter and mends its form; recover.c makes a tree of
 * it, in the worst case from single lines (quote.c, lines.c); keys.c says which keys bear a
 * permission; fields.c reads these, in the shapes that shapes.c and rule.c know. A definition may
 * come from anyone: what bears a permission and is not understood with certainty is an error. */
#include "agent/agent.h"

#include "agent/fields.h"
#include "agent/recover.h"
#include "agent/report.h"
#include "agent/rule.h"
#include "agent/source.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <string.h>

/* The file's name without its folders and its last ending. */
static char *name_of_file(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;
	const char *dot = strrchr(name, '.');

	return dot && dot != name ? text_copy_size(name, (size_t)(dot - name)) : text_copy(name);
}

static int take_file_name(const struct reading *reading)
{
	reading->agent->name = name_of_file(reading->file);
	if (!reading->agent->name)
		return error_memory(reading->err);
	return report_warning(reading, 1, "no-name",
	                      "the definition has no `name`; its file's name was taken");
}

int agent_parse(const char *file, const char *text, size_t size, struct agent **out,
                struct error *err)
{
	cleanup_agent struct agent *agent = calloc(1, sizeof(*agent));
	cleanup_source struct source source = {0};
	cleanup_yaml_tree struct yaml_tree *root = NULL;
	const struct reading reading = {file, agent, err};

	*out = NULL;
	if (!agent || !(agent->file = text_copy(file)))
		return error_memory(err);
	if (size > AGENT_SIZE_LIMIT) {
		error_set(err, "%s: larger than %d bytes", file, AGENT_SIZE_LIMIT);
		return error_help(err, "an agent definition is a small text file");
	}
	if (source_read(&reading, text, size, &source) < 0 ||
	    recover_mapping(&reading, &source, &root) < 0 || fields_read(&reading, root) < 0)
		return -1;
	if (!agent->name && take_file_name(&reading) < 0)
		return -1;
	*out = steal_pointer(&agent);
	return 0;
}

int agent_load(const char *file, struct agent **out, struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	int result = file_read(file, AGENT_SIZE_LIMIT, &text, err);

	*out = NULL;
	if (result < 0) {
		error_help(err,
		           "give the path of an agent definition, a text file of at most %d "
		           "bytes",
		           AGENT_SIZE_LIMIT);
		return result;
	}
	return agent_parse(file, text.data, text.size, out, err);
}

void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	rules_free(&agent->allowed);
	rules_free(&agent->narrowed);
	rules_free(&agent->forbidden);
	for (size_t i = 0; i < agent->warning_count; i++)
		free(agent->warnings[i].message);
	free(agent->warnings);
	free(agent->file);
	free(agent->name);
	free(agent->mode);
	free(agent);
}
