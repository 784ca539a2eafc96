#include "audit/folders.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Names of a path that are kept where places are put together for showing: "/home/u". */
	SHOWN_DEPTH = 2,
};

size_t folders_parent(size_t effect, const char *target, size_t size)
{
	if (!report_has_paths(effect) || size < 2 || target[0] != '/')
		return 0;
	const char *slash = memrchr(target, '/', size);
	return slash == target ? 1 : (size_t)(slash - target);
}

/* --- One list of places ----------------------------------------------------------------------- */

struct list {
	struct report_place **items;
	size_t count;
	bool owned; /* items and their targets are freed when they become part of another */
};

static size_t parent_of(const struct report_place *place)
{
	return folders_parent(place->reason->effect, place->target.data, place->target.size);
}

/* "/" and what stands for everything that no folder holds cannot become part of another. */
static bool is_top(const struct report_place *place)
{
	return place->target.size == 0 || (place->target.size == 1 && place->target.data[0] == '/');
}

static size_t depth_of(const struct report_place *place)
{
	size_t depth = 0;

	if (is_top(place) || !parent_of(place))
		return 0;
	for (size_t i = 0; i < place->target.size; i++)
		depth += place->target.data[i] == '/';
	return depth;
}

static int compare_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t size = a_size < b_size ? a_size : b_size;
	int order = size ? memcmp(a, b, size) : 0;

	return order ? order : (a_size > b_size) - (a_size < b_size);
}

/* Names of one folder lie beside each other, and what stands for itself at the top behind all. */
static int compare(const void *a, const void *b)
{
	const struct report_place *left = *(struct report_place *const *)a;
	const struct report_place *right = *(struct report_place *const *)b;

	if (left->reason != right->reason)
		return (uintptr_t)left->reason < (uintptr_t)right->reason ? -1 : 1;
	if (is_top(left) != is_top(right))
		return is_top(left) ? 1 : -1;
	int order = compare_bytes(left->target.data, parent_of(left), right->target.data,
	                          parent_of(right));
	if (order)
		return order;
	return compare_bytes(left->target.data, left->target.size, right->target.data,
	                     right->target.size);
}

static bool same_folder(const struct report_place *a, const struct report_place *b)
{
	return a->reason == b->reason && !is_top(a) && !is_top(b) &&
	       compare_bytes(a->target.data, parent_of(a), b->target.data, parent_of(b)) == 0;
}

static bool same_target(const struct report_place *a, const struct report_place *b)
{
	return a->reason == b->reason &&
	       compare_bytes(a->target.data, a->target.size, b->target.data, b->target.size) == 0;
}

/* Lets `place` stand for `other`, too, which is gone afterwards. */
static void absorb(struct list *list, struct report_place *place, struct report_place *other)
{
	place->folder |= other->folder;
	place->more_names |= other->more_names;
	place->names += other->names;
	place->count += other->count;
	report_add_programs(&place->programs, &other->programs);
	if (list->owned) {
		free(other->target.data);
		free(other);
	}
}

/* Makes the place stand for the folder that holds it. */
static void lift(struct list *list, struct report_place *place)
{
	size_t size = parent_of(place);

	place->target.size = size;
	place->folder = true;
	place->reason->has_folders = true;
	if (!list->owned)
		return;
	place->target.data[size] = '\0';
	char *smaller = realloc(place->target.data, size + 1);
	place->target.data = smaller ? smaller : place->target.data;
}

/* Sorts, and puts places with one target together. */
static void order(struct list *list)
{
	size_t kept = 0;

	if (!list->count)
		return;
	qsort(list->items, list->count, sizeof(struct report_place *), compare);
	for (size_t i = 1; i < list->count; i++) {
		if (same_target(list->items[kept], list->items[i]))
			absorb(list, list->items[kept], list->items[i]);
		else
			list->items[++kept] = list->items[i];
	}
	list->count = kept + 1;
}

/* --- Putting together ------------------------------------------------------------------------- */

/* Where the run of places in one folder that begins at `begin` ends. */
static size_t run_end(const struct list *list, size_t begin)
{
	size_t end = begin + 1;

	while (end < list->count && same_folder(list->items[begin], list->items[end]))
		end++;
	return end;
}

