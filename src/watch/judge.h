/* Whether a watched call will be refused by what stands around the process: read-only mounts, mount
 * points that cannot be moved, an empty network, limits of execution. A prediction, so that the
 * refusal can be recorded and answered; the same mechanisms refuse it where the prediction errs. */
#ifndef REMIT_WATCH_JUDGE_H
#define REMIT_WATCH_JUDGE_H

#include "policy/policy.h"
#include "watch/calls.h"
#include "watch/context.h"

#include <linux/seccomp.h>
#include <sys/types.h>

/* A refusal that is foreseen. */
struct foreseen {
	int error; /* errno of the refusal; 0: the call goes on */
	enum effect effect;
	char *target; /* path or address; owned */
	enum verdict verdict;
	bool hidden;       /* class `hidden` */
	const char *layer; /* what refuses; NULL: what hears of it */
	char *address;     /* of a peer, without its port; or NULL; owned */
	unsigned port;
	char *because; /* owned */
	char *remedy;  /* or NULL; owned */
};

/* Where nothing can be found out, `error` is 0. */
void judge_call(struct watch_context *context, pid_t thread, const struct watched_call *call,
                const struct seccomp_data *data, struct foreseen *out);

/* That the effect on `target` is refused with `error`, and why the policy says so. */
void judge_foresee(const struct watch_context *context, enum effect effect, const char *target,
                   int error, struct foreseen *out);

void foreseen_clear(struct foreseen *foreseen);

#define cleanup_foreseen __attribute__((cleanup(foreseen_clear)))

#endif
