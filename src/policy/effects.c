#include "policy/effects.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

/* Takes target and because over. An effect and target that stand already are dropped. */
static int add(struct effect_list *list, struct effect_entry entry)
{
	if (!entry.target || !entry.because)
		goto failed;
	for (size_t i = 0; i < list->count; i++) {
		const struct effect_entry *old = &list->items[i];
		if (old->effect == entry.effect && strcmp(old->target, entry.target) == 0) {
			free(entry.target);
			free(entry.because);
			return 0;
		}
	}
	if (array_reserve((void **)&list->items, &list->capacity, list->count, sizeof(entry)) < 0)
		goto failed;
	list->items[list->count++] = entry;
	return 0;

failed:
	free(entry.target);
	free(entry.because);
	return -1;
}

/* A path that the pattern matches, as an example of all of them. Owned by the caller. */
static char *example_path(const struct pattern *pattern)
{
	struct buffer out = {0};

	buffer_append_text(&out, strcmp(pattern->root, "/") == 0 ? "" : pattern->root);
	if (pattern->kind == PATTERN_TREE) {
		if (!out.size)
			buffer_append_text(&out, "/");
		return buffer_steal(&out);
	}
	buffer_append_text(&out, "/");
	const char *glob = pattern->glob;
	while (strncmp(glob, "**/", 3) == 0)
		glob += 3;
	for (; *glob; glob++) {
		if (*glob == '*')
			buffer_append_text(&out, glob[1] == '*' ? "" : "any-name");
		else if (*glob == '?')
			buffer_append_text(&out, "x");
		else if (*glob != '\\')
			buffer_append(&out, glob, 1);
	}
	return buffer_steal(&out);
}

/* The formula for the target of one rule. Where a glob has no example (brackets), the rule speaks
 * for itself. */
static int decide_rule(const struct policy *policy, const struct rule *rule,
                       struct decision *decision)
{
	cleanup_free char *example = NULL;
	const char *target = rule->kind == TARGET_ANY ? "*" : rule->name;

	if (rule->kind == TARGET_PATH) {
		example = example_path(&rule->pattern);
		if (!example)
			return -1;
		target = example;
	}
	if (rule_covers(rule, rule->effect, target)) {
		policy_decide(policy, rule->effect, target, decision);
		return 0;
	}
	*decision = (struct decision){
	        .verdict = rule->layer == RULE_TOOLS ? policy->mode_cells[rule->effect]
	                                             : VERDICT_ALLOW,
	        .because = rule->because,
	};
	return 0;
}

/* "agent.md:4 Write; mode acceptEdits": the mode has spoken wherever a tool gives. */
static char *because_text(const struct policy *policy, enum effect effect, const char *because)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer == RULE_TOOLS && rule->effect == effect && rule->because == because)
			return text_printf("%s; mode %s", because, policy->mode->name);
	}
	return text_copy(because);
}

static int add_decided(const struct policy *policy, const struct rule *rule,
                       struct effect_list *list)
{
	struct decision decision;

	if (decide_rule(policy, rule, &decision) < 0)
		return -1;
	return add(list, (struct effect_entry){
	                         .effect = rule->effect,
	                         .layer = rule->layer,
	                         .verdict = decision.verdict,
	                         .target = rule_target_text(rule),
	                         .because = because_text(policy, rule->effect, decision.because),
	                         .at_launch = decision.at_launch,
	                 });
}

/* A refusal that stands by itself. */
static int add_refusal(const struct policy *policy, const struct rule *rule,
                       struct effect_list *list)
{
	bool protected = rule->layer == RULE_PROTECTED;
	struct decision decision;

	if (rule->layer == RULE_SECRET && rule->effect == EFFECT_WRITE) {
		/* In private scratch the tool may make keys of its own. */
		policy_decide(policy, rule->effect, rule->pattern.root, &decision);
		if (decision.verdict == VERDICT_ALLOW)
			return 0;
	}
	return add(list, (struct effect_entry){
	                         .effect = rule->effect,
	                         .layer = rule->layer,
	                         .verdict = protected ? policy->mode_protected : VERDICT_DENY,
	                         .target = rule_target_text(rule),
	                         .because = text_copy(rule->because),
	                         .at_launch = protected,
	                 });
}

/* True where another tool gives more of the same: the lesser entry would only be noise. */
static bool is_lesser(const struct policy *policy, const struct rule *rule)
{
	bool tree = rule->kind == TARGET_PATH && rule->pattern.kind == PATTERN_TREE;

	for (size_t i = 0; i < policy->rule_count && rule->kind != TARGET_ANY && !tree; i++) {
		const struct rule *other = &policy->rules[i];
		if (other->layer != rule->layer || other->effect != rule->effect)
			continue;
		if (other->kind == TARGET_ANY ||
		    (other->kind == TARGET_PATH && other->pattern.kind == PATTERN_TREE &&
		     rule->kind == TARGET_PATH &&
		     path_within(rule->pattern.root, other->pattern.root)))
			return true;
	}
	return false;
}

static int add_layer(const struct policy *policy, enum effect effect, enum rule_layer layer,
                     struct effect_list *list)
{
	bool decided = layer == RULE_TOOLS || layer == RULE_GRANT || layer == RULE_CEILING;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer != layer || rule->effect != effect ||
		    (layer == RULE_TOOLS && is_lesser(policy, rule)))
			continue;
		int result =
		        decided ? add_decided(policy, rule, list) : add_refusal(policy, rule, list);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* What stands on no list: the whole effect, refused. */
static int add_remainder(const struct policy *policy, enum effect effect, struct effect_list *list)
{
	bool files = effect == EFFECT_READ || effect == EFFECT_WRITE;
	const char *target = files ? policy->workspace : "*";
	struct decision decision;

	policy_decide(policy, effect, target, &decision);
	return add(list, (struct effect_entry){
	                         .effect = effect,
	                         .layer = RULE_CEILING,
	                         .verdict = decision.verdict,
	                         .target = text_copy(target),
	                         .because = because_text(policy, effect, decision.because),
	                 });
}

int effect_list_make(const struct policy *policy, struct effect_list *out)
{
	static const enum rule_layer given[] = {RULE_TOOLS, RULE_GRANT, RULE_CEILING};
	static const enum rule_layer refused[] = {RULE_DENY, RULE_FORBIDDEN, RULE_PROTECTED,
	                                          RULE_SECRET};

	*out = (struct effect_list){0};
	for (size_t e = 0; e < EFFECT_COUNT; e++) {
		int result = 0;
		for (size_t i = 0; i < 3 && result == 0; i++)
			result = add_layer(policy, (enum effect)e, given[i], out);
		if (result == 0)
			result = add_remainder(policy, (enum effect)e, out);
		for (size_t i = 0; i < 4 && result == 0; i++)
			result = add_layer(policy, (enum effect)e, refused[i], out);
		if (result < 0) {
			effect_list_clear(out);
			return -1;
		}
	}
	return 0;
}

void effect_list_clear(struct effect_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].target);
		free(list->items[i].because);
	}
	free(list->items);
	*list = (struct effect_list){0};
}
