#include "agent/lines.h"

#include "agent/keys.h"
#include "agent/quote.h"
#include "base/buffer.h"
#include "base/cleanup.h"

#include <string.h>

/* One pass over the lines. */
struct pass {
	const struct reading *reading;
	const char *text;
	size_t size;
	size_t place;  /* where the next line begins */
	size_t number; /* of the current line, in the file */
	struct source_line line;
	size_t line_place;
	bool in_mapping; /* a key at column 0 has been seen */
	bool open;       /* indented lines belong to the last key: nested, or a block of text */
	struct yaml_tree *root;
};

static const char lines_help[] =
        "the front matter is not valid YAML, so that only plain lines `key: value` at its left "
        "edge can be read; quote the values that hold `: ` or quotes";

static int refuse(const struct pass *pass, size_t line, const char *text, size_t size,
                  const char *reason)
{
	report_error(pass->reading, line, "`%s` %s", excerpt_of_size(text, size).text, reason);
	return error_help(pass->reading->err, "%s", lines_help);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t skip_blanks(const struct source_line *line, size_t from)
{
	while (from < line->size && is_blank(line->text[from]))
		from++;
	return from;
}

static bool next_line(struct pass *pass)
{
	pass->line_place = pass->place;
	if (!source_next_line(pass->text, pass->size, &pass->place, &pass->line))
		return false;
	pass->number++;
	return true;
}

static bool is_empty_or_comment(const struct source_line *line)
{
	size_t first = skip_blanks(line, 0);

	return first == line->size || line->text[first] == '#';
}

static bool is_item(const struct source_line *line)
{
	return line->size && line->text[0] == '-' && (line->size == 1 || is_blank(line->text[1]));
}

static bool is_dashes(const struct source_line *line)
{
	size_t dashes = 0;

	while (dashes < line->size && line->text[dashes] == '-')
		dashes++;
	return dashes >= 3 && skip_blanks(line, dashes) == line->size;
}

/* `--- text`: for YAML, what follows is a document of its own. */
static bool begins_document(const struct source_line *line)
{
	return line->size > 3 && memcmp(line->text, "---", 3) == 0 && is_blank(line->text[3]);
}

/* A text in quotes at `from` with a colon behind it, blanks between them or not: a key for every
 * reader of YAML. `escaped`: it may spell something else than what stands there. */
struct quoted_key {
	const char *text;
	size_t size;
	bool escaped;
};

static bool find_quoted_key(const struct source_line *line, size_t from, struct quoted_key *out)
{
	size_t begin = skip_blanks(line, from) + 1;

	if (begin >= line->size || !memchr("\"'", line->text[begin - 1], 2))
		return false;
	char quote = line->text[begin - 1];
	bool escaped = false;
	size_t end = begin;
	for (; end < line->size; end++) {
		bool backslash = quote == '"' && line->text[end] == '\\';
		bool doubled = quote == '\'' && line->text[end] == quote && end + 1 < line->size &&
		               line->text[end + 1] == quote;
		if (line->text[end] == quote && !doubled)
			break;
		escaped |= backslash || doubled;
		end += backslash || doubled;
	}
	size_t colon = skip_blanks(line, end + 1);
	if (end >= line->size || colon >= line->size || line->text[colon] != ':')
		return false;
	*out = (struct quoted_key){line->text + begin, end - begin, escaped};
	return true;
}

static bool is_quoted_permission(const struct source_line *line, size_t from)
{
	struct quoted_key key;

	return find_quoted_key(line, from, &key) &&
	       (key.escaped || key_bears_permission(key_of_size(key.text, key.size).kind));
}

/* True when a word that bears a permission stands at `from`, followed by `:` or `=`, or a quoted
 * key that may spell one: it may be meant as a key, however it is written. */
static bool may_bear_permission(const struct source_line *line, size_t from)
{
	if (is_quoted_permission(line, from))
		return true;
	size_t begin = from;
	while (begin < line->size && memchr(" \t\"'?{[&*!-", line->text[begin], 11))
		begin++;
	size_t end = begin;
	while (end < line->size && !memchr(" \t\"':=", line->text[end], 6))
		end++;
	size_t sign = end;
	while (sign < line->size && memchr(" \t\"'", line->text[sign], 4))
		sign++;
	if (sign == line->size || !memchr(":=", line->text[sign], 2))
		return false;
	return key_bears_permission(key_of_size(line->text + begin, end - begin).kind);
}

static int read_indented(const struct pass *pass)
{
	if (!pass->in_mapping)
		return refuse(pass, pass->number, pass->line.text, pass->line.size,
		              "is indented where a key at the left edge should stand");
	if (!pass->open && may_bear_permission(&pass->line, 0))
		return refuse(pass, pass->number, pass->line.text, pass->line.size,
		              "may be a permission, but is indented");
	return 0;
}

/* A line at column 0 that is no plain key: text, which may only be passed over if it can be nothing
 * else. */
static int read_text(const struct pass *pass)
{
	const struct source_line *line = &pass->line;
	/* An alias stands for whatever its anchor named; without any anchor a star is but a star.
	 */
	bool alias = line->text[0] == '*' && memchr(line->text, ':', line->size) &&
	             memchr(pass->text, '&', pass->size);
	bool complex = memchr("?{&!", line->text[0], 4) != NULL || alias ||
	               (line->size >= 3 && memcmp(line->text, "...", 3) == 0);

	if (complex || may_bear_permission(line, 0))
		return refuse(pass, pass->number, line->text, line->size,
		              "may bear a permission and is not understood");
	return 0;
}

/* The end of the lines that belong to the key on the current line: indented ones, items, empty ones
 * and comments. Moves the pass behind them. */
static size_t take_continuation(struct pass *pass)
{
	for (;;) {
		struct source_line line;
		size_t place = pass->place;
		if (!source_next_line(pass->text, pass->size, &place, &line))
			break;
		if (!is_empty_or_comment(&line) && !is_item(&line) && !is_blank(line.text[0]))
			break;
		pass->place = place;
		pass->number++;
	}
	return pass->place;
}

/* Text behind a value at column 0 would be its continuation for a lenient reader. */
static int check_following(const struct pass *pass, const struct key_line *key, size_t line)
{
	struct source_line following;
	struct key_line next;
	size_t place = pass->place;

	if (!source_next_line(pass->text, pass->size, &place, &following) ||
	    is_dashes(&following) || quote_key_line(&following, &next))
		return 0;
	return refuse(pass, line, key->key, key->key_size,
	              "is followed by a line that may belong to it");
}

/* Parses some lines on their own, as they stand or with the value quoted. */
static int parse_fragment(const struct pass *pass, const char *text, size_t size, size_t line,
                          struct yaml_tree **tree)
{
	cleanup_error struct error ignored = {0};
	cleanup_buffer struct buffer quoted = {0};

	if (yaml_tree_parse(text, size, line, tree, NULL, NULL, &ignored) == 0)
		return 0;
	quote_values(text, size, &quoted);
	if (buffer_failed(&quoted))
		return error_memory(pass->reading->err);
	return yaml_tree_parse(quoted.data, quoted.size, line, tree, NULL, NULL,
	                       pass->reading->err);
}

static int append_node(const struct pass *pass, struct yaml_tree **node)
{
	struct yaml_tree *root = pass->root;
	void *items = root->items;
	int result = array_reserve(&items, &root->capacity, root->count, sizeof(*node));

	root->items = items;
	if (result < 0)
		return error_memory(pass->reading->err);
	root->items[root->count++] = steal_pointer(node);
	return 0;
}

/* Reads the key on the current line together with the lines that belong to it. */
static int read_fragment(struct pass *pass, const struct key_line *key, enum key_kind kind)
{
	cleanup_yaml_tree struct yaml_tree *tree = NULL;
	size_t first_line = pass->number;
	size_t begin = pass->line_place;
	size_t size = take_continuation(pass) - begin;

	if (kind != KEY_NAME && check_following(pass, key, first_line) < 0)
		return -1;
	if (parse_fragment(pass, pass->text + begin, size, first_line, &tree) < 0 || !tree ||
	    tree->kind != YAML_TREE_MAPPING || tree->count != 2 ||
	    tree->items[1]->kind == YAML_TREE_MAPPING) {
		if (kind == KEY_NAME) {
			error_clear(pass->reading->err);
			return 0;
		}
		return refuse(pass, first_line, key->key, key->key_size,
		              "is not understood with certainty");
	}
	if (append_node(pass, &tree->items[0]) < 0 || append_node(pass, &tree->items[1]) < 0)
		return -1;
	return 0;
}

static int read_key(struct pass *pass, const struct key_line *key)
{
	enum key_kind kind = key_of_size(key->key, key->key_size).kind;

	pass->in_mapping = true;
	/* Nothing behind the colon, or a sign that a block of text follows. */
	pass->open = key->value_size == 0 || memchr("|>#", key->value[0], 3);
	if (key->key_size == 2 && memcmp(key->key, "<<", 2) == 0)
		return refuse(pass, pass->number, pass->line.text, pass->line.size,
		              "is a merge, which is not understood");
	if (kind == KEY_MISTAKEN)
		return key_refuse(pass->reading, pass->number, key->key, key->key_size);
	return kind == KEY_OTHER ? 0 : read_fragment(pass, key, kind);
}

static int read_line(struct pass *pass)
{
	struct key_line key;

	if (is_empty_or_comment(&pass->line) || is_dashes(&pass->line))
		return 0;
	if (is_blank(pass->line.text[0]))
		return read_indented(pass);
	if (begins_document(&pass->line))
		return refuse(pass, pass->number, pass->line.text, pass->line.size,
		              "begins another document, which is not understood");
	if (quote_key_line(&pass->line, &key))
		return read_key(pass, &key);
	pass->open = pass->open && is_item(&pass->line);
	return is_item(&pass->line) && pass->open ? 0 : read_text(pass);
}

int lines_read(const struct reading *reading, const struct source *source, struct yaml_tree **root)
{
	cleanup_yaml_tree struct yaml_tree *mapping = calloc(1, sizeof(*mapping));
	struct pass pass = {
	        .reading = reading,
	        .text = source->text.data,
	        .size = source->text.size,
	        .number = source->first_line - 1,
	        .root = mapping,
	};

	if (!mapping)
		return error_memory(reading->err);
	mapping->kind = YAML_TREE_MAPPING;
	mapping->line = source->first_line;
	mapping->column = 1;
	while (next_line(&pass)) {
		if (read_line(&pass) < 0)
			return -1;
	}
	if (!pass.in_mapping) {
		report_error(reading, 1, "not an agent definition: the front matter has no keys");
		return error_help(reading->err, "%s", lines_help);
	}
	*root = steal_pointer(&mapping);
	return 0;
}
