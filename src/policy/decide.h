/* What the rules say of one operation, step by step: the ground of policy_decide and of the reasons
 * that `why` prints. Private to this stage. */
#ifndef REMIT_POLICY_DECIDE_H
#define REMIT_POLICY_DECIDE_H

#include "policy/policy.h"

/* The first rule of each layer that speaks of the operation, or NULL. */
struct findings {
	const struct region *region; /* read and write */
	const struct region *under; /* the read-only tree around a region of the operator's grant */
	const struct rule *tools;
	const struct rule *lacking; /* a tool's that reaches the host, not this port of it */
	const struct rule *grant;
	const struct rule *deny;
	const struct rule *forbidden;
	const struct rule *secret;
	const struct rule *protected;
	const struct rule *excepted; /* a secret or protected path that a grant names */
	const char *ceiling;         /* of the first ceiling whose list lacks the target */
	bool blanket;                /* `forbidden` speaks of every target */
};

/* Never allocates. */
void findings_collect(const struct policy *policy, enum effect effect, const char *target,
                      struct findings *out);

#endif
