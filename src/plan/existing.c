#include "plan/existing.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/closed.h"
#include "plan/listing.h"
#include "plan/obeyed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands at a name: 0 and its status, 1 where that is nothing, negative on failure. */
static int look(const char *path, struct stat *status, struct error *err)
{
	if (lstat(path, status) == 0)
		return 0;
	if (errno == EACCES)
		return closed_refuse(path, err) < 0 ? -1 : 1;
	return errno == ENOENT || errno == ENOTDIR ? 1 : error_system(err, errno, "%s", path);
}

/* Protects `folder`/`name` where something stands there. */
static int protect(struct policy *policy, const char *folder, const char *name, const char *because,
                   struct error *err)
{
	cleanup_free char *path = path_join(folder, name);
	struct stat status;

	if (!path)
		return error_memory(err);
	int found = look(path, &status, err);
	if (found != 0)
		return found < 0 ? -1 : 0;
	return policy_protect(policy, path, text_printf("protected.yaml: %s", because), err);
}

static int protect_rows(struct policy *policy, const char *folder, const struct table_path *rows,
                        size_t count, const char *because, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (protect(policy, folder, rows[i].path, because, err) < 0)
			return -1;
	return 0;
}

static int protect_git(struct policy *policy, const char *folder, const char *because,
                       struct error *err)
{
	return protect_rows(policy, folder, table_protected_git, table_protected_git_count, because,
	                    err);
}

/* Whether a folder is laid out as a git folder: 1, 0, or negative. */
static int is_git_layout(const char *folder, struct error *err)
{
	static const char *const marks[] = {"HEAD", "objects", "refs"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		cleanup_free char *mark = path_join(folder, marks[i]);
		struct stat status;
		if (!mark)
			return error_memory(err);
		int found = look(mark, &status, err);
		if (found != 0)
			return found < 0 ? -1 : 0;
	}
	return 1;
}

/* A `.git` that is a file or a link says where hooks and config are. */
static int protect_layout(struct policy *policy, const char *root, struct error *err)
{
	cleanup_free char *git = path_join(root, ".git");
	struct stat status;

	if (!git)
		return error_memory(err);
	int found = look(git, &status, err);
	if (found < 0)
		return -1;
	if (found == 0 && !S_ISDIR(status.st_mode) &&
	    policy_protect(policy, git, text_copy("protected.yaml: .git that is a file"), err) < 0)
		return -1;
	int bare = is_git_layout(root, err);
	return bare > 0 ? protect_git(policy, root, "bare repository", err) : bare;
}

/* A folder that the operator opened for writing as a whole may be a repository, a git folder, or
 * neither. */
static int protect_granted(struct policy *policy, const char *root, struct error *err)
{
	static const char because[] = "in a folder that was granted";
	bool is_git = strcmp(path_name(root), ".git") == 0;
	cleanup_free char *git = is_git ? text_copy(root) : path_join(root, ".git");

	if (!git)
		return error_memory(err);
	if (protect_git(policy, git, because, err) < 0)
		return -1;
	return protect_rows(policy, root, table_protected_root, table_protected_root_count, because,
	                    err);
}

/* How far anything may be written in a tree: what is not, needs no look. */
struct writing {
	bool some;  /* a tool or the operator may write the tree, or something above or below it */
	bool grant; /* the operator granted this very tree */
};

static struct writing find_writing(const struct policy *policy, const char *root)
{
	struct writing writing = {false, false};

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect != EFFECT_WRITE ||
		    (rule->layer != RULE_TOOLS && rule->layer != RULE_GRANT))
			continue;
		bool path = rule->kind == TARGET_PATH;
		writing.some |= !path || path_within(rule->pattern.root, root) ||
		                path_within(root, rule->pattern.root);
		writing.grant |= path && rule->layer == RULE_GRANT &&
		                 rule->pattern.kind == PATTERN_TREE &&
		                 strcmp(rule->pattern.root, root) == 0;
	}
	return writing;
}

/* What git's configuration names, of a repository at `root`: in its `.git`, or bare. */
static int protect_obeyed(struct policy *policy, const char *root, bool writing, struct error *err)
{
	cleanup_free char *git = path_join(root, ".git");

	if (!git)
		return error_memory(err);
	if (obeyed_protect(policy, git, root, err) < 0)
		return -1;
	int bare = writing ? is_git_layout(root, err) : 0;
	return bare > 0 ? obeyed_protect(policy, root, root, err) : bare;
}

