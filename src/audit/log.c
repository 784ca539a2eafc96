/* The writer. What a refusal costs: looking its kind up, and for a new kind one line and one
 * write(2).
 *
 * System calls after audit_log_new, for whoever confines the caller: write, fstat, poll (what is no
 * regular file), lseek and ftruncate (a disk that is full), clock_gettime, and
 * what malloc needs. */
#include "audit/log.h"

#include "audit/kinds.h"
#include "audit/log_inside.h"
#include "audit/output.h"
#include "base/escape.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	/* What is kept of the memory that a line needed. */
	LINE_CAPACITY_MOST = 64 * 1024,
};

static struct timespec now(void)
{
	struct timespec time = {0};

	clock_gettime(CLOCK_REALTIME, &time);
	return time;
}

int audit_log_new(int descriptor, struct audit_log **out, struct error *err)
{
	struct audit_log *log = calloc(1, sizeof(*log));
	struct timespec time = now();

	*out = NULL;
	if (!log)
		return error_memory(err);
	log->descriptor = descriptor;
	log->caller = -1;
	log->head.sequence = 1;
	log->kinds = kinds_new();
	if (!log->kinds || run_name_make(&time, log->head.run, err) < 0) {
		int result = log->kinds ? -1 : error_memory(err);
		audit_log_free(log);
		return result;
	}
	*out = log;
	return 0;
}

void audit_log_caller(struct audit_log *log, int caller)
{
	log->caller = caller;
}

void audit_log_free(struct audit_log *log)
{
	if (!log)
		return;
	kinds_free(log->kinds);
	tally_clear(&log->reasons);
	tally_clear(&log->places);
	buffer_free(&log->line);
	free(log->head.agent);
	free(log->head.agent_label);
	free(log->head.tool);
	free(log);
}

const char *audit_log_run(const struct audit_log *log)
{
	return log->head.run;
}

/* --- Lines ------------------------------------------------------------------------------------ */

/* Writes what was put into log->line, and empties it. */
static int write_line(struct audit_log *log, struct error *err)
{
	struct buffer *line = &log->line;
	int result = 0;

	if (buffer_failed(line))
		result = error_memory(err);
	else if (log->descriptor >= 0)
		result = output_line(log->descriptor, log->caller, line->data, line->size, err);
	line->size = 0;
	if (line->failed || line->capacity > LINE_CAPACITY_MOST)
		buffer_free(line);
	if (result < 0)
		return -1;
	log->head.sequence++;
	log->records++;
	return 0;
}

static int write_refusal(struct audit_log *log, const struct refusal *refusal,
                         const struct timespec *when, unsigned long long count, struct error *err)
{
	record_refusal(&log->line, &log->head, when, refusal, count);
	return write_line(log, err);
}

static int write_repeats(struct audit_log *log, struct kind *kind, struct error *err)
{
	if (!kind->repeats)
		return 0;
	if (write_refusal(log, &kind->refusal, &kind->last, kind->repeats, err) < 0)
		return -1;
	kind->repeats = 0;
	return 0;
}

/* NULL stays NULL. */
static int keep(char **place, const char *text, struct error *err)
{
	free(*place);
	*place = text ? text_copy(text) : NULL;
	return text && !*place ? error_memory(err) : 0;
}

int audit_log_start(struct audit_log *log, const struct audit_start *start, struct error *err)
{
	struct timespec time = now();

	if (keep(&log->head.agent, start->agent, err) < 0 ||
	    keep(&log->head.tool, start->tool, err) < 0)
		return -1;
	/* Origins name the definition as it is shown on a terminal. */
	free(log->head.agent_label);
	log->head.agent_label = start->agent_file ? escape_terminal_copy(start->agent_file) : NULL;
	if (start->agent_file && !log->head.agent_label)
		return error_memory(err);
	record_start(&log->line, &log->head, &time, start);
	return write_line(log, err);
}

/* --- Refusals --------------------------------------------------------------------------------- */

static void count(struct audit_log *log, const struct refusal *refusal, struct tally_item *reason,
                  struct tally_item *place)
{
	unsigned long long *counts = refusal->hidden ? log->totals.hidden : log->totals.denied;

	counts[refusal->effect]++;
	if (reason)
		reason->count++;
	if (place)
		place->count++;
}

/* Lets the oldest kinds go until another one has room. What is too large for the whole table is
 * written each time. */
static int make_room(struct audit_log *log, const struct refusal *refusal, struct error *err)
{
	while (!kinds_have_room(log->kinds, refusal)) {
		struct kind *oldest = kinds_oldest(log->kinds);
		if (!oldest)
			break;
		if (write_repeats(log, oldest, err) < 0)
			return -1;
		kinds_remove(log->kinds, oldest);
	}
	return 0;
}

static int first_of_kind(struct audit_log *log, const struct refusal *refusal, struct error *err)
{
	struct timespec time = now();

	if (make_room(log, refusal, err) < 0 || write_refusal(log, refusal, &time, 1, err) < 0)
		return -1;
	struct tally_item *reason = tally_reason(&log->reasons, refusal);
	struct tally_item *place = tally_place(&log->places, refusal);
	count(log, refusal, reason, place);
	if (!kinds_have_room(log->kinds, refusal))
		return 0;
	struct kind *kind = kinds_add(log->kinds, refusal);
	if (kind) {
		kind->reason = reason;
		kind->place = place;
	}
	return 0;
}

int audit_log_refusal(struct audit_log *log, const struct refusal *refusal, struct error *err)
{
	struct kind *kind = kinds_find(log->kinds, refusal);

	if (!kind)
		return first_of_kind(log, refusal, err);
	kind->repeats++;
	kind->last = now();
	count(log, refusal, kind->reason, kind->place);
	return 0;
}

int audit_log_answer(struct audit_log *log, const struct answered *answered, struct error *err)
{
	struct timespec time = now();

	record_answer(&log->line, &log->head, &time, answered);
	if (write_line(log, err) < 0)
		return -1;
	log->answers[answered->how]++;
	return 0;
}

int audit_log_flush(struct audit_log *log, struct error *err)
{
	for (struct kind *kind = kinds_oldest(log->kinds); kind; kind = kinds_newer(kind))
		if (write_repeats(log, kind, err) < 0)
			return -1;
	return 0;
}

int audit_log_end(struct audit_log *log, int status, struct error *err)
{
	struct timespec time = now();

	if (audit_log_flush(log, err) < 0)
		return -1;
	record_end(&log->line, &log->head, &time, status, &log->totals);
	return write_line(log, err);
}

void audit_log_totals(const struct audit_log *log, struct audit_totals *out)
{
	*out = (struct audit_totals){.records = log->records};
	for (size_t i = 0; i < RECORD_EFFECTS; i++) {
		out->denied += log->totals.denied[i];
		out->hidden += log->totals.hidden[i];
	}
}
