#include "policy/build.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RULES_EXPECTED = 1500,
};

static int add_to(struct rule **rules, size_t *count, size_t *capacity, struct rule rule,
                  char *because, struct error *err)
{
	rule.because = because;
	if (!because) {
		rule_clear(&rule);
		return error_memory(err);
	}
	/* The walls are long lists without doubles; comparing each with each would be felt. */
	bool wall = rule.layer == RULE_SECRET || rule.layer == RULE_PROTECTED;
	for (size_t i = 0; !wall && i < *count; i++) {
		if (rule_same(&(*rules)[i], &rule)) {
			rule_clear(&rule);
			return 0;
		}
	}
	if (array_reserve((void **)rules, capacity, *count, sizeof(rule)) < 0) {
		rule_clear(&rule);
		return error_memory(err);
	}
	(*rules)[(*count)++] = rule;
	return 0;
}

int build_add_rule(struct builder *build, struct rule rule, char *because)
{
	struct policy *policy = build->policy;

	return add_to(&policy->rules, &policy->rule_count, &policy->rule_capacity, rule, because,
	              build->err);
}

int build_add_named(struct builder *build, struct rule rule, char *because)
{
	struct policy *policy = build->policy;

	return add_to(&policy->named, &policy->named_count, &policy->named_capacity, rule, because,
	              build->err);
}

int build_add_tree(struct builder *build, enum rule_layer layer, enum effect effect,
                   const char *root, char *because)
{
	struct rule rule = {.layer = layer, .effect = effect, .kind = TARGET_PATH};

	if (pattern_tree(root, root, &rule.pattern, build->err) < 0) {
		free(because);
		return -1;
	}
	return build_add_rule(build, rule, because);
}

int build_add_region(struct builder *build, enum region_kind kind, const char *root, char *because)
{
	struct policy *policy = build->policy;
	struct region region = {.kind = kind, .because = because, .root_size = strlen(root)};

	for (size_t i = 0; because && i < policy->region_count; i++) {
		const struct region *old = &policy->regions[i];
		if (old->kind == kind && old->root_size == region.root_size &&
		    strcmp(old->root, root) == 0) {
			free(because);
			return 0;
		}
	}
	region.root = text_copy(root);
	if (!region.root || !because ||
	    array_reserve((void **)&policy->regions, &policy->region_capacity, policy->region_count,
	                  sizeof(region)) < 0) {
		free(region.root);
		free(because);
		return error_memory(build->err);
	}
	policy->regions[policy->region_count++] = region;
	return 0;
}

int build_warn(struct builder *build, size_t line, const char *code, const char *format, ...)
{
	struct policy *policy = build->policy;
	struct policy_warning warning = {
	        .where = build_place(build, line), .line = line, .code = code};
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&warning.message, format, arguments) < 0)
		warning.message = NULL;
	va_end(arguments);
	if (!warning.message || !warning.where ||
	    array_reserve((void **)&policy->warnings, &policy->warning_capacity,
	                  policy->warning_count, sizeof(warning)) < 0) {
		free(warning.message);
		free(warning.where);
		return error_memory(build->err);
	}
	policy->warnings[policy->warning_count++] = warning;
	return 0;
}

char *build_place(const struct builder *build, size_t line)
{
	return line ? text_printf("%s:%zu", build->agent_label, line)
	            : text_copy(build->agent_label);
}

struct pattern_base build_agent_base(const struct builder *build, bool deny)
{
	return (struct pattern_base){
	        .project = build->policy->workspace,
	        .home = build->policy->home,
	        /* Where COMMAND will start: a caller that stands elsewhere starts it in the
	         * workspace, and a definition's `./x` means the same place every time. */
	        .directory = path_within(build->policy->directory, build->policy->workspace)
	                             ? build->policy->directory
	                             : build->policy->workspace,
	        .claude = true,
	        .deny = deny,
	        .deep = build->deep,
	};
}

struct pattern_base build_source_base(const struct builder *build, const struct source *source,
                                      bool deny)
{
	const struct policy *policy = build->policy;

	return (struct pattern_base){
	        .home = policy->home,
	        .directory = source->command_line ? policy->directory : policy->workspace,
	        .deny = deny,
	        .deep = build->deep,
	};
}

/* A path of the request must be absolute, and is made normal. */
static int copy_path(const char *path, const char *what, char **out, struct error *err)
{
	if (!path || path[0] != '/')
		return error_set(err, "the %s must be an absolute path", what);
	*out = path_absolute("/", path);
	return *out ? 0 : error_memory(err);
}

static int copy_request(struct builder *build)
{
	const struct request *request = build->request;
	struct policy *policy = build->policy;

	if (copy_path(request->workspace, "workspace", &policy->workspace, build->err) < 0 ||
	    copy_path(request->home, "home folder", &policy->home, build->err) < 0 ||
	    copy_path(request->directory ? request->directory : request->workspace,
	              "working directory", &policy->directory, build->err) < 0)
		return -1;
	if (request->repository &&
	    copy_path(request->repository, "repository root", &policy->repository, build->err) < 0)
		return -1;
	if (request->git_folder &&
	    copy_path(request->git_folder, "git folder", &policy->git_folder, build->err) < 0)
		return -1;
	if (request->git_own &&
	    copy_path(request->git_own, "git folder", &policy->git_own, build->err) < 0)
		return -1;
	if (policy->repository && !path_within(policy->workspace, policy->repository))
		return error_set(build->err, "the workspace does not lie in the repository");

	build->deep = policy->repository ? policy->repository : policy->workspace;
	policy->agent_name = text_copy(build->agent->name ? build->agent->name : "");
	policy->agent_file = text_copy(build->agent->file);
	build->agent_label = escape_terminal_copy(build->agent->file);
	return policy->agent_name && policy->agent_file && build->agent_label
	               ? 0
	               : error_memory(build->err);
}

