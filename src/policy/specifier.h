/* What a tool gives and takes, narrowed by the specifier in `Tool(specifier)`, as rules. Private
 * to this stage. */
#ifndef REMIT_POLICY_SPECIFIER_H
#define REMIT_POLICY_SPECIFIER_H

#include "policy/build.h"

/* What an allowed tool gives: rules where it is in effect, policy->named where it is named and
 * gives an effect only in part. A path outside the workspace is a warning and gives nothing; a
 * specifier that is not understood is an error. */
int specifier_add_gives(struct builder *build, const struct policy_tool *use, bool in_effect);

/* What forbidding a tool by its bare name takes away. */
int specifier_add_takes(struct builder *build, const struct table_tool *tool,
                        const struct agent_rule *rule);

/* What `forbidden: [Tool(specifier)]` denies; the tool keeps its name. */
int specifier_add_deny(struct builder *build, const struct table_tool *tool,
                       const struct agent_rule *rule);

#endif
