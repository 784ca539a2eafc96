/* A report as SARIF 2.1.0: one result a reason, at the line of the definition or policy. */
#include "audit/formats.h"

#include "audit/folders.h"
#include "audit/words.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/writer.h"
#include "policy/tables.h"
#include "remit.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SIBLINGS = 4,
	PLACES = 5,    /* named in the message */
	LONGEST = 200, /* columns of a name in the message */
	CLASSES = 2,
};

/* One rule for each effect and class; their order is that of rule_index. */
static const struct {
	const char *name, *text;
} rules[RECORD_EFFECTS][CLASSES] = {
        [EFFECT_READ] = {{"ReadDenied", "A read was refused by name."},
                         {"ReadHidden", "What is not granted was answered as if absent."}},
        [EFFECT_WRITE] = {{"WriteDenied", "A write was refused."},
                          {"WriteHidden", "What is not granted was answered as if absent."}},
        [EFFECT_EXEC] = {{"ExecDenied", "The execution of a program was refused."},
                         {"ExecHidden", "What is not granted was answered as if absent."}},
        [EFFECT_CONNECT] = {{"ConnectDenied", "A connection was refused."},
                            {"ConnectHidden", "What is not granted was answered as if absent."}},
        [EFFECT_DELEGATE] = {{"DelegateDenied", "Another agent was refused."},
                             {"DelegateHidden", "What is not granted was answered as if absent."}},
        [EFFECT_COUNT] = {{"CallDenied", "A system call was refused."},
                          {"CallHidden", "What is not granted was answered as if absent."}},
};

static void rule_identifier(size_t effect, bool hidden, char out[32])
{
	snprintf(out, 32, "remit-%s-%s", record_effect_name(effect), hidden ? "hidden" : "denied");
}

static void message(struct writer *writer, const char *key, const char *text, size_t size)
{
	writer_open(writer, key, '{');
	writer_string(writer, "text", text, size);
	writer_close(writer, '}');
}

static void rule(struct writer *writer, size_t effect, bool hidden)
{
	const char *text = rules[effect][hidden].text;
	char identifier[32];

	rule_identifier(effect, hidden, identifier);
	writer_open(writer, NULL, '{');
	writer_text(writer, "id", identifier);
	writer_text(writer, "name", rules[effect][hidden].name);
	message(writer, "shortDescription", text, strlen(text));
	message(writer, "fullDescription", text, strlen(text));
	static const char help[] = "`remit why` explains the verdict on one operation; `remit "
	                           "audit --suggest` prints a policy that would permit what was "
	                           "refused.";
	message(writer, "help", help, strlen(help));
	writer_open(writer, "defaultConfiguration", '{');
	writer_text(writer, "level", hidden ? "note" : "warning");
	writer_close(writer, '}');
	writer_close(writer, '}');
}

static void driver(struct writer *writer)
{
	writer_open(writer, "tool", '{');
	writer_open(writer, "driver", '{');
	writer_text(writer, "name", "remit");
	writer_text(writer, "version", remit_version());
	writer_open(writer, "rules", '[');
	for (size_t effect = 0; effect < RECORD_EFFECTS; effect++) {
		rule(writer, effect, false);
		rule(writer, effect, true);
	}
	writer_close(writer, ']');
	writer_close(writer, '}');
	writer_close(writer, '}');
}

/* --- Where ------------------------------------------------------------------------------------ */

struct place_of_line {
	struct report_text file; /* data NULL: none */
	unsigned long line;
};

/* True where the reason is a line of a policy that is compiled in: no file of the project. */
static bool is_built_in(const struct report_text *file)
{
	for (size_t i = 0; i < table_files_count; i++)
		if (strcmp(table_files[i].name, file->data) == 0)
			return true;
	return false;
}

/* The line of the reason. Reasons name the definition as it is shown on a terminal, so that its
 * file is the one that the run was given. What is compiled in is shown at the definition's
 * beginning: a result without a place is shown nowhere. */
static struct place_of_line find_line(const struct report_reason *reason)
{
	const struct report_text *agent = &reason->agent_file;
	cleanup_free char *label = agent->data ? escape_terminal_copy(agent->data) : NULL;

	if (reason->line && reason->file.size) {
		if (label && strcmp(label, reason->file.data) == 0)
			return (struct place_of_line){*agent, reason->line};
		if (!is_built_in(&reason->file))
			return (struct place_of_line){reason->file, reason->line};
	}
	return (struct place_of_line){*agent, 1};
}

static void uri(struct buffer *out, const struct report_text *file)
{
	const char *path = file->data;

	if (path[0] == '/')
		buffer_append_text(out, "file://");
	while (strncmp(path, "./", 2) == 0)
		path += 2 + strspn(path + 2, "/");
	escape_uri(out, path, file->size - (size_t)(path - file->data));
}

static void locations(struct writer *writer, const struct report_reason *reason)
{
	struct place_of_line place = find_line(reason);
	struct buffer text = {0};

	writer_open(writer, "locations", '[');
	if (place.file.size) {
		uri(&text, &place.file);
		writer->out->failed |= buffer_failed(&text);
		writer_open(writer, NULL, '{');
		writer_open(writer, "physicalLocation", '{');
		writer_open(writer, "artifactLocation", '{');
		writer_text(writer, "uri", text.data);
		writer_close(writer, '}');
		writer_open(writer, "region", '{');
		writer_number(writer, "startLine", place.line);
		writer_close(writer, '}');
		writer_close(writer, '}');
		writer_close(writer, '}');
	}
	writer_close(writer, ']');
	buffer_free(&text);
}

