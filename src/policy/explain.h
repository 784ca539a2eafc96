/* What a definition permits, effect by effect, with origins: as a table and as JSON. */
#ifndef REMIT_POLICY_EXPLAIN_H
#define REMIT_POLICY_EXPLAIN_H

#include "agent/agent.h"
#include "base/buffer.h"
#include "policy/policy.h"

/* Appends a table for a terminal. Returns 0, or negative when memory is exhausted. */
int explain_table(const struct agent *agent, const struct policy *policy, struct buffer *out);

/* Appends one line of JSON as docs/design.md describes it. Where the policy is NULL, what the
 * definition says alone, without effects and without the warnings of policy_build. */
int explain_json(const struct agent *agent, const struct policy *policy, struct buffer *out);

#endif
