/* What the parts of the watch share. */
#ifndef REMIT_WATCH_CONTEXT_H
#define REMIT_WATCH_CONTEXT_H

#include "audit/log.h"
#include "base/error.h"
#include "plan/listing.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "watch/question.h"

#include <pthread.h>
#include <stdatomic.h>

struct decoy;
struct broker;
struct asks;
struct workers;
struct foreign;
struct masks;

enum {
	WATCH_THREADS = 160, /* that look names up, at the most */
};

struct watch_context {
	struct decoy *decoy;
	const struct policy *policy;
	const struct plan *plan;
	bool learn; /* what is merely hidden is recorded, and shown */
	struct audit_log *log;
	pthread_mutex_t lock;  /* of `log` */
	int channel;           /* to the caller, who is told why the watch is over */
	struct broker *broker; /* or NULL: the project is not written */
	bool had_git[2]; /* a `.git` stood at the start: in the workspace, in the repository's root
	                  */
	/* What stood in its folders of work trees and of modules then. */
	struct listing had_trees[2], had_modules[2];
	bool had_pointer[2]; /* and it is none that is a folder */
	struct asks *asks;
	struct workers *workers;
	struct foreign *foreign; /* found when a call stalls for the first time; else NULL */
	struct masks *masks;     /* of new files' rights; NULL without a broker */
	/* Threads of the watch that look names up: the decoy tells them what it tells nobody else.
	 */
	_Atomic pid_t own[WATCH_THREADS];
	pid_t inside;                  /* the sandbox's first process; 0 where not known */
	int network;                   /* to the network's process, or -1: there is none */
	struct lookups_asked *lookups; /* names that somebody is asked about */
	int root; /* O_PATH of the sandbox's root; -1 until a process inside was seen */
};

/* Ends the process, and with it everything that it watches: for when something cannot be answered
 * or recorded. */
_Noreturn void watch_fail(const struct watch_context *context, const struct error *err);

/* The git folder that belongs to the workspace (0) or to the repository's root (1), where its
 * `.git` is a file what that names; owned by the caller, NULL where there is none. */
char *watch_git_folder(const struct policy *policy, size_t number);

/* Adds the calling thread to `own`. */
void watch_own(struct watch_context *context);
bool watch_is_own(const struct watch_context *context, pid_t thread);

/* Writes the refusal, or ends. Takes the lock. */
void watch_record(struct watch_context *context, const struct refusal *refusal);

/* Writes who answered a question, or ends. Takes the lock. */
void watch_record_answer(struct watch_context *context, const struct question *question,
                         const struct answer *answer);

/* The option that would permit it, or NULL. Owned by the caller. */
char *watch_remedy(const struct policy *policy, const struct decision *decision, enum effect effect,
                   const char *target);

/* The deepest step of the plan that made what stands at `path`, or NULL. */
const struct plan_mount *watch_mount_of(const struct plan *plan, const char *path);

#endif
