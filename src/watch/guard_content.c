/* What files say that git obeys. Judged is what was read here, once: who calls publishes just that
 * (from a file that nobody else can write), or the judgement is worth nothing. */
#include "watch/guard.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/git_config.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/git_keys.h"
#include "watch/git_modules.h"
#include "watch/git_place.h"
#include "watch/guard_folder.h"

#include <stdlib.h>
#include <string.h>

enum {
	LONGEST_POINTER = 8192,
	SHOWN_COLUMNS = 100, /* of a name in a reason */
};

/* --- Configuration --------------------------------------------------------------------------- */

struct config_check {
	const struct guard_place *place;
	char *git;          /* the outermost git folder that holds the file */
	struct buffer kept; /* what is not harmless in what stands there now, as `entry` has it */
	size_t at;          /* how much of it was met again */
	bool collecting;    /* this is what stands there now */
	char *because;      /* what is not harmless; NULL: nothing so far */
};

/* The path of the outermost git folder on the way, or of the folder itself: what is being made may
 * not be one yet. Owned by the caller. */
static int find_outermost(const struct guard_place *place, char **out, struct error *err)
{
	cleanup_git_place struct git_place opened = {0};
	size_t number = 0;
	int is = 0;

	if (git_place_open(place, &opened, err) < 0)
		return -1;
	for (; number < opened.depth; number++)
		if ((is = git_place_is_git(&opened, number, err)) != 0)
			break;
	if (is < 0)
		return -1;
	const char *end = place->path;
	if (number) {
		const struct git_component *last = &opened.components[number - 1];
		end = last->text + last->size;
	}
	*out = end == place->path ? text_copy("/")
	                          : text_copy_size(place->path, (size_t)(end - place->path));
	return *out ? 0 : error_memory(err);
}

static int refuse(struct config_check *check, const char *name, const char *what, struct error *err)
{
	cleanup_buffer struct buffer shown = {0};

	buffer_append_text(&shown, "git-config: ");
	escape_terminal_short(&shown, name, strcspn(name, "\n"), SHOWN_COLUMNS);
	buffer_append_text(&shown, what);
	check->because = buffer_steal(&shown);
	return check->because ? -1 : error_memory(err);
}

/* NAME, or NAME\nVALUE, and a NUL: no name holds a newline. */
static void entry(struct buffer *out, const char *name, const char *value)
{
	buffer_append_text(out, name);
	if (value) {
		buffer_append_text(out, "\n");
		buffer_append_text(out, value);
	}
	buffer_append(out, "", 1);
}

/* Whether it is the next of those that stand there already. */
static bool was_there(struct config_check *check, const struct buffer *one)
{
	bool same = !buffer_failed(one) && check->kept.size - check->at >= one->size &&
	            memcmp(check->kept.data + check->at, one->data, one->size) == 0;

	check->at += same ? one->size : 0;
	return same;
}

static int is_harmless(const struct config_check *check, const char *name, const char *value,
                       struct error *err)
{
	const struct guard_place *place = check->place;

	if (!git_config_harmless(name, value, place->path, check->git, place->top))
		return 0;
	return strcmp(name, "core.worktree") == 0 ? git_modules_stands(place, value, err) : 1;
}

static int visit(void *data, const char *name, const char *value, struct error *err)
{
	struct config_check *check = data;
	cleanup_buffer struct buffer one = {0};

	int is = is_harmless(check, name, value, err);
	if (is)
		return is < 0 ? -1 : 0;
	if (check->collecting) {
		entry(&check->kept, name, value);
		return 0;
	}
	entry(&one, name, value);
	return was_there(check, &one) ? 0 : refuse(check, name, "", err);
}

/* What the user's own configuration holds, and an agent could not write, stays as it is: the file
 * is written anew for every change, and nothing comes of what was there before. Only in what is a
 * git folder already, where the file was judged when it came. */
static int collect_kept(struct config_check *check, struct error *err)
{
	cleanup_git_place struct git_place opened = {0};
	cleanup_buffer struct buffer text = {0};
	cleanup_error struct error ignored = {0};

	if (git_place_open(check->place, &opened, err) < 0)
		return -1;
	int is = git_place_is_git(&opened, opened.depth, err);
	if (is <= 0)
		return is;
	cleanup_close int file = guard_open_file(check->place->folder, check->place->name);
	if (file < 0)
		return 0;
	if (guard_read(file, GIT_CONFIG_LONGEST, &text, err) < 0)
		return -1;
	check->collecting = true;
	if (git_config_read(text.data, text.size, visit, check, &ignored) < 0)
		buffer_free(&check->kept);
	check->collecting = false;
	return buffer_failed(&check->kept) ? error_memory(err) : 0;
}

