/* The names of one folder, read once, to answer for many names whether they can exist. */
#ifndef REMIT_PLAN_LISTING_H
#define REMIT_PLAN_LISTING_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct listing {
	char *folder; /* NULL: nothing was read */
	char **names; /* sorted */
	size_t count, capacity;
	bool complete; /* false: the folder has too many names, or its names say nothing */
};

/* Never fails for what the folder is: then the listing is incomplete, and everything may exist.
 * Returns 0, or negative when memory is exhausted; `out` is to be released by listing_clear in
 * either case. */
int listing_read(const char *folder, struct listing *out, struct error *err);

/* False where nothing can stand at `path` (absolute, below the folder): its first name below the
 * folder is missing. True where it may. */
bool listing_may_hold(const struct listing *listing, const char *path);

void listing_clear(struct listing *listing);

#define cleanup_listing __attribute__((cleanup(listing_clear)))

#endif
