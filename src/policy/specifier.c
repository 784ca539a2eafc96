#include "policy/specifier.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

/* What the text between the parentheses speaks of. */
enum subject {
	SUBJECT_NOTHING, /* the tool has no effects: the text is the harness's business */
	SUBJECT_COMMAND,
	SUBJECT_PATH,
	SUBJECT_DOMAIN,
	SUBJECT_AGENT,
	SUBJECT_UNKNOWN,
};

static bool touches(const struct table_tool *tool, enum effect effect)
{
	return tool->gives[effect].scope != TABLE_NONE || tool->takes[effect].scope != TABLE_NONE;
}

static enum subject subject_of(const struct table_tool *tool)
{
	bool any = false;

	if (tool->specifier_command)
		return SUBJECT_COMMAND;
	if (tool->shell)
		return SUBJECT_UNKNOWN;
	for (size_t e = 0; e < EFFECT_COUNT; e++)
		any |= touches(tool, (enum effect)e);
	if (!any)
		return SUBJECT_NOTHING;
	if (touches(tool, EFFECT_READ) || touches(tool, EFFECT_WRITE))
		return SUBJECT_PATH;
	if (touches(tool, EFFECT_CONNECT))
		return SUBJECT_DOMAIN;
	return touches(tool, EFFECT_DELEGATE) ? SUBJECT_AGENT : SUBJECT_UNKNOWN;
}

/* "agent.md:4 Edit(src/...)", owned by the caller. */
static char *origin(const struct builder *build, const char *prefix, const char *as,
                    const char *specifier, size_t line)
{
	cleanup_free char *place = build_place(build, line);
	cleanup_free char *name = escape_terminal_copy(as);
	cleanup_free char *inside = specifier ? escape_terminal_copy(specifier) : NULL;

	if (!place || !name || (specifier && !inside))
		return NULL;
	return text_printf("%s %s%s%s%s%s", place, prefix, name, inside ? "(" : "",
	                   inside ? inside : "", inside ? ")" : "");
}

static char *use_origin(const struct builder *build, const struct policy_tool *use)
{
	cleanup_free char *place = build_place(build, use->line);

	if (use->named)
		return origin(build, "", use->as, use->specifier, use->line);
	if (!place)
		return NULL;
	return text_printf(use->line ? "%s all tools" : "%s: no `tools`, so all are inherited",
	                   place);
}

/* Errors of a specifier get its place and name in front. */
static int refuse(struct builder *build, const char *as, const char *specifier, size_t line)
{
	cleanup_free char *where = origin(build, "", as, specifier, line);

	return error_context(build->err, "%s", where ? where : build->agent_label);
}

/* --- Giving ----------------------------------------------------------------------------------- */

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
	if (!policy->repository || strcmp(policy->repository, policy->workspace) == 0)
		return 0;
	if (effect == EFFECT_READ)
		return give_tree(giver, effect, policy->repository);

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
	        origin(giver->build, "", giver->use->as, giver->use->specifier, 0);
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