static int run_steps(struct builder *build)
{
	static int (*const steps[])(struct builder *) = {
	        copy_request,   build_sources, build_tools,  build_mode,
	        build_operator, build_walls,   build_limits,
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (steps[i](build) < 0)
			return -1;
	}
	return 0;
}

int policy_build(const struct agent *agent, const struct request *request, struct policy **out,
                 struct error *err)
{
	cleanup_policy struct policy *policy = calloc(1, sizeof(*policy));
	struct builder build = {.agent = agent, .request = request, .policy = policy, .err = err};

	*out = NULL;
	if (!policy)
		return error_memory(err);
	/* The walls alone are that many. What grows by doubling is copied, and touches twice the
	 * memory. */
	policy->rules = calloc(RULES_EXPECTED, sizeof(*policy->rules));
	if (!policy->rules)
		return error_memory(err);
	policy->rule_capacity = RULES_EXPECTED;
	int result = run_steps(&build);
	for (size_t i = 0; i < build.source_count; i++)
		source_clear(&build.sources[i]);
	free(build.sources);
	free(build.agent_label);
	if (result == 0)
		*out = steal_pointer(&policy);
	return result;
}

int policy_repeat(struct policy *policy, size_t number, const char *path, struct error *err)
{
	struct builder build = {.policy = policy, .err = err};
	const struct rule *rule = &policy->rules[number];
	struct rule copy = {.layer = rule->layer,
	                    .effect = rule->effect,
	                    .kind = TARGET_PATH,
	                    .unless_named = rule->unless_named};

	if (pattern_tree(path, path, &copy.pattern, err) < 0)
		return -1;
	return build_add_rule(&build, copy, text_copy(rule->because));
}

int policy_protect(struct policy *policy, const char *path, char *because, struct error *err)
{
	struct builder build = {.policy = policy, .err = err};
	/* A linked work tree's own folder has rules of its own. */
	struct rule rule = {.layer = RULE_PROTECTED,
	                    .effect = EFFECT_WRITE,
	                    .kind = TARGET_PATH,
	                    .except = policy->git_own};

	if (pattern_tree(path, path, &rule.pattern, err) < 0) {
		free(because);
		return -1;
	}
	return build_add_rule(&build, rule, because);
}

int policy_protect_below(struct policy *policy, const char *root, const char *name, char *because,
                         struct error *err)
{
	struct builder build = {.policy = policy, .err = err};
	struct rule rule = {.layer = RULE_PROTECTED, .effect = EFFECT_WRITE, .kind = TARGET_PATH};
	cleanup_buffer struct buffer glob = {0};

	for (const char *at = name; *at; at++) {
		if (strchr("*?[]\\{}!", *at))
			buffer_append(&glob, "\\", 1);
		buffer_append(&glob, at, 1);
	}
	buffer_append(&glob, "", 1);
	if (buffer_failed(&glob) || pattern_any_depth(root, glob.data, &rule.pattern, err) < 0) {
		free(because);
		return buffer_failed(&glob) ? error_memory(err) : -1;
	}
	return build_add_rule(&build, rule, because);
}

bool policy_permits_nothing(const struct policy *policy)
{
	return policy->tool_count == 0;
}

static void free_rules(struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		rule_clear(&rules[i]);
	free(rules);
}

static void free_settings(struct policy_setting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(settings[i].name);
		free(settings[i].value);
		free(settings[i].because);
	}
	free(settings);
}

static void free_ceilings(struct policy *policy)
{
	for (size_t i = 0; i < policy->ceiling_count; i++) {
		free(policy->ceilings[i].file);
		for (size_t e = 0; e < EFFECT_COUNT; e++)
			free(policy->ceilings[i].because[e]);
	}
	free(policy->ceilings);
}

static void free_small_lists(struct policy *policy)
{
	for (size_t i = 0; i < policy->tool_count; i++) {
		free(policy->tools[i].as);
		free(policy->tools[i].specifier);
	}
	free(policy->tools);
	for (size_t i = 0; i < policy->region_count; i++) {
		free(policy->regions[i].root);
		free(policy->regions[i].because);
	}
	free(policy->regions);
	for (size_t i = 0; i < policy->command_count; i++) {
		free(policy->commands[i].pattern);
		free(policy->commands[i].because);
	}
	free(policy->commands);
	for (size_t i = 0; policy->limits && i < policy->limit_count; i++)
		free(policy->limits[i].because);
	free(policy->limits);
	for (size_t i = 0; i < policy->warning_count; i++) {
		free(policy->warnings[i].where);
		free(policy->warnings[i].message);
	}
	free(policy->warnings);
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	free_rules(policy->rules, policy->rule_count);
	free_rules(policy->named, policy->named_count);
	free_settings(policy->keep, policy->keep_count);
	free_settings(policy->set, policy->set_count);
	free_ceilings(policy);
	free_small_lists(policy);
	for (size_t e = 0; e < EFFECT_COUNT; e++)
		free(policy->ungranted[e]);
	free(policy->agent_name);
	free(policy->agent_file);
	free(policy->workspace);
	free(policy->repository);
	free(policy->git_folder);
	free(policy->git_own);
	free(policy->home);
	free(policy->directory);
	free(policy->mode_because);
	free(policy);
}
