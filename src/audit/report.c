#include "audit/report.h"

#include "audit/folders.h"
#include "audit/runs.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	PROGRAM_SIZE_MOST = 64, /* bytes; the kernel's names have 15 */
};

struct report *report_new(void)
{
	return calloc(1, sizeof(struct report));
}

static void free_reason(struct report_reason *reason)
{
	free(reason->because.data);
	free(reason->file.data);
	free(reason->remedy.data);
	free(reason->agent_file.data);
	free(reason);
}

void report_free(struct report *report)
{
	if (!report)
		return;
	runs_close(report);
	for (size_t i = 0; i < report->reason_count; i++)
		free_reason(report->reasons[i]);
	for (size_t i = 0; i < report->place_count; i++) {
		free(report->places[i]->target.data);
		free(report->places[i]);
	}
	for (size_t i = 0; i < report->program_count; i++)
		free(report->programs[i]);
	free(report->reasons);
	free(report->places);
	free(report->programs);
	table_clear(&report->reason_table);
	table_clear(&report->place_table);
	table_clear(&report->program_table);
	buffer_free(&report->key);
	free(report);
}

bool report_has_paths(size_t effect)
{
	return effect == EFFECT_READ || effect == EFFECT_WRITE || effect == EFFECT_EXEC;
}

/* --- Programs --------------------------------------------------------------------------------- */

/* The report's own copy of a name; NULL where there are too many, or memory is exhausted. */
static const char *program_name(struct report *report, const struct entry *entry)
{
	struct entry_text name = entry->comm.data ? entry->comm : entry->exe;
	void *items = report->programs;

	if (!name.size || name.size > PROGRAM_SIZE_MOST || memchr(name.data, '\0', name.size))
		return NULL;
	char *known = table_find(&report->program_table, name.data, name.size);
	if (known || report->program_count == REPORT_PROGRAMS_MOST)
		return known;
	if (array_reserve(&items, &report->program_capacity, report->program_count,
	                  sizeof(*report->programs)) < 0)
		return NULL;
	report->programs = items;
	char *copy = text_copy_size(name.data, name.size);
	if (!copy || table_add(&report->program_table, name.data, name.size, copy) < 0) {
		free(copy);
		return NULL;
	}
	report->programs[report->program_count++] = copy;
	return copy;
}

/* The last item counts what does not fit. */
static void count_program(struct report_programs *programs, const char *name,
                          unsigned long long count)
{
	struct report_program *item = programs->items;
	struct report_program *last = &programs->items[PLACE_PROGRAMS - 1];

	while (item < last && item->count && item->name != name)
		item++;
	if (item == last && item->name != name)
		name = NULL;
	item->name = name;
	item->count += count;
}

void report_add_programs(struct report_programs *to, const struct report_programs *from)
{
	for (size_t i = 0; i < PLACE_PROGRAMS && from->items[i].count; i++)
		count_program(to, from->items[i].name, from->items[i].count);
}

/* --- Reasons ---------------------------------------------------------------------------------- */

static void key_number(struct buffer *key, size_t number)
{
	buffer_append(key, &number, sizeof(number));
}

static void key_text(struct buffer *key, const char *data, size_t size)
{
	key_number(key, data ? size + 1 : 0);
	buffer_append(key, data, size);
}

/* What reasons are told apart by. */
static int reason_key(struct report *report, const struct entry *entry,
                      const struct report_text *agent_file, bool rest, struct error *err)
{
	struct buffer *key = &report->key;

	key->size = 0;
	key_number(key, entry->effect);
	key_number(key, (size_t)entry->hidden << 1 | (size_t)rest);
	if (!rest) {
		key_number(key, (size_t)entry->verdict);
		key_number(key, entry->because_line);
		key_text(key, entry->because.data, entry->because.size);
		key_text(key, entry->remedy.data, entry->remedy.size);
		key_text(key, agent_file->data, agent_file->size);
	}
	return buffer_failed(key) ? error_memory(err) : 0;
}

/* Returns 0 or, for want of memory, -1; no text stays none. */
static int keep(struct report_text *out, const char *data, size_t size)
{
	if (!data)
		return 0;
	*out = (struct report_text){text_copy_size(data, size), size};
	return out->data ? 0 : -1;
}