/* `domain:HOST`. Returns the host, NULL with an error where the text is something else. */
static const char *domain_of(const char *specifier, struct error *err)
{
	if (strncmp(specifier, "domain:", 7) == 0)
		return specifier + 7;
	error_set(err, "not understood; write domain:HOST, as in WebFetch(domain:example.com)");
	return NULL;
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

/* Calls `each` with the agents of `Agent(one, two)`. */
static int for_each_agent(const char *specifier, void *context,
                          int (*each)(void *context, const char *name), struct error *err)
{
	for (const char *at = specifier;; at++) {
		at += strspn(at, " \t");
		size_t size = strcspn(at, ",");
		size_t trimmed = size;
		while (trimmed && (at[trimmed - 1] == ' ' || at[trimmed - 1] == '\t'))
			trimmed--;
		cleanup_free char *name = text_copy_size(at, trimmed);
		if (!name)
			return error_memory(err);
		if (!*name)
			return error_set(err, "an empty name of an agent");
		if (each(context, name) < 0)
			return -1;
		at += size;
		if (!*at)
			return 0;
	}
}

static int give_agent(void *context, const char *name)
{
	return give_name(context, EFFECT_DELEGATE, name);
}

/* Takes pattern and because over; NULL counts as exhausted memory. */
static int add_command(struct builder *build, bool forbidden, char *pattern, char *because)
{
	struct policy *policy = build->policy;
	struct command_rule rule = {.forbidden = forbidden, .pattern = pattern, .because = because};

	if (!pattern || !because ||
	    array_reserve((void **)&policy->commands, &policy->command_capacity,
	                  policy->command_count, sizeof(rule)) < 0) {
		free(pattern);
		free(because);
		return error_memory(build->err);
	}
	policy->commands[policy->command_count++] = rule;
	return 0;
}

/* The comma that ends a pattern in `git add:*, git commit:*`, or NULL. Commas elsewhere belong to
 * the command. */
static const char *pattern_comma(const char *text)
{
	for (const char *at = strchr(text, ','); at; at = strchr(at + 1, ',')) {
		if (at - text >= 2 && at[-1] == '*' && (at[-2] == ':' || at[-2] == ' '))
			return at;
	}
	return NULL;
}

/* One rule for each pattern between the parentheses. Takes because over. */
static int add_commands(struct builder *build, bool forbidden, const char *text, char *because)
{
	cleanup_free char *origin_text = because;

	for (;;) {
		const char *comma = pattern_comma(text);
		size_t size = comma ? (size_t)(comma - text) : strlen(text);
		char *copy = origin_text ? text_copy(origin_text) : NULL;
		if (add_command(build, forbidden, text_copy_size(text, size), copy) < 0)
			return -1;
		if (!comma)
			return 0;
		text = comma + 1;
		text += strspn(text, " \t");
	}
}

/* Command patterns matter for the tool that --tool names; without it all are shown. */
static bool command_matters(const struct builder *build, const struct table_tool *tool)
{
	return !build->policy->tool || build->policy->tool == tool;
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
	if (!command_matters(giver->build, use->tool) ||
	    stands_bare(giver->build->policy, use->tool))
		return 0;
	return add_commands(giver->build, false, use->specifier, use_origin(giver->build, use));
}

static int give_specified(struct giver *giver)
{
	const struct policy_tool *use = giver->use;
	struct error *err = giver->build->err;
	const char *domain;

	if (!*use->specifier)
		return error_set(err, "nothing stands between the parentheses");
	switch (subject_of(use->tool)) {
	case SUBJECT_NOTHING:
		return 0;
	case SUBJECT_COMMAND:
		return give_command(giver);
	case SUBJECT_PATH:
		return give_paths(giver);
	case SUBJECT_DOMAIN:
		domain = domain_of(use->specifier, err);
		return domain ? give_name(giver, EFFECT_CONNECT, domain) : -1;
	case SUBJECT_AGENT:
		return for_each_agent(use->specifier, giver, give_agent, err);
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
			return refuse(build, use->as, use->specifier, use->line);
		return 0;
	}
	for (size_t e = 0; e < EFFECT_COUNT; e++) {
		if (give_everything(&giver, (enum effect)e) < 0)
			return -1;
	}
	return 0;
}

/* --- Taking ----------------------------------------------------------------------------------- */

static char *forbidden_origin(const struct builder *build, const struct agent_rule *rule)
{
	return origin(build, "forbidden ", rule->name, rule->specifier, rule->line);
}

int specifier_add_takes(struct builder *build, const struct table_tool *tool,
                        const struct agent_rule *rule)
{
	struct pattern_base base = {
	        .directory = build->deep, .deny = true, .deep = build->deep, .claude = false};

	for (size_t e = 0; e < EFFECT_COUNT; e++) {
		const struct table_grant *grant = &tool->takes[e];
		struct rule taken = {.layer = RULE_FORBIDDEN,
		                     .effect = (enum effect)e,
		                     .kind = TARGET_ANY,
		                     .unless_named = true};

		if (grant->scope == TABLE_NONE || build->named_gives[e])
			continue;
		if (grant->scope != TABLE_LISTED) {
			if (build_add_rule(build, taken, forbidden_origin(build, rule)) < 0)
				return -1;
			continue;
		}
		for (const char *const *target = grant->targets; target && *target; target++) {
			struct rule listed = taken;
			if (rule_target(&listed, *target, &base, build->err) < 0 ||
			    build_add_rule(build, listed, forbidden_origin(build, rule)) < 0)
				return -1;
		}
	}
	return 0;
}

static int deny_one(struct builder *build, const struct agent_rule *rule, enum effect effect,
                    const char *target)
{
	struct pattern_base base = build_agent_base(build, true);
	struct rule denied = {.layer = RULE_FORBIDDEN, .effect = effect};

	if (rule_target(&denied, target, &base, build->err) < 0)
		return -1;
	return build_add_rule(build, denied, forbidden_origin(build, rule));
}

/* What a path specifier denies: what forbidding the tool would take; of a tool that only loses its
 * name (Grep), what it gives. */
static int deny_paths(struct builder *build, const struct table_tool *tool,
                      const struct agent_rule *rule)
{
	static const enum effect files[] = {EFFECT_READ, EFFECT_WRITE};
	bool takes = tool->takes[EFFECT_READ].scope != TABLE_NONE ||
	             tool->takes[EFFECT_WRITE].scope != TABLE_NONE;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const struct table_grant *grant =
		        takes ? &tool->takes[files[i]] : &tool->gives[files[i]];
		if (grant->scope != TABLE_NONE &&
		    deny_one(build, rule, files[i], rule->specifier) < 0)
			return -1;
	}
	return 0;
}

struct denier {
	struct builder *build;
	const struct agent_rule *rule;
};

static int deny_agent(void *context, const char *name)
{
	struct denier *denier = context;

	return deny_one(denier->build, denier->rule, EFFECT_DELEGATE, name);
}

static int deny_specified(struct builder *build, const struct table_tool *tool,
                          const struct agent_rule *rule)
{
	struct denier denier = {.build = build, .rule = rule};
	const char *domain;

	if (!*rule->specifier)
		return error_set(build->err, "nothing stands between the parentheses");
	switch (subject_of(tool)) {
	case SUBJECT_NOTHING:
		return 0;
	case SUBJECT_COMMAND:
		if (!command_matters(build, tool))
			return 0;
		return add_commands(build, true, rule->specifier, forbidden_origin(build, rule));
	case SUBJECT_PATH:
		return deny_paths(build, tool, rule);
	case SUBJECT_DOMAIN:
		domain = domain_of(rule->specifier, build->err);
		return domain ? deny_one(build, rule, EFFECT_CONNECT, domain) : -1;
	case SUBJECT_AGENT:
		return for_each_agent(rule->specifier, &denier, deny_agent, build->err);
	case SUBJECT_UNKNOWN:
		break;
	}
	return error_set(build->err, "%s takes no specifier", tool->name);
}

int specifier_add_deny(struct builder *build, const struct table_tool *tool,
                       const struct agent_rule *rule)
{
	if (deny_specified(build, tool, rule) < 0)
		return refuse(build, rule->name, rule->specifier, rule->line);
	return 0;
}
