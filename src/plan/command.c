/* COMMAND, the programs that may be executed, and those that may not. */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/landlock_rights.h"
#include "plan/parts.h"
#include "plan/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* As deep as execve(2) follows #! lines, and the ELF interpreter behind the last one. */
	CHAIN_LIMIT = 6,
};

static bool readable_inside(const struct policy *policy, const char *path)
{
	const struct region *region = policy_region(policy, path);
	struct decision decision;

	policy_decide(policy, EFFECT_READ, path, &decision);
	return region && region->kind != REGION_SCRATCH && decision.verdict == VERDICT_ALLOW;
}

static bool refused_by_name(const struct policy *policy, const char *path)
{
	struct decision decision;

	policy_decide(policy, EFFECT_READ, path, &decision);
	return decision.verdict != VERDICT_ALLOW && decision.class == DECISION_DENIED;
}

/* COMMAND is always executed: where it lies outside of everything visible, the file itself is
 * bound. */
static int bind_command(const struct plan_request *request, struct plan *plan, const char *path,
                        struct error *err)
{
	cleanup_free char *real = realpath(path, NULL);
	struct plan_mount *mount;
	struct stat status;

	if (!real)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
		               ? 0
		               : error_system(err, errno, "%s", path);
	if ((readable_inside(request->policy, path) && readable_inside(request->policy, real)) ||
	    refused_by_name(request->policy, real) || refused_by_name(request->policy, path))
		return 0;
	if (stat(real, &status) < 0)
		return error_system(err, errno, "%s", real);
	if (!S_ISREG(status.st_mode))
		return 0;
	if (plan_add_mount(plan, MOUNT_BIND, path, real, "COMMAND", &mount, err) < 0)
		return -1;
	mount->identified = true;
	mount->device = status.st_dev;
	mount->inode = status.st_ino;
	mount->project = true;
	return 0;
}

/* Permits execution of a program and of what the kernel loads to run it. */
static int permit_chain(struct plan *plan, const char *path, struct error *err)
{
	uint64_t execute = landlock_group(RIGHT_EXECUTE, plan->landlock_abi);
	cleanup_free char *current = text_copy(path);

	for (int i = 0; i < CHAIN_LIMIT && current; i++) {
		char *next = NULL;
		if (plan_add_right(plan, current, execute, true, err) < 0 ||
		    program_interpreter(current, &next, err) < 0)
			return -1;
		free(current);
		current = next;
	}
	return 0;
}

static int permit_named(const struct plan_request *request, struct plan *plan, const char *name,
                        struct error *err)
{
	cleanup_free char *path = NULL;
	struct decision decision;

	policy_decide(request->policy, EFFECT_EXEC, name, &decision);
	if (decision.verdict != VERDICT_ALLOW)
		return 0;
	int found = program_find(name, plan->search_path, plan->directory, &path, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	return permit_chain(plan, path, err);
}

static int permit_programs(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct policy *policy = request->policy;
	uint64_t execute = landlock_group(RIGHT_EXECUTE, plan->landlock_abi);

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		struct decision decision;
		if (rule->effect != EFFECT_EXEC ||
		    (rule->layer != RULE_TOOLS && rule->layer != RULE_GRANT &&
		     rule->layer != RULE_CEILING))
			continue;
		if (rule->kind == TARGET_NAME && permit_named(request, plan, rule->name, err) < 0)
			return -1;
		if (rule->kind != TARGET_PATH || rule->pattern.kind != PATTERN_TREE)
			continue;
		policy_decide(policy, EFFECT_EXEC, rule->pattern.root, &decision);
		if (decision.verdict == VERDICT_ALLOW &&
		    plan_add_right(plan, rule->pattern.root, execute, true, err) < 0)
			return -1;
	}
	return 0;
}

/* Covers a program file that is there and visible. */
static int mask_file(const struct plan_request *request, struct plan *plan, const char *path,
                     const char *because, struct error *err)
{
	/* Most names exist nowhere: one call tells. */
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	cleanup_free char *real = realpath(path, NULL);
	struct stat status;

	if (!real)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
		               ? 0
		               : error_system(err, errno, "%s", path);
	if (!readable_inside(request->policy, real) || stat(real, &status) < 0 ||
	    !S_ISREG(status.st_mode))
		return 0;
	return plan_add_mount(plan, MOUNT_MASK, real, NULL, because, NULL, err);
}

/* Covers every program of that name on the search path. */
static int mask_program(const struct plan_request *request, struct plan *plan, const char *name,
                        const char *because, struct error *err)
{
	if (name[0] == '/')
		return mask_file(request, plan, name, because, err);
	for (const char *entry = plan->search_path; entry;) {
		size_t length = strcspn(entry, ":");
		cleanup_free char *folder = text_copy_size(entry, length);
		cleanup_free char *path = folder ? path_join(folder, name) : NULL;

		if (!path)
			return error_memory(err);
		if (folder[0] == '/' && mask_file(request, plan, path, because, err) < 0)
			return -1;
		entry = entry[length] ? entry + length + 1 : NULL;
	}
	return 0;
}

/* Programs that are agents themselves, where delegating is not allowed. */
static int mask_agents(const struct plan_request *request, struct plan *plan, struct error *err)
{
	struct decision decision;

	policy_decide(request->policy, EFFECT_DELEGATE, "*", &decision);
	if (decision.verdict == VERDICT_ALLOW)
		return 0;
	for (size_t i = 0; i < table_agent_programs_count; i++) {
		const char *text = table_agent_programs[i].text;
		cleanup_free char *name = strncmp(text, "~/", 2) == 0
		                                  ? path_join(request->policy->home, text + 2)
		                                  : text_copy(text);
		if (!name)
			return error_memory(err);
		if (mask_program(request, plan, name, "agents.yaml: delegate is not allowed", err) <
		    0)
			return -1;
	}
	return 0;
}

/* Where everything may be executed but what is refused by name, those are covered. */
static int mask_denied(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct policy *policy = request->policy;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect != EFFECT_EXEC || rule->layer != RULE_DENY)
			continue;
		if (rule->kind == TARGET_PATH && rule->pattern.kind != PATTERN_TREE) {
			error_set(err, "%s: exec %s cannot be held at level namespaces",
			          rule->because, rule->pattern.text);
			return error_help(err, "name programs without wildcards");
		}
		if (rule->kind == TARGET_PATH &&
		    mask_file(request, plan, rule->pattern.root, rule->because, err) < 0)
			return -1;
		if (rule->kind == TARGET_NAME &&
		    mask_program(request, plan, rule->name, rule->because, err) < 0)
			return -1;
	}
	return 0;
}

int plan_command_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	cleanup_free char *path = NULL;
	int found =
	        program_find(request->command[0], plan->search_path, plan->directory, &path, err);

	if (found < 0)
		return -1;
	if (found == 0 && bind_command(request, plan, path, err) < 0)
		return -1;
	if (plan->limited_exec) {
		if (found == 0 && permit_chain(plan, path, err) < 0)
			return -1;
		if (permit_programs(request, plan, err) < 0)
			return -1;
	} else if (mask_denied(request, plan, err) < 0) {
		return -1;
	}
	return mask_agents(request, plan, err);
}
