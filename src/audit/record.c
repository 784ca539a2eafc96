#include "audit/record.h"

#include "audit/origin.h"

#include <stdio.h>
#include <string.h>

const char *record_effect_name(size_t effect)
{
	return effect < EFFECT_COUNT ? effect_name((enum effect)effect) : "call";
}

const char *record_answer_name(size_t how)
{
	static const char *const names[ANSWERED_COUNT] = {
	        [ANSWERED_NO] = "no",         [ANSWERED_NO_ALL] = "no-all",
	        [ANSWERED_ONCE] = "once",     [ANSWERED_FOLDER] = "folder",
	        [ANSWERED_EFFECT] = "effect",
	};

	return names[how];
}

/* --- Time ------------------------------------------------------------------------------------- */

enum {
	TIME_SIZE = 64,
};

struct date {
	long long year;
	unsigned month, day;
};

/* The day of the Gregorian calendar that is `days` after 1970-01-01. gmtime_r would read the time
 * zone from files, which the confined supervisor cannot. Years are counted from March, so that the
 * leap day is the last; 146,097 days are 400 years. */
static struct date date_of(long long days)
{
	days += 719468; /* from 0000-03-01 */
	long long era = (days >= 0 ? days : days - 146096) / 146097;
	unsigned day = (unsigned)(days - era * 146097);
	unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned day_of_year = day - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * day_of_year + 2) / 153;

	return (struct date){
	        .year = era * 400 + year + (month >= 10),
	        .month = month < 10 ? month + 3 : month - 9,
	        .day = day_of_year - (153 * month + 2) / 5 + 1,
	};
}

/* RFC 3339, UTC, microseconds. */
static void time_text(const struct timespec *time, char out[TIME_SIZE])
{
	enum {
		DAY = 86400,
	};
	long long seconds = time->tv_sec;
	long long days = (seconds >= 0 ? seconds : seconds - (DAY - 1)) / DAY;
	unsigned rest = (unsigned)(seconds - days * DAY);
	struct date date = date_of(days);

	snprintf(out, TIME_SIZE, "%04lld-%02u-%02uT%02u:%02u:%02u.%06ldZ", date.year, date.month,
	         date.day, rest / 3600, rest / 60 % 60, rest % 60, time->tv_nsec / 1000);
}

/* --- Records ---------------------------------------------------------------------------------- */

/* Opens the object. */
static struct writer begin(struct buffer *out, const struct record_head *head,
                           const struct timespec *time, const char *kind)
{
	struct writer writer = {.out = out};
	char text[TIME_SIZE];

	time_text(time, text);
	writer_open(&writer, NULL, '{');
	writer_number(&writer, "v", RECORD_VERSION);
	writer_text(&writer, "time", text);
	writer_string(&writer, "run", head->run, RUN_NAME_SIZE);
	writer_number(&writer, "seq", head->sequence);
	writer_text(&writer, "record", kind);
	writer_text(&writer, "agent", head->agent);
	writer_text(&writer, "tool", head->tool);
	return writer;
}

static void finish(struct writer *writer)
{
	writer_close(writer, '}');
	buffer_append(writer->out, "\n", 1);
}

static void bytes_text(struct writer *writer, const char *key, const char *text)
{
	writer_bytes(writer, key, text, text ? strlen(text) : 0);
}

/* Bytes of an item that are not UTF-8 are lost here: the names of variables and layers, and the
 * command, are not what was refused. */
static void list(struct writer *writer, const char *key, const char *const *items)
{
	writer_open(writer, key, '[');
	for (size_t i = 0; items && items[i]; i++)
		writer_text(writer, NULL, items[i]);
	writer_close(writer, ']');
}

void record_start(struct buffer *out, const struct record_head *head, const struct timespec *now,
                  const struct audit_start *start)
{
	struct writer writer = begin(out, head, now, "start");

	bytes_text(&writer, "agent_file", start->agent_file);
	bytes_text(&writer, "workspace", start->workspace);
	writer_text(&writer, "policy", start->policy_digest);
	writer_text(&writer, "kernel", start->kernel);
	writer_text(&writer, "level", start->level);
	list(&writer, "layers", start->layers);
	list(&writer, "dropped", start->dropped);
	list(&writer, "unknown_forbidden", start->unknown_forbidden);
	list(&writer, "command", (const char *const *)start->command);
	finish(&writer);
}

