#include "watch/carried.h"

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/path.h"
#include "watch/confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WALK_MOST = 16384, /* names of one folder that is moved; one with more is refused */
	WALK_DEPTH = 64,
	POINTERS_MOST = 1 << 20, /* names that are looked at for pointers */
	POINTER_LONGEST = 8192,
};

/* A folder, or a link, that comes to stand at `path` or goes from there. */
struct carrier {
	const struct policy *policy;
	const struct matter *matter;
	const char *path;
	size_t seen; /* names */
};

/* A pattern of one name, at any depth of the tree that may be written: what it refuses could not
 * have come to stand where it was. */
static bool is_everywhere(const struct carrier *carrier, const struct pattern *pattern)
{
	const char *glob = pattern->glob;

	if (pattern->kind == PATTERN_GLOB && strncmp(glob, "**/", 3) == 0)
		glob += 3;
	else if (pattern->kind != PATTERN_ANY_DEPTH)
		return false;
	return !strchr(glob, '/') &&
	       path_within(ruling_top(carrier->policy, carrier->path), pattern->root);
}

/* Whether the pattern can speak of a name below `path`. */
static bool speaks_below(const struct carrier *carrier, const struct pattern *pattern,
                         const char *path)
{
	if (pattern->kind == PATTERN_TREE)
		return path_below(pattern->root, path);
	if (is_everywhere(carrier, pattern))
		return false;
	return path_within(pattern->root, path) ||
	       (path_below(path, pattern->root) &&
	        (pattern->kind == PATTERN_ANY_DEPTH || strchr(pattern->glob, '/')));
}

/* Whether something stands at that path in the folder, or could come to stand there through a link
 * on the way. An error is taken for yes. */
