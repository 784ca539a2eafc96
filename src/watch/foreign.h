/* File systems of others that are mounted in the project, and may never answer. */
#ifndef REMIT_WATCH_FOREIGN_H
#define REMIT_WATCH_FOREIGN_H

#include "base/error.h"
#include "plan/plan.h"
#include "watch/calls.h"
#include "watch/notify.h"

struct foreign;

/* Finds them, as the calling process sees the host. Returns 0 and what the caller owns, or
 * negative. */
int foreign_find(const struct plan *plan, struct foreign **out, struct error *err);

/* In which of them the paths of a call lie, by their text alone, since nothing may be looked up
 * there: a number from 1 on; 0 where in none. */
unsigned foreign_of(const struct foreign *foreign, const struct notice *notice,
                    const struct watched_call *call);

#endif
