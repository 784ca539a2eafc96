/* The walls: regions of the file system, secrets and protected paths. */
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/build.h"
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

/* "~" and "~/x" of a table row, absolute. The rows are normal (their generator sees to it), and
 * there are hundreds at every launch. Owned by the caller. */
static char *anchored(const struct builder *build, const char *path)
{
	const char *home = build->policy->home;

	if (path[0] != '~')
		return text_copy(path);
	if (strcmp(home, "/") == 0)
		return text_copy(path[1] ? path + 1 : "/");
	return text_printf("%s%s", home, path + 1);
}

static int add_regions(struct builder *build, enum region_kind kind, const struct table_path *rows,
                       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *root = anchored(build, rows[i].path);
		char *because = text_copy(rows[i].because);
		if (!root) {
			free(because);
			return error_memory(build->err);
		}
		if (build_add_region(build, kind, root, because) < 0)
			return -1;
	}
	return 0;
}

/* The workspace, the repository, and the root of whatever the operator granted. */
static int add_project(struct builder *build)
{
	struct policy *policy = build->policy;

	if (build_add_region(build, REGION_PROJECT, policy->workspace, text_copy("the workspace")) <
	    0)
		return -1;
	if (policy->repository && build_add_region(build, REGION_PROJECT, policy->repository,
	                                           text_copy("the repository")) < 0)
		return -1;
	if (policy->git_folder && build_add_region(build, REGION_PROJECT, policy->git_folder,
	                                           text_copy("the repository's git folder")) < 0)
		return -1;
	if (policy->git_own && build_add_region(build, REGION_PROJECT, policy->git_own,
	                                        text_copy("the work tree's git folder")) < 0)
		return -1;
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		bool files = rule->effect == EFFECT_READ || rule->effect == EFFECT_WRITE;
		if (rule->layer != RULE_GRANT || rule->kind != TARGET_PATH || !files)
			continue;
		if (build_add_region(build, REGION_PROJECT, rule->pattern.root,
		                     text_copy(rule->because)) < 0)
			return -1;
	}
	return 0;
}

static int add_secret(struct builder *build, const struct table_path *row, const char *root)
{
	if (build_add_tree(build, RULE_SECRET, EFFECT_READ, root, text_copy(row->because)) < 0)
		return -1;
	return build_add_tree(build, RULE_SECRET, EFFECT_WRITE, root, text_copy(row->because));
}

static int add_secrets(struct builder *build)
{
	const struct text_list *homes = &build->request->homes;

	for (size_t i = 0; i < table_secrets_count; i++) {
		const struct table_path *row = &table_secrets[i];
		cleanup_free char *root = anchored(build, row->path);

		if (!root)
			return error_memory(build->err);
		if (add_secret(build, row, root) < 0)
			return -1;
		for (size_t k = 0; row->path[0] == '~' && k < homes->count; k++) {
			cleanup_free char *other =
			        text_printf("%s%s", homes->items[k], row->path + 1);
			if (!other)
				return error_memory(build->err);
			if (add_secret(build, row, other) < 0)
				return -1;
		}
	}
	return 0;
}

/* Names of a git folder, in every git folder below `root`. */
static int protect_git(struct builder *build, const char *root)
{
	for (size_t i = 0; i < table_protected_git_count; i++) {
		const struct table_path *row = &table_protected_git[i];
		struct rule rule = {
		        .layer = RULE_PROTECTED, .effect = EFFECT_WRITE, .kind = TARGET_PATH};
		cleanup_free char *glob = path_join(".git", row->path);

		if (!glob)
			return error_memory(build->err);
		if (pattern_any_depth(root, glob, &rule.pattern, build->err) < 0)
			return error_context(build->err, "protected.yaml:%u", row->line);
		if (build_add_rule(build, rule,
		                   text_printf("protected.yaml:%u %s", row->line, glob)) < 0)
			return -1;
	}
	return 0;
}

/* A name of one folder; `except` may be NULL. */
static int protect_name(struct builder *build, const char *folder, const char *name,
                        const char *except, char *because)
{
	struct rule rule = {.layer = RULE_PROTECTED,
	                    .effect = EFFECT_WRITE,
	                    .kind = TARGET_PATH,
	                    .except = except};
	cleanup_free char *path = path_join(folder, name);

	if (!path || pattern_tree(path, path, &rule.pattern, build->err) < 0) {
		free(because);
		return error_memory(build->err);
	}
	return build_add_rule(build, rule, because);
}

/* The same names of a git folder that is not called `.git` or lies elsewhere. */
static int protect_git_folder(struct builder *build, const char *folder, const char *own)
{
	for (size_t i = 0; i < table_protected_git_count; i++) {
		const struct table_path *row = &table_protected_git[i];
		if (protect_name(build, folder, row->path, own,
		                 text_printf("protected.yaml:%u %s", row->line, row->path)) < 0)
			return -1;
	}
	return 0;
}

