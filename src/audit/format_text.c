/* A report for a terminal. */
#include "audit/formats.h"

#include "audit/folders.h"
#include "audit/words.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NARROWEST = 40, /* columns */
	LABEL = 11,     /* columns in front of what is refused */
	SIBLINGS = 4,   /* names of one folder that become one line */
	PLACES = 10,    /* lines of a reason */
};

struct page {
	struct buffer *out;
	size_t width;
};

const char *format_class(const struct report_reason *reason)
{
	return reason->hidden ? "hidden" : "denied";
}

/* Words of ours, broken into lines. */
static void say(struct page *page, const char *text)
{
	while (*text) {
		size_t length = strlen(text);
		if (length > page->width) {
			length = page->width;
			while (length && text[length] != ' ')
				length--;
		}
		buffer_append(page->out, text, length);
		buffer_append(page->out, "\n", 1);
		text += length;
		text += strspn(text, " ");
	}
}

/* Takes over `text`. */
static void say_made(struct page *page, char *text)
{
	if (text)
		say(page, text);
	else
		page->out->failed = true;
	free(text);
}

/* One line with a text of anybody's choosing, which is shortened where it does not fit. What is
 * behind it is ours. */
static void line(struct page *page, const char *label, const struct report_text *text,
                 const char *behind)
{
	size_t room = page->width - LABEL - strlen(behind);

	buffer_printf(page->out, "%*s", LABEL, label);
	escape_terminal_short(page->out, text->data ? text->data : "", text->size, room);
	buffer_printf(page->out, "%s\n", behind);
}

static void place_line(struct page *page, const struct report_place *place)
{
	char label[32];
	char behind[64] = "";

	snprintf(label, sizeof(label), "%llu  ", place->count);
	if (place->folder)
		snprintf(behind, sizeof(behind), "%s (%zu%s %s)", place->target.size > 1 ? "/" : "",
		         place->names, place->more_names ? " or more" : "",
		         words_number(place->names, "name", "names"));
	line(page, label, &place->target, behind);
}

static int place_lines(struct page *page, const struct report_reason *reason, struct error *err)
{
	cleanup_folders struct folders folders = {0};
	unsigned long long rest = 0;

	if (folders_shown(reason, SIBLINGS, 1, PLACES, &folders, err) < 0)
		return -1;
	for (size_t i = 0; i < folders.count; i++) {
		if (i < PLACES)
			place_line(page, &folders.places[i]);
		else
			rest += folders.places[i].count;
	}
	if (rest)
		buffer_printf(page->out, "%*llu  in %zu more places\n", LABEL - 2, rest,
		              folders.count - PLACES);
	return 0;
}

static void program_line(struct page *page, const struct report_programs *programs)
{
	struct buffer names = {0};

	for (size_t i = 0; i < PLACE_PROGRAMS && programs->items[i].count; i++)
		buffer_printf(&names, "%s%s (%llu)", i ? ", " : "",
		              programs->items[i].name ? programs->items[i].name : "others",
		              programs->items[i].count);
	page->out->failed |= buffer_failed(&names);
	line(page, "by       ", &(struct report_text){names.data, names.size}, "");
	buffer_free(&names);
}

static int reason_lines(struct page *page, const struct report *report,
                        const struct report_reason *reason, struct error *err)
{
	bool asks = reason->verdict == VERDICT_ASK;

	buffer_append(page->out, "\n", 1);
	say_made(page,
	         text_printf("%llu %s %s%s%s", reason->count,
	                     words_effect(reason->effect, reason->count), format_class(reason),
	                     asks ? ": " : "", asks ? words_asks(report->answers) : ""));
	if (reason->because.data)
		line(page, "because  ", &reason->because, "");
	else if (reason->rest)
		say(page, "  for further reasons");
	if (reason->remedy.data)
		line(page, "permits  ", &reason->remedy, "");
	program_line(page, &reason->programs);
	return place_lines(page, reason, err);
}

static void answers_line(struct page *page, const struct report *report)
{
	struct buffer text = {0};

	words_answers(&text, report->answers);
	if (text.size)
		say_made(page, buffer_steal(&text));
	buffer_free(&text);
}

static void head_lines(struct page *page, const struct report *report)
{
	unsigned long long denied = record_sum(report->totals.denied);
	unsigned long long hidden = record_sum(report->totals.hidden);

	say_made(page, text_printf("%llu %s: %llu %s denied, %llu hidden%s", report->runs,
	                           words_number(report->runs, "run", "runs"), denied,
	                           words_number(denied, "operation", "operations"), hidden,
	                           hidden ? " (not granted, and answered as if absent)" : ""));
	answers_line(page, report);
}

int format_text(const struct report *report, const struct report_frame *frame, struct buffer *out,
                struct error *err)
{
	struct page page = {out, frame->width < NARROWEST ? NARROWEST : frame->width};

	head_lines(&page, report);
	for (size_t i = 0; i < report->reason_count; i++)
		if (reason_lines(&page, report, report->reasons[i], err) < 0)
			return -1;
	return buffer_failed(out) ? error_memory(err) : 0;
}
