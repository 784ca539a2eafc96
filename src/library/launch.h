/* From options and a command to a plan: what run, run --dry-run and compile share, so that what is
 * shown is what is done. */
#ifndef REMIT_LIBRARY_LAUNCH_H
#define REMIT_LIBRARY_LAUNCH_H

#include "base/error.h"
#include "library/prepare.h"
#include "plan/plan.h"
#include "remit.h"

struct notices {
	remit_notice_function *function; /* or NULL */
	void *data;
	struct timing *timing; /* of the launch, or NULL; belongs to the caller */
};

/* Takes over `text`; text that memory did not suffice for is left out. */
void notices_say(const struct notices *notices, enum remit_notice notice, char *text);

struct launch {
	struct prepared prepared;
	char **command; /* a copy, anchored to where the caller stands */
	char *blind;    /* why refusals are not seen (level namespaces); NULL: they are */
	struct plan *plan;
};

/* Everything up to the plan, with the warnings on the way. An empty `command` makes the plan that
 * holds for every command. Returns 0 and what the caller releases with launch_clear; negative
 * where nothing may be executed. */
int launch_prepare(const struct remit_options *options, char *const *command,
                   char *const *environment, const struct notices *notices, struct launch *out,
                   struct error *err);

void launch_clear(struct launch *launch);

#define cleanup_launch __attribute__((cleanup(launch_clear)))

#endif
