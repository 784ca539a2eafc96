/* The effects of a policy as a list for people and programs: one entry for each distinct pair of
 * effect and target, with its verdict and reason. */
#ifndef REMIT_POLICY_EFFECTS_H
#define REMIT_POLICY_EFFECTS_H

#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>

struct effect_entry {
	enum effect effect;
	enum rule_layer layer; /* of the rule that brought the target onto the list */
	enum verdict verdict;
	char *target;
	char *because;
	bool at_launch; /* held for names that exist when COMMAND starts */
};

struct effect_list {
	struct effect_entry *items;
	size_t count;
	size_t capacity;
};

/* In the order of the effects; within one, what tools and operators give, then ceilings, then what
 * is refused. Returns 0, or negative when memory is exhausted; released by effect_list_clear. */
int effect_list_make(const struct policy *policy, struct effect_list *out);

void effect_list_clear(struct effect_list *list);

#endif
