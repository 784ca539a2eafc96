#include "policy/specifier.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/rule.h"
#include "policy/specifier_text.h"

#include <stdlib.h>
#include <string.h>

static char *use_origin(const struct builder *build, const struct policy_tool *use)
{
	cleanup_free char *place = build_place(build, use->line);

	if (use->named)
		return specifier_origin(build, "", use->as, use->specifier, use->line);
	if (!place)
		return NULL;
	return text_printf(use->line ? "%s all tools" : "%s: no `tools`, so all are inherited",
	                   place);
}

/* Where the rules of one allowed tool go. */
struct giver {
	struct builder *build;
	const struct policy_tool *use;
	bool in_effect;
};

/* Takes the rule over. `whole`: the tool gives this effect in full (see named_gives). */
static int give(struct giver *giver, struct rule rule, bool whole)
{
	struct rule copy = rule;

	if (giver->use->named && !whole) {
		copy.name = rule.name ? text_copy(rule.name) : NULL;
		bool failed = rule.name && !copy.name;
		if (!failed && rule.kind == TARGET_PATH)
			failed = pattern_copy(&rule.pattern, rule.pattern.root, &copy.pattern,
			                      giver->build->err) < 0;
		if (failed) {
			free(copy.name);
			rule_clear(&rule);
			return error_memory(giver->build->err);
		}
		if (build_add_named(giver->build, copy, use_origin(giver->build, giver->use)) < 0) {
			rule_clear(&rule);
			return -1;
		}
	}
	if (giver->in_effect)
		return build_add_rule(giver->build, rule, use_origin(giver->build, giver->use));
	rule_clear(&rule);
	return 0;
}

static int give_tree(struct giver *giver, enum effect effect, const char *root)
{
	struct rule rule = {.layer = RULE_TOOLS, .effect = effect, .kind = TARGET_PATH};

	if (pattern_tree(root, root, &rule.pattern, giver->build->err) < 0)
		return -1;
	return give(giver, rule, true);
}

/* The workspace; with it the repository around it, whose files git and builds read, and the git
 * folder, which git writes. Its hooks and configuration are protected paths. */
static int give_workspace(struct giver *giver, enum effect effect)
{
	const struct policy *policy = giver->build->policy;

	if (give_tree(giver, effect, policy->workspace) < 0)
		return -1;
	if (policy->git_folder && give_tree(giver, effect, policy->git_folder) < 0)
		return -1;
	if (!policy->repository || strcmp(policy->repository, policy->workspace) == 0)
		return 0;
	if (effect == EFFECT_READ)
		return give_tree(giver, effect, policy->repository);
	if (policy->git_folder)
		return 0;

	cleanup_free char *git = path_join(policy->repository, ".git");
	return git ? give_tree(giver, effect, git) : error_memory(giver->build->err);
}

static int give_listed(struct giver *giver, enum effect effect, const char *const *targets)
{
	struct pattern_base base = {.directory = giver->build->policy->workspace};

	for (; targets && *targets; targets++) {
		struct rule rule = {.layer = RULE_TOOLS, .effect = effect};
		if (rule_target(&rule, *targets, &base, giver->build->err) < 0)
			return -1;
		if (give(giver, rule, false) < 0)
			return -1;
	}
	return 0;
}

static int give_everything(struct giver *giver, enum effect effect)
{
	const struct table_grant *grant = &giver->use->tool->gives[effect];
	bool files = effect == EFFECT_READ || effect == EFFECT_WRITE;
	struct rule any = {.layer = RULE_TOOLS, .effect = effect, .kind = TARGET_ANY};

	switch (grant->scope) {
	case TABLE_NONE:
		return 0;
	case TABLE_LISTED:
		return give_listed(giver, effect, grant->targets);
	case TABLE_ANY:
	case TABLE_WORKSPACE:
		break;
	}
	/* No tool gives more of the files than the workspace, whatever its row says. */
	return files ? give_workspace(giver, effect) : give(giver, any, true);
}

/* Cuts the pattern down to the workspace. Returns 1 where something is left, 0 where nothing is,
 * negative on failure. */
static int intersect_workspace(struct giver *giver, struct pattern *pattern)
{
	const char *workspace = giver->build->policy->workspace;
	struct pattern inner;

	if (path_within(pattern->root, workspace))
		return 1;
	int left = path_within(workspace, pattern->root) && pattern->kind != PATTERN_GLOB;
	if (left) {
		/* A tree, or a name at any depth, that begins further out: what it says of the
		 * workspace it says from there on. */
		if (pattern_copy(pattern, workspace, &inner, giver->build->err) < 0)
			return -1;
		pattern_clear(pattern);
		*pattern = inner;
	}
	cleanup_free char *text =
	        specifier_origin(giver->build, "", giver->use->as, giver->use->specifier, 0);
	if (build_warn(giver->build, giver->use->line, "outside-workspace",
	               left ? "%s reaches out of the workspace: only what lies inside is granted"
	                    : "%s lies outside of the workspace and grants nothing; an operator "
	                      "can grant it",
	               text ? text : "") < 0)
		return -1;
	return left;
}

/* A single file whose name ends as the list wants. */
static bool is_listed_file(const struct pattern *pattern, const char *suffix)
{
	size_t size = strlen(pattern->root);
	size_t suffix_size = strlen(suffix);
	size_t text_size = strlen(pattern->text);

	return pattern->text[text_size - 1] != '/' && pattern->text[text_size - 1] != '*' &&
	       size > suffix_size && strcmp(pattern->root + size - suffix_size, suffix) == 0;
}

