#include "base/escape.h"

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

/* The forms of UTF-8 by their first byte, and the smallest character that may use each
 * (RFC 3629): a smaller one is overlong. */
static const struct utf8_form {
	unsigned char mask;
	unsigned char lead;
	unsigned char length;
	uint32_t smallest;
} utf8_forms[] = {
        {0x80, 0x00, 1, 0x0},
        {0xE0, 0xC0, 2, 0x80},
        {0xF0, 0xE0, 3, 0x800},
        {0xF8, 0xF0, 4, 0x10000},
};

static const struct utf8_form *utf8_form_of(unsigned char lead)
{
	for (size_t i = 0; i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++) {
		if ((lead & utf8_forms[i].mask) == utf8_forms[i].lead)
			return &utf8_forms[i];
	}
	return NULL;
}

/* Decodes the first character of `text` (size > 0). Returns its length in bytes, 0 where the bytes
 * are no valid UTF-8. */
static size_t decode(const char *text, size_t size, uint32_t *character)
{
	unsigned char lead = (unsigned char)text[0];
	const struct utf8_form *form = utf8_form_of(lead);

	if (!form || form->length > size)
		return 0;

	uint32_t value = lead & (unsigned char)~form->mask;
	for (size_t i = 1; i < form->length; i++) {
		unsigned char next = (unsigned char)text[i];
		if ((next & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (next & 0x3Fu);
	}
	if (value < form->smallest || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	*character = value;
	return form->length;
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

static void escape(struct buffer *out, const char *text, size_t size, bool backslashes)
{
	size_t begin = 0; /* of the run that stands as it is */
	size_t place = 0;

	while (place < size) {
		uint32_t character = 0;
		size_t length = decode(text + place, size - place, &character);
		bool stands = character == '\\' ? !backslashes : !is_invisible(character);
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
