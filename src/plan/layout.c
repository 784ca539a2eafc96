/* From points to mounts: what is visible, what is covered, what must stay in place. */
#include "plan/layout.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/submounts.h"

#include <stdlib.h>
#include <string.h>

bool layout_visible(enum point_state state)
{
	return state == POINT_READ || state == POINT_WRITE;
}

enum point_state layout_state_above(const struct layout *layout, const struct point *point)
{
	return point->parent < 0 ? POINT_HIDDEN : layout->points.items[point->parent].state;
}

static int add_scratch(struct layout *layout, const struct point *point, struct error *err)
{
	bool home = strcmp(point->path, layout->policy->home) == 0;
	struct plan_mount *mount;

	if (plan_add_mount(layout->plan, MOUNT_SCRATCH, point->path, NULL, point->because, &mount,
	                   err) < 0)
		return -1;
	mount->mode = home ? 0700 : 01777;
	return 0;
}

/* A wall's name at which nothing stands. Secrets can appear only in what was granted: nobody
 * changes the system's trees during a run. */
static int lay_absent(struct layout *layout, const struct point *point, struct error *err)
{
	bool matters =
	        point->secret ? point->region == REGION_PROJECT : point->state == POINT_WRITE;

	return matters ? layout_not_held(layout, point, err) : 0;
}

static int lay_visible(struct layout *layout, const struct point *point, struct error *err)
{
	enum point_state above = layout_state_above(layout, point);
	const struct point *parent =
	        point->parent < 0 ? NULL : &layout->points.items[point->parent];
	bool enters_project = point->region == REGION_PROJECT && point->region_root && parent &&
	                      parent->region != REGION_PROJECT;

	if (above == point->state && !enters_project)
		return 0;
	if (above == POINT_WRITE && point->state == POINT_READ)
		return layout_refuse(layout, MOUNT_COVER, point, err);
	if (point->region == REGION_SYSTEM && point->region_root)
		return layout_add_system(layout, point, err);
	return layout_add_bind(layout, point, err);
}

static int lay_point(struct layout *layout, const struct point *point, struct error *err)
{
	bool inside_visible = layout_visible(layout_state_above(layout, point));

	if (point->absent)
		return lay_absent(layout, point, err);
	if (point->brokered)
		return layout_check(layout, point, err);
	switch (point->state) {
	case POINT_SCRATCH:
		return point->region_root ? add_scratch(layout, point, err) : 0;
	case POINT_EMPTY:
		if (inside_visible)
			return layout_refuse(layout, MOUNT_EMPTY, point, err);
		return plan_add_mount(layout->plan, MOUNT_EMPTY, point->path, NULL, point->because,
		                      NULL, err);
	case POINT_HIDDEN:
	case POINT_MASKED:
		return inside_visible ? layout_refuse(layout, MOUNT_MASK, point, err) : 0;
	case POINT_READ:
	case POINT_WRITE:
		return lay_visible(layout, point, err);
	}
	return error_set(err, "%s: no such state", point->path);
}

/* Below a mask, something may be granted again: the mask is then an empty folder that shows the
 * granted names. */
static void open_masks(struct points *points)
{
	for (size_t i = 0; i < points->count; i++) {
		if (points->items[i].state == POINT_MASKED ||
		    points->items[i].state == POINT_HIDDEN)
			continue;
		for (long up = points->items[i].parent; up >= 0; up = points->items[up].parent)
			if (points->items[up].state == POINT_MASKED)
				points->items[up].state = POINT_EMPTY;
	}
}

static int note_count(struct layout *layout, const char *code, const struct buffer *names,
                      const char *what, size_t count, struct error *err)
{
	if (plan_add_note(layout->plan, "names",
	                  text_printf("%s: %s", code, names->data ? names->data : "none"), err) < 0)
		return -1;
	return plan_add_note(layout->plan, code,
	                     text_printf("%s (missing: %zu; -v lists them)", what, count), err);
}

/* One line each for what no mount can hold: names that do not exist yet. */
static int finish_notes(struct layout *layout, struct error *err)
{
	bool writes = false;

	for (size_t i = 0; i < layout->points.count; i++)
		writes |= layout->points.items[i].state == POINT_WRITE;
	writes &= !layout->plan->broker;
	if ((writes || layout->unmasked_count) && layout->request->strict) {
		error_set(err,
		          "protected and secret names that do not exist yet cannot be held at "
		          "level namespaces: %s%s%s",
		          layout->unheld.data ? layout->unheld.data : "",
		          layout->unheld_count && layout->unmasked_count ? ", " : "",
		          layout->unmasked.data ? layout->unmasked.data : "");
		return error_help(err, "create them before the run, or leave out --strict");
	}
	if (writes && note_count(layout, "at-launch", &layout->unheld,
	                         "protected names are held only where they exist at launch",
	                         layout->unheld_count, err) < 0)
		return -1;
	if (!layout->unmasked_count)
		return 0;
	return note_count(layout, "secrets-at-launch", &layout->unmasked,
	                  "secrets that appear later in a folder that was granted can be read",
	                  layout->unmasked_count, err);
}

static int lay_out(struct layout *layout, struct error *err)
{
	const struct points_request request = {
	        .policy = layout->policy,
	        .broker = layout->request->decoy,
	        .asks = layout->request->asks,
	};

	if (points_find(&request, &layout->points, err) < 0)
		return -1;
	open_masks(&layout->points);
	for (size_t i = 0; i < layout->points.count; i++)
		if (lay_point(layout, &layout->points.items[i], err) < 0)
			return -1;
	for (size_t i = 0; layout->request->decoy && i < layout->plan->mount_count; i++)
		layout->plan->broker |=
		        layout->plan->mounts[i].project && layout->plan->mounts[i].writable;
	if (layout->plan->broker && layout_hold(layout, err) < 0)
		return -1;
	if (submounts_mask(layout->plan, err) < 0)
		return -1;
	return finish_notes(layout, err);
}

int plan_layout_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	struct layout layout = {.request = request, .policy = request->policy, .plan = plan};
	int result = lay_out(&layout, err);

	points_clear(&layout.points);
	buffer_free(&layout.unheld);
	buffer_free(&layout.unmasked);
	return result;
}
