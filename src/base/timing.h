/* Where the time goes: one chain of marks in the order in which things happen, made by all
 * processes of a launch, on CLOCK_MONOTONIC.
 *
 * A mark says what has just ended; the time since the mark before belongs to it. So the parts add
 * up to the whole, and what has no mark of its own counts with what follows. Only one process at a
 * time may be on the way that is measured: one that works beside it makes no marks. */
#ifndef REMIT_BASE_TIMING_H
#define REMIT_BASE_TIMING_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Memory that is shared with processes made after it. Where it is NULL nothing is measured, and no
 * clock is read. */
struct timing;

/* Begins. Returns 0 and what the caller releases with timing_free. */
int timing_begin(struct timing **out, struct error *err);
void timing_free(struct timing *timing);

/* `part`: who was busy; `stage`: with what. Both are copied, and cut after 15 and 23 bytes. What
 * there is no room for counts with what follows. Makes no system call; errno stays. */
void timing_mark(struct timing *timing, const char *part, const char *stage);

struct timing_row {
	char part[16], stage[24];
	uint64_t nanoseconds; /* since the row before */
};

/* What was marked so far. The memory is shared with the sandbox: rows are copied out and hold
 * NUL-terminated text, whatever stands there. */
size_t timing_count(const struct timing *timing);
struct timing_row timing_row(const struct timing *timing, size_t number);

/* Nanoseconds from the beginning to the last mark. */
uint64_t timing_total(const struct timing *timing);

static inline void timing_cleanup(struct timing **place)
{
	timing_free(*place);
}

#define cleanup_timing __attribute__((cleanup(timing_cleanup)))

#endif
