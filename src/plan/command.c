/* COMMAND, the programs that may be executed, and those that may not. */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/landlock_rights.h"
#include "plan/parts.h"
#include "plan/program.h"
#include "plan/visible.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* As deep as execve(2) follows #! lines, and the ELF interpreter behind the last one. */
	CHAIN_LIMIT = 6,
};

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
	if ((visible_inside(request->policy, path) && visible_inside(request->policy, real)) ||
	    refused_inside(request->policy, real) || refused_inside(request->policy, path))
		return 0;
	if (stat(real, &status) < 0)
		return error_system(err, errno, "%s", real);
	/* A file that nobody could execute is not shown for being named. */
	if (!S_ISREG(status.st_mode) || access(real, X_OK) < 0)
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

/* A program, or a folder of programs: those need the system's loader, which is that of its shell.
 */
static int permit_path(struct plan *plan, const char *path, struct error *err)
{
	struct stat status;
	char *loader = NULL;

	if (permit_chain(plan, path, err) < 0)
		return -1;
	if (stat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		return 0;
	if (program_interpreter("/bin/sh", &loader, err) < 0)
		return -1;
	cleanup_free char *owned = loader;
	return owned ? plan_add_right(plan, owned,
	                              landlock_group(RIGHT_EXECUTE, plan->landlock_abi), true, err)
	             : 0;
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

/* Landlock cannot refuse inside what it permits: a folder of programs and a refusal of any program
 * do not go together. */
static int refuse_mixture(const struct policy *policy, const struct rule *folder, struct error *err)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect != EFFECT_EXEC || rule->layer != RULE_DENY ||
		    rule->kind == TARGET_ANY)
			continue;
		error_set(err, "%s: cannot be held at level namespaces beside %s", rule->because,
		          folder->because);
		return error_help(err, "permit programs by name instead of a folder");
	}
	return 0;
}

static int permit_programs(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct policy *policy = request->policy;

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
		if (decision.verdict == VERDICT_ALLOW && refuse_mixture(policy, rule, err) < 0)
			return -1;
		if (decision.verdict == VERDICT_ALLOW &&
		    permit_path(plan, rule->pattern.root, err) < 0)
			return -1;
	}
	return 0;
}

int plan_command_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	cleanup_free char *path = NULL;
	const char *command = request->command[0];
	int found =
	        command ? program_find(command, plan->search_path, plan->directory, &path, err) : 1;

	if (found < 0)
		return -1;
	if (found == 0 && bind_command(request, plan, path, err) < 0)
		return -1;
	if (plan->limited_exec) {
		if (found == 0 && permit_chain(plan, path, err) < 0)
			return -1;
		if (permit_programs(request, plan, err) < 0)
			return -1;
	}
	return 0;
}
