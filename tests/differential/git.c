/* What of git folders is held by the broker alone, or by nothing. */
#include "differential.h"

#include "base/path.h"
#include "policy/rule.h"

#include <string.h>

static bool is_granted_repository(const struct policy *policy, const char *root, size_t size)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer == RULE_GRANT && rule->effect == EFFECT_WRITE &&
		    rule->kind == TARGET_PATH && strlen(rule->pattern.root) == size &&
		    strncmp(rule->pattern.root, root, size) == 0)
			return true;
	}
	return false;
}

bool git_is_deep(const struct policy *policy, const char *path)
{
	const char *git = strstr(path, "/.git");

	if (!git || (git[5] && git[5] != '/'))
		return false;
	if (policy->git_folder && path_within(path, policy->git_folder))
		return false;
	size_t size = (size_t)(git - path);
	const char *const known[] = {policy->workspace, policy->repository};
	for (size_t i = 0; i < COUNT(known); i++)
		if (known[i] && strlen(known[i]) == size && strncmp(known[i], path, size) == 0)
			return false;
	return !is_granted_repository(policy, path, size);
}

bool git_is_harmless(const struct policy *policy, const char *path)
{
	const char *git = strstr(path, "/.git/");
	const char *name = path_name(path);
	size_t size = strlen(name);

	if (!git || (policy->git_folder && path_within(path, policy->git_folder)))
		return false;
	if (!git_is_deep(policy, path) && strncmp(git, "/.git/modules", 13) != 0 &&
	    strncmp(git, "/.git/worktrees", 15) != 0)
		return false;
	return !strstr(git, "/hooks/") || (size > 7 && strcmp(name + size - 7, ".sample") == 0);
}
