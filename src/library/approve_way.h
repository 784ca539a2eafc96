/* The ways to answer a question, and what they share. */
#ifndef REMIT_LIBRARY_APPROVE_WAY_H
#define REMIT_LIBRARY_APPROVE_WAY_H

#include "library/approve.h"
#include "library/remember.h"
#include "watch/question.h"

#include <stdint.h>

/* A call that waits. */
struct caller {
	uint64_t id;
	long long since; /* microseconds */
};

/* What is asked, by one call or by several. */
struct asked {
	struct asked *next;
	struct question question; /* its texts are in `memory` */
	char *memory;
	struct caller *callers;
	size_t caller_count, caller_capacity;
	long long deadline; /* microseconds; 0: its turn has not come */
};

/* Functions may be NULL where the way has nothing to do. */
struct approve_way {
	const char *name;
	const char *argument; /* what stands behind "NAME:", or NULL where nothing does */
	enum watch_approve kind;
	int (*open)(struct approver *approver, const char *argument, struct error *err);
	void (*begin)(struct approver *approver);
	/* False while nobody could be asked. */
	bool (*ready)(const struct approver *approver);
	/* Puts the question. The answer comes by approver_settle, not before this returns. */
	void (*ask)(struct approver *approver, const struct asked *asked);
	/* Its answer is not wanted any more. */
	void (*withdraw)(struct approver *approver);
	/* As in approve.h, with APPROVE_PLACES - 1 places; times in microseconds. */
	void (*places)(const struct approver *approver, struct pollfd *places);
	long long (*wakes_at)(const struct approver *approver, long long now); /* 0: never */
	void (*work)(struct approver *approver, const struct pollfd *places, long long now);
	bool (*signal)(struct approver *approver, int number);
	bool (*stopped)(struct approver *approver);
	void (*close)(struct approver *approver);
};

extern const struct approve_way approve_exec;
extern const struct approve_way approve_tty;

struct approver {
	const struct approve_request *request;
	const struct approve_way *way;
	void *state; /* the way's */
	char *who;   /* as records name it */
	int questions;
	struct asked *first;
	struct asked *asking;      /* the one that is put, always the first; or NULL */
	size_t waiting;            /* calls */
	bool closed;               /* no to all */
	struct remember *remember; /* or NULL */
	struct error trouble;      /* the first one with remembering */
};

long long approve_now(void); /* microseconds on CLOCK_MONOTONIC */

/* Answers the question that is put, and all others that the answer speaks of. */
void approver_settle(struct approver *approver, enum answer_scope scope, const char *who);

bool approve_is_refusal(enum answer_scope scope);

/* True where an answer of this scope may be given to this question. */
bool approve_may(const struct question *question, enum answer_scope scope);

/* What ANSWER_FOLDER speaks of: the folder of the target, or the peer's host. Owned by the caller;
 * NULL where memory is exhausted. */
char *approve_folder(const struct question *question);

/* The terminal that the way `tty` has, or NULL. */
struct terminal *approve_tty_terminal(const struct approver *approver);

#endif
