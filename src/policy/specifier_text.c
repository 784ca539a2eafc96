#include "policy/specifier_text.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool touches(const struct table_tool *tool, enum effect effect)
{
	return tool->gives[effect].scope != TABLE_NONE || tool->takes[effect].scope != TABLE_NONE;
}

enum subject specifier_subject(const struct table_tool *tool)
{
	bool any = false;

	if (tool->specifier_command)
		return SUBJECT_COMMAND;
	if (tool->shell)
		return SUBJECT_UNKNOWN;
	for (size_t e = 0; e < EFFECT_COUNT; e++)
		any |= touches(tool, (enum effect)e);
	if (!any)
		return SUBJECT_NOTHING;
	if (touches(tool, EFFECT_READ) || touches(tool, EFFECT_WRITE))
		return SUBJECT_PATH;
	if (touches(tool, EFFECT_CONNECT))
		return SUBJECT_DOMAIN;
	return touches(tool, EFFECT_DELEGATE) ? SUBJECT_AGENT : SUBJECT_UNKNOWN;
}

/* "agent.md:4 Edit(src/...)", owned by the caller. */
char *specifier_origin(const struct builder *build, const char *prefix, const char *as,
                       const char *specifier, size_t line)
{
	cleanup_free char *place = build_place(build, line);
	cleanup_free char *name = escape_terminal_copy(as);
	cleanup_free char *inside = specifier ? escape_terminal_copy(specifier) : NULL;

	if (!place || !name || (specifier && !inside))
		return NULL;
	return text_printf("%s %s%s%s%s%s", place, prefix, name, inside ? "(" : "",
	                   inside ? inside : "", inside ? ")" : "");
}

/* Errors of a specifier get its place and name in front. */
int specifier_refuse(struct builder *build, const char *as, const char *specifier, size_t line)
{
	cleanup_free char *where = specifier_origin(build, "", as, specifier, line);

	return error_context(build->err, "%s", where ? where : build->agent_label);
}

/* `domain:HOST`. Returns the host, NULL with an error where the text is something else. */
const char *specifier_domain(const char *specifier, struct error *err)
{
	if (strncmp(specifier, "domain:", 7) == 0)
		return specifier + 7;
	error_set(err, "not understood; write domain:HOST, as in WebFetch(domain:example.com)");
	return NULL;
}

/* Calls `each` with the agents of `Agent(one, two)`. */
int specifier_each_agent(const char *specifier, void *context,
                         int (*each)(void *context, const char *name), struct error *err)
{
	for (const char *at = specifier;; at++) {
		at += strspn(at, " \t");
		size_t size = strcspn(at, ",");
		size_t trimmed = size;
		while (trimmed && (at[trimmed - 1] == ' ' || at[trimmed - 1] == '\t'))
			trimmed--;
		cleanup_free char *name = text_copy_size(at, trimmed);
		if (!name)
			return error_memory(err);
		if (!*name)
			return error_set(err, "an empty name of an agent");
		if (each(context, name) < 0)
			return -1;
		at += size;
		if (!*at)
			return 0;
	}
}

/* Takes pattern and because over; NULL counts as exhausted memory. */
static int add_command(struct builder *build, bool forbidden, char *pattern, char *because)
{
	struct policy *policy = build->policy;
	struct command_rule rule = {.forbidden = forbidden, .pattern = pattern, .because = because};

	if (!pattern || !because ||
	    array_reserve((void **)&policy->commands, &policy->command_capacity,
	                  policy->command_count, sizeof(rule)) < 0) {
		free(pattern);
		free(because);
		return error_memory(build->err);
	}
	policy->commands[policy->command_count++] = rule;
	return 0;
}

/* The comma that ends a pattern in `git add:*, git commit:*`, or NULL. Commas elsewhere belong to
 * the command. */
static const char *pattern_comma(const char *text)
{
	for (const char *at = strchr(text, ','); at; at = strchr(at + 1, ',')) {
		if (at - text >= 2 && at[-1] == '*' && (at[-2] == ':' || at[-2] == ' '))
			return at;
	}
	return NULL;
}

/* One rule for each pattern between the parentheses. Takes because over. */
int specifier_add_commands(struct builder *build, bool forbidden, const char *text, char *because)
{
	cleanup_free char *origin_text = because;

	for (;;) {
		const char *comma = pattern_comma(text);
		size_t size = comma ? (size_t)(comma - text) : strlen(text);
		char *copy = origin_text ? text_copy(origin_text) : NULL;
		if (add_command(build, forbidden, text_copy_size(text, size), copy) < 0)
			return -1;
		if (!comma)
			return 0;
		text = comma + 1;
		text += strspn(text, " \t");
	}
}

/* Command patterns matter for the tool that --tool names; without it all are shown. */
bool specifier_command_matters(const struct builder *build, const struct table_tool *tool)
{
	return !build->policy->tool || build->policy->tool == tool;
}
