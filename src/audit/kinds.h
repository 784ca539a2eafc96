/* The kinds of refusals that were written, and how often each was repeated since: a bounded
 * table, from which the kind that was not seen for the longest time goes first. */
#ifndef REMIT_AUDIT_KINDS_H
#define REMIT_AUDIT_KINDS_H

#include "audit/log.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum {
	KINDS_MOST = 4096,             /* kinds */
	KINDS_MOST_BYTES = 512 * 1024, /* of memory */
};

struct kind {
	struct refusal refusal;            /* its texts are the kind's own */
	struct timespec last;              /* when it was repeated last */
	unsigned long long repeats;        /* not written yet */
	struct tally_item *reason, *place; /* where it is counted; may be NULL */
	/* The rest is the table's. */
	uint64_t hash;
	size_t size;
	struct kind *chain;         /* of the same bucket */
	struct kind *older, *newer; /* by when they were seen last */
	char texts[];
};

struct kinds;

/* NULL when memory is exhausted. */
struct kinds *kinds_new(void);
void kinds_free(struct kinds *kinds);

/* The kind of this refusal, as the one seen last; NULL where it is not in the table. */
struct kind *kinds_find(struct kinds *kinds, const struct refusal *refusal);

/* True where another kind of this refusal's size has room. */
bool kinds_have_room(const struct kinds *kinds, const struct refusal *refusal);

/* The kind that was not seen for the longest time, or NULL. */
struct kind *kinds_oldest(const struct kinds *kinds);

/* The next one, which was seen later; NULL behind the last. */
struct kind *kinds_newer(const struct kind *kind);

/* Adds a kind that is not in the table. Where there is no memory it is left out (NULL): the next
 * refusal of the kind counts as a first one. */
struct kind *kinds_add(struct kinds *kinds, const struct refusal *refusal);

void kinds_remove(struct kinds *kinds, struct kind *kind);

#endif
