/* The inside of a log, for the files that make it up. */
#ifndef REMIT_AUDIT_LOG_INSIDE_H
#define REMIT_AUDIT_LOG_INSIDE_H

#include "audit/log.h"
#include "audit/record.h"
#include "audit/tally.h"
#include "base/buffer.h"

struct audit_log {
	int descriptor; /* borrowed; -1: nothing is written */
	int caller;     /* borrowed; -1: waits for a reader for good */
	struct record_head head;
	struct kinds *kinds;
	struct buffer line; /* memory that each record uses again */
	struct record_totals totals;
	unsigned long long answers[ANSWERED_COUNT];
	unsigned long long records;
	struct tally reasons, places;
};

#endif
