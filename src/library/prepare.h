/* From options to a policy: the part that all subcommands share. */
#ifndef REMIT_LIBRARY_PREPARE_H
#define REMIT_LIBRARY_PREPARE_H

#include "agent/agent.h"
#include "base/error.h"
#include "base/timing.h"
#include "plan/locate.h"
#include "policy/policy.h"
#include "remit.h"

struct prepared {
	struct agent *agent;
	struct place place;
	struct policy *policy;
};

/* `explaining`: no workspace is refused, since nothing runs in it. `timing` may be NULL. Returns 0
 * and what the caller releases with prepared_clear. */
int prepare(const struct remit_options *options, bool explaining, struct timing *timing,
            struct prepared *out, struct error *err);

void prepared_clear(struct prepared *prepared);

#define cleanup_prepared __attribute__((cleanup(prepared_clear)))

/* Hands an inner error to the caller of the library. Always returns -1. */
int export_error(struct error *err, struct remit_error *out);

#endif
