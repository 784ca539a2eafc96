/* Which addresses are known to belong to which names, and for how long: what the resolver answered.
 * Bounded: the oldest makes room. */
#ifndef REMIT_NETWORK_NAMES_H
#define REMIT_NETWORK_NAMES_H

#include "base/error.h"
#include "policy/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names;

enum {
	NAMES_MOST = 4096,
	/* Seconds for which an answer counts at least: programs keep addresses for longer than
	 * they were told. */
	NAMES_SECONDS = 600,
};

int names_new(struct names **out, struct error *err);
void names_free(struct names *names);

/* `name` (lower case, without a trailing dot; copied) has `address` until `until`, a second on any
 * one clock. Returns 0, or negative when memory is exhausted. */
int names_add(struct names *names, const char *name, const struct network_address *address,
              uint64_t until);

/* Whether `name` has `address` at the second `now`. */
bool names_has(const struct names *names, const char *name, const struct network_address *address,
               uint64_t now);

/* The next name of `address` after `*place` (0: the one that was added last), or NULL. Belongs to
 * `names`, until the next names_add. */
const char *names_next(const struct names *names, const struct network_address *address,
                       uint64_t now, size_t *place);

#endif
