/* Reports on audit logs. */
#include "audit/formats.h"
#include "audit/reader.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "library/launch.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What of the logs was left out. */
struct notes {
	char **items; /* NULL-terminated once anything is in it */
	size_t count, capacity;
};

static void notes_clear(struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free(notes->items[i]);
	free(notes->items);
}

/* Takes over `text`. */
static int add(struct notes *notes, char *text, struct error *err)
{
	void *items = notes->items;

	if (!text ||
	    array_reserve(&items, &notes->capacity, notes->count + 1, sizeof(*notes->items)) < 0) {
		free(text);
		return error_memory(err);
	}
	notes->items = items;
	notes->items[notes->count++] = text;
	notes->items[notes->count] = NULL;
	return 0;
}

static const char *shown(const char *log)
{
	return strcmp(log, "-") == 0 ? "standard input" : log;
}

static int note_log(struct notes *notes, const char *log, const struct reader_result *result,
                    struct error *err)
{
	if (result->records == 0 && add(notes, text_printf("%s: no record", shown(log)), err) < 0)
		return -1;
	if (result->cut_offs == 1 &&
	    add(notes,
	        text_printf("%s:%zu: cut off in the middle of a record, which is left out",
	                    shown(log), result->cut_off),
	        err) < 0)
		return -1;
	if (result->cut_offs > 1 &&
	    add(notes,
	        text_printf("%s:%zu: the first of %zu records that are cut off, and left out",
	                    shown(log), result->cut_off, result->cut_offs),
	        err) < 0)
		return -1;
	if (result->newer &&
	    add(notes,
	        text_printf("%s: %zu records of a newer remit: used as far as they are understood",
	                    shown(log), result->newer),
	        err) < 0)
		return -1;
	return 0;
}

static int note_runs(struct notes *notes, const struct report *report, struct error *err)
{
	const struct {
		unsigned long long count;
		const char *one, *several;
	} rows[] = {
	        {report->unfinished,
	         "run has no end record: it was killed, or goes on; repeats may be missing",
	         "runs have no end record: they were killed, or go on; repeats may be missing"},
	        {report->beginningless, "run has no start record: a part of its log is missing",
	         "runs have no start record: parts of their logs are missing"},
	        {report->contradicted,
	         "run has an end record that counts other refusals than its log: records are "
	         "missing or were added",
	         "runs have end records that count other refusals than their logs: records are "
	         "missing or were added"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!rows[i].count)
			continue;
		const char *words = rows[i].count == 1 ? rows[i].one : rows[i].several;
		if (add(notes, text_printf("%llu %s", rows[i].count, words), err) < 0)
			return -1;
	}
	return 0;
}

static int read_logs(const char *const *logs, struct report *report, struct notes *notes,
                     struct error *err)
{
	if (!logs || !logs[0])
		return error_set(err, "no log is named");
	for (size_t i = 0; logs[i]; i++) {
		struct reader_result result;
		if (reader_log(logs[i], report_add, report, &result, err) < 0 ||
		    note_log(notes, logs[i], &result, err) < 0)
			return -1;
	}
	if (report_finish(report, err) < 0)
		return -1;
	return note_runs(notes, report, err);
}

static int (*const formats[])(const struct report *, const struct report_frame *, struct buffer *,
                              struct error *) = {
        [REMIT_AUDIT_TEXT] = format_text,         [REMIT_AUDIT_JSON] = format_json,
        [REMIT_AUDIT_MARKDOWN] = format_markdown, [REMIT_AUDIT_SARIF] = format_sarif,
        [REMIT_AUDIT_POLICY] = format_policy,
};

static int write_report(const struct report *report, const char *const *logs,
                        const struct notes *notes, enum remit_audit_format format, unsigned width,
                        char **text, struct error *err)
{
	static const char *const none[] = {NULL};
	cleanup_buffer struct buffer out = {0};
	struct report_frame frame = {
	        .logs = logs,
	        .notes = notes->items ? (const char *const *)notes->items : none,
	        .width = width,
	};

	if ((size_t)format >= sizeof(formats) / sizeof(*formats))
		return error_set(err, "no such format of reports");
	if (formats[format](report, &frame, &out, err) < 0)
		return -1;
	*text = buffer_steal(&out);
	return *text ? 0 : error_memory(err);
}

static void say_notes(const struct notes *notes, remit_notice_function *notice, void *data)
{
	struct notices notices = {notice, data};

	for (size_t i = 0; i < notes->count; i++)
		notices_say(&notices, REMIT_NOTICE_WARNING, text_copy(notes->items[i]));
}

static int make_report(const char *const *logs, enum remit_audit_format format, unsigned width,
                       struct report *report, struct notes *notes, char **text, struct error *err)
{
	if (read_logs(logs, report, notes, err) < 0)
		return -1;
	return write_report(report, logs, notes, format, width, text, err);
}

int remit_audit(const char *const *logs, enum remit_audit_format format, unsigned width,
                remit_notice_function *notice, void *data, char **text,
                struct remit_audit_counts *counts, struct remit_error *error)
{
	cleanup_error struct error err = {0};
	cleanup_report struct report *report = report_new();
	__attribute__((cleanup(notes_clear))) struct notes notes = {0};

	*text = NULL;
	if (!report || make_report(logs, format, width, report, &notes, text, &err) < 0) {
		if (!report)
			error_memory(&err);
		return export_error(&err, error);
	}
	say_notes(&notes, notice, data);
	if (counts)
		*counts = (struct remit_audit_counts){
		        .denied = record_sum(report->totals.denied),
		        .hidden = record_sum(report->totals.hidden),
		        .runs = report->runs,
		        .unfinished = report->unfinished,
		};
	return 0;
}