static struct report_reason *make_reason(const struct entry *entry,
                                         const struct report_text *agent_file, bool rest)
{
	struct report_reason *reason = calloc(1, sizeof(*reason));

	if (!reason)
		return NULL;
	reason->effect = entry->effect;
	reason->hidden = entry->hidden;
	reason->rest = rest;
	if (rest)
		return reason;
	reason->verdict = entry->verdict;
	reason->line = entry->because_line;
	if (keep(&reason->because, entry->because.data, entry->because.size) < 0 ||
	    keep(&reason->remedy, entry->remedy.data, entry->remedy.size) < 0 ||
	    keep(&reason->file, entry->because_file.data, entry->because_file.size) < 0 ||
	    keep(&reason->agent_file, agent_file->data, agent_file->size) < 0) {
		free_reason(reason);
		return NULL;
	}
	return reason;
}

static struct report_reason *add_reason(struct report *report, const struct entry *entry,
                                        const struct report_text *agent_file, bool rest,
                                        struct error *err)
{
	struct report_reason *reason = make_reason(entry, agent_file, rest);
	void *items = report->reasons;

	if (!reason || array_reserve(&items, &report->reason_capacity, report->reason_count,
	                             sizeof(*report->reasons)) < 0) {
		error_memory(err);
		if (reason)
			free_reason(reason);
		return NULL;
	}
	report->reasons = items;
	if (table_add(&report->reason_table, report->key.data, report->key.size, reason) < 0) {
		error_memory(err);
		free_reason(reason);
		return NULL;
	}
	report->reasons[report->reason_count++] = reason;
	return reason;
}

static struct report_reason *reason_of(struct report *report, const struct entry *entry,
                                       const struct report_text *agent_file, struct error *err)
{
	bool full = report->reason_count >= REPORT_REASONS_MOST ||
	            report->reason_table.bytes > REPORT_BYTES_MOST;
	struct report_reason *reason = NULL;

	/* First the reason itself, then the rest of them. */
	for (int rest = 0; rest <= (full ? 1 : 0) && !reason; rest++) {
		if (reason_key(report, entry, agent_file, rest > 0, err) < 0)
			return NULL;
		reason = table_find(&report->reason_table, report->key.data, report->key.size);
	}
	return reason ? reason : add_reason(report, entry, agent_file, full, err);
}

/* --- Places ----------------------------------------------------------------------------------- */

static int place_key(struct report *report, const struct report_reason *reason, const char *target,
                     size_t size, struct error *err)
{
	report->key.size = 0;
	key_number(&report->key, (size_t)reason);
	buffer_append(&report->key, target, size);
	return buffer_failed(&report->key) ? error_memory(err) : 0;
}

/* The place that counts this target: itself, or the nearest folder that stands for what it holds.
 * NULL where there is none, or where memory is exhausted. */
static struct report_place *find_place(struct report *report, const struct report_reason *reason,
                                       const char *target, size_t size, struct error *err)
{
	const size_t head = sizeof(size_t);
	bool itself = true;

	if (place_key(report, reason, target, size, err) < 0)
		return NULL;
	for (;;) {
		struct report_place *place =
		        table_find(&report->place_table, report->key.data, head + size);
		if (place && (itself || place->folder))
			return place;
		if (!reason->has_folders || size == 0)
			return NULL;
		itself = false;
		size = folders_parent(reason->effect, target, size);
	}
}

static struct report_place *make_place(struct report_reason *reason, const struct entry *entry)
{
	struct report_place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->reason = reason;
	place->names = 1;
	if (keep(&place->target, entry->target.data, entry->target.size) < 0) {
		free(place);
		return NULL;
	}
	return place;
}

static struct report_place *add_place(struct report *report, struct report_reason *reason,
                                      const struct entry *entry, struct error *err)
{
	struct report_place *place = make_place(reason, entry);
	void *items = report->places;

	if (!place || array_reserve(&items, &report->place_capacity, report->place_count,
	                            sizeof(*report->places)) < 0) {
		error_memory(err);
	} else {
		report->places = items;
		if (place_key(report, reason, place->target.data, place->target.size, err) == 0 &&
		    table_add(&report->place_table, report->key.data, report->key.size, place) ==
		            0) {
			report->places[report->place_count++] = place;
			report->place_bytes += place->target.size;
			return place;
		}
		error_memory(err);
	}
	if (place)
		free(place->target.data);
	free(place);
	return NULL;
}

