/* One rule: making it from the text of a target, and matching it. */
#ifndef REMIT_POLICY_RULE_H
#define REMIT_POLICY_RULE_H

#include "base/error.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>

/* Fills kind, pattern and name of `rule`, whose layer and effect are set, from a target as it is
 * written. Errors say what is wrong with the target, without its place. */
int rule_target(struct rule *rule, const char *text, const struct pattern_base *base,
                struct error *err);

/* True when the rule covers the whole target (see policy_decide). Never allocates. */
bool rule_covers(const struct rule *rule, enum effect effect, const char *target);

/* True when a refusal covers any of what the target means: peers without a port mean all ports. */
bool rule_touches(const struct rule *rule, enum effect effect, const char *target);

/* True when both say the same of the same effect on the same layer, whatever their origin. */
bool rule_same(const struct rule *a, const struct rule *b);

/* The target for people: the path or pattern, the name, or "*". Owned by the caller; NULL when
 * memory is exhausted. */
char *rule_target_text(const struct rule *rule);

/* The target that means `target` and nothing else, as a policy writes it: what patterns take for
 * wildcards is escaped. `out` is owned by the caller; NULL where the grammar cannot say it. Returns
 * 0, or negative when memory is exhausted. */
int rule_target_literal(enum effect effect, const char *target, char **out);

void rule_clear(struct rule *rule);

#endif
