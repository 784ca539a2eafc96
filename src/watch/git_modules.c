/* Theory of operation: a core.worktree is relative, and leads from its git folder into the
 * repository around `.git` (git_config_harmless sees to that, by the text). It means the same for
 * as long as the git folder stays where it is (guard.c) and no link stands on the way. So a link is
 * held against every work tree that is named at the time, and a name that is written against every
 * link that stands there.
 *
 * Looked through is each folder below `modules` but those in which git_config_harmless admits no
 * core.worktree. */
#include "watch/git_modules.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/fold.h"
#include "base/git_config.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/git_keys.h"
#include "watch/guard_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

enum {
	MOST_FOLDERS = 4096,
	MOST_CONFIGS = 256,
	MOST_DEPTH = 16,
	LONGEST_POINTER = 8192,
};

/* Called for each core.worktree of the git folder `git`: 1 ends the search. */
typedef int name_visit(void *data, const char *git, const char *value, struct error *err);

struct search {
	name_visit *visit;
	void *data;
	const char *git; /* the folder whose configuration is read */
	int result;
	size_t folders, configs;
};

/* No link on the way. */
static int open_within(int folder, const char *path, uint64_t flags)
{
	return kernel_openat2(folder, *path ? path : ".", flags | O_CLOEXEC,
	                      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

static bool is_absent(int number)
{
	return number == ENOENT || number == ENOTDIR;
}

/* --- What is named --------------------------------------------------------------------------- */

static int visit_variable(void *data, const char *name, const char *value, struct error *err)
{
	struct search *search = data;

	if (strcmp(name, "core.worktree") != 0)
		return 0;
	search->result = value ? search->visit(search->data, search->git, value, err) : 1;
	return search->result ? -1 : 0;
}

/* What cannot be read, or is not understood, may name anything. */
static int search_file(struct search *search, int folder, const char *name, struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	cleanup_error struct error odd = {0};
	struct stat status;
	int is = guard_look(folder, name, &status, err);

	if (is <= 0 || S_ISDIR(status.st_mode))
		return is < 0 ? is : 0;
	cleanup_close int file = guard_open_file(folder, name);
	if (file < 0 || ++search->configs > MOST_CONFIGS)
		return 1;
	if (guard_read(file, GIT_CONFIG_LONGEST, &text, err) < 0)
		return -1;
	search->result = 1;
	if (git_config_read(text.data, text.size, visit_variable, search, &odd) < 0)
		return search->result < 0 ? error_set(err, "%s", error_message(&odd)) : 1;
	return 0;
}

static int search_folder(struct search *search, int folder, const char *path, struct error *err)
{
	int is = 0;

	search->git = path;
	if ((is = search_file(search, folder, git_name_text(GIT_CONFIG), err)) == 0)
		is = search_file(search, folder, git_name_text(GIT_CONFIG_WORKTREE), err);
	return is;
}

/* Where no work tree may be named; see is_worktree in git_keys.c. */
static bool is_passed_over(const struct dirent *entry)
{
	static const char *const names[] = {".", "..", "objects", "refs", "logs"};

	if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(entry->d_name, names[i]) == 0)
			return true;
	return false;
}

static int search_below(struct search *search, int parent, const char *name, const char *path,
                        int depth, struct error *err);

static int search_entries(struct search *search, DIR *entries, const char *path, int depth,
                          struct error *err)
{
	const struct dirent *entry = NULL;
	int is = 0;

	while (is == 0 && (errno = 0, entry = readdir(entries))) {
		if (is_passed_over(entry))
			continue;
		cleanup_free char *below = path_join(path, entry->d_name);
		is = below ? search_below(search, dirfd(entries), entry->d_name, below, depth + 1,
		                          err)
		           : error_memory(err);
	}
	return is == 0 && errno != 0 ? 1 : is;
}

static int search_below(struct search *search, int parent, const char *name, const char *path,
                        int depth, struct error *err)
{
	cleanup_close int folder = open_within(parent, name, O_RDONLY | O_DIRECTORY);

	/* Of a link that was there, git's configuration is protected like what it leads to. */
	if (folder < 0)
		return is_absent(errno) || errno == ELOOP ? 0
		                                          : error_system(err, errno, "%s", path);
	if (depth > MOST_DEPTH || ++search->folders > MOST_FOLDERS)
		return 1;
	int is = search_folder(search, folder, path, err);
	DIR *entries = is == 0 ? fdopendir(folder) : NULL;
	if (!entries)
		return is == 0 ? 1 : is;
	steal_descriptor(&folder);
	is = search_entries(search, entries, path, depth, err);
	closedir(entries);
	return is;
}

/* --- Links ----------------------------------------------------------------------------------- */

struct coming {
	const char *path;
	int object; /* -1: a link */
	bool folds;
};

static bool is_same_name(const char *a, size_t a_size, const char *b, size_t b_size, bool folds)
{
	char first[FOLD_LONGEST], second[FOLD_LONGEST];

	if (a_size == b_size && memcmp(a, b, a_size) == 0)
		return true;
	return folds && (!fold_name(a, a_size, first) || !fold_name(b, b_size, second) ||
	                 strcmp(first, second) == 0);
}

/* What is left of `path` below `tree`, "" where it is the same; NULL where it does not lie there.
 */
static const char *rest_below(const char *path, const char *tree, bool folds)
{
	path += strspn(path, "/");
	while (*(tree += strspn(tree, "/"))) {
		size_t size = strcspn(path, "/");
		size_t tree_size = strcspn(tree, "/");
		if (!size || !is_same_name(path, size, tree, tree_size, folds))
			return NULL;
		tree += tree_size;
		path += size;
		path += strspn(path, "/");
	}
	return path;
}

static int visit_coming(void *data, const char *git, const char *value, struct error *err)
{
	const struct coming *coming = data;
	cleanup_free char *named = path_absolute(git, value);

	if (!named)
		return error_memory(err);
	const char *rest = rest_below(named, coming->path, coming->folds);
	if (!rest || (coming->object >= 0 && !*rest))
		return 0;
	if (coming->object < 0)
		return 1;
	cleanup_close int place = open_within(coming->object, rest, O_PATH);
	return place < 0 && !is_absent(errno);
}

/* The path of folder `number`; owned by the caller. */
static char *folder_path(const struct git_place *place, size_t number)
{
	const char *path = place->place->path;

	if (number == 0)
		return text_copy("/");
	const struct git_component *last = &place->components[number - 1];
	return text_copy_size(path, (size_t)(last->text + last->size - path));
}

/* The git folder that a `.git` file in `folder`, which stands at `path`, names: 1 and a path owned
 * by the caller; 0 where there is none. One that cannot be read may name anything. */
static int read_pointer(int folder, const char *path, char **out, struct error *err)
{
	static const char prefix[] = "gitdir: ";
	cleanup_buffer struct buffer text = {0};
	struct stat status;
	int is = guard_look(folder, ".git", &status, err);

	if (is <= 0 || S_ISDIR(status.st_mode))
		return is < 0 ? is : 0;
	cleanup_close int file = guard_open_file(folder, ".git");
	if (file < 0)
		return error_set(err, "%s/.git cannot be read", path);
	if (guard_read(file, LONGEST_POINTER, &text, err) < 0)
		return -1;
	if (text.size && text.data[text.size - 1] == '\n')
		text.data[--text.size] = '\0';
	if (strncmp(text.data, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	*out = path_absolute(path, text.data + sizeof(prefix) - 1);
	return *out ? 1 : error_memory(err);
}

/* Where the `.git` in `folder`, which stands at `path`, is a file: the modules of what it names,
 * wherever that is. */
static int search_elsewhere(struct search *search, int folder, const char *path, struct error *err)
{
	cleanup_free char *git = NULL;
	int is = read_pointer(folder, path, &git, err);

	if (is <= 0)
		return is;
	cleanup_free char *modules = path_join(git, git_name_text(GIT_MODULES));
	cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!modules)
		return error_memory(err);
	return root < 0 ? 1 : search_below(search, root, modules + 1, modules, 0, err);
}

static int search_repository(struct search *search, int folder, const char *path, struct error *err)
{
	static const char name[] = ".git/modules";
	cleanup_close int modules = open_within(folder, name, O_PATH);

	if (modules < 0 && errno == ENOTDIR)
		return search_elsewhere(search, folder, path, err);
	if (modules < 0 && (errno == ENOENT || errno == ELOOP))
		return 0;
	cleanup_free char *whole = path_join(path, name);
	return whole ? search_below(search, folder, name, whole, 0, err) : error_memory(err);
}

int git_modules_misled(struct git_place *place, int object, struct error *err)
{
	cleanup_free char *path = path_join(place->place->path, place->place->name);
	struct coming coming = {.path = path, .object = object};
	struct search search = {.visit = visit_coming, .data = &coming};
	int is = 0;

	if (!path)
		return error_memory(err);
	coming.folds = guard_folds(place->place->folder);
	for (size_t i = place->top; is == 0 && i <= place->depth; i++) {
		int folder = git_place_folder(place, i, err);
		if (folder < 0)
			return -1;
		cleanup_free char *above = folder_path(place, i);
		if (!above)
			return error_memory(err);
		is = search_repository(&search, folder, above, err);
	}
	return is;
}

/* --- Names ----------------------------------------------------------------------------------- */

/* O_PATH of what stands at a path below the top; -1 with errno, or -2 and an error. */
static int open_named(const struct guard_place *place, const char *path, struct error *err)
{
	cleanup_git_place struct git_place opened = {0};

	if (!path_within(path, place->top)) {
		errno = EXDEV;
		return -1;
	}
	if (git_place_open(place, &opened, err) < 0)
		return -2;
	int top = git_place_folder(&opened, opened.top, err);
	if (top < 0)
		return -2;
	const char *rest = path + strlen(place->top);
	return open_within(top, rest + strspn(rest, "/"), O_PATH);
}

/* Whether the `.git` in `folder`, which stands at `path`, leads to `git`, if it is a file. */
static int points_back(int folder, const char *path, const char *git, struct error *err)
{
	cleanup_free char *target = NULL;
	struct stat status;
	int is = guard_look(folder, ".git", &status, err);

	if (is <= 0 || S_ISDIR(status.st_mode))
		return is < 0 ? is : 1;
	is = read_pointer(folder, path, &target, err);
	return target ? strcmp(target, git) == 0 : is;
}

int git_modules_stands(const struct guard_place *place, const char *value, struct error *err)
{
	cleanup_free char *named = path_absolute(place->path, value);

	if (!named)
		return error_memory(err);
	cleanup_close int folder = open_named(place, named, err);
	if (folder == -1)
		return is_absent(errno);
	if (folder < 0)
		return -1;
	struct stat status;
	if (fstat(folder, &status) < 0)
		return error_system(err, errno, "%s", named);
	return S_ISDIR(status.st_mode) ? points_back(folder, named, place->path, err) : 1;
}

/* The git folder around a submodule's, by the text: what is not in one called `.git` is refused. */
static char *around(const char *git)
{
	const char *at = strstr(git, "/.git/");

	return text_copy_size(git, at ? (size_t)(at - git) + strlen("/.git") : strlen(git));
}

static int visit_agreeing(void *data, const char *git, const char *value, struct error *err)
{
	const struct guard_place *place = data;
	cleanup_free char *named = path_absolute(git, value);

	if (!named)
		return error_memory(err);
	if (strcmp(named, place->path) == 0)
		return 0;
	cleanup_free char *outermost = around(git);
	if (!outermost)
		return error_memory(err);
	if (!git_config_harmless("core.worktree", value, git, outermost, place->top))
		return 1;
	cleanup_close int there = open_named(place, named, err);
	return there == -1 ? !is_absent(errno) : (there < 0 ? -1 : 1);
}

int git_modules_agrees(const struct guard_place *place, const char *git, struct error *err)
{
	struct guard_place held = *place;
	struct search search = {.visit = visit_agreeing, .data = &held};
	cleanup_close int named = open_named(place, git, err);

	if (named == -1)
		return is_absent(errno);
	if (named < 0)
		return -1;
	cleanup_close int folder = open_within(named, ".", O_RDONLY | O_DIRECTORY);
	if (folder < 0)
		return errno == ENOTDIR;
	int is = search_folder(&search, folder, git, err);
	return is < 0 ? is : !is;
}
