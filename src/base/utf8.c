#include "base/utf8.h"

/* The forms of UTF-8 by their first byte, and the smallest character that may use each: a smaller
 * one is overlong. */
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

size_t utf8_decode(const char *text, size_t size, uint32_t *character)
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

bool utf8_valid(const char *text, size_t size)
{
	uint32_t character;

	while (size) {
		size_t length = utf8_decode(text, size, &character);
		if (!length)
			return false;
		text += length;
		size -= length;
	}
	return true;
}
