/* Home folders, as /etc/passwd knows them. Name services are not asked: they would load code and
 * talk to daemons. */
#ifndef REMIT_PLAN_HOMES_H
#define REMIT_PLAN_HOMES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct home {
	uid_t user;
	char *name; /* of the user */
	char *path; /* as written there: absolute, not resolved */
};

struct homes {
	struct home *items;
	size_t count, capacity;
};

/* Reads /etc/passwd. No such file is an empty list; every other failure is an error. */
int homes_read(struct homes *out, struct error *err);

/* The first entry of that user, or NULL. */
const struct home *homes_of(const struct homes *homes, uid_t user);

/* A home folder that `folder` is or holds, or NULL. Accounts whose home is part of the system (no
 * person's) do not count. */
const char *homes_within(const struct homes *homes, const char *folder);

/* Whether the path is part of the system's own trees. */
bool homes_part_of_system(const char *path);

void homes_clear(struct homes *homes);

#endif
