#include "base/escape.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct range {
	uint32_t first;
	uint32_t last;
};

/* Characters that move, hide or reorder what a terminal shows, in ascending order. Source: Unicode
 * 15, categories Cc, Zl and Zp, Bidi_Control, Default_Ignorable_Code_Point, the interlinear
 * annotations and the noncharacters of the basic plane. */
static const struct range invisible[] = {
        {0x0000, 0x001F},   /* C0 controls */
        {0x007F, 0x009F},   /* delete, C1 controls */
        {0x00AD, 0x00AD},   /* soft hyphen */
        {0x034F, 0x034F},   /* combining grapheme joiner */
        {0x061C, 0x061C},   /* Arabic letter mark */
        {0x115F, 0x1160},   /* Hangul fillers */
        {0x17B4, 0x17B5},   /* Khmer inherent vowels */
        {0x180B, 0x180F},   /* Mongolian variation selectors, vowel separator */
        {0x200B, 0x200F},   /* zero-width characters, direction marks */
        {0x2028, 0x202E},   /* line and paragraph separators, direction overrides */
        {0x2060, 0x206F},   /* word joiner, invisible operators, direction isolates */
        {0x3164, 0x3164},   /* Hangul filler */
        {0xFDD0, 0xFDEF},   /* noncharacters */
        {0xFE00, 0xFE0F},   /* variation selectors */
        {0xFEFF, 0xFEFF},   /* byte order mark */
        {0xFFA0, 0xFFA0},   /* halfwidth Hangul filler */
        {0xFFF0, 0xFFFB},   /* reserved, interlinear annotations */
        {0xFFFE, 0xFFFF},   /* noncharacters */
        {0x1BCA0, 0x1BCA3}, /* shorthand format controls */
        {0x1D173, 0x1D17A}, /* musical format controls */
        {0xE0000, 0xE0FFF}, /* tags, further variation selectors, reserved */
};

static bool is_invisible(uint32_t character)
{
	for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
		if (character < invisible[i].first)
			return false;
		if (character <= invisible[i].last)
			return true;
	}
	return false;
}

static void append_escaped(struct buffer *out, uint32_t character)
{
	if (character == '\n')
		buffer_append(out, "\\n", 2);
	else if (character == '\t')
		buffer_append(out, "\\t", 2);
	else if (character == '\\')
		buffer_append(out, "\\\\", 2);
	else if (character < 0x80)
		buffer_printf(out, "\\x%02x", (unsigned int)character);
	else
		buffer_printf(out, "\\u{%x}", (unsigned int)character);
}

/* "::add-mask::" begins a line; "##[...]" and "##vso[...]" stand anywhere in one. */
static bool begins_command(const char *text, size_t size, size_t place)
{
	if (place == 0)
		return size > 1 && text[0] == ':' && text[1] == ':';
	return text[place] == '#' && text[place - 1] == '#';
}

static void escape(struct buffer *out, const char *text, size_t size, bool backslashes)
{
	size_t begin = 0; /* of the run that stands as it is */
	size_t place = 0;

	while (place < size) {
		uint32_t character = 0;
		size_t length = utf8_decode(text + place, size - place, &character);
		bool stands = character == '\\' ? !backslashes
		                                : !is_invisible(character) &&
		                                          !begins_command(text, size, place);
		if (length && stands) {
			place += length;
			continue;
		}
		buffer_append(out, text + begin, place - begin);
		if (length)
			append_escaped(out, character);
		else
			buffer_printf(out, "\\x%02x", (unsigned char)text[place]);
		place += length ? length : 1;
		begin = place;
	}
	buffer_append(out, text + begin, place - begin);
}

void escape_terminal(struct buffer *out, const char *text, size_t size)
{
	escape(out, text, size, true);
}

/* Characters of two columns, in ascending order. Source: Unicode 15, East_Asian_Width W and F,
 * without gaps that are not assigned. */
static const struct range wide[] = {
        {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23F3},   {0x25FD, 0x25FE},
        {0x2614, 0x27BF},   {0x2B1B, 0x2B55},   {0x2E80, 0xA4CF},   {0xA960, 0xA97C},
        {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE6F},   {0xFF00, 0xFF60},
        {0xFFE0, 0xFFE6},   {0x16FE0, 0x18D08}, {0x1AFF0, 0x1B2FB}, {0x1F000, 0x1FAFF},
        {0x20000, 0x3FFFD},
};

static size_t width_of(uint32_t character)
{
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]) && character >= wide[i].first; i++) {
		if (character <= wide[i].last)
			return 2;
	}
	return 1;
}

size_t text_columns(const char *text, size_t size)
{
	size_t columns = 0;

	for (size_t place = 0; place < size;) {
		uint32_t character = 0;
		size_t length = utf8_decode(text + place, size - place, &character);
		columns += width_of(character);
		place += length ? length : 1;
	}
	return columns;
}

/* How many bytes of valid UTF-8 fit into `columns`. */
static size_t fitting(const char *text, size_t size, size_t columns)
{
	size_t place = 0;

	while (place < size) {
		uint32_t character = 0;
		size_t length = utf8_decode(text + place, size - place, &character);
		size_t width = width_of(character);
		if (width > columns)
			break;
		columns -= width;
		place += length ? length : 1;
	}
	return place;
}

