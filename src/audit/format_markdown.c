/* A report for the summary of a CI job: GitHub-flavoured Markdown. Every name of anybody's choosing
 * stands in a <code> element, with all punctuation as character references. */
#include "audit/formats.h"

#include "audit/folders.h"
#include "audit/words.h"
#include "base/escape.h"

#include <stdint.h>
#include <string.h>

enum {
	SIBLINGS = 4,
	PLACES = 5,    /* rows of a reason */
	ROWS = 100,    /* of a table */
	LONGEST = 120, /* columns of a name */
};

static void code(struct buffer *out, const struct report_text *text, const char *behind)
{
	buffer_append_text(out, "<code>");
	escape_markdown(out, text->data ? text->data : "", text->size, LONGEST);
	buffer_printf(out, "%s</code>", behind);
}

static void program_cell(struct buffer *out, const struct report_programs *programs)
{
	for (size_t i = 0; i < PLACE_PROGRAMS && programs->items[i].count; i++) {
		char *name = (char *)programs->items[i].name;
		buffer_append_text(out, i ? ", " : "");
		if (name)
			code(out, &(struct report_text){name, strlen(name)}, "");
		else
			buffer_append_text(out, "others");
	}
	buffer_append_text(out, " | ");
}

static void place_row(struct buffer *out, const struct report_reason *reason,
                      const struct report_place *place)
{
	buffer_printf(out, "| %llu | %s | ", place->count, record_effect_name(reason->effect));
	code(out, &place->target, place->folder && place->target.size > 1 ? "/" : "");
	if (place->folder)
		buffer_printf(out, " (%zu%s %s)", place->names, place->more_names ? " or more" : "",
		              words_number(place->names, "name", "names"));
	buffer_append_text(out, " | ");
	program_cell(out, &place->programs);
	if (reason->because.data)
		code(out, &reason->because, "");
	else
		buffer_append_text(out, reason->rest ? "further reasons" : "");
	buffer_append_text(out, reason->verdict == VERDICT_ASK ? " asks" : "");
	buffer_append_text(out, " | ");
	if (reason->remedy.data)
		code(out, &reason->remedy, "");
	buffer_append_text(out, " |\n");
}

static int reason_rows(struct buffer *out, const struct report_reason *reason, size_t *rows,
                       unsigned long long *left, struct error *err)
{
	cleanup_folders struct folders folders = {0};

	if (folders_shown(reason, SIBLINGS, 1, PLACES, &folders, err) < 0)
		return -1;
	for (size_t i = 0; i < folders.count; i++) {
		if (i < PLACES && *rows < ROWS) {
			place_row(out, reason, &folders.places[i]);
			++*rows;
		} else {
			*left += folders.places[i].count;
		}
	}
	return 0;
}

static int table(struct buffer *out, const struct report *report, bool hidden, struct error *err)
{
	unsigned long long left = 0;
	size_t rows = 0;

	buffer_append_text(out, "| Count | Effect | Where | Program | Because | Would permit |\n"
	                        "| ---: | --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < report->reason_count; i++)
		if (report->reasons[i]->hidden == hidden &&
		    reason_rows(out, report->reasons[i], &rows, &left, err) < 0)
			return -1;
	if (left)
		buffer_printf(out, "| %llu | | elsewhere | | | |\n", left);
	return 0;
}

static void notes(struct buffer *out, const char *const *items)
{
	for (size_t i = 0; items[i]; i++) {
		buffer_append_text(out, i ? "- " : "\n- ");
		escape_markdown(out, items[i], strlen(items[i]), SIZE_MAX);
		buffer_append_text(out, "\n");
	}
}

int format_markdown(const struct report *report, const struct report_frame *frame,
                    struct buffer *out, struct error *err)
{
	unsigned long long denied = record_sum(report->totals.denied);
	unsigned long long hidden = record_sum(report->totals.hidden);

	buffer_printf(out, "### remit: %llu %s denied\n\n", denied,
	              words_number(denied, "operation", "operations"));
	buffer_printf(out, "%llu %s, %llu %s of what is not granted hidden.\n", report->runs,
	              words_number(report->runs, "run", "runs"), hidden,
	              words_number(hidden, "read", "reads"));
	if (words_answers_sum(report->answers)) {
		buffer_append_text(out, "\n");
		words_answers(out, report->answers);
		buffer_append_text(out, ".\n");
	}
	notes(out, frame->notes);
	if (denied) {
		buffer_append_text(out, "\n");
		if (table(out, report, false, err) < 0)
			return -1;
	}
	if (hidden) {
		buffer_append_text(out, "\n<details><summary>Hidden</summary>\n\n");
		if (table(out, report, true, err) < 0)
			return -1;
		buffer_append_text(out, "\n</details>\n");
	}
	return buffer_failed(out) ? error_memory(err) : 0;
}
