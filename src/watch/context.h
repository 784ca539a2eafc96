/* What the parts of the watch share. */
#ifndef REMIT_WATCH_CONTEXT_H
#define REMIT_WATCH_CONTEXT_H

#include "audit/log.h"
#include "base/error.h"
#include "plan/plan.h"
#include "policy/policy.h"

#include <pthread.h>
#include <stdatomic.h>

struct decoy;

struct watch_context {
	struct decoy *decoy;
	const struct policy *policy;
	const struct plan *plan;
	bool learn; /* what is merely hidden is recorded, and shown */
	struct audit_log *log;
	pthread_mutex_t lock; /* of `log` */
	int channel;          /* to the caller, who is told why the watch is over */
	int root;             /* O_PATH of the sandbox's root; -1 until a process inside was seen */
};

/* Ends the process, and with it everything that it watches: for when something cannot be answered
 * or recorded. */
_Noreturn void watch_fail(const struct watch_context *context, const struct error *err);

/* Writes the refusal, or ends. Takes the lock. */
void watch_record(struct watch_context *context, const struct refusal *refusal);

/* The option that would permit it, or NULL. Owned by the caller. */
char *watch_remedy(const struct policy *policy, const struct decision *decision, enum effect effect,
                   const char *target);

/* The deepest step of the plan that made what stands at `path`, or NULL. */
const struct plan_mount *watch_mount_of(const struct plan *plan, const char *path);

#endif