/* Meets a pattern with a list of endings at any depth. Where the answer is no single pattern, the
 * definition must be written differently. */
static int intersect_listed(struct giver *giver, const char *const *targets,
                            struct pattern *pattern)
{
	struct error *err = giver->build->err;

	for (; *targets && strncmp(*targets, "**/", 3) == 0; targets++) {
		const char *suffix = *targets + 3 + (targets[0][3] == '*');
		size_t suffix_size = strlen(suffix);
		if (pattern->kind == PATTERN_TREE && is_listed_file(pattern, suffix))
			return 0;
		if (pattern->kind == PATTERN_TREE) {
			pattern->glob = text_copy(*targets);
			pattern->kind = PATTERN_GLOB;
			pattern->below = false;
			return pattern->glob ? 0 : error_memory(err);
		}
		size_t size = strlen(pattern->glob);
		if (size < suffix_size || strcmp(pattern->glob + size - suffix_size, suffix) != 0)
			continue;
		if (pattern->kind == PATTERN_ANY_DEPTH) {
			char *glob = text_printf("**/%s", pattern->glob);
			if (!glob)
				return error_memory(err);
			free(pattern->glob);
			pattern->glob = glob;
			pattern->kind = PATTERN_GLOB;
		}
		pattern->below = false;
		return 0;
	}
	return error_set(err, "write a folder, or a pattern that ends as the files of %s do",
	                 giver->use->tool->name);
}

static int give_path_effect(struct giver *giver, enum effect effect)
{
	const struct table_grant *grant = &giver->use->tool->gives[effect];
	struct pattern_base base = build_agent_base(giver->build, false);
	struct rule rule = {.layer = RULE_TOOLS, .effect = effect};

	if (rule_target(&rule, giver->use->specifier, &base, giver->build->err) < 0)
		return -1;
	int result = intersect_workspace(giver, &rule.pattern);
	if (result > 0 && grant->scope == TABLE_LISTED)
		result = intersect_listed(giver, grant->targets, &rule.pattern) < 0 ? -1 : 1;
	if (result > 0)
		return give(giver, rule, false);
	rule_clear(&rule);
	return result;
}

static int give_paths(struct giver *giver)
{
	const struct policy_tool *use = giver->use;

	for (size_t e = 0; e < EFFECT_COUNT; e++) {
		if (use->tool->gives[e].scope == TABLE_NONE)
			continue;
		int result = e == EFFECT_READ || e == EFFECT_WRITE
		                     ? give_path_effect(giver, (enum effect)e)
		                     : give_everything(giver, (enum effect)e);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int give_name(struct giver *giver, enum effect effect, const char *text)
{
	struct pattern_base base = {0};
	struct rule rule = {.layer = RULE_TOOLS, .effect = effect};

	if (giver->use->tool->gives[effect].scope == TABLE_NONE)
		return 0;
	if (rule_target(&rule, text, &base, giver->build->err) < 0)
		return -1;
	return give(giver, rule, rule.kind == TARGET_ANY);
}

static int give_agent(void *context, const char *name)
{
	return give_name(context, EFFECT_DELEGATE, name);
}

/* A bare entry of the same tool lifts the limit to patterns. */
static bool stands_bare(const struct policy *policy, const struct table_tool *tool)
{
	for (size_t i = 0; i < policy->tool_count; i++) {
		if (policy->tools[i].tool == tool && !policy->tools[i].specifier)
			return true;
	}
	return false;
}

static int give_command(struct giver *giver)
{
	const struct policy_tool *use = giver->use;

	for (size_t e = 0; e < EFFECT_COUNT; e++) {
		if (give_everything(giver, (enum effect)e) < 0)
			return -1;
	}
	if (!specifier_command_matters(giver->build, use->tool) ||
	    stands_bare(giver->build->policy, use->tool))
		return 0;
	return specifier_add_commands(giver->build, false, use->specifier,
	                              use_origin(giver->build, use));
}

static int give_specified(struct giver *giver)
{
	const struct policy_tool *use = giver->use;
	struct error *err = giver->build->err;
	const char *domain;

	if (!*use->specifier)
		return error_set(err, "nothing stands between the parentheses");
	switch (specifier_subject(use->tool)) {
	case SUBJECT_NOTHING:
		return 0;
	case SUBJECT_COMMAND:
		return give_command(giver);
	case SUBJECT_PATH:
		return give_paths(giver);
	case SUBJECT_DOMAIN:
		domain = specifier_domain(use->specifier, err);
		return domain ? give_name(giver, EFFECT_CONNECT, domain) : -1;
	case SUBJECT_AGENT:
		return specifier_each_agent(use->specifier, giver, give_agent, err);
	case SUBJECT_UNKNOWN:
		break;
	}
	return error_set(err, "%s takes no specifier", use->tool->name);
}

int specifier_add_gives(struct builder *build, const struct policy_tool *use, bool in_effect)
{
	struct giver giver = {.build = build, .use = use, .in_effect = in_effect};

	if (use->specifier) {
		if (give_specified(&giver) < 0)
			return specifier_refuse(build, use->as, use->specifier, use->line);
		return 0;
	}
	for (size_t e = 0; e < EFFECT_COUNT; e++) {
		if (give_everything(&giver, (enum effect)e) < 0)
			return -1;
	}
	return 0;
}
