#include "plan/obeyed.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/git_config.h"
#include "base/path.h"
#include "base/text.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MOST_INCLUDES = 10, /* within each other: git stops there, too */
	MOST_FILES = 256,   /* of one repository, the same one again included */
};

struct reading {
	struct policy *policy;
	const char *git, *tree;
	const char *file; /* which is read now */
	int depth;
	size_t files;
	bool failed; /* other than by a text that is no configuration */
};

/* Whether a rule opens a path of the project, or something in it. */
static bool opens(const struct rule *rule, const char *path)
{
	return rule->effect == EFFECT_WRITE &&
	       (rule->layer == RULE_TOOLS || rule->layer == RULE_GRANT) &&
	       (rule->kind != TARGET_PATH || path_within(path, rule->pattern.root) ||
	        path_within(rule->pattern.root, path));
}

/* Whether something may be written there; a device is nobody's program (`/dev/null`). */
static bool may_be_written(const struct policy *policy, const char *path)
{
	bool project = false;
	struct stat status;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		return false;
	for (size_t i = 0; i < policy->region_count; i++)
		project |= policy->regions[i].kind == REGION_PROJECT &&
		           path_within(path, policy->regions[i].root);
	for (size_t i = 0; project && i < policy->rule_count; i++)
		if (opens(&policy->rules[i], path))
			return true;
	return false;
}

/* What is a link leads to what is obeyed. */
static int protect_path(const struct reading *reading, const char *path, const char *name,
                        struct error *err)
{
	cleanup_free char *real = NULL;
	const char *paths[] = {path, NULL};

	if (file_resolve(path, &real, err) < 0)
		return -1;
	if (strcmp(real, path) != 0)
		paths[1] = real;
	for (size_t i = 0; i < 2 && paths[i]; i++)
		if (may_be_written(reading->policy, paths[i]) &&
		    policy_protect(reading->policy, paths[i],
		                   text_printf("protected.yaml: %s of %s", name, reading->file),
		                   err) < 0)
			return -1;
	return 0;
}

/* The path that a value means in a folder; owned by the caller. */
static char *meant_path(const struct policy *policy, const char *folder, const char *value)
{
	bool home = strncmp(value, "~/", 2) == 0;

	return path_absolute(home ? policy->home : folder, home ? value + 2 : value);
}

static int read_file(struct reading *reading, const char *path, struct error *err);

/* A relative path means another folder in each work tree, and below a git folder that is taken for
 * a bare one in each folder at all. */
static int protect_below(const struct reading *reading, const char *name, const char *value,
                         struct error *err)
{
	cleanup_free char *path = path_absolute("/", value);

	if (!path)
		return error_memory(err);
	if (!path[1])
		return 0;
	return policy_protect_below(reading->policy, reading->tree, path + 1,
	                            text_printf("protected.yaml: %s of %s", name, reading->file),
	                            err);
}

static int protect_hooks(struct reading *reading, const char *name, const char *value,
                         struct error *err)
{
	/* Those of a push that arrives run in the git folder. */
	const char *const folders[] = {reading->tree, reading->git};

	for (size_t i = 0; i < 2; i++) {
		cleanup_free char *path = meant_path(reading->policy, folders[i], value);
		if (!path)
			return error_memory(err);
		if (protect_path(reading, path, name, err) < 0)
			return -1;
	}
	return *value == '/' || *value == '~' ? 0 : protect_below(reading, name, value, err);
}

/* Whatever the condition: it may hold later. */
static int protect_included(struct reading *reading, const char *name, const char *value,
                            struct error *err)
{
	cleanup_free char *folder = path_parent(reading->file);
	cleanup_free char *path = folder ? meant_path(reading->policy, folder, value) : NULL;

	if (!path)
		return error_memory(err);
	if (protect_path(reading, path, name, err) < 0)
		return -1;
	return read_file(reading, path, err);
}

static int protect_variable(struct reading *reading, const char *name, const char *value,
                            struct error *err)
{
	size_t size = strlen(name);

	if (!value || !*value)
		return 0;
	if (strcmp(name, "core.hookspath") == 0)
		return protect_hooks(reading, "core.hooksPath", value, err);
	if (strcmp(name, "include.path") == 0)
		return protect_included(reading, "include.path", value, err);
	if (strncmp(name, "includeif.", 10) == 0 && strcmp(name + size - 5, ".path") == 0)
		return protect_included(reading, "includeIf", value, err);
	return 0;
}

static int visit(void *data, const char *name, const char *value, struct error *err)
{
	struct reading *reading = data;
	int result = protect_variable(reading, name, value, err);

	reading->failed |= result < 0;
	return result;
}

/* One file of a configuration. What cannot be opened, git cannot open, either. */
static int read_file(struct reading *reading, const char *path, struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	cleanup_error struct error odd = {0};
	const char *outer = reading->file;
	struct stat status;

	if (stat(path, &status) < 0 || !S_ISREG(status.st_mode) || access(path, R_OK) < 0)
		return 0;
	if (reading->depth == MOST_INCLUDES)
		return 0;
	if (++reading->files > MOST_FILES)
		return error_set(err, "%s: git's configuration includes too many files",
		                 reading->git);
	if (file_read(path, GIT_CONFIG_LONGEST, &text, err) < 0)
		return -1;
	reading->file = path;
	reading->depth++;
	/* A text that is no configuration ends git, but what stood before was read. */
	if (git_config_read_all(text.data, text.size, visit, reading, &odd) < 0 && reading->failed)
		return error_set(err, "%s", error_message(&odd));
	reading->depth--;
	reading->file = outer;
	return 0;
}

int obeyed_protect(struct policy *policy, const char *git, const char *tree, struct error *err)
{
	static const char *const names[] = {"config", "config.worktree"};
	struct reading reading = {.policy = policy, .git = git, .tree = tree};

	for (size_t i = 0; i < 2; i++) {
		cleanup_free char *path = path_join(git, names[i]);
		if (!path)
			return error_memory(err);
		if (read_file(&reading, path, err) < 0)
			return -1;
	}
	return 0;
}
