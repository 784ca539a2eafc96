#include "agent/quote.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool quote_key_line(const struct source_line *line, struct key_line *out)
{
	/* What cannot begin a plain scalar (YAML 1.1, 5.3), and what begins no key. */
	static const char special[] = " \t-?:,[]{}#&*!|>'\"%@`";
	size_t colon = 0;

	if (line->size == 0)
		return false;
	if (memchr(special, line->text[0], sizeof(special) - 1)) {
		/* A dash, question mark or colon before a letter is part of the word. */
		bool word = memchr("-?:", line->text[0], 3) && line->size > 1 &&
		            !is_blank(line->text[1]);
		if (!word)
			return false;
	}
	while (colon < line->size &&
	       !(line->text[colon] == ':' &&
	         (colon + 1 == line->size || is_blank(line->text[colon + 1])))) {
		/* The rest would be a comment. */
		if (line->text[colon] == '#' && colon && is_blank(line->text[colon - 1]))
			return false;
		colon++;
	}
	if (colon == line->size || colon == 0)
		return false;

	size_t value = colon + 1;
	while (value < line->size && is_blank(line->text[value]))
		value++;
	size_t key_size = colon;
	while (key_size && is_blank(line->text[key_size - 1]))
		key_size--;
	*out = (struct key_line){line->text, key_size, line->text + value, line->size - value};
	return true;
}

/* The size of a plain scalar at `text`: up to a comment, without white space at its end. */
static size_t plain_size(const char *text, size_t size)
{
	size_t end = 0;

	while (end < size && !(text[end] == '#' && (end == 0 || is_blank(text[end - 1]))))
		end++;
	while (end && is_blank(text[end - 1]))
		end--;
	return end;
}

/* Values that mean something else than their text, and must go on doing so. */
static bool is_typed(const char *text, size_t size)
{
	static const char *const typed[] = {"~", "null", "true", "false", "yes", "no", "on", "off"};

	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		if (strlen(typed[i]) == size && strncasecmp(text, typed[i], size) == 0)
			return true;
	}
	return false;
}

/* True when the value is meant as plain text. A quoted string, a list, a mapping, a block, an
 * anchor or a tag is left alone; so is an alias, but not the `*` that stands for every tool. */
static bool is_plain(const char *text, size_t size)
{
	if (size == 0 || is_typed(text, size))
		return false;
	if (text[0] == '*')
		return size == 1 || is_blank(text[1]) || text[1] == ',';
	return !memchr("\"'[]{}|>&!#", text[0], 11);
}

static void append_quoted(struct buffer *out, const char *text, size_t size)
{
	buffer_append(out, "\"", 1);
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			buffer_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7F)
			buffer_printf(out, "\\x%02x", c);
		else
			buffer_append(out, text + i, 1);
	}
	buffer_append(out, "\"", 1);
}

bool quote_values(const char *text, size_t size, struct buffer *out)
{
	struct source_line line;
	struct key_line key;
	size_t place = 0;
	bool quoted = false;

	while (source_next_line(text, size, &place, &line)) {
		size_t value_size = 0;
		bool plain = quote_key_line(&line, &key);
		if (plain) {
			value_size = plain_size(key.value, key.value_size);
			plain = is_plain(key.value, value_size);
		}
		if (plain) {
			buffer_append(out, key.key, key.key_size);
			buffer_append(out, ": ", 2);
			append_quoted(out, key.value, value_size);
			quoted = true;
		} else {
			buffer_append(out, line.text, line.size);
		}
		buffer_append(out, "\n", 1);
	}
	buffer_append(out, "", 0);
	return quoted;
}
