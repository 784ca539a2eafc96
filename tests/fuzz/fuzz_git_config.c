/* Git's configuration of any bytes. What is harmless holds no variable that is not on the list;
 * what was read is read again from a plain rendering of it; nothing is read beyond the end. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/fold.h"
#include "base/git_config.h"
#include "base/utf8.h"
#include "policy/tables.h"
#include "watch/git_keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* The list, read once more and in another way: section, key, and whether there is a subsection. */
static bool is_listed(const char *name)
{
	const char *first = strchr(name, '.');
	const char *last = strrchr(name, '.');

	demand(first && last);
	for (size_t i = 0; i < table_git_keys_count; i++) {
		const char *row = table_git_keys[i].name;
		const char *row_first = strchr(row, '.');
		const char *row_last = strrchr(row, '.');
		bool section = row_first - row == first - name &&
		               memcmp(row, name, (size_t)(first - name)) == 0;
		bool key = strcmp(row_last, ".*") == 0 || strcmp(row_last, last) == 0;
		if (section && key && (row_first == row_last) == (first == last))
			return true;
	}
	return false;
}

struct seen {
	struct buffer list;      /* names and values, each behind its size */
	struct buffer rendering; /* a configuration that says the same */
};

static void add(struct buffer *out, const char *text)
{
	size_t size = text ? strlen(text) + 1 : 0;

	buffer_append(out, &size, sizeof(size));
	buffer_append(out, text ? text : "", size);
}

static void render_quoted(struct buffer *out, const char *text, size_t size)
{
	buffer_append_text(out, "\"");
	for (size_t i = 0; i < size; i++) {
		const char *plain = text[i] == '\n'   ? "\\n"
		                    : text[i] == '\t' ? "\\t"
		                    : text[i] == '\b' ? "\\b"
		                                      : NULL;
		if (plain)
			buffer_append_text(out, plain);
		else if (text[i] == '"' || text[i] == '\\')
			buffer_printf(out, "\\%c", text[i]);
		else
			buffer_append(out, text + i, 1);
	}
	buffer_append_text(out, "\"");
}

static void render(struct buffer *out, const char *name, const char *value)
{
	const char *first = strchr(name, '.');
	const char *last = strrchr(name, '.');

	buffer_printf(out, "[%.*s", (int)(first - name), name);
	if (first != last) {
		buffer_append_text(out, " \"");
		for (const char *at = first + 1; at < last; at++)
			buffer_printf(out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
		buffer_append_text(out, "\"");
	}
	buffer_printf(out, "]\n%s", last + 1);
	if (value) {
		buffer_append_text(out, " = ");
		render_quoted(out, value, strlen(value));
	}
	buffer_append_text(out, "\n");
}

static int see(void *data, const char *name, const char *value, struct error *err)
{
	struct seen *seen = data;

	(void)err;
	add(&seen->list, name);
	add(&seen->list, value);
	render(&seen->rendering, name, value);
	if (git_config_harmless(name, value, "/t/r/.git/modules/m", "/t/r/.git", "/t")) {
		demand(is_listed(name));
		const char *key = strrchr(name, '.');
		bool run = (strncmp(name, "remote.", 7) == 0 && strstr(key, "url")) ||
		           (strncmp(name, "submodule.", 10) == 0 &&
		            (strcmp(key, ".url") == 0 || strcmp(key, ".update") == 0));
		demand(!run || !value || (strncmp(value, "ext::", 5) != 0 && value[0] != '!'));
		for (const char *at = value; at && *at; at++)
			demand((unsigned char)*at >= ' ' && *at != 0x7f);
	}
	return 0;
}

static void check_fold(const char *text, size_t size)
{
	char folded[FOLD_LONGEST], twice[FOLD_LONGEST];

	if (!fold_name(text, size, folded))
		return;
	demand(strlen(folded) < FOLD_LONGEST);
	/* Of bytes that are no text, what is left out may leave text behind. */
	if (utf8_valid(text, size))
		demand(fold_name(folded, strlen(folded), twice) && strcmp(folded, twice) == 0);
	fold_equal(folded, "config.worktree");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen first = {0}, second = {0};
	cleanup_error struct error err = {0};
	/* Of just that size, without a NUL: what is read beyond it is found. */
	cleanup_free char *text = malloc(size ? size : 1);

	demand(text != NULL);
	memcpy(text, data, size);
	if (git_config_read(text, size, see, &first, &err) == 0 && first.rendering.size &&
	    first.rendering.size <= GIT_CONFIG_LONGEST) {
		demand(git_config_read(first.rendering.data, first.rendering.size, see, &second,
		                       &err) == 0);
		demand(first.list.size == second.list.size &&
		       memcmp(first.list.data, second.list.data, first.list.size) == 0);
	} else {
		check_fold(text, size < 300 ? size : 300);
	}
	buffer_free(&first.list);
	buffer_free(&first.rendering);
	buffer_free(&second.list);
	buffer_free(&second.rendering);
	return 0;
}
