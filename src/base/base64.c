#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buffer *out, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t group = (uint32_t)bytes[i] << 16;
		if (left > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			group |= bytes[i + 2];
		char text[4] = {
		        digits[group >> 18],
		        digits[group >> 12 & 63],
		        left > 1 ? digits[group >> 6 & 63] : '=',
		        left > 2 ? digits[group & 63] : '=',
		};
		buffer_append(out, text, sizeof(text));
	}
}

/* Negative where `c` is no digit. */
static int value_of(char c)
{
	const char *place = c ? strchr(digits, c) : NULL;

	return place ? (int)(place - digits) : -1;
}

/* How many of the four characters are padding. */
static size_t padding_of(const char *text)
{
	if (text[3] != '=')
		return 0;
	return text[2] == '=' ? 2 : 1;
}

int base64_decode(struct buffer *out, const char *text, size_t size)
{
	if (size % 4 != 0)
		return -1;
	for (size_t i = 0; i < size; i += 4) {
		size_t padding = padding_of(text + i);
		uint32_t group = 0;
		if (padding && i + 4 < size)
			return -1;
		for (size_t k = 0; k < 4; k++) {
			int value = k < 4 - padding ? value_of(text[i + k]) : 0;
			if (value < 0)
				return -1;
			group = group << 6 | (uint32_t)value;
		}
		char bytes[3] = {(char)(group >> 16), (char)(group >> 8), (char)group};
		buffer_append(out, bytes, 3 - padding);
	}
	return 0;
}
