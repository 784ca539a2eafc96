#include "base/writer.h"

#include "base/base64.h"
#include "base/escape.h"
#include "base/utf8.h"

#include <string.h>

/* What stands before a value. */
static void begin(struct writer *writer, const char *key)
{
	if (writer->follows)
		buffer_append(writer->out, ",", 1);
	writer->follows = true;
	if (!key)
		return;
	buffer_append(writer->out, "\"", 1);
	buffer_append_text(writer->out, key);
	buffer_append(writer->out, "\":", 2);
}

void writer_open(struct writer *writer, const char *key, char bracket)
{
	begin(writer, key);
	buffer_append(writer->out, &bracket, 1);
	writer->follows = false;
}

void writer_close(struct writer *writer, char bracket)
{
	buffer_append(writer->out, &bracket, 1);
	writer->follows = true;
}

void writer_string(struct writer *writer, const char *key, const char *text, size_t size)
{
	begin(writer, key);
	buffer_append(writer->out, "\"", 1);
	escape_json(writer->out, text, size);
	buffer_append(writer->out, "\"", 1);
}

void writer_text(struct writer *writer, const char *key, const char *text)
{
	if (text)
		writer_string(writer, key, text, strlen(text));
}

void writer_bytes(struct writer *writer, const char *key, const char *text, size_t size)
{
	if (!text)
		return;
	writer_string(writer, key, text, size);
	if (utf8_valid(text, size))
		return;
	buffer_append(writer->out, ",\"", 2);
	buffer_append_text(writer->out, key);
	buffer_append_text(writer->out, "_b64\":\"");
	base64_encode(writer->out, text, size);
	buffer_append(writer->out, "\"", 1);
}

void writer_number(struct writer *writer, const char *key, unsigned long long value)
{
	char digits[24];
	char *place = digits + sizeof(digits);

	do {
		*--place = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	begin(writer, key);
	buffer_append(writer->out, place, (size_t)(digits + sizeof(digits) - place));
}

void writer_signed(struct writer *writer, const char *key, long long value)
{
	begin(writer, key);
	buffer_printf(writer->out, "%lld", value);
}

void writer_flag(struct writer *writer, const char *key, bool value)
{
	begin(writer, key);
	buffer_append_text(writer->out, value ? "true" : "false");
}

void writer_null(struct writer *writer, const char *key)
{
	begin(writer, key);
	buffer_append(writer->out, "null", 4);
}