static bool stands_in(int folder, const char *path)
{
	cleanup_close int place =
	        kernel_openat2(folder, path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
	                       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	return place >= 0 || (errno != ENOENT && errno != ENOTDIR);
}

static bool is_met_below(struct carrier *carrier, const struct pattern *pattern, int folder,
                         const char *path, int depth);

/* One name of a folder that is moved, whole `path`. */
static bool is_met(struct carrier *carrier, const struct pattern *pattern, int folder,
                   const char *name, const char *path, int depth)
{
	struct stat status;

	if (++carrier->seen > WALK_MOST || pattern_matches(pattern, path) ||
	    fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return true;
	if (S_ISLNK(status.st_mode))
		return speaks_below(carrier, pattern, path);
	if (!S_ISDIR(status.st_mode) || !speaks_below(carrier, pattern, path))
		return false;
	cleanup_close int below =
	        openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return below < 0 || is_met_below(carrier, pattern, below, path, depth + 1);
}

/* Whether the pattern matches anything below `folder`, which stands or will stand at `path`. What
 * cannot be looked through may hold it. */
static bool is_met_below(struct carrier *carrier, const struct pattern *pattern, int folder,
                         const char *path, int depth)
{
	int list = fcntl(folder, F_DUPFD_CLOEXEC, 3);
	DIR *names = list < 0 ? NULL : fdopendir(list);
	const struct dirent *entry = NULL;
	bool met = depth > WALK_DEPTH;

	if (!names) {
		if (list >= 0)
			close(list);
		return true;
	}
	while (!met && (errno = 0, entry = readdir(names))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		cleanup_free char *whole = path_join(path, entry->d_name);
		met = !whole || is_met(carrier, pattern, folder, entry->d_name, whole, depth);
	}
	met = met || errno != 0;
	closedir(names);
	return met;
}

/* A folder with what is in it. */
static bool brings(struct carrier *carrier, const struct pattern *pattern)
{
	int object = carrier->matter->object;

	if (pattern->kind == PATTERN_TREE)
		return stands_in(object, pattern->root + strlen(carrier->path) +
		                                 (carrier->path[1] != '\0'));
	cleanup_close int folder = openat(object, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 || is_met_below(carrier, pattern, folder, carrier->path, 0);
}

enum carrier_kind {
	CARRIES_NOTHING,
	CARRIES_FOLDER,
	CARRIES_LINK,
};

static enum carrier_kind kind_of(const struct matter *matter)
{
	struct stat status;

	if (matter->deed == GUARD_MAKE_LINK)
		return CARRIES_LINK;
	if (matter->object < 0 || (matter->deed != GUARD_PUT && matter->deed != GUARD_REMOVE))
		return CARRIES_NOTHING;
	/* What cannot be looked at may be a folder. */
	if (fstat(matter->object, &status) < 0 || S_ISDIR(status.st_mode))
		return CARRIES_FOLDER;
	return S_ISLNK(status.st_mode) && matter->deed == GUARD_PUT ? CARRIES_LINK
	                                                            : CARRIES_NOTHING;
}

const char *carried_refusal(const struct policy *policy, const struct matter *matter,
                            const char *path, enum verdict *verdict)
{
	struct carrier carrier = {.policy = policy, .matter = matter, .path = path};
	enum carrier_kind kind = kind_of(matter);

	for (size_t i = 0; kind != CARRIES_NOTHING && i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		struct decision decision;
		/* Git's internals, at any depth, are the guard's business. */
		bool internals =
		        rule->layer == RULE_PROTECTED && rule->pattern.kind != PATTERN_TREE;
		if (rule->effect != EFFECT_WRITE || rule->kind != TARGET_PATH || internals ||
		    rule->layer < RULE_DENY || !speaks_below(&carrier, &rule->pattern, path) ||
		    (kind == CARRIES_FOLDER && !brings(&carrier, &rule->pattern)))
			continue;
		policy_decide(policy, EFFECT_WRITE, rule->pattern.root, &decision);
		/* Of a glob the root is another name than those that it speaks of. */
		if (rule->pattern.kind != PATTERN_TREE)
			decision.verdict = VERDICT_DENY;
		if (decision.verdict == VERDICT_ALLOW)
			continue;
		*verdict = decision.verdict;
		return rule->because;
	}
	return NULL;
}

/* --- Pointers of git's ----------------------------------------------------------------------- */

/* How many names a path has below the tree that may be written. */
static unsigned depth_of(const struct policy *policy, const char *path)
{
	unsigned depth = 0;

	for (const char *at = path + strlen(ruling_top(policy, path)); *at; at++)
		depth += *at == '/' && at[1];
	return depth;
}

/* Whether a file that says where another folder is climbs more than `depth` folders. */
static int climbs(int folder, const char *name, unsigned depth)
{
	static const char prefix[] = "gitdir: ";
	char text[POINTER_LONGEST + 1];
	cleanup_close int file =
	        openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
	unsigned up = 0;

	if (size < 0)
		return errno == EACCES ? -1 : 1;
	text[size] = '\0';
	const char *at = text;
	if (strncmp(at, prefix, sizeof(prefix) - 1) == 0)
		at += sizeof(prefix) - 1;
	for (; strncmp(at, "../", 3) == 0; at += 3)
		up++;
	return up > depth;
}

static bool is_pointer_name(const char *name)
{
	return strcasecmp(name, ".git") == 0 || strcasecmp(name, "gitdir") == 0;
}

/* `depth`: of the folder, below the top. -1 where the rights to look do not suffice. */
static int leads_out(int folder, unsigned depth, unsigned level, size_t *seen)
{
	int list = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool denied = list < 0 && errno == EACCES;
	DIR *names = list < 0 ? NULL : fdopendir(list);
	const struct dirent *entry;
	int result = level > WALK_DEPTH;

	if (!names) {
		if (list >= 0)
			close(list);
		return denied ? -1 : 1;
	}
	while (result == 0 && (errno = 0, entry = readdir(names))) {
		struct stat status;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (++*seen > POINTERS_MOST)
			result = 1;
		else if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			result = errno == EACCES ? -1 : 1;
		else if (S_ISREG(status.st_mode) && is_pointer_name(entry->d_name))
			result = climbs(folder, entry->d_name, depth);
		else if (S_ISDIR(status.st_mode)) {
			cleanup_close int below =
			        openat(folder, entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
			result = below < 0 ? 1 : leads_out(below, depth + 1, level + 1, seen);
		}
	}
	if (result == 0 && errno != 0)
		result = 1;
	closedir(names);
	return result;
}

bool carried_leads_out(const struct policy *policy, int folder, const char *from, const char *to)
{
	unsigned depth = depth_of(policy, to);
	cleanup_error struct error err = {0};
	struct stat status;
	size_t seen = 0;

	if (depth >= depth_of(policy, from) ||
	    (fstat(folder, &status) == 0 && !S_ISDIR(status.st_mode)))
		return false;
	int result = leads_out(folder, depth, 0, &seen);
	/* With more rights: nothing but the verdict comes of it. */
	if (result < 0 && confine_search(true, &err) == 0) {
		result = leads_out(folder, depth, 0, &seen);
		if (confine_search(false, &err) < 0)
			abort();
	}
	return result != 0;
}
