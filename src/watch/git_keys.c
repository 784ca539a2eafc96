#include "watch/git_keys.h"

#include "base/cleanup.h"
#include "base/fold.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/tables.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Where a value stands: what core.worktree is held against. */
struct value_place {
	const char *folder, *git, *top;
};

typedef bool shape_function(const char *value, const struct value_place *place);

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_one_of(const char *value, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(value, words[i]) == 0)
			return true;
	return false;
}

static bool is_number(const char *value, const struct value_place *place)
{
	size_t digits = strspn(value += *value == '-', "0123456789");

	(void)place;
	if (digits == 0 || digits > 18)
		return false;
	return value[digits] == '\0' || (strchr("kKmMgG", value[digits]) && !value[digits + 1]);
}

static bool is_boolean(const char *value, const struct value_place *place)
{
	static const char *const words[] = {"", "true", "false", "yes", "no", "on", "off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return is_number(value, place);
}

/* No blanks, nothing that a shell or an option parser would see something in. */
static bool is_word(const char *value, const struct value_place *place)
{
	(void)place;
	if (!is_letter_or_digit(*value))
		return false;
	while (is_letter_or_digit(*value) || (*value && strchr("-_.,", *value)))
		value++;
	return *value == '\0';
}

static bool is_text(const char *value, const struct value_place *place)
{
	(void)place;
	for (; *value; value++)
		if ((unsigned char)*value < ' ' || *value == 0x7f)
			return false;
	return true;
}

static bool is_reference(const char *value, const struct value_place *place)
{
	bool begins = is_letter_or_digit(*value) || (*value && strchr("+^:*@", *value));

	return begins && !strchr(value, ' ') && is_text(value, place);
}

/* Which program of git's the URL is for: none but those that come with it. What stands before a
 * double colon is the name of a helper (gitremote-helpers(7)). */
static bool has_known_transport(const char *value)
{
	static const char *const schemes[] = {"http", "https", "ssh",     "git",
	                                      "file", "ftps",  "git+ssh", "ssh+git"};
	size_t size = 0;

	while (is_letter_or_digit(value[size]) || (value[size] && strchr("+-.", value[size])))
		size++;
	if (strncmp(value + size, "::", 2) == 0)
		return false;
	const char *end = strstr(value, "://");
	if (!end)
		return true;
	cleanup_free char *scheme = text_copy_size(value, (size_t)(end - value));
	return scheme && is_one_of(scheme, schemes, sizeof(schemes) / sizeof(schemes[0])) &&
	       end[3] != '-';
}

/* A host that begins with `-` would be an option of ssh; an encoded newline is one more line of
 * what a credential helper is asked. */
static bool is_remote(const char *value, const struct value_place *place)
{
	bool begins = is_letter_or_digit(*value) || (*value && strchr("./~_[", *value)) ||
	              (unsigned char)*value >= 0x80;

	return begins && is_text(value, place) && !strstr(value, "@-") && !strstr(value, "%0") &&
	       has_known_transport(value);
}

static bool is_tags(const char *value, const struct value_place *place)
{
	static const char *const words[] = {"--tags", "--no-tags"};

	(void)place;
	return is_one_of(value, words, sizeof(words) / sizeof(words[0]));
}

static bool is_update(const char *value, const struct value_place *place)
{
	static const char *const words[] = {"checkout", "rebase", "merge", "none"};

	(void)place;
	return is_one_of(value, words, sizeof(words) / sizeof(words[0]));
}

/* Whether a component of the path is one of the names, however it is written. */
static bool holds_name(const char *path, const char *const *names)
{
	char folded[FOLD_LONGEST];

	while (*(path += strspn(path, "/"))) {
		size_t size = strcspn(path, "/");
		bool fits = fold_name(path, size, folded);
		for (size_t i = 0; fits && names[i]; i++)
			if (fold_equal(folded, names[i]))
				return true;
		path += size;
	}
	return false;
}

/* Where git_modules.c does not look for the names of work trees, for all that is in there. */
static const char *const passed_over[] = {"objects", "refs", "logs", NULL};

/* In the git folder of a submodule: elsewhere whoever enters the folder works with it, and the work
 * tree may be a link to any place, at the end if not now. */
static bool is_submodule(const struct value_place *place)
{
	cleanup_free char *modules = path_join(place->git, "modules");

	return modules && strcmp(path_name(place->git), ".git") == 0 &&
	       path_below(place->folder, modules) &&
	       !holds_name(place->folder + strlen(modules), passed_over);
}

/* Out of the git folder and of any other, or a checkout would write the files of a commit as its
 * hooks; in the repository around it, which is moved as a whole or not at all; and nowhere by `..`
 * behind a name, which may be a link. */
static bool is_worktree(const char *value, const struct value_place *place)
{
	static const char *const git[] = {".git", NULL};
	const char *rest = value;

	if (!is_submodule(place))
		return false;

	while (strncmp(rest, "../", 3) == 0)
		rest += 3;
	if (rest == value || *rest == '/' || !is_text(value, place))
		return false;
	cleanup_free char *path = path_absolute(place->folder, value);
	cleanup_free char *plain = path_absolute("/", rest);
	cleanup_free char *around = path_parent(place->git);
	if (!path || !around || !path_below(path, around) || holds_name(path + strlen(around), git))
		return false;
	return plain && (strcmp(rest, "..") == 0 || strcmp(plain + 1, rest) == 0) &&
	       path_within(path, place->top) && !path_within(path, place->git);
}

static shape_function *const shapes[TABLE_GIT_SHAPES] = {
        [TABLE_GIT_BOOLEAN] = is_boolean,     [TABLE_GIT_NUMBER] = is_number,
        [TABLE_GIT_WORD] = is_word,           [TABLE_GIT_TEXT] = is_text,
        [TABLE_GIT_REFERENCE] = is_reference, [TABLE_GIT_REMOTE] = is_remote,
        [TABLE_GIT_TAGS] = is_tags,           [TABLE_GIT_UPDATE] = is_update,
        [TABLE_GIT_WORKTREE] = is_worktree,
};

/* Git takes what stands before the first dot for the section, what stands behind the last one for
 * the key, and what is between them for the subsection. */
static bool key_matches(const char *row, const char *name)
{
	size_t section = strcspn(row, ".");
	const char *row_key = strrchr(row, '.');
	const char *key = strrchr(name, '.');

	if (!key || strncmp(name, row, section + 1) != 0)
		return false;
	if ((row_key == row + section) != (key == name + section))
		return false;
	return strcmp(row_key, ".*") == 0 || strcmp(row_key, key) == 0;
}

bool git_config_harmless(const char *name, const char *value, const char *folder, const char *git,
                         const char *top)
{
	struct value_place place = {.folder = folder, .git = git, .top = top};

	for (size_t i = 0; i < table_git_keys_count; i++) {
		const struct table_git_key *row = &table_git_keys[i];
		if (!key_matches(row->name, name))
			continue;
		return value ? shapes[row->shape](value, &place) : row->shape == TABLE_GIT_BOOLEAN;
	}
	return false;
}
