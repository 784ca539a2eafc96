/* The name of a run: a ULID, 26 characters that sort by time. */
#ifndef REMIT_AUDIT_RUN_NAME_H
#define REMIT_AUDIT_RUN_NAME_H

#include "base/error.h"

#include <time.h>

enum {
	RUN_NAME_SIZE = 26, /* without the terminating NUL */
};

/* Fills `out` from the time `now` (UTC) and 80 random bits. Negative where the kernel gives no
 * random bits. */
int run_name_make(const struct timespec *now, char out[RUN_NAME_SIZE + 1], struct error *err);

#endif