/* Of a repository whose `.git` is a file. */
static int protect_elsewhere(struct policy *policy, struct error *err)
{
	const char *const folders[] = {policy->git_folder, policy->git_own};
	const char *tree = policy->repository ? policy->repository : policy->workspace;

	for (size_t i = 0; i < 2; i++)
		if (folders[i] && obeyed_protect(policy, folders[i], tree, err) < 0)
			return -1;
	return 0;
}

int existing_protect(struct policy *policy, struct error *err)
{
	for (size_t i = 0; i < policy->region_count; i++) {
		const struct region *region = &policy->regions[i];
		/* The git folder of a `.git` that is a file is known as one already. */
		if (region->kind != REGION_PROJECT ||
		    (policy->git_folder && strcmp(region->root, policy->git_folder) == 0))
			continue;
		struct writing writing = find_writing(policy, region->root);
		if (writing.some && protect_layout(policy, region->root, err) < 0)
			return -1;
		if (writing.grant && protect_granted(policy, region->root, err) < 0)
			return -1;
		if (protect_obeyed(policy, region->root, writing.some, err) < 0)
			return -1;
	}
	return protect_elsewhere(policy, err);
}

/* --- Other names -------------------------------------------------------------------------------
 */

/* Whether the operator granted that effect on a path by its name. What is granted below it opens no
 * more than that. */
static bool granted_by_name(const struct policy *policy, enum effect effect, const char *path)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer == RULE_GRANT && rule->effect == effect &&
		    rule->kind == TARGET_PATH && pattern_names_within(&rule->pattern, path) &&
		    pattern_matches(&rule->pattern, path))
			return true;
	}
	return false;
}

/* Whether a link stands at a path or on the way to it: 1, 0, or negative where that cannot be said
 * and matters. A kernel without openat2 runs nothing, but can be asked what would be permitted:
 * there may be one, then. */
static int has_link(const char *path, struct error *err)
{
	cleanup_close int place = kernel_openat2(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
	                                         RESOLVE_NO_SYMLINKS);
	struct stat status;

	if (place < 0 && (errno == ELOOP || errno == ENOSYS))
		return 1;
	if (place < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (place < 0 && errno == EACCES)
		return closed_refuse(path, err);
	if (place < 0 || fstat(place, &status) < 0)
		return error_system(err, errno, "%s", path);
	return S_ISLNK(status.st_mode);
}

static int add_other_name(struct policy *policy, size_t number, struct error *err)
{
	const struct rule *rule = &policy->rules[number];

	if (rule->layer == RULE_SECRET && granted_by_name(policy, rule->effect, rule->pattern.root))
		return 0;
	cleanup_free char *real = NULL;
	if (access(rule->pattern.root, F_OK) < 0 && errno == EACCES &&
	    closed_refuse(rule->pattern.root, err) < 0)
		return -1;
	if (file_resolve(rule->pattern.root, &real, err) < 0)
		return -1;
	return strcmp(real, rule->pattern.root) == 0 ? 0 : policy_repeat(policy, number, real, err);
}

/* Whether a rule refuses a tree of files by its name. */
static bool refuses_tree(const struct rule *rule)
{
	return (rule->layer == RULE_DENY || rule->layer == RULE_FORBIDDEN ||
	        rule->layer == RULE_SECRET) &&
	       rule->kind == TARGET_PATH && rule->pattern.kind == PATTERN_TREE &&
	       (rule->effect == EFFECT_READ || rule->effect == EFFECT_WRITE);
}

int existing_other_names(struct policy *policy, struct error *err)
{
	cleanup_listing struct listing home = {0};
	size_t count = policy->rule_count;

	if (listing_read(policy->home, &home, err) < 0)
		return -1;
	int link = 0;
	size_t asked = count;
	for (size_t i = 0; i < count; i++) {
		const char *path = policy->rules[i].pattern.root;
		if (!refuses_tree(&policy->rules[i]) || !listing_may_hold(&home, path))
			continue;
		/* Of secrets there is a rule for reading and one for writing, side by side. */
		if (asked == count || strcmp(policy->rules[asked].pattern.root, path) != 0)
			link = has_link(path, err);
		asked = i;
		if (link < 0 || (link && add_other_name(policy, i, err) < 0))
			return -1;
	}
	return 0;
}