/* The same from the end: where the part begins that fits. */
static size_t fitting_end(const char *text, size_t size, size_t columns)
{
	size_t place = size;

	while (place) {
		size_t begin = place - 1;
		uint32_t character = 0;
		while (begin && ((unsigned char)text[begin] & 0xC0) == 0x80)
			begin--;
		utf8_decode(text + begin, size - begin, &character);
		size_t width = width_of(character);
		if (width > columns)
			break;
		columns -= width;
		place = begin;
	}
	return place;
}

void escape_terminal_short(struct buffer *out, const char *text, size_t size, size_t columns)
{
	static const char gap[] = "...";
	struct buffer whole = {0};

	escape_terminal(&whole, text, size);
	if (buffer_failed(&whole) || !whole.data) {
		out->failed |= buffer_failed(&whole);
	} else if (text_columns(whole.data, whole.size) <= columns) {
		buffer_append(out, whole.data, whole.size);
	} else {
		/* The end of a path says more than its beginning. */
		size_t left = columns - strlen(gap);
		size_t head = fitting(whole.data, whole.size, left / 3);
		size_t tail = fitting_end(whole.data, whole.size, left - left / 3);
		buffer_append(out, whole.data, head);
		buffer_append_text(out, gap);
		buffer_append(out, whole.data + tail, whole.size - tail);
	}
	buffer_free(&whole);
}

char *escape_message_copy(const char *text)
{
	struct buffer out = {0};

	escape(&out, text, strlen(text), false);
	return buffer_steal(&out);
}

char *escape_terminal_copy(const char *text)
{
	struct buffer out = {0};

	escape_terminal(&out, text, strlen(text));
	return buffer_steal(&out);
}

/* What JSON must not hold as it is, and what would show as something else where somebody prints the
 * text without decoding it. */
static bool json_stands(uint32_t character, char before)
{
	if (character == '"' || character == '\\' || (character == '#' && before == '#'))
		return false;
	return character < 0x7F ? character >= 0x20 : !is_invisible(character);
}

static void append_json_escape(struct buffer *out, uint32_t character)
{
	if (character == '"' || character == '\\') {
		char pair[] = {'\\', (char)character};
		buffer_append(out, pair, sizeof(pair));
	} else if (character < 0x10000) {
		buffer_printf(out, "\\u%04x", (unsigned int)character);
	} else {
		/* A pair of surrogates (RFC 8259, 7). */
		character -= 0x10000;
		buffer_printf(out, "\\u%04x\\u%04x", 0xD800 + (unsigned int)(character >> 10),
		              0xDC00 + (unsigned int)(character & 0x3FF));
	}
}

void escape_json(struct buffer *out, const char *text, size_t size)
{
	size_t begin = 0; /* of the run that stands as it is */
	size_t place = 0;

	while (place < size) {
		uint32_t character = 0;
		size_t length = utf8_decode(text + place, size - place, &character);
		if (length && json_stands(character, place ? text[place - 1] : '\0')) {
			place += length;
			continue;
		}
		buffer_append(out, text + begin, place - begin);
		append_json_escape(out, length ? character : 0xFFFD);
		place += length ? length : 1;
		begin = place;
	}
	buffer_append(out, text + begin, place - begin);
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Escapes and shortens for a terminal, then hands every byte to `append`. */
static void escape_twice(struct buffer *out, const char *text, size_t size, size_t columns,
                         void (*append)(struct buffer *out, char c))
{
	struct buffer plain = {0};

	escape_terminal_short(&plain, text, size, columns);
	out->failed |= buffer_failed(&plain);
	for (size_t i = 0; i < plain.size; i++)
		append(out, plain.data[i]);
	buffer_free(&plain);
}

static void append_markdown(struct buffer *out, char c)
{
	/* What is not ASCII is part of a character, and stands. */
	if (is_alphanumeric(c) || (unsigned char)c >= 0x80 || (c && strchr(" /-,", c)))
		buffer_append(out, &c, 1);
	else
		buffer_printf(out, "&#%d;", c);
}

void escape_markdown(struct buffer *out, const char *text, size_t size, size_t columns)
{
	escape_twice(out, text, size, columns, append_markdown);
}

static void append_sarif(struct buffer *out, char c)
{
	if (c == '\\' || c == '[' || c == ']')
		buffer_append(out, "\\", 1);
	else if (c == '{' || c == '}')
		buffer_append(out, &c, 1);
	buffer_append(out, &c, 1);
}

void escape_sarif(struct buffer *out, const char *text, size_t size, size_t columns)
{
	escape_twice(out, text, size, columns, append_sarif);
}

void escape_yaml(struct buffer *out, const char *text, size_t size)
{
	for (size_t place = 0; place < size;) {
		uint32_t character = 0;
		size_t length = utf8_decode(text + place, size - place, &character);
		if (character == '"' || character == '\\')
			buffer_printf(out, "\\%c", (char)character);
		else if (!length || is_invisible(character) || character > 0xFFFF ||
		         begins_command(text, size, place))
			buffer_printf(out, "\\U%08x", (unsigned int)(length ? character : 0xFFFD));
		else
			buffer_append(out, text + place, length);
		place += length ? length : 1;
	}
}

void escape_uri(struct buffer *out, const char *path, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = path[i];
		if (is_alphanumeric(c) || (c && strchr("-._~/", c)))
			buffer_append(out, &c, 1);
		else
			buffer_printf(out, "%%%02X", (unsigned char)c);
	}
}
