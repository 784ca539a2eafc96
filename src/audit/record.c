#include "audit/record.h"

#include "audit/origin.h"
#include "base/base64.h"
#include "base/escape.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *record_effect_name(size_t effect)
{
	return effect < EFFECT_COUNT ? effect_name((enum effect)effect) : "call";
}

/* --- Parts of an object ----------------------------------------------------------------------- */

/* Keys are ours: they need no escape. Every member but the first begins with a comma. */
static void append_key(struct buffer *out, const char *key)
{
	buffer_append(out, ",\"", 2);
	buffer_append_text(out, key);
	buffer_append(out, "\":", 2);
}

static void append_string(struct buffer *out, const char *text, size_t size)
{
	buffer_append(out, "\"", 1);
	escape_json(out, text, size);
	buffer_append(out, "\"", 1);
}

static void member_number(struct buffer *out, const char *key, unsigned long long value)
{
	char digits[24];
	char *place = digits + sizeof(digits);

	do {
		*--place = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	append_key(out, key);
	buffer_append(out, place, (size_t)(digits + sizeof(digits) - place));
}

/* Absent where the text is NULL. */
static void member_text(struct buffer *out, const char *key, const char *text)
{
	if (!text)
		return;
	append_key(out, key);
	append_string(out, text, strlen(text));
}

/* Bytes that are not UTF-8 stand exactly in a second member, KEY_b64. */
static void member_bytes(struct buffer *out, const char *key, const char *text, size_t size)
{
	append_key(out, key);
	append_string(out, text, size);
	if (utf8_valid(text, size))
		return;
	buffer_append(out, ",\"", 2);
	buffer_append_text(out, key);
	buffer_append_text(out, "_b64\":\"");
	base64_encode(out, text, size);
	buffer_append(out, "\"", 1);
}

static void member_bytes_text(struct buffer *out, const char *key, const char *text)
{
	if (text)
		member_bytes(out, key, text, strlen(text));
}

/* Bytes of an item that are not UTF-8 are lost here: the names of variables and layers, and the
 * command, are not what was refused. */
static void member_list(struct buffer *out, const char *key, const char *const *items)
{
	append_key(out, key);
	buffer_append(out, "[", 1);
	for (size_t i = 0; items && items[i]; i++) {
		if (i > 0)
			buffer_append(out, ",", 1);
		append_string(out, items[i], strlen(items[i]));
	}
	buffer_append(out, "]", 1);
}

/* --- Time ------------------------------------------------------------------------------------- */

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
static void append_time(struct buffer *out, const struct timespec *time)
{
	enum {
		DAY = 86400,
	};
	long long seconds = time->tv_sec;
	long long days = (seconds >= 0 ? seconds : seconds - (DAY - 1)) / DAY;
	unsigned rest = (unsigned)(seconds - days * DAY);
	struct date date = date_of(days);
	char text[64];

	int size = snprintf(text, sizeof(text), "%04lld-%02u-%02uT%02u:%02u:%02u.%06ldZ", date.year,
	                    date.month, date.day, rest / 3600, rest / 60 % 60, rest % 60,
	                    time->tv_nsec / 1000);
	buffer_append(out, text, (size_t)size);
}

/* --- Records ---------------------------------------------------------------------------------- */

static void append_head(struct buffer *out, const struct record_head *head,
                        const struct timespec *time, const char *kind)
{
	buffer_append_text(out, "{\"v\":1,\"time\":\"");
	append_time(out, time);
	buffer_append_text(out, "\",\"run\":\"");
	buffer_append(out, head->run, RUN_NAME_SIZE);
	buffer_append(out, "\"", 1);
	member_number(out, "seq", head->sequence);
	member_text(out, "record", kind);
	member_text(out, "agent", head->agent);
	member_text(out, "tool", head->tool);
}

static void append_close(struct buffer *out)
{
	buffer_append(out, "}\n", 2);
}

void record_start(struct buffer *out, const struct record_head *head, const struct timespec *now,
                  const struct audit_start *start)
{
	append_head(out, head, now, "start");
	member_bytes_text(out, "agent_file", start->agent_file);
	member_bytes_text(out, "workspace", start->workspace);
	member_text(out, "policy", start->policy_digest);
	member_text(out, "kernel", start->kernel);
	member_text(out, "level", start->level);
	member_list(out, "layers", start->layers);
	member_list(out, "dropped", start->dropped);
	member_list(out, "unknown_forbidden", start->unknown_forbidden);
	member_list(out, "command", (const char *const *)start->command);
	append_close(out);
}

/* The line behind a refusal, also taken apart for programs. */
static void append_because(struct buffer *out, const struct record_head *head, const char *because)
{
	size_t file_size;
	unsigned long line;

	if (!because)
		return;
	member_bytes_text(out, "because", because);
	if (!origin_split(because, head->agent_label, &file_size, &line))
		return;
	append_key(out, "because_file");
	append_string(out, because, file_size);
	member_number(out, "because_line", line);
}

/* The name, "EACCES"; a number that has none stands as it is. */
static void append_errno(struct buffer *out, int error)
{
	const char *name = strerrorname_np(error);
	char number[24];

	if (error == 0)
		return;
	snprintf(number, sizeof(number), "%d", error);
	member_text(out, "errno", name ? name : number);
}

/* Identifiers are absent where they are not known. */
static void member_process(struct buffer *out, const char *key, pid_t process)
{
	if (process > 0)
		member_number(out, key, (unsigned long long)process);
}

void record_refusal(struct buffer *out, const struct record_head *head, const struct timespec *when,
                    const struct refusal *refusal, unsigned long long count)
{
	append_head(out, head, when, "refusal");
	member_process(out, "pid", refusal->pid);
	member_process(out, "pid_inside", refusal->pid_inside);
	member_process(out, "ppid", refusal->parent);
	member_bytes_text(out, "comm", refusal->comm);
	member_bytes_text(out, "exe", refusal->exe);
	member_text(out, "effect", record_effect_name(refusal->effect));
	member_text(out, "op", refusal->operation);
	if (refusal->target)
		member_bytes(out, "target", refusal->target, refusal->target_size);
	member_text(out, "class", refusal->hidden ? "hidden" : "denied");
	member_text(out, "verdict", verdict_name(refusal->verdict));
	append_errno(out, refusal->error);
	member_text(out, "layer", refusal->layer);
	append_because(out, head, refusal->because);
	member_bytes_text(out, "remedy", refusal->remedy);
	member_number(out, "count", count);
	append_close(out);
}

static unsigned long long sum(const unsigned long long counts[RECORD_EFFECTS])
{
	unsigned long long all = 0;

	for (size_t i = 0; i < RECORD_EFFECTS; i++)
		all += counts[i];
	return all;
}

static void append_effects(struct buffer *out, const struct record_totals *totals)
{
	bool first = true;

	append_key(out, "effects");
	buffer_append(out, "{", 1);
	for (size_t i = 0; i < RECORD_EFFECTS; i++) {
		if (!totals->denied[i] && !totals->hidden[i])
			continue;
		buffer_printf(out, "%s\"%s\":{\"denied\":%llu,\"hidden\":%llu}", first ? "" : ",",
		              record_effect_name(i), totals->denied[i], totals->hidden[i]);
		first = false;
	}
	buffer_append(out, "}", 1);
}

void record_end(struct buffer *out, const struct record_head *head, const struct timespec *now,
                int status, const struct record_totals *totals)
{
	append_head(out, head, now, "end");
	append_key(out, "status");
	buffer_printf(out, "%d", status);
	member_number(out, "denied", sum(totals->denied));
	member_number(out, "hidden", sum(totals->hidden));
	append_effects(out, totals);
	append_close(out);
}
