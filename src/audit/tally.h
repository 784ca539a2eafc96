/* How often what was refused, for the closing summary: by reason, and by place. Bounded: what comes
 * when a table is full is counted as the rest of it. */
#ifndef REMIT_AUDIT_TALLY_H
#define REMIT_AUDIT_TALLY_H

#include "audit/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TALLY_MOST = 128,             /* items of a table */
	TALLY_MOST_BYTES = 64 * 1024, /* of their texts */
};

struct tally_item {
	unsigned long long count;
	enum effect effect; /* EFFECT_COUNT: a call */
	enum verdict verdict;
	bool hidden;
	bool several; /* programs */
	char *text;   /* the reason, or the place; escaped for a terminal, shortened */
	char *remedy; /* of a reason: the same, or NULL */
	char *comm;   /* the first program: the same, or NULL */
	uint64_t hash;
};

struct tally {
	struct tally_item items[TALLY_MOST];
	size_t count;
	size_t bytes;
};

/* The item that counts refusals with this reason, or in this place (the folder of a path, else the
 * target); a new one counts nothing yet. NULL where the table is full or memory is exhausted. It
 * stays where it is. */
struct tally_item *tally_reason(struct tally *tally, const struct refusal *refusal);
struct tally_item *tally_place(struct tally *tally, const struct refusal *refusal);

void tally_clear(struct tally *tally);

#endif
