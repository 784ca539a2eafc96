/* The broker: performs what changes names and files of the project, where the policy permits it.
 *
 * The tool's own mounts of the project are read-only. The broker has a copy of the sandbox's tree
 * in which they are not, and the tool's ids. It finds out what a call means, decides on what it
 * found, and does that very thing itself; what it lets go on, the kernel refuses by the mount. */
#ifndef REMIT_WATCH_BROKER_H
#define REMIT_WATCH_BROKER_H

#include "base/error.h"
#include "watch/calls.h"
#include "watch/context.h"
#include "watch/judge.h"
#include "watch/notify.h"

#include <stdbool.h>

enum outcome_kind {
	OUTCOME_GO_ON,   /* nothing for the broker: the kernel answers */
	OUTCOME_PLAIN,   /* the same, and the kernel refuses nothing that is to be recorded */
	OUTCOME_REFUSED, /* `refused` says by what; to be recorded */
	OUTCOME_ERROR,   /* the errno that the deed came to */
	OUTCOME_RESULT,  /* the call's result is `value` */
	OUTCOME_FILE,    /* a descriptor, `file` */
	OUTCOME_LATER,   /* somebody is asked; the call was taken over */
	OUTCOME_AGAIN,   /* somebody has to give the file up first; never left */
};

struct outcome {
	enum outcome_kind kind;
	struct foreseen refused;
	int error;
	int64_t value;
	int file; /* owned */
	bool close_on_exec;
	bool truncate; /* the file is emptied as soon as the caller has the descriptor */
	/* What is taken back where the caller cannot have the descriptor: a file that was made. */
	int made_in;       /* O_PATH of its folder; -1: nothing was made */
	bool made_in_lent; /* it is not owned (see folders.h) */
	char *made;        /* its name; owned */
};

/* Makes the broker of a context, before it has its tree. */
int broker_new(struct watch_context *context, struct error *err);

/* In the thread that will be the broker: takes a copy of the tree (a mount namespace), and gives up
 * what is not needed any more. */
int broker_enter(struct watch_context *context, int tree, struct error *err);

/* Answers a call of a kind that changes files. Where the answer comes later, the notice is taken
 * over. */
void broker_answer(struct watch_context *context, struct notice *notice,
                   const struct watched_call *call, struct outcome *out);

/* No call comes any more: what was staged is looked at for the last time. */
void broker_end(struct watch_context *context);

/* Empties the file of the outcome. Returns 0, or -1 with errno. */
int broker_empty(const struct outcome *outcome);

/* The descriptor could not be handed over. */
void broker_take_back(struct outcome *outcome);

void outcome_clear(struct outcome *outcome);

#define cleanup_outcome __attribute__((cleanup(outcome_clear)))

#endif
