/* The working state of laying out mounts, shared by its three parts: binds, covers, order. */
#ifndef REMIT_PLAN_LAYOUT_H
#define REMIT_PLAN_LAYOUT_H

#include "base/buffer.h"
#include "plan/parts.h"
#include "plan/points.h"

#include <sys/stat.h>

struct layout {
	const struct plan_request *request;
	const struct policy *policy;
	struct plan *plan;
	struct points points;
	struct buffer unheld; /* protected names that do not exist yet */
	size_t unheld_count;
	struct buffer unmasked; /* secrets that do not exist yet, in folders that were granted */
	size_t unmasked_count;
};

bool layout_visible(enum point_state state);
enum point_state layout_state_above(const struct layout *layout, const struct point *point);

/* What stands at a path, no symbolic link followed. Returns 0 and the status; 1 where it is
 * absent; 2 where a symbolic link is on the way or at the end; negative on failure. */
int layout_look(const char *path, struct stat *status, struct error *err);

/* Shows a tree of the host inside: of the system, or of the project, the home folder, a grant. */
int layout_add_system(struct layout *layout, const struct point *point, struct error *err);
int layout_add_bind(struct layout *layout, const struct point *point, struct error *err);

/* Refuses what stands at a point inside a visible tree, by a mount of that kind. */
int layout_refuse(struct layout *layout, enum mount_kind kind, const struct point *point,
                  struct error *err);

/* Covers `path`, of that status, and holds the folders above it in place. */
int layout_cover(struct layout *layout, enum mount_kind kind, const char *path,
                 const struct stat *status, const char *because, bool writable_above,
                 struct error *err);

/* Holds private folders in place in which trees are shown that the broker writes: verdicts are on
 * paths, and whoever moves such a folder gives all that is in it other paths. */
int layout_hold(struct layout *layout, struct error *err);

/* Refuses a protected name that nobody can hold: a link, or a file that has a second name. */
int layout_check(struct layout *layout, const struct point *point, struct error *err);

/* Notes that a wall cannot stand at a name which does not exist. */
int layout_not_held(struct layout *layout, const struct point *point, struct error *err);

#endif
