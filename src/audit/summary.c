/* The closing text of a run. */
#include "audit/log.h"

#include "audit/log_inside.h"
#include "audit/words.h"

#include <stdlib.h>

enum {
	PLACES_SHOWN = 5,
};

static unsigned long long total(const struct audit_log *log, bool hidden)
{
	struct audit_totals totals;

	audit_log_totals(log, &totals);
	return hidden ? totals.hidden : totals.denied;
}

/* The reason that refused most among those that an option would do away with; where there is none,
 * among all. */
static const struct tally_item *first_reason(const struct tally *reasons)
{
	const struct tally_item *first = NULL;

	for (size_t i = 0; i < reasons->count; i++) {
		const struct tally_item *item = &reasons->items[i];
		if (item->hidden)
			continue;
		if (!first || (item->remedy && !first->remedy) ||
		    (!item->remedy == !first->remedy && item->count > first->count))
			first = item;
	}
	return first;
}

/* Who asks should know of the other way: not to permit everything, but to be asked. */
static void asks_line(const struct audit_log *log, const struct tally_item *reason,
                      struct buffer *out)
{
	buffer_printf(out, ": %s", words_asks(log->answers));
	if (reason->remedy)
		buffer_printf(out, "; %s permits %s", reason->remedy,
		              reason->count == 1 ? "it" : "them");
	if (!words_answers_sum(log->answers))
		buffer_append_text(out, "; --approve tty or exec:PROGRAM asks somebody");
	buffer_append_text(out, "\n");
}

static void reason_line(const struct audit_log *log, const struct tally_item *reason,
                        struct buffer *out)
{
	buffer_printf(out, "%llu %s refused", reason->count,
	              words_effect(reason->effect, reason->count));
	if (*reason->text)
		buffer_printf(out, ": %s", reason->text);
	if (reason->verdict == VERDICT_ASK) {
		asks_line(log, reason, out);
		return;
	}
	if (reason->remedy)
		buffer_printf(out, "; %s permits %s", reason->remedy,
		              reason->count == 1 ? "it" : "them");
	buffer_append_text(out, "\n");
}

static int by_count(const void *a, const void *b)
{
	const struct tally_item *left = *(const struct tally_item *const *)a;
	const struct tally_item *right = *(const struct tally_item *const *)b;

	/* Items lie in the order in which they came. */
	if (left->count == right->count)
		return left < right ? -1 : 1;
	return left->count > right->count ? -1 : 1;
}

/* Where things of a class were refused most, and how many more there were. */
static void place_lines(const struct audit_log *log, bool hidden, struct buffer *out)
{
	const struct tally_item *items[TALLY_MOST] = {NULL};
	unsigned long long rest = total(log, hidden);
	size_t count = 0;

	for (size_t i = 0; i < log->places.count; i++)
		if (log->places.items[i].hidden == hidden)
			items[count++] = &log->places.items[i];
	qsort(items, count, sizeof(*items), by_count);
	for (size_t i = 0; i < count && i < PLACES_SHOWN; i++) {
		const struct tally_item *item = items[i];
		buffer_printf(out, "  %llu %s: %s", item->count,
		              words_effect(item->effect, item->count), item->text);
		if (item->comm)
			buffer_printf(out, " (%s%s)", item->comm, item->several ? ", ..." : "");
		buffer_append_text(out, "\n");
		rest -= item->count;
	}
	if (rest)
		buffer_printf(out, "  %llu elsewhere\n", rest);
}

int audit_log_summary(const struct audit_log *log, bool verbose, struct buffer *out,
                      struct error *err)
{
	unsigned long long hidden = total(log, true);
	const struct tally_item *first = first_reason(&log->reasons);

	if (first) {
		reason_line(log, first, out);
		place_lines(log, false, out);
	} else if (total(log, false)) {
		/* No memory for reasons. */
		buffer_printf(out, "%llu operations refused\n", total(log, false));
	}
	if (words_answers_sum(log->answers)) {
		words_answers(out, log->answers);
		buffer_append_text(out, "\n");
	}
	if (verbose && hidden) {
		buffer_printf(out,
		              "%llu %s of what is not granted, answered as if it did not exist\n",
		              hidden, words_effect(EFFECT_READ, hidden));
		place_lines(log, true, out);
	}
	return buffer_failed(out) ? error_memory(err) : 0;
}
