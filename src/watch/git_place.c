/* Theory of operation: git takes a folder for a git folder that holds `HEAD`, `objects` and `refs`;
 * and the last two may also be those of the folder that `commondir` leads to, which then needs no
 * HEAD. So `objects` beside `refs` is what counts here, of whatever type they are, and `commondir`;
 * `.git` counts before anything is in it. The own folder of a linked work tree counts by its place,
 * since what is in it comes in any order. */
#include "watch/git_place.h"

#include "base/cleanup.h"
#include "base/fold.h"
#include "base/path.h"
#include "watch/guard_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct git_name_row {
	const char *text;
	size_t size;
} git_names[GIT_NAMES] = {
#define ROW(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}
        [GIT_NONE] = {"", 0},
        [GIT_CONFIG] = ROW("config"),
        [GIT_CONFIG_WORKTREE] = ROW("config.worktree"),
        [GIT_COMMONDIR] = ROW("commondir"),
        [GIT_GITDIR] = ROW("gitdir"),
        [GIT_HOOKS] = ROW("hooks"),
        [GIT_MODULES] = ROW("modules"),
        [GIT_WORKTREES] = ROW("worktrees"),
        [GIT_DOT_GIT] = ROW(".git"),
        [GIT_OBJECTS] = ROW("objects"),
        [GIT_REFS] = ROW("refs"),
#undef ROW
};

const char *git_name_text(enum git_name name)
{
	return git_names[name].text;
}

static void read_component(const char *text, size_t size, struct git_component *out)
{
	char folded[FOLD_LONGEST];

	*out = (struct git_component){.text = text, .size = size, .exact = true};
	for (enum git_name name = GIT_NONE + 1; name < GIT_NAMES; name++)
		if (git_names[name].size == size && memcmp(git_names[name].text, text, size) == 0) {
			out->name = name;
			return;
		}
	if (fold_is_plain(text, size) || !fold_name(text, size, folded))
		return;
	for (enum git_name name = GIT_NONE + 1; name < GIT_NAMES; name++)
		if (fold_equal(folded, git_names[name].text)) {
			out->name = name;
			out->exact = false;
			return;
		}
}

/* The next component of a path; false at its end. */
static bool next_component(const char **path, struct git_component *out)
{
	const char *text = *path + strspn(*path, "/");
	size_t size = strcspn(text, "/");

	*path = text + size;
	if (size)
		read_component(text, size, out);
	return size != 0;
}

bool git_place_concerns(const struct guard_place *place)
{
	struct git_component component;
	const char *path = place->path;

	/* A `.git`, and `objects` and `refs` above, say nothing of what lies below them. */
	while (next_component(&path, &component))
		if (component.name != GIT_NONE && component.name < GIT_DOT_GIT)
			return true;
	read_component(place->name, strlen(place->name), &component);
	return component.name != GIT_NONE;
}

int git_place_open(const struct guard_place *place, struct git_place *out, struct error *err)
{
	size_t depth = path_depth(place->path);
	const char *path = place->path;

	*out = (struct git_place){.place = place, .depth = depth, .top = path_depth(place->top)};
	if (!path_within(place->path, place->top))
		return error_set(err, "the folder lies above the tree that may be written");
	out->components = calloc(depth + 1, sizeof(*out->components));
	out->folders = calloc(depth + 1, sizeof(*out->folders));
	if (!out->components || !out->folders) {
		git_place_clear(out);
		return error_memory(err);
	}
	for (size_t i = 0; i <= depth; i++)
		out->folders[i] = -1;
	for (size_t i = 0; i < depth; i++)
		next_component(&path, &out->components[i]);
	read_component(place->name, strlen(place->name), &out->components[depth]);
	return 0;
}

void git_place_clear(struct git_place *place)
{
	for (size_t i = 0; place->folders && i < place->depth; i++)
		if (place->folders[i] >= 0)
			close(place->folders[i]);
	free(place->folders);
	free(place->components);
	*place = (struct git_place){0};
}

/* Each is reached from the one below it, so that it is the one that is there and not the one that a
 * text names. */
int git_place_folder(struct git_place *place, size_t number, struct error *err)
{
	place->folders[place->depth] = place->place->folder;
	for (size_t i = place->depth; i-- > number;) {
		if (place->folders[i] >= 0)
			continue;
		place->folders[i] =
		        openat(place->folders[i + 1], "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (place->folders[i] < 0)
			return error_system(err, errno, "the folder above");
	}
	return place->folders[number];
}

static int folder_holds(int folder, enum git_name name, struct error *err)
{
	struct stat status;

	return guard_look(folder, git_names[name].text, &status, err);
}

int git_place_holds(const struct git_place *place, enum git_name name, struct error *err)
{
	return folder_holds(place->place->folder, name, err);
}

int git_place_is(struct git_place *place, size_t number, enum git_name name, struct error *err)
{
	const struct git_component *component = &place->components[number];

	if (component->name != name)
		return 0;
	if (component->exact || number < place->top)
		return 1;
	int folder = git_place_folder(place, number, err);
	return folder < 0 ? -1 : guard_folds(folder);
}

int git_place_is_own(struct git_place *place, size_t number, struct error *err)
{
	if (number < 2)
		return 0;
	int is = git_place_is(place, number - 2, GIT_WORKTREES, err);
	return is <= 0 ? is : git_place_is_git(place, number - 2, err);
}

int git_place_is_git(struct git_place *place, size_t number, struct error *err)
{
	static const enum git_name layout[] = {GIT_OBJECTS, GIT_REFS};
	int is = number ? git_place_is(place, number - 1, GIT_DOT_GIT, err) : 0;
	size_t found = 0;

	if (is || number < place->top)
		return is;
	int folder = git_place_folder(place, number, err);
	if (folder < 0)
		return -1;
	if ((is = folder_holds(folder, GIT_COMMONDIR, err)) != 0)
		return is;
	for (size_t i = 0; i < 2; i++) {
		if ((is = folder_holds(folder, layout[i], err)) < 0)
			return is;
		found += (size_t)is;
	}
	return found == 2 ? 1 : git_place_is_own(place, number, err);
}
