/* One line of the log: a JSON object and a newline. The shape is that of docs/remit.1, "AUDIT
 * LOG". */
#ifndef REMIT_AUDIT_RECORD_H
#define REMIT_AUDIT_RECORD_H

#include "audit/log.h"
#include "audit/run_name.h"
#include "base/buffer.h"
#include "base/writer.h"

#include <time.h>

enum {
	RECORD_VERSION = 1,
	/* One more than the effects: system calls of which no effect speaks. */
	RECORD_EFFECTS = EFFECT_COUNT + 1,
};

/* What stands at the head of every record. */
struct record_head {
	char run[RUN_NAME_SIZE + 1];
	unsigned long long sequence; /* of the next record; the first is 1 */
	char *agent;                 /* owned, or NULL */
	char *agent_label;           /* the definition's file as origins name it; owned, or NULL */
	char *tool;                  /* owned, or NULL */
};

struct record_totals {
	unsigned long long denied[RECORD_EFFECTS];
	unsigned long long hidden[RECORD_EFFECTS];
};

/* "read", ..., "call"; `effect` is at most EFFECT_COUNT. Static. */
const char *record_effect_name(size_t effect);

/* "no", "no-all", "once", "folder", "effect". Static. */
const char *record_answer_name(size_t how);

unsigned long long record_sum(const unsigned long long counts[RECORD_EFFECTS]);

/* The members "denied", "hidden" and "effects". */
void record_totals(struct writer *writer, const struct record_totals *totals);

/* Each appends one line; a lack of memory shows in the buffer. */
void record_start(struct buffer *out, const struct record_head *head, const struct timespec *now,
                  const struct audit_start *start);
void record_refusal(struct buffer *out, const struct record_head *head, const struct timespec *when,
                    const struct refusal *refusal, unsigned long long count);
void record_answer(struct buffer *out, const struct record_head *head, const struct timespec *now,
                   const struct answered *answered);
void record_end(struct buffer *out, const struct record_head *head, const struct timespec *now,
                int status, const struct record_totals *totals);

#endif
