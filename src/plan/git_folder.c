#include "plan/git_folder.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
	LONGEST_POINTER = 8192,
	LONGEST_CONFIG = 1 << 20,
};

static bool is_owned(const char *path, uid_t owner, mode_t type)
{
	struct stat status;

	return lstat(path, &status) == 0 && (status.st_mode & S_IFMT) == type &&
	       status.st_uid == owner;
}

/* The content of a file of the owner's; NULL where there is none. */
static char *read_owned(const char *folder, const char *name, uid_t owner, size_t limit)
{
	cleanup_free char *path = path_join(folder, name);
	cleanup_buffer struct buffer content = {0};
	cleanup_error struct error ignored = {0};

	if (!path || !is_owned(path, owner, S_IFREG) ||
	    file_read(path, limit, &content, &ignored) < 0 ||
	    memchr(content.data, '\0', content.size))
		return NULL;
	return buffer_steal(&content);
}

/* The one line of a pointer file, behind `prefix`; NULL where the file is anything else. */
static char *read_pointer(const char *folder, const char *name, const char *prefix, uid_t owner)
{
	cleanup_free char *text = read_owned(folder, name, owner, LONGEST_POINTER);
	size_t skipped = strlen(prefix);

	if (!text || strncmp(text, prefix, skipped) != 0)
		return NULL;
	size_t length = strcspn(text + skipped, "\n");
	const char *rest = text + skipped + length;
	if (length == 0 || (*rest && strcmp(rest, "\n") != 0))
		return NULL;
	return text_copy_size(text + skipped, length);
}

/* Where a pointer in `folder` leads, links resolved; NULL where that is nowhere. */
static char *follow(const char *folder, const char *pointer)
{
	cleanup_free char *path = pointer ? path_absolute(folder, pointer) : NULL;

	return path ? realpath(path, NULL) : NULL;
}

static bool is_git_folder(const char *path, uid_t owner)
{
	cleanup_free char *head = path_join(path, "HEAD");
	cleanup_free char *objects = path_join(path, "objects");
	cleanup_free char *refs = path_join(path, "refs");

	return head && objects && refs && is_owned(path, owner, S_IFDIR) &&
	       is_owned(head, owner, S_IFREG) && is_owned(objects, owner, S_IFDIR) &&
	       is_owned(refs, owner, S_IFDIR);
}

/* Whether the file `gitdir` of a linked work tree's own folder names the `.git` of `folder`. */
static bool points_back(const char *own, const char *folder, uid_t owner)
{
	cleanup_free char *pointer = read_pointer(own, "gitdir", "", owner);
	cleanup_free char *path = pointer ? path_absolute(own, pointer) : NULL;
	cleanup_free char *parent = path ? path_parent(path) : NULL;
	cleanup_free char *real = parent ? realpath(parent, NULL) : NULL;

	return real && strcmp(real, folder) == 0 && strcmp(path_name(path), ".git") == 0;
}

/* The main repository's git folder where `own` is its worktrees/NAME; else NULL. The caller's. */
static char *find_shared(const char *own, const char *folder, uid_t owner)
{
	cleanup_free char *pointer = read_pointer(own, "commondir", "", owner);
	cleanup_free char *shared = follow(own, pointer);
	cleanup_free char *folders = path_parent(own);
	cleanup_free char *above = folders ? path_parent(folders) : NULL;

	if (!shared || !above || strcmp(above, shared) != 0 ||
	    strcmp(path_name(folders), "worktrees") != 0 || !is_git_folder(shared, owner) ||
	    !points_back(own, folder, owner))
		return NULL;
	return steal_pointer(&shared);
}

static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	for (size_t size = strlen(text); size && strchr(" \t\r", text[size - 1]); size--)
		text[size - 1] = '\0';
	return text;
}

/* The value of a line `worktree = PATH`, in place; NULL where it is another line. An empty text
 * where the value is written in a way that only git should read. */
static char *worktree_value(char *line)
{
	char *equals = strchr(line, '=');

	if (!equals)
		return NULL;
	*equals = '\0';
	if (strcasecmp(trim(line), "worktree") != 0)
		return NULL;
	char *value = trim(equals + 1);
	size_t size = strlen(value);
	if (size >= 2 && value[0] == '"' && value[size - 1] == '"') {
		value[size - 1] = '\0';
		value++;
	}
	return strpbrk(value, "\"\\#;") ? value + strlen(value) : value;
}

/* core.worktree of a git configuration, as it stands there; NULL where it is absent, or not said
 * once and plainly. The caller's. */
static char *configured_worktree(char *config)
{
	char *found = NULL;
	char *rest = NULL;
	bool core = false;

	for (char *line = strtok_r(config, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		line = trim(line);
		if (*line == '[') {
			core = strcasecmp(line, "[core]") == 0;
			continue;
		}
		char *value = core ? worktree_value(line) : NULL;
		if (!value)
			continue;
		if (found || !*value)
			return NULL;
		found = value;
	}
	return found ? text_copy(found) : NULL;
}

/* Whether `own` is the git folder of a submodule whose work tree is `folder`. */
static bool is_submodule(const char *own, const char *folder, uid_t owner)
{
	cleanup_free char *common = path_join(own, "commondir");
	cleanup_free char *config = read_owned(own, "config", owner, LONGEST_CONFIG);
	cleanup_free char *value = config ? configured_worktree(config) : NULL;
	cleanup_free char *real = follow(own, value);
	struct stat status;

	return common && lstat(common, &status) < 0 && errno == ENOENT &&
	       strstr(own, "/modules/") && is_git_folder(own, owner) && real &&
	       strcmp(real, folder) == 0;
}

void git_folder_find(const char *folder, uid_t owner, struct git_folder *out)
{
	cleanup_free char *pointer = read_pointer(folder, ".git", "gitdir: ", owner);
	cleanup_free char *own = follow(folder, pointer);

	*out = (struct git_folder){0};
	if (!own || !is_owned(own, owner, S_IFDIR))
		return;
	out->shared = find_shared(own, folder, owner);
	if (out->shared)
		out->own = steal_pointer(&own);
	else if (is_submodule(own, folder, owner))
		out->shared = steal_pointer(&own);
}

void git_folder_clear(struct git_folder *git)
{
	free(git->shared);
	free(git->own);
	*git = (struct git_folder){0};
}