/* --- What ------------------------------------------------------------------------------------- */

static void name(struct buffer *out, const struct report_text *text)
{
	escape_sarif(out, text->data ? text->data : "", text->size, LONGEST);
}

static void place_names(struct buffer *out, const struct folders *folders)
{
	for (size_t i = 0; i < folders->count && i < PLACES; i++) {
		const struct report_place *place = &folders->places[i];
		buffer_append_text(out, i ? ", " : " At ");
		name(out, &place->target);
		if (place->folder)
			buffer_printf(out, "%s (%zu%s %s)", place->target.size > 1 ? "/" : "",
			              place->names, place->more_names ? " or more" : "",
			              words_number(place->names, "name", "names"));
	}
	if (folders->count > PLACES)
		buffer_printf(out, " and %zu more", folders->count - PLACES);
	buffer_append_text(out, ".");
}

static int sentence(const struct report *report, const struct report_reason *reason,
                    struct buffer *out, struct error *err)
{
	cleanup_folders struct folders folders = {0};

	if (folders_shown(reason, SIBLINGS, 1, PLACES, &folders, err) < 0)
		return -1;
	buffer_printf(out, "%llu %s %s", reason->count, words_effect(reason->effect, reason->count),
	              format_class(reason));
	if (reason->because.size) {
		buffer_append_text(out, ": ");
		name(out, &reason->because);
	}
	if (reason->verdict == VERDICT_ASK)
		buffer_printf(out, " %s", words_asks(report->answers));
	buffer_append_text(out, ".");
	place_names(out, &folders);
	if (reason->remedy.size) {
		buffer_append_text(out, " ");
		name(out, &reason->remedy);
		buffer_printf(out, " permits %s.", reason->count == 1 ? "it" : "them");
	}
	return 0;
}

/* The same reason gets the same fingerprint in every report: FNV-1a. */
static void fingerprint(struct writer *writer, const struct report_reason *reason)
{
	uint64_t hash = 0xCBF29CE484222325u ^ (reason->effect << 1 | (size_t)reason->hidden);
	char digits[24];

	for (size_t i = 0; i < reason->because.size; i++)
		hash = (hash ^ (unsigned char)reason->because.data[i]) * 0x100000001B3u;
	snprintf(digits, sizeof(digits), "%016llx", (unsigned long long)hash);
	writer_open(writer, "partialFingerprints", '{');
	writer_text(writer, "remitReason/v1", digits);
	writer_close(writer, '}');
}

static int result(struct writer *writer, const struct report *report,
                  const struct report_reason *reason, struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	char identifier[32];

	if (sentence(report, reason, &text, err) < 0)
		return -1;
	rule_identifier(reason->effect, reason->hidden, identifier);
	writer->out->failed |= buffer_failed(&text);
	writer_open(writer, NULL, '{');
	writer_text(writer, "ruleId", identifier);
	writer_number(writer, "ruleIndex", reason->effect * CLASSES + (size_t)reason->hidden);
	writer_text(writer, "level", reason->hidden ? "note" : "warning");
	message(writer, "message", text.data ? text.data : "", text.size);
	locations(writer, reason);
	writer_number(writer, "occurrenceCount", reason->count < INT_MAX ? reason->count : INT_MAX);
	fingerprint(writer, reason);
	writer_close(writer, '}');
	return 0;
}

static void notifications(struct writer *writer, const struct report_frame *frame)
{
	writer_open(writer, "invocations", '[');
	writer_open(writer, NULL, '{');
	writer_flag(writer, "executionSuccessful", true);
	writer_open(writer, "toolExecutionNotifications", '[');
	for (size_t i = 0; frame->notes[i]; i++) {
		struct buffer text = {0};
		escape_sarif(&text, frame->notes[i], strlen(frame->notes[i]), SIZE_MAX);
		writer->out->failed |= buffer_failed(&text);
		writer_open(writer, NULL, '{');
		writer_text(writer, "level", "warning");
		message(writer, "message", text.data ? text.data : "", text.size);
		writer_close(writer, '}');
		buffer_free(&text);
	}
	writer_close(writer, ']');
	writer_close(writer, '}');
	writer_close(writer, ']');
}

int format_sarif(const struct report *report, const struct report_frame *frame, struct buffer *out,
                 struct error *err)
{
	struct writer writer = {.out = out};

	writer_open(&writer, NULL, '{');
	writer_text(&writer, "$schema",
	            "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
	            "sarif-schema-2.1.0.json");
	writer_text(&writer, "version", "2.1.0");
	writer_open(&writer, "runs", '[');
	writer_open(&writer, NULL, '{');
	driver(&writer);
	notifications(&writer, frame);
	writer_open(&writer, "results", '[');
	for (size_t i = 0; i < report->reason_count; i++)
		if (result(&writer, report, report->reasons[i], err) < 0)
			return -1;
	writer_close(&writer, ']');
	writer_text(&writer, "columnKind", "utf16CodeUnits");
	writer_close(&writer, '}');
	writer_close(&writer, ']');
	writer_close(&writer, '}');
	buffer_append(out, "\n", 1);
	return buffer_failed(out) ? error_memory(err) : 0;
}
