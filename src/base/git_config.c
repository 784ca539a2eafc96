/* The grammar is that of git's config.c (git_parse_source and what it calls, unchanged in shape
 * from 1.5 to 2.50). It is followed step by step; where later versions read a text otherwise
 * (blanks inside of a value), the text is refused. */
#include "base/git_config.h"

#include "base/buffer.h"
#include "base/cleanup.h"

#include <stdbool.h>
#include <string.h>

struct reader {
	const char *at, *end;
	size_t line;
	bool loose; /* what versions of git read differently is read as by one of them */
	bool ended; /* the newline that was read last is the one that git sees at the end */
	struct error *err;
};

/* The next character; a newline at the end, as git has it. "\r\n" is a newline. */
static int next(struct reader *reader)
{
	if (reader->at == reader->end) {
		reader->ended = true;
		return '\n';
	}
	unsigned char c = (unsigned char)*reader->at++;
	if (c == '\r' && reader->at < reader->end && *reader->at == '\n')
		c = (unsigned char)*reader->at++;
	if (c == '\n')
		reader->line++;
	return c;
}

static int refuse(struct reader *reader, int c, const char *what)
{
	return error_set(reader->err, "line %zu: %s", reader->line - (c == '\n' && !reader->ended),
	                 what);
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_key_character(int c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

/* What git's isspace says. */
static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void put(struct buffer *buffer, int c)
{
	char byte = (char)c;

	buffer_append(buffer, &byte, 1);
}

static void put_lower(struct buffer *buffer, int c)
{
	put(buffer, c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* ` "subsection"]`, behind the first blank. */
static int read_subsection(struct reader *reader, struct buffer *name)
{
	int c = next(reader);

	while (c == ' ' || c == '\t')
		c = next(reader);
	if (c != '"')
		return refuse(reader, c, "a subsection stands in quotes");
	put(name, '.');
	while ((c = next(reader)) != '"') {
		if (c == '\\')
			c = next(reader);
		if (c == '\n')
			return refuse(reader, c, "a subsection ends on its line");
		put(name, c);
	}
	c = next(reader);
	return c == ']' ? 0 : refuse(reader, c, "`]` is missing");
}

/* `section]` or `section "subsection"]`, behind the bracket. */
static int read_section(struct reader *reader, struct buffer *name)
{
	int c = next(reader);

	name->size = 0;
	if (!is_key_character(c))
		return refuse(reader, c, "a section has a name");
	for (; c != ']'; c = next(reader)) {
		if (c == ' ' || c == '\t')
			return read_subsection(reader, name);
		if (!is_key_character(c) && c != '.')
			return refuse(reader, c, "no name of a section");
		put_lower(name, c);
	}
	return 0;
}

/* Behind a backslash: what is appended, 0 for a line that goes on, negative otherwise. */
static int read_escape(struct reader *reader)
{
	static const char escapes[][2] = {
	        {'\n', 0}, {'t', '\t'}, {'b', '\b'}, {'n', '\n'}, {'\\', '\\'}, {'"', '"'},
	};
	int c = next(reader);

	/* A backslash at the very end would be followed by a newline that is not there. */
	for (size_t i = 0; !reader->ended && i < sizeof(escapes) / sizeof(escapes[0]); i++)
		if (escapes[i][0] == c)
			return escapes[i][1];
	return refuse(reader, c, "unknown escape");
}

/* Blanks that turn out to stand inside of the value. */
static int put_blanks(struct reader *reader, struct buffer *value, size_t *blanks, bool odd)
{
	if (*blanks && odd && !reader->loose)
		return refuse(reader, 0, "versions of git read these blanks differently");
	for (; *blanks; (*blanks)--)
		put(value, ' ');
	return 0;
}

static int read_value(struct reader *reader, struct buffer *value)
{
	size_t blanks = 0;
	bool quoted = false, comment = false, odd = false;

	for (int c = next(reader);; c = next(reader)) {
		if (c == '\n')
			return quoted ? refuse(reader, c, "a quote is not closed") : 0;
		if (comment)
			continue;
		if (is_blank(c) && !quoted) {
			blanks += value->size != 0;
			odd = (odd && blanks > 1) || c != ' ';
			continue;
		}
		if (!quoted && (c == '#' || c == ';')) {
			comment = true;
			continue;
		}
		if (put_blanks(reader, value, &blanks, odd) < 0)
			return -1;
		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (c == '\\' && (c = read_escape(reader)) < 0)
			return -1;
		if (c)
			put(value, c);
	}
}

/* A variable, whose first letter was read. `name` holds the section and its dot. */
static int read_variable(struct reader *reader, int c, struct buffer *name, git_config_visit *visit,
                         void *data)
{
	cleanup_buffer struct buffer value = {0};
	bool given = false;

	for (; is_key_character(c); c = next(reader))
		put_lower(name, c);
	while (c == ' ' || c == '\t')
		c = next(reader);
	if (c != '\n') {
		if (c != '=')
			return refuse(reader, c, "`=` is missing");
		given = true;
		buffer_append(&value, "", 0);
		if (read_value(reader, &value) < 0)
			return -1;
	}
	if (buffer_failed(name) || buffer_failed(&value))
		return error_memory(reader->err);
	return visit(data, name->data, given ? value.data : NULL, reader->err);
}

/* Bytes that git takes for text, and that no version of it writes by itself. */
static int expect_text(struct reader *reader)
{
	for (const char *at = reader->at; at < reader->end; at++) {
		unsigned char c = (unsigned char)*at;
		bool line_end = c == '\n' || (c == '\r' && at + 1 < reader->end && at[1] == '\n');

		reader->line += c == '\n';
		if (c == 0x7f || (c < ' ' && c != '\t' && !line_end))
			return refuse(reader, 0, "a control character");
	}
	reader->line = 1;
	return 0;
}

static int read_all(struct reader *reader, struct buffer *name, git_config_visit *visit, void *data)
{
	size_t section = 0;
	bool comment = false;

	for (int c = next(reader); !(c == '\n' && reader->ended); c = next(reader)) {
		if (c == '\n')
			comment = false;
		if (comment || is_blank(c))
			continue;
		if (c == '#' || c == ';') {
			comment = true;
		} else if (c == '[') {
			if (read_section(reader, name) < 0)
				return -1;
			put(name, '.');
			section = name->size;
		} else if (is_letter(c) && section) {
			name->size = section;
			if (read_variable(reader, c, name, visit, data) < 0)
				return -1;
			if (reader->ended)
				return 0;
		} else {
			return refuse(reader, c, "neither a section nor a variable");
		}
	}
	return 0;
}

static int read_text(struct reader *reader, size_t size, git_config_visit *visit, void *data)
{
	cleanup_buffer struct buffer name = {0};

	if (size > GIT_CONFIG_LONGEST)
		return error_set(reader->err, "more than %d bytes", GIT_CONFIG_LONGEST);
	if (size >= 3 && memcmp(reader->at, "\xEF\xBB\xBF", 3) == 0)
		reader->at += 3;
	if (!reader->loose && expect_text(reader) < 0)
		return -1;
	return read_all(reader, &name, visit, data);
}

int git_config_read(const char *text, size_t size, git_config_visit *visit, void *data,
                    struct error *err)
{
	struct reader reader = {.at = text, .end = text + size, .line = 1, .err = err};

	return read_text(&reader, size, visit, data);
}

int git_config_read_all(const char *text, size_t size, git_config_visit *visit, void *data,
                        struct error *err)
{
	struct reader reader = {
	        .at = text, .end = text + size, .line = 1, .loose = true, .err = err};

	return read_text(&reader, size, visit, data);
}