/* The line behind a refusal, also taken apart for programs. */
static void because(struct writer *writer, const struct record_head *head, const char *text)
{
	size_t file_size;
	unsigned long line;

	bytes_text(writer, "because", text);
	if (!text || !origin_split(text, head->agent_label, &file_size, &line))
		return;
	writer_string(writer, "because_file", text, file_size);
	writer_number(writer, "because_line", line);
}

/* The name, "EACCES"; a number that has none stands as it is. */
static void error_name(struct writer *writer, int error)
{
	const char *name = strerrorname_np(error);
	char number[24];

	if (error == 0)
		return;
	snprintf(number, sizeof(number), "%d", error);
	writer_text(writer, "errno", name ? name : number);
}

/* Identifiers are absent where they are not known. */
static void process(struct writer *writer, const char *key, pid_t identifier)
{
	if (identifier > 0)
		writer_number(writer, key, (unsigned long long)identifier);
}

/* Of a connection: whom it was to reach. */
static void peer(struct writer *writer, const struct refusal *refusal)
{
	if (refusal->name)
		bytes_text(writer, "name", refusal->name);
	if (refusal->address)
		writer_text(writer, "address", refusal->address);
	if (refusal->port)
		writer_number(writer, "port", refusal->port);
	if (refusal->protocol)
		writer_text(writer, "protocol", refusal->protocol);
}

void record_refusal(struct buffer *out, const struct record_head *head, const struct timespec *when,
                    const struct refusal *refusal, unsigned long long count)
{
	struct writer writer = begin(out, head, when, "refusal");

	process(&writer, "pid", refusal->pid);
	process(&writer, "pid_inside", refusal->pid_inside);
	process(&writer, "ppid", refusal->parent);
	bytes_text(&writer, "comm", refusal->comm);
	bytes_text(&writer, "exe", refusal->exe);
	writer_text(&writer, "effect", record_effect_name(refusal->effect));
	writer_text(&writer, "op", refusal->operation);
	writer_bytes(&writer, "target", refusal->target, refusal->target_size);
	peer(&writer, refusal);
	writer_text(&writer, "class", refusal->hidden ? "hidden" : "denied");
	writer_text(&writer, "verdict", verdict_name(refusal->verdict));
	error_name(&writer, refusal->error);
	writer_text(&writer, "layer", refusal->layer);
	because(&writer, head, refusal->because);
	bytes_text(&writer, "remedy", refusal->remedy);
	writer_number(&writer, "count", count);
	finish(&writer);
}

void record_answer(struct buffer *out, const struct record_head *head, const struct timespec *now,
                   const struct answered *answered)
{
	struct writer writer = begin(out, head, now, "answer");

	process(&writer, "pid", answered->pid);
	bytes_text(&writer, "comm", answered->comm);
	bytes_text(&writer, "exe", answered->exe);
	writer_text(&writer, "effect", record_effect_name(answered->effect));
	writer_text(&writer, "op", answered->operation);
	writer_bytes(&writer, "target", answered->target, answered->target_size);
	writer_flag(&writer, "protected", answered->protected);
	because(&writer, head, answered->because);
	writer_text(&writer, "answer", record_answer_name(answered->how));
	bytes_text(&writer, "by", answered->by);
	writer_number(&writer, "microseconds", answered->microseconds);
	finish(&writer);
}

unsigned long long record_sum(const unsigned long long counts[RECORD_EFFECTS])
{
	unsigned long long all = 0;

	for (size_t i = 0; i < RECORD_EFFECTS; i++)
		all += counts[i];
	return all;
}

void record_totals(struct writer *writer, const struct record_totals *totals)
{
	writer_number(writer, "denied", record_sum(totals->denied));
	writer_number(writer, "hidden", record_sum(totals->hidden));
	writer_open(writer, "effects", '{');
	for (size_t i = 0; i < RECORD_EFFECTS; i++) {
		if (!totals->denied[i] && !totals->hidden[i])
			continue;
		writer_open(writer, record_effect_name(i), '{');
		writer_number(writer, "denied", totals->denied[i]);
		writer_number(writer, "hidden", totals->hidden[i]);
		writer_close(writer, '}');
	}
	writer_close(writer, '}');
}

void record_end(struct buffer *out, const struct record_head *head, const struct timespec *now,
                int status, const struct record_totals *totals)
{
	struct writer writer = begin(out, head, now, "end");

	writer_signed(&writer, "status", status);
	record_totals(&writer, totals);
	finish(&writer);
}