static struct report_place *place_of(struct report *report, struct report_reason *reason,
                                     const struct entry *entry, struct error *err)
{
	const struct entry_text *target = &entry->target;
	struct report_place *place = find_place(report, reason, target->data, target->size, err);

	if (place) {
		place->more_names |= place->folder;
		return place;
	}
	if (buffer_failed(&report->key))
		return NULL;
	if ((report->place_count >= REPORT_PLACES_MOST ||
	     report->place_bytes > REPORT_BYTES_MOST) &&
	    folders_make_room(report, REPORT_PLACES_MOST * 3 / 4, REPORT_BYTES_MOST * 3 / 4, err) <
	            0)
		return NULL;
	return add_place(report, reason, entry, err);
}

int report_index_places(struct report *report, struct error *err)
{
	table_clear(&report->place_table);
	report->place_bytes = 0;
	for (size_t i = 0; i < report->place_count; i++) {
		struct report_place *place = report->places[i];
		if (place_key(report, place->reason, place->target.data, place->target.size, err) <
		    0)
			return -1;
		if (table_add(&report->place_table, report->key.data, report->key.size, place) < 0)
			return error_memory(err);
		report->place_bytes += place->target.size;
	}
	return 0;
}

/* --- The whole -------------------------------------------------------------------------------- */

static int add_refusal(struct report *report, const struct entry *entry,
                       const struct report_text *agent_file, struct error *err)
{
	struct report_reason *reason = reason_of(report, entry, agent_file, err);
	struct report_place *place = reason ? place_of(report, reason, entry, err) : NULL;
	const char *program = program_name(report, entry);

	if (!place)
		return error_memory(err);
	(entry->hidden ? report->totals.hidden : report->totals.denied)[entry->effect] +=
	        entry->count;
	reason->count += entry->count;
	place->count += entry->count;
	count_program(&reason->programs, program, entry->count);
	count_program(&place->programs, program, entry->count);
	return 0;
}

int report_add(void *data, const struct entry *entry, struct error *err)
{
	struct report *report = data;
	struct report_text agent_file;

	report->records++;
	if (runs_count(report, entry, &agent_file, err) < 0)
		return -1;
	if (entry->kind == ENTRY_ANSWER)
		report->answers[entry->how]++;
	return entry->kind == ENTRY_REFUSAL ? add_refusal(report, entry, &agent_file, err) : 0;
}

static int compare_texts(const struct report_text *a, const struct report_text *b)
{
	size_t size = a->size < b->size ? a->size : b->size;
	int order = size ? memcmp(a->data, b->data, size) : 0;

	return order ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_reasons(const void *a, const void *b)
{
	const struct report_reason *left = *(struct report_reason *const *)a;
	const struct report_reason *right = *(struct report_reason *const *)b;

	if (left->hidden != right->hidden)
		return left->hidden ? 1 : -1;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	if (left->effect != right->effect)
		return left->effect < right->effect ? -1 : 1;
	int order = compare_texts(&left->because, &right->because);
	return order ? order : compare_texts(&left->agent_file, &right->agent_file);
}

static int compare_places(const void *a, const void *b)
{
	const struct report_place *left = *(struct report_place *const *)a;
	const struct report_place *right = *(struct report_place *const *)b;

	if (left->reason != right->reason)
		return (size_t)left->reason < (size_t)right->reason ? -1 : 1;
	return compare_texts(&left->target, &right->target);
}

int report_finish(struct report *report, struct error *err)
{
	runs_close(report);
	if (folders_make_room(report, REPORT_PLACES_MOST, REPORT_BYTES_MOST, err) < 0)
		return -1;
	if (report->place_count)
		qsort(report->places, report->place_count, sizeof(struct report_place *),
		      compare_places);
	for (size_t i = 0; i < report->place_count; i++) {
		struct report_reason *reason = report->places[i]->reason;
		if (!reason->place_count++)
			reason->places = &report->places[i];
	}
	if (report->reason_count)
		qsort(report->reasons, report->reason_count, sizeof(struct report_reason *),
		      compare_reasons);
	return 0;
}