/* The most places that lie in one folder of at least this depth. */
static size_t longest_run(const struct list *list, size_t depth)
{
	size_t longest = 0;

	for (size_t begin = 0, end; begin < list->count; begin = end) {
		end = run_end(list, begin);
		if (depth_of(list->items[begin]) > depth && end - begin > longest)
			longest = end - begin;
	}
	return longest;
}

/* Puts each run of `shortest` places or more together. */
static void join_runs(struct list *list, size_t shortest, size_t depth)
{
	size_t kept = 0;

	for (size_t begin = 0, end; begin < list->count; begin = end) {
		end = run_end(list, begin);
		bool joins = end - begin >= shortest &&
		             (depth == 0 || depth_of(list->items[begin]) > depth);
		for (size_t i = begin; i < end; i++) {
			if (joins && i > begin)
				absorb(list, list->items[kept - 1], list->items[i]);
			else
				list->items[kept++] = list->items[i];
		}
		if (joins)
			lift(list, list->items[kept - 1]);
	}
	list->count = kept;
	order(list);
}

/* Lets the deepest places stand for their folders. False where none lies deeper than `depth`. */
static bool lift_deepest(struct list *list, size_t depth)
{
	size_t deepest = 0;

	for (size_t i = 0; i < list->count; i++) {
		size_t here = depth_of(list->items[i]);
		deepest = here > deepest ? here : deepest;
	}
	if (deepest <= depth)
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (depth_of(list->items[i]) == deepest)
			lift(list, list->items[i]);
	order(list);
	return true;
}

/* One step towards fewer places. False where there is none. */
static bool shrink(struct list *list, size_t depth)
{
	/* Addresses have no depth: they go together only where everything may. */
	size_t longest = depth ? longest_run(list, depth) : 0;

	for (size_t begin = 0, end; depth == 0 && begin < list->count; begin = end) {
		end = run_end(list, begin);
		longest = end - begin > longest ? end - begin : longest;
	}
	if (longest < 2)
		return lift_deepest(list, depth);
	join_runs(list, longest / 2 > 2 ? longest / 2 : 2, depth);
	return true;
}

static size_t bytes_of(const struct list *list)
{
	size_t bytes = 0;

	for (size_t i = 0; i < list->count; i++)
		bytes += list->items[i]->target.size;
	return bytes;
}

/* A lone place that no folder holds gives its name up where names take too much room. */
static void drop_names(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!is_top(list->items[i]) && !parent_of(list->items[i]))
			lift(list, list->items[i]);
	order(list);
}

int folders_make_room(struct report *report, size_t places, size_t bytes, struct error *err)
{
	struct list list = {report->places, report->place_count, true};

	if (list.count <= places && report->place_bytes <= bytes)
		return 0;
	order(&list);
	while (list.count > places || bytes_of(&list) > bytes) {
		if (shrink(&list, 0))
			continue;
		drop_names(&list);
		break;
	}
	report->place_count = list.count;
	return report_index_places(report, err);
}

/* --- For showing ------------------------------------------------------------------------------ */

static int by_count(const void *a, const void *b)
{
	const struct report_place *left = a;
	const struct report_place *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return compare_bytes(left->target.data, left->target.size, right->target.data,
	                     right->target.size);
}

static void make_shown(struct list *list, size_t siblings, size_t depth, size_t most)
{
	order(list);
	join_runs(list, siblings, depth);
	while (list->count > most && shrink(list, SHOWN_DEPTH))
		;
}

int folders_shown(const struct report_reason *reason, size_t siblings, size_t depth, size_t most,
                  struct folders *out, struct error *err)
{
	size_t count = reason->place_count;
	struct report_place *copies = calloc(count + 1, sizeof(*copies));
	struct report_place *places = calloc(count + 1, sizeof(*places));
	struct list list = {calloc(count + 1, sizeof(struct report_place *)), count, false};

	*out = (struct folders){0};
	if (!copies || !places || !list.items) {
		free(copies);
		free(places);
		free(list.items);
		return error_memory(err);
	}
	for (size_t i = 0; i < count; i++) {
		copies[i] = *reason->places[i];
		list.items[i] = &copies[i];
	}
	make_shown(&list, siblings, depth, most);
	for (size_t i = 0; i < list.count; i++)
		places[i] = *list.items[i];
	free(list.items);
	free(copies);
	qsort(places, list.count, sizeof(*places), by_count);
	*out = (struct folders){places, list.count};
	return 0;
}

void folders_clear(struct folders *folders)
{
	free(folders->places);
	*folders = (struct folders){0};
}
