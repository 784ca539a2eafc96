/* The verdict on files as a map: the paths at which it can change, and what holds from there
 * down. A mount namespace can hold exactly this much. */
#ifndef REMIT_PLAN_POINTS_H
#define REMIT_PLAN_POINTS_H

#include "base/error.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>

enum point_state {
	POINT_HIDDEN,  /* not granted: not there */
	POINT_MASKED,  /* refused by name */
	POINT_EMPTY,   /* the workspace of an agent that does not read */
	POINT_SCRATCH, /* private */
	POINT_READ,
	POINT_WRITE,
};

struct point {
	char *path;
	enum point_state state;
	enum region_kind region; /* meaningless where the state is POINT_HIDDEN without region */
	bool region_root;
	bool given;  /* only a system tree or a toolchain starts here: absence is nothing */
	bool wall;   /* only secret and protected rules start here */
	bool secret; /* a secret or protected rule starts here: absence is tolerated */
	bool protected;
	bool absent;         /* nothing stands here; the state is that of the point above */
	bool brokered;       /* a protected name that exists: the broker holds it, no mount does */
	bool named;          /* a deny or forbidden rule starts here: absence is not tolerated */
	const char *because; /* belongs to the policy */
	long parent;         /* index of the nearest point above, or -1 */
};

struct points {
	struct point *items;
	size_t count, capacity;
};

struct points_request {
	const struct policy *policy;
	bool broker; /* somebody decides on each name that is written: trees need not hold it */
	bool asks;   /* somebody answers where the mode asks */
};

/* Returns 0 and the points sorted so that parents come first; negative where a rule cannot be
 * expressed as a tree and something depends on it. */
int points_find(const struct points_request *request, struct points *out, struct error *err);

void points_clear(struct points *points);

#define cleanup_points __attribute__((cleanup(points_clear)))

#endif
