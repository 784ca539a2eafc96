#include "policy/pattern.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/glob.h"

#include <stdlib.h>
#include <string.h>

/* The anchor of a pattern and what follows it. */
struct anchored {
	const char *root;
	const char *rest;
	bool explicit; /* `/x`, `~/x`, `./x`: not a bare name, wherever it has slashes */
};

static int find_anchor(const char *text, const struct pattern_base *base, struct anchored *out,
                       struct error *err)
{
	out->explicit = true;
	if (base->claude && text[0] == '/' && text[1] == '/') {
		out->root = "/";
		out->rest = text + 2;
	} else if (text[0] == '/') {
		out->root = base->claude ? base->project : "/";
		out->rest = text + 1;
	} else if (text[0] == '~') {
		if (text[1] != '\0' && text[1] != '/')
			return error_set(err, "`~NAME` is not known; write the whole path");
		if (!base->home)
			return error_set(err, "`~` has no meaning here");
		out->root = base->home;
		out->rest = text + 1 + (text[1] == '/');
	} else {
		out->explicit = text[0] == '.' && (text[1] == '/' || text[1] == '\0');
		out->root = base->directory;
		out->rest = text;
	}
	return out->root ? 0 : error_set(err, "nothing to anchor it to");
}

/* Copies the names of `rest`, without empty ones, `.` and what `..` takes back. */
static int normalise(const char *rest, struct buffer *out, struct error *err)
{
	for (rest += strspn(rest, "/"); *rest; rest += strspn(rest, "/")) {
		size_t length = strcspn(rest, "/");

		if (length == 2 && memcmp(rest, "..", 2) == 0) {
			const char *slash = out->size ? strrchr(out->data, '/') : NULL;
			const char *last = slash ? slash + 1 : out->data;
			if (!out->size)
				return error_set(err, "`..` leaves the folder that it starts from");
			if (glob_has_wildcard(last, strlen(last)))
				return error_set(err,
				                 "`..` behind a wildcard has no certain meaning");
			out->size = slash ? (size_t)(slash - out->data) : 0;
			out->data[out->size] = '\0';
		} else if (!(length == 1 && rest[0] == '.')) {
			if (out->size)
				buffer_append(out, "/", 1);
			buffer_append(out, rest, length);
		}
		rest += length;
	}
	buffer_append(out, "", 0);
	return buffer_failed(out) ? error_memory(err) : 0;
}

/* Drops a trailing `/` + `**` (or a lone `**`). True where there was one. */
static bool drop_everything_below(char *names)
{
	size_t size = strlen(names);
	bool dropped = false;

	while (size >= 2 && strcmp(names + size - 2, "**") == 0 &&
	       (size == 2 || names[size - 3] == '/')) {
		size = size == 2 ? 0 : size - 3;
		names[size] = '\0';
		dropped = true;
	}
	return dropped;
}

/* Moves the names without wildcards from the front of `names` to the end of `root`. */
static char *split_literal(const char *root, const char **names)
{
	struct buffer out = {0};

	buffer_append_text(&out, strcmp(root, "/") == 0 ? "" : root);
	while (**names) {
		size_t length = strcspn(*names, "/");
		if (glob_has_wildcard(*names, length))
			break;
		buffer_append(&out, "/", 1);
		for (size_t i = 0; i < length; i++) {
			i += (*names)[i] == '\\';
			buffer_append(&out, *names + i, 1);
		}
		*names += length + ((*names)[length] == '/');
	}
	if (!out.size)
		buffer_append(&out, "/", 1);
	return buffer_steal(&out);
}

/* The kind that says the same as (glob, below), and the glob without what the kind implies. */
static enum pattern_kind reduce(const char **glob, bool *below)
{
	if (strcmp(*glob, "**/*") == 0 || (*below && strcmp(*glob, "*") == 0))
		*glob += strlen(*glob);
	if (!**glob) {
		*below = true;
		return PATTERN_TREE;
	}
	if (!*below || strncmp(*glob, "**/", 3) != 0)
		return PATTERN_GLOB;
	while (strncmp(*glob, "**/", 3) == 0)
		*glob += 3;
	if (strcmp(*glob, "*") == 0) {
		*glob += 1;
		return PATTERN_TREE;
	}
	return PATTERN_ANY_DEPTH;
}

static int fill(struct pattern *out, enum pattern_kind kind, char *root, const char *glob,
                const char *text, struct error *err)
{
	out->kind = kind;
	out->root = root;
	out->root_size = root ? strlen(root) : 0;
	out->glob = kind == PATTERN_TREE ? NULL : text_copy(glob);
	/* Most patterns are the walls' trees, by the hundred: one copy is enough. */
	out->text = root && strcmp(root, text) == 0 ? root : text_copy(text);
	if (out->root && (out->glob || kind == PATTERN_TREE) && out->text)
		return 0;
	pattern_clear(out);
	return error_memory(err);
}

