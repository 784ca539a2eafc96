/* The programs that may not be executed although others may: agents, and what is refused by name.
 * Their files are covered. */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/closed.h"
#include "plan/parts.h"
#include "plan/visible.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folders of the search path, each once: /bin and /usr/bin are often the same, and each is
 * asked for many names. */
struct folders {
	char **items;
	int *descriptors; /* of each, with O_PATH */
	struct stat *places;
	size_t count;
};

static void folders_clear(struct folders *folders)
{
	for (size_t i = 0; i < folders->count; i++) {
		free(folders->items[i]);
		close(folders->descriptors[i]);
	}
	free(folders->items);
	free(folders->descriptors);
	free(folders->places);
}

static bool known(const struct folders *folders, const struct stat *place)
{
	for (size_t i = 0; i < folders->count; i++)
		if (folders->places[i].st_dev == place->st_dev &&
		    folders->places[i].st_ino == place->st_ino)
			return true;
	return false;
}

/* Takes the folder over where it is new. */
static int add_folder(struct folders *folders, char **folder, struct error *err)
{
	struct stat *place = &folders->places[folders->count];
	cleanup_close int descriptor = open(*folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (descriptor < 0 && errno == EACCES)
		return closed_refuse(*folder, err);
	if (descriptor < 0)
		return errno == ENOENT || errno == ENOTDIR
		               ? 0
		               : error_system(err, errno, "%s", *folder);
	if (fstat(descriptor, place) < 0)
		return error_system(err, errno, "%s", *folder);
	if (known(folders, place))
		return 0;
	folders->descriptors[folders->count] = steal_descriptor(&descriptor);
	folders->items[folders->count++] = steal_pointer(folder);
	return 0;
}

static int folders_find(const char *search_path, struct folders *out, struct error *err)
{
	size_t most = 1;

	for (const char *at = search_path; *at; at++)
		most += *at == ':';
	out->items = calloc(most, sizeof(*out->items));
	out->places = calloc(most, sizeof(*out->places));
	out->descriptors = calloc(most, sizeof(*out->descriptors));
	if (!out->items || !out->places || !out->descriptors)
		return error_memory(err);
	for (const char *entry = search_path; entry;) {
		size_t length = strcspn(entry, ":");
		cleanup_free char *folder = text_copy_size(entry, length);
		if (!folder)
			return error_memory(err);
		if (folder[0] == '/' && add_folder(out, &folder, err) < 0)
			return -1;
		entry = entry[length] ? entry + length + 1 : NULL;
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

	if (!real && errno == EACCES)
		return closed_refuse(path, err);
	if (!real)
		return errno == ENOENT || errno == ENOTDIR ? 0
		                                           : error_system(err, errno, "%s", path);
	if (!visible_inside(request->policy, real))
		return 0;
	if (stat(real, &status) < 0)
		return error_system(err, errno, "%s", real);
	if (!S_ISREG(status.st_mode))
		return 0;
	return plan_add_mount(plan, MOUNT_MASK, real, NULL, because, NULL, err);
}

/* Covers every program of that name on the search path. */
static int mask_program(const struct plan_request *request, struct plan *plan,
                        const struct folders *folders, const char *name, const char *because,
                        struct error *err)
{
	if (name[0] == '/')
		return mask_file(request, plan, name, because, err);
	for (size_t i = 0; i < folders->count; i++) {
		/* Most names exist nowhere: one short call tells. */
		if (faccessat(folders->descriptors[i], name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno == ENOENT)
			continue;
		cleanup_free char *path = path_join(folders->items[i], name);
		if (!path)
			return error_memory(err);
		if (mask_file(request, plan, path, because, err) < 0)
			return -1;
	}
	return 0;
}

/* Programs that are agents themselves, where delegating is not allowed. */
static int mask_agents(const struct plan_request *request, struct plan *plan,
                       const struct folders *folders, struct error *err)
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
		if (mask_program(request, plan, folders, name,
		                 "agents.yaml: delegate is not allowed", err) < 0)
			return -1;
	}
	return 0;
}

/* A program is covered; a folder of programs would have to be hidden whole. */
static int refuse_folder(const struct rule *rule, struct error *err)
{
	struct stat status = {0};

	/* mask_file judges what cannot be entered. */
	if (stat(rule->pattern.root, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES
		               ? 0
		               : error_system(err, errno, "%s", rule->pattern.root);
	if (!S_ISDIR(status.st_mode))
		return 0;
	error_set(err, "%s: exec of a folder cannot be held at level namespaces", rule->because);
	return error_help(err, "name the programs, or refuse reading the folder: --deny read:%s",
	                  rule->pattern.root);
}

/* Where everything may be executed but what is refused by name, those are covered. */
static int mask_denied(const struct plan_request *request, struct plan *plan,
                       const struct folders *folders, struct error *err)
{
	const struct policy *policy = request->policy;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect != EFFECT_EXEC || rule->layer != RULE_DENY)
			continue;
		if ((rule->kind == TARGET_PATH && rule->pattern.kind != PATTERN_TREE) ||
		    (rule->kind == TARGET_NAME && strpbrk(rule->name, "*?["))) {
			error_set(err, "%s: exec %s cannot be held at level namespaces",
			          rule->because,
			          rule->kind == TARGET_NAME ? rule->name : rule->pattern.text);
			return error_help(err, "name programs without wildcards");
		}
		if (rule->kind == TARGET_PATH && refuse_folder(rule, err) < 0)
			return -1;
		if (rule->kind == TARGET_PATH &&
		    mask_file(request, plan, rule->pattern.root, rule->because, err) < 0)
			return -1;
		if (rule->kind == TARGET_NAME &&
		    mask_program(request, plan, folders, rule->name, rule->because, err) < 0)
			return -1;
	}
	return 0;
}

int plan_masks_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	__attribute__((cleanup(folders_clear))) struct folders folders = {0};

	if (folders_find(plan->search_path, &folders, err) < 0)
		return -1;
	if (!plan->limited_exec && mask_denied(request, plan, &folders, err) < 0)
		return -1;
	return mask_agents(request, plan, &folders, err);
}