/* Where `.git` is a file: the file itself, the git folder, and in the main repository's also what
 * says which commit its own work tree has. */
static int protect_pointed(struct builder *build)
{
	static const char *const main_only[] = {"HEAD", "index"};
	const struct policy *policy = build->policy;

	if (!policy->git_folder)
		return 0;
	if (policy->repository &&
	    protect_name(build, policy->repository, ".git", NULL,
	                 text_copy("protected.yaml: .git that is a file")) < 0)
		return -1;
	if (protect_git_folder(build, policy->git_folder, policy->git_own) < 0)
		return -1;
	if (!policy->git_own)
		return 0;
	for (size_t i = 0; i < sizeof(main_only) / sizeof(*main_only); i++)
		if (protect_name(build, policy->git_folder, main_only[i], NULL,
		                 text_copy("protected.yaml: the main work tree's")) < 0)
			return -1;
	return protect_git_folder(build, policy->git_own, NULL);
}

static int protect_root(struct builder *build, const char *root)
{
	struct pattern_base base = {.directory = root, .deny = true};

	for (size_t i = 0; i < table_protected_root_count; i++) {
		const struct table_path *row = &table_protected_root[i];
		struct rule rule = {.layer = RULE_PROTECTED, .effect = EFFECT_WRITE};
		cleanup_free char *text = path_join(".", row->path);

		if (!text)
			return error_memory(build->err);
		if (rule_target(&rule, text, &base, build->err) < 0)
			return error_context(build->err, "protected.yaml:%u", row->line);
		if (build_add_rule(build, rule, text_copy(row->because)) < 0)
			return -1;
	}
	return 0;
}

static int protect_given(struct builder *build)
{
	const struct text_list *given = &build->request->given;

	for (size_t i = 0; i < given->count; i++) {
		cleanup_free char *path = path_absolute("/", given->items[i]);
		cleanup_free char *escaped = path ? escape_terminal_copy(path) : NULL;
		if (!escaped)
			return error_memory(build->err);
		if (build_add_tree(build, RULE_PROTECTED, EFFECT_WRITE, path,
		                   text_printf("%s: remit was given this file", escaped)) < 0)
			return -1;
	}
	return 0;
}

/* Git folders are protected wherever something may be written: in the project, and in every tree
 * that the operator granted. */
static int add_protected(struct builder *build)
{
	struct policy *policy = build->policy;

	if (protect_root(build, policy->workspace) < 0)
		return -1;
	if (policy->repository && strcmp(policy->repository, policy->workspace) != 0 &&
	    protect_root(build, policy->repository) < 0)
		return -1;
	if (protect_git(build, build->deep) < 0 || protect_pointed(build) < 0)
		return -1;
	for (size_t i = 0; i < policy->region_count; i++) {
		const struct region *region = &policy->regions[i];
		if (region->kind == REGION_PROJECT && !path_within(region->root, build->deep) &&
		    protect_git(build, region->root) < 0)
			return -1;
	}
	return protect_given(build);
}

/* A deny of any depth also holds in the trees that the operator granted outside of the project:
 * there it begins at their roots. */
static int spread_denies(struct builder *build)
{
	struct policy *policy = build->policy;
	size_t count = policy->rule_count;

	for (size_t i = 0; i < policy->region_count; i++) {
		const struct region *region = &policy->regions[i];
		if (region->kind != REGION_PROJECT)
			continue;
		for (size_t k = 0; k < count; k++) {
			const struct rule *rule = &policy->rules[k];
			struct rule copy = {.layer = rule->layer,
			                    .effect = rule->effect,
			                    .kind = TARGET_PATH,
			                    .unless_named = rule->unless_named};
			bool refuses = rule->layer == RULE_DENY || rule->layer == RULE_FORBIDDEN;
			if (!refuses || rule->kind != TARGET_PATH ||
			    rule->pattern.kind != PATTERN_ANY_DEPTH ||
			    strcmp(rule->pattern.root, build->deep) != 0 ||
			    path_within(region->root, build->deep))
				continue;
			if (pattern_copy(&rule->pattern, region->root, &copy.pattern, build->err) <
			    0)
				return -1;
			if (build_add_rule(build, copy, text_copy(rule->because)) < 0)
				return -1;
		}
	}
	return 0;
}

int build_walls(struct builder *build)
{
	if (add_regions(build, REGION_SYSTEM, table_trees_system, table_trees_system_count) < 0 ||
	    add_regions(build, REGION_HOME, table_trees_home, table_trees_home_count) < 0 ||
	    add_regions(build, REGION_SCRATCH, table_trees_scratch, table_trees_scratch_count) <
	            0 ||
	    add_project(build) < 0 || add_secrets(build) < 0 || add_protected(build) < 0)
		return -1;
	return spread_denies(build);
}
