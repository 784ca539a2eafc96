/* A policy that would permit what was refused. */
#include "audit/formats.h"

#include "audit/folders.h"
#include "audit/unsuggested.h"
#include "audit/words.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/path.h"
#include "base/text.h"
#include "base/utf8.h"
#include "policy/grammar.h"
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

enum {
	SIBLINGS = 8, /* names of one folder for which the folder is suggested, */
	DEPTH = 3,    /* which lies at least so deep: never a home folder or a part of the system */
	LINES = 400,  /* of one effect */
	COMMENT = 40, /* columns of the names of programs */
};

struct suggestions {
	struct table targets; /* quoted targets that are there already, each with itself as value */
	struct buffer lines[EFFECT_COUNT];
	size_t counts[EFFECT_COUNT];
	unsigned long long left_out; /* operations that no grant permits, or should */
};

static void suggestions_clear(struct suggestions *suggestions)
{
	table_clear(&suggestions->targets);
	for (size_t i = 0; i < EFFECT_COUNT; i++)
		buffer_free(&suggestions->lines[i]);
}

/* A path as it is, without links' and parents' names, below something. */
static bool is_plain_path(const struct report_text *target)
{
	if (target->data[0] != '/' || target->size < 2)
		return false;
	cleanup_free char *path = text_copy_size(target->data, target->size);
	cleanup_free char *normal = path ? path_absolute("/", path) : NULL;
	return normal && strcmp(path, normal) == 0;
}

static size_t depth_of(const struct report_text *target)
{
	size_t depth = 0;

	for (size_t i = 0; i < target->size; i++)
		depth += target->data[i] == '/';
	return depth;
}

static bool may_be_suggested(const struct report_place *place)
{
	const struct report_text *target = &place->target;
	size_t effect = place->reason->effect;

	if (effect >= EFFECT_COUNT || target->size == 0 ||
	    memchr(target->data, '\0', target->size) || !utf8_valid(target->data, target->size))
		return false;
	if (!report_has_paths(effect))
		return true;
	if (place->folder && depth_of(target) < DEPTH)
		return false;
	return is_plain_path(target) &&
	       !unsuggested_path((enum effect)effect, target->data, target->size);
}

/* Adds one line; false where the target cannot be said in a policy. */
static bool add_line(struct suggestions *suggestions, const struct report_place *place)
{
	enum effect effect = (enum effect)place->reason->effect;
	struct buffer *lines = &suggestions->lines[effect];
	cleanup_free char *target = text_copy_size(place->target.data, place->target.size);
	cleanup_free char *text = NULL;
	cleanup_buffer struct buffer key = {0};

	if (!target || rule_target_literal(effect, target, &text) < 0)
		lines->failed = true;
	if (!text)
		return false;
	buffer_printf(&key, "%d%s", (int)effect, text);
	lines->failed |= buffer_failed(&key);
	if (lines->failed)
		return false;
	if (table_find(&suggestions->targets, key.data, key.size))
		return true;
	if (suggestions->counts[effect] == LINES)
		return false;
	suggestions->counts[effect]++;
	lines->failed |= table_add(&suggestions->targets, key.data, key.size, suggestions) < 0;
	buffer_append_text(lines, "    - \"");
	escape_yaml(lines, text, strlen(text));
	if (place->count == 1)
		buffer_append_text(lines, "\" # once");
	else
		buffer_printf(lines, "\" # %llu times", place->count);
	if (place->folder)
		buffer_printf(lines, ", %zu%s names below", place->names,
		              place->more_names ? " or more" : "");
	const char *program = place->programs.items[0].name;
	if (program) {
		buffer_append_text(lines, ", ");
		escape_terminal_short(lines, program, strlen(program), COMMENT);
	}
	buffer_append_text(lines, "\n");
	return true;
}

/* What is merely not granted, a grant permits; of the rest, the record says whether an option
 * would. */
static bool helps(const struct report_reason *reason)
{
	return reason->hidden || reason->remedy.data;
}

static int add_reason(struct suggestions *suggestions, const struct report_reason *reason,
                      struct error *err)
{
	cleanup_folders struct folders folders = {0};

	if (!helps(reason)) {
		suggestions->left_out += reason->count;
		return 0;
	}
	if (folders_shown(reason, SIBLINGS, DEPTH, SIZE_MAX, &folders, err) < 0)
		return -1;
	for (size_t i = 0; i < folders.count; i++)
		if (!may_be_suggested(&folders.places[i]) ||
		    !add_line(suggestions, &folders.places[i]))
			suggestions->left_out += folders.places[i].count;
	return 0;
}

static void write_policy(const struct suggestions *suggestions, struct buffer *out)
{
	bool any = false;

	buffer_append_text(out,
	                   "# Permits what was refused, within the ceilings. Read it before you "
	                   "use it: it was\n# made from what a tool tried to do.\n");
	if (suggestions->left_out)
		buffer_printf(out,
		              "# Not here, since no grant permits it or none should be suggested: "
		              "%llu %s\n# (remit audit says which).\n",
		              suggestions->left_out,
		              words_number(suggestions->left_out, "operation", "operations"));
	buffer_append_text(out, "version: 1\n");
	for (size_t i = 0; i < EFFECT_COUNT; i++) {
		if (!suggestions->counts[i])
			continue;
		buffer_append_text(out, any ? "" : "grant:\n");
		any = true;
		buffer_printf(out, "  %s:\n", effect_name((enum effect)i));
		buffer_append(out, suggestions->lines[i].data, suggestions->lines[i].size);
		out->failed |= buffer_failed(&suggestions->lines[i]);
	}
}

/* What is printed is read back: nothing else could be said to be a policy. */
static int prove(const struct buffer *out, size_t begin, struct error *err)
{
	struct source source = {0};

	if (grammar_parse("suggestion", out->data + begin, out->size - begin, false, &source, err) <
	    0)
		return error_context(err, "the policy that was made is none");
	source_clear(&source);
	return 0;
}

int format_policy(const struct report *report, const struct report_frame *frame, struct buffer *out,
                  struct error *err)
{
	struct suggestions suggestions = {0};
	size_t begin = out->size;
	int result = 0;

	(void)frame;
	for (size_t i = 0; i < report->reason_count && result == 0; i++)
		result = add_reason(&suggestions, report->reasons[i], err);
	if (result == 0)
		write_policy(&suggestions, out);
	suggestions_clear(&suggestions);
	if (result < 0)
		return -1;
	return buffer_failed(out) ? error_memory(err) : prove(out, begin, err);
}