/* A deny of `name`, `dir/` or `dir/` + `**`, and a bare name in an agent file. */
static bool matches_at_any_depth(const struct anchored *anchored, const struct pattern_base *base,
                                 const char *names, bool folder)
{
	bool bare = !anchored->explicit && *names && !strchr(names, '/');

	return bare && (base->deny || (base->claude && !folder));
}

int pattern_parse(const char *text, const struct pattern_base *base, struct pattern *out,
                  struct error *err)
{
	cleanup_buffer struct buffer names = {0};
	struct anchored anchored = {0};

	*out = (struct pattern){0};
	if (!*text)
		return error_set(err, "an empty pattern");
	if (glob_check(text, err) < 0 || find_anchor(text, base, &anchored, err) < 0 ||
	    normalise(anchored.rest, &names, err) < 0)
		return -1;
	if (!names.data)
		return error_memory(err);

	bool folder = text[strlen(text) - 1] == '/';
	folder |= drop_everything_below(names.data);
	out->below = folder || base->deny;

	cleanup_free char *spread = NULL;
	const char *glob = names.data;
	if (matches_at_any_depth(&anchored, base, glob, folder)) {
		spread = text_printf("**/%s", glob);
		if (!spread)
			return error_memory(err);
		glob = spread;
		out->below = true;
	}
	if (base->deny && base->deep && !anchored.explicit && strncmp(glob, "**/", 3) == 0)
		anchored.root = base->deep;
	char *root = split_literal(anchored.root, &glob);
	enum pattern_kind kind = reduce(&glob, &out->below);
	return fill(out, kind, root, glob, text, err);
}

int pattern_tree(const char *root, const char *text, struct pattern *out, struct error *err)
{
	*out = (struct pattern){.below = true};
	return fill(out, PATTERN_TREE, text_copy(root), NULL, text, err);
}

int pattern_any_depth(const char *root, const char *glob, struct pattern *out, struct error *err)
{
	cleanup_buffer struct buffer names = {0};

	*out = (struct pattern){.below = true};
	if (glob_check(glob, err) < 0 || normalise(glob, &names, err) < 0)
		return -1;
	if (!names.data)
		return error_memory(err);
	drop_everything_below(names.data);
	if (!*names.data)
		return error_set(err, "a pattern of any depth needs a name");
	return fill(out, PATTERN_ANY_DEPTH, text_copy(root), names.data, glob, err);
}

int pattern_copy(const struct pattern *pattern, const char *root, struct pattern *out,
                 struct error *err)
{
	*out = (struct pattern){.below = pattern->below};
	return fill(out, pattern->kind, text_copy(root), pattern->glob, pattern->text, err);
}

/* Where the name at `path` ends. */
static const char *name_end(const char *path)
{
	return path + strcspn(path, "/");
}

/* The longest match that begins at `from`: the glob takes whole names, then the path ends or goes
 * on below the match. Returns a pointer behind the match, NULL where nothing matches. */
static const char *match_from(const struct pattern *pattern, const char *from)
{
	const char *longest = NULL;

	/* Most names differ from a literal glob in their first character. */
	if (!strchr("*?[\\", pattern->glob[0]) && pattern->glob[0] != from[0])
		return NULL;
	for (const char *end = name_end(from);; end = name_end(end + 1)) {
		if ((pattern->below || !*end) &&
		    glob_match_path(pattern->glob, from, (size_t)(end - from)))
			longest = end;
		if (!*end)
			return longest;
	}
}

size_t pattern_match_length(const struct pattern *pattern, const char *path)
{
	const char *deepest = NULL;

	if (!path_within(path, pattern->root))
		return 0;
	size_t root = pattern->root_size;
	if (pattern->kind == PATTERN_TREE)
		return root;

	const char *rest = path + (root == 1 ? 0 : root);
	while (*rest == '/' && rest[1]) {
		const char *end = match_from(pattern, rest + 1);
		if (end && end > deepest)
			deepest = end;
		if (pattern->kind == PATTERN_GLOB)
			break;
		rest = name_end(rest + 1);
	}
	return deepest ? (size_t)(deepest - path) : 0;
}

bool pattern_matches(const struct pattern *pattern, const char *path)
{
	return pattern_match_length(pattern, path) > 0;
}

bool pattern_names_within_size(const struct pattern *pattern, const char *tree, size_t size)
{
	if (size == 1)
		return true;
	return strncmp(pattern->root, tree, size) == 0 &&
	       (pattern->root[size] == '\0' || pattern->root[size] == '/');
}

bool pattern_names_within(const struct pattern *pattern, const char *tree)
{
	return pattern_names_within_size(pattern, tree, strlen(tree));
}

void pattern_clear(struct pattern *pattern)
{
	if (pattern->text != pattern->root)
		free(pattern->text);
	free(pattern->root);
	free(pattern->glob);
	*pattern = (struct pattern){0};
}
