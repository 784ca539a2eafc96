#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/fold.h"
#include "policy/tables.h"
#include "watch/git_place.h"
#include "watch/guard.h"
#include "watch/guard_folder.h"

#include <string.h>
#include <strings.h>

/* What one row after the other makes of a name. */
struct spelling {
	const char *name;
	size_t size;
	bool exact;        /* it is written as in a row, whatever else folds to it */
	const char *found; /* a row's component that it folds to, or NULL */
	size_t found_size;
	char folded[FOLD_LONGEST];
};

static void hold_component(struct spelling *spelling, const char *text, size_t size)
{
	char component[FOLD_LONGEST];

	if (size == spelling->size && memcmp(text, spelling->name, size) == 0)
		spelling->exact = true;
	if (spelling->exact || spelling->found || size >= sizeof(component))
		return;
	memcpy(component, text, size);
	component[size] = '\0';
	if (!fold_equal(spelling->folded, component))
		return;
	spelling->found = text;
	spelling->found_size = size;
}

/* Most names are told from most rows by their first character. */
static bool may_be(const struct spelling *spelling, const char *text, bool short_name)
{
	char first = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

	return short_name || first == spelling->folded[0];
}

static void hold_rows(struct spelling *spelling, const struct table_path *rows, size_t count)
{
	bool short_name = strchr(spelling->folded, '~') != NULL;

	for (size_t i = 0; i < count && !spelling->exact; i++) {
		const char *text = rows[i].path;
		while (*text) {
			size_t size = strcspn(text, "/");
			if (may_be(spelling, text, short_name))
				hold_component(spelling, text, size);
			text += size;
			text += *text == '/';
		}
	}
}

/* Whether the name would be another one where names are folded. */
static bool is_respelled(const char *name, size_t size, struct spelling *out)
{
	*out = (struct spelling){.name = name, .size = size};
	if (!fold_name(name, size, out->folded))
		return false;
	hold_component(out, ".git", strlen(".git"));
	hold_rows(out, table_protected_git, table_protected_git_count);
	hold_rows(out, table_protected_root, table_protected_root_count);
	return out->found && !out->exact;
}

/* A plain name can only be one that the table writes with capitals. */
static bool is_capitalised(const char *name, size_t size)
{
	for (size_t i = 0; i < table_protected_root_count; i++) {
		const struct table_path *row = &table_protected_root[i];
		if (row->capitals &&
		    (strchr(row->path, '/') || strncasecmp(row->path, name, size) == 0))
			return true;
	}
	return false;
}

/* Whether it is worth to look closely. */
static bool may_be_respelled(const char *name, size_t size)
{
	struct spelling spelling;

	return fold_is_plain(name, size) ? is_capitalised(name, size)
	                                 : is_respelled(name, size, &spelling);
}

static bool may_hold_respelled(const struct guard_place *place)
{
	const char *at = place->path;

	while (*(at += strspn(at, "/"))) {
		size_t size = strcspn(at, "/");
		if (may_be_respelled(at, size))
			return true;
		at += size;
	}
	return may_be_respelled(place->name, strlen(place->name));
}

int guard_spell(const struct guard_place *place, char **out, struct error *err)
{
	cleanup_git_place struct git_place opened = {0};
	cleanup_buffer struct buffer path = {0};
	bool changed = false;

	*out = NULL;
	if (!may_hold_respelled(place))
		return 0;
	if (git_place_open(place, &opened, err) < 0)
		return -1;
	for (size_t i = 0; i <= opened.depth; i++) {
		const struct git_component *component = &opened.components[i];
		struct spelling spelling;
		bool other = i >= opened.top &&
		             is_respelled(component->text, component->size, &spelling);
		int folder = other ? git_place_folder(&opened, i, err) : 0;
		if (folder < 0)
			return -1;
		other = other && guard_folds(folder);
		changed = changed || other;
		buffer_append_text(&path, "/");
		buffer_append(&path, other ? spelling.found : component->text,
		              other ? spelling.found_size : component->size);
	}
	if (!changed)
		return 0;
	*out = buffer_steal(&path);
	return *out ? 0 : error_memory(err);
}
