/* A report for programs. */
#include "audit/formats.h"

#include "base/writer.h"

#include <string.h>

enum {
	VERSION = 1,
};

static void text(struct writer *writer, const char *key, const struct report_text *value)
{
	writer_bytes(writer, key, value->data, value->size);
}

static void list(struct writer *writer, const char *key, const char *const *items)
{
	writer_open(writer, key, '[');
	for (size_t i = 0; items[i]; i++)
		writer_text(writer, NULL, items[i]);
	writer_close(writer, ']');
}

/* The name of those that could not be told apart is null. */
static void programs(struct writer *writer, const struct report_programs *counted)
{
	writer_open(writer, "programs", '[');
	for (size_t i = 0; i < PLACE_PROGRAMS && counted->items[i].count; i++) {
		const struct report_program *program = &counted->items[i];
		writer_open(writer, NULL, '{');
		if (program->name)
			writer_bytes(writer, "name", program->name, strlen(program->name));
		else
			writer_null(writer, "name");
		writer_number(writer, "count", program->count);
		writer_close(writer, '}');
	}
	writer_close(writer, ']');
}

static void place(struct writer *writer, const struct report_place *item)
{
	writer_open(writer, NULL, '{');
	text(writer, "target", &item->target);
	writer_flag(writer, "folder", item->folder);
	if (item->folder) {
		writer_number(writer, "names", item->names);
		writer_flag(writer, "more_names", item->more_names);
	}
	writer_number(writer, "count", item->count);
	programs(writer, &item->programs);
	writer_close(writer, '}');
}

static void reason(struct writer *writer, const struct report_reason *item)
{
	writer_open(writer, NULL, '{');
	writer_text(writer, "effect", record_effect_name(item->effect));
	writer_text(writer, "class", format_class(item));
	if (!item->rest)
		writer_text(writer, "verdict", verdict_name(item->verdict));
	text(writer, "because", &item->because);
	if (item->line) {
		text(writer, "because_file", &item->file);
		writer_number(writer, "because_line", item->line);
	}
	text(writer, "remedy", &item->remedy);
	text(writer, "agent_file", &item->agent_file);
	writer_number(writer, "count", item->count);
	programs(writer, &item->programs);
	writer_open(writer, "places", '[');
	for (size_t i = 0; i < item->place_count; i++)
		place(writer, item->places[i]);
	writer_close(writer, ']');
	writer_close(writer, '}');
}

int format_json(const struct report *report, const struct report_frame *frame, struct buffer *out,
                struct error *err)
{
	struct writer writer = {.out = out};

	writer_open(&writer, NULL, '{');
	writer_number(&writer, "v", VERSION);
	list(&writer, "logs", frame->logs);
	list(&writer, "notes", frame->notes);
	writer_number(&writer, "runs", report->runs);
	writer_number(&writer, "unfinished", report->unfinished);
	writer_number(&writer, "contradicted", report->contradicted);
	writer_number(&writer, "records", report->records);
	record_totals(&writer, &report->totals);
	writer_open(&writer, "answers", '{');
	for (size_t i = 0; i < ANSWERED_COUNT; i++)
		if (report->answers[i])
			writer_number(&writer, record_answer_name(i), report->answers[i]);
	writer_close(&writer, '}');
	writer_open(&writer, "reasons", '[');
	for (size_t i = 0; i < report->reason_count; i++)
		reason(&writer, report->reasons[i]);
	writer_close(&writer, ']');
	writer_close(&writer, '}');
	buffer_append(out, "\n", 1);
	return buffer_failed(out) ? error_memory(err) : 0;
}