static int read_config(struct config_check *check, const struct buffer *text, struct error *err)
{
	if (git_config_read(text->data, text->size, visit, check, err) < 0)
		return -1;
	/* What is gone may have held something back. */
	if (check->at < check->kept.size)
		return refuse(check, check->kept.data + check->at, " is gone", err);
	return 0;
}

static int judge_config(const struct guard_place *place, bool fresh, const struct buffer *text,
                        char **because, struct error *err)
{
	struct config_check check = {.place = place};
	cleanup_error struct error reason = {0};
	int result = find_outermost(place, &check.git, err);

	if (result == 0 && !fresh)
		result = collect_kept(&check, err);
	if (result == 0) {
		/* What is not understood is not harmless; nor is what memory does not suffice for.
		 */
		result = read_config(&check, text, &reason) == 0;
		if (!result)
			*because = check.because
			                   ? check.because
			                   : text_printf("git-config: %s", error_message(&reason));
		if (!result && !*because)
			result = error_memory(err);
	}
	buffer_free(&check.kept);
	free(check.git);
	return result;
}

/* --- Pointers -------------------------------------------------------------------------------- */

/* A path without `..` but at its beginning: behind a name, which may be a link, it leads anywhere.
 * Owned by the caller; NULL where it is none. */
static char *plain_path(const char *folder, const char *path)
{
	const char *rest = path;

	for (const char *at = path; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return NULL;
	while (strncmp(rest, "../", 3) == 0)
		rest += 3;
	if (*path == '\0' || (rest != path && *rest == '/'))
		return NULL;
	rest += rest == path && *rest == '/';
	cleanup_free char *plain = path_absolute("/", rest);
	if (!plain || strcmp(plain + 1, rest) != 0)
		return NULL;
	return path_absolute(folder, path);
}

static bool is_pointer(const struct guard_place *place, const char *text)
{
	static const char prefix[] = "gitdir: ";

	if (strncmp(text, prefix, sizeof(prefix) - 1) != 0)
		return false;
	cleanup_error struct error ignored = {0};
	cleanup_free char *path = plain_path(place->path, text + sizeof(prefix) - 1);
	return path && path_below(path, place->top) &&
	       git_modules_agrees(place, path, &ignored) == 1;
}

static bool is_commondir(const struct guard_place *place, const char *text)
{
	(void)place;
	return strcmp(text, "../..") == 0;
}

/* Where the work tree is: not in the git folder, or a checkout would write its hooks. */
static bool is_gitdir(const struct guard_place *place, const char *text)
{
	cleanup_free char *path = plain_path(place->path, text);
	cleanup_free char *git = NULL;
	cleanup_error struct error ignored = {0};

	return path && path_below(path, place->top) && strcmp(path_name(path), ".git") == 0 &&
	       find_outermost(place, &git, &ignored) == 0 && !path_within(path, git);
}

static const struct pointer_kind {
	bool (*harmless)(const struct guard_place *place, const char *text);
	const char *because;
} pointer_kinds[] = {
        [GUARD_POINTER] = {is_pointer, ".git leads elsewhere"},
        [GUARD_COMMONDIR] = {is_commondir, "commondir leads elsewhere"},
        [GUARD_GITDIR] = {is_gitdir, "gitdir leads out of what may be written"},
};

/* One line, whose end may be missing: git writes it in several pieces. */
static int judge_pointer(const struct guard_place *place, enum guard_kind kind, struct buffer *text,
                         char **because, struct error *err)
{
	const struct pointer_kind *row = &pointer_kinds[kind];

	if (text->size && text->data[text->size - 1] == '\n')
		text->data[--text->size] = '\0';
	if (text->size <= LONGEST_POINTER && !memchr(text->data, '\0', text->size) &&
	    row->harmless(place, text->data))
		return 1;
	*because = text_copy(row->because);
	return *because ? 0 : error_memory(err);
}

int guard_content(const struct guard_place *place, enum guard_kind kind, int file, char **because,
                  struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	bool is_config = kind == GUARD_CONFIG || kind == GUARD_FRESH_CONFIG;
	size_t limit = is_config ? GIT_CONFIG_LONGEST : LONGEST_POINTER;

	*because = NULL;
	if (guard_read(file, limit, &text, err) < 0)
		return -1;
	if (text.size == 0 && kind != GUARD_CONFIG)
		return 1;
	if (is_config)
		return judge_config(place, kind == GUARD_FRESH_CONFIG, &text, because, err);
	return judge_pointer(place, kind, &text, because, err);
}
