#include "agent/report.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The length of the first unit of escaped text: an escape, which must not be cut in two, or one
 * character. */
static size_t unit_length(const char *text)
{
	size_t length = 1;

	if (strncmp(text, "\\u{", 3) == 0)
		return strcspn(text, "}") + 1;
	if (strncmp(text, "\\x", 2) == 0)
		return 4;
	if (text[0] == '\\')
		return 2;
	while (((unsigned char)text[length] & 0xC0) == 0x80)
		length++;
	return length;
}

/* An escape counts as many characters as it shows; only a whole character has more bytes. */
static size_t unit_characters(const char *text, size_t length)
{
	return text[0] == '\\' ? length : 1;
}

struct excerpt excerpt_of_size(const char *text, size_t size)
{
	/* More bytes than the characters that are shown could need. */
	enum {
		MOST_BYTES = EXCERPT_CHARACTERS * 4 + 4,
	};
	cleanup_buffer struct buffer escaped = {0};
	struct excerpt excerpt = {"?"};

	escape_terminal(&escaped, text, size < MOST_BYTES ? size : MOST_BYTES);
	buffer_append(&escaped, "", 0);
	if (buffer_failed(&escaped))
		return excerpt;

	size_t end = 0;
	size_t characters = 0;
	while (escaped.data[end]) {
		size_t length = unit_length(escaped.data + end);
		size_t more = unit_characters(escaped.data + end, length);
		if (characters + more > EXCERPT_CHARACTERS)
			break;
		characters += more;
		end += length;
	}
	snprintf(excerpt.text, sizeof(excerpt.text), "%.*s%s", (int)end, escaped.data,
	         escaped.data[end] ? "..." : "");
	return excerpt;
}

struct excerpt excerpt_of(const char *text)
{
	return excerpt_of_size(text, strlen(text));
}

bool text_is_visible(const char *text, size_t size)
{
	cleanup_buffer struct buffer escaped = {0};
	size_t begin = 0;

	/* Backslashes are escaped too, but can be seen: what stands between them is compared. */
	for (size_t i = 0; i <= size; i++) {
		if (i < size && text[i] != '\\')
			continue;
		escape_terminal(&escaped, text + begin, i - begin);
		if (i < size)
			buffer_append(&escaped, "\\", 1);
		begin = i + 1;
	}
	return !buffer_failed(&escaped) && escaped.size == size &&
	       (size == 0 || memcmp(escaped.data, text, size) == 0);
}

int report_error(const struct reading *reading, size_t line, const char *format, ...)
{
	va_list arguments;
	cleanup_free char *message = NULL;

	va_start(arguments, format);
	int size = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (size < 0) {
		message = NULL;
		return error_memory(reading->err);
	}
	return error_set(reading->err, "%s:%zu: %s", reading->file, line, message);
}

int report_warning(const struct reading *reading, size_t line, const char *code, const char *format,
                   ...)
{
	struct agent *agent = reading->agent;
	va_list arguments;
	cleanup_free char *message = NULL;

	va_start(arguments, format);
	int size = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (size < 0) {
		message = NULL;
		return error_memory(reading->err);
	}

	void *items = agent->warnings;
	int result = array_reserve(&items, &agent->warning_capacity, agent->warning_count,
	                           sizeof(*agent->warnings));
	agent->warnings = items;
	if (result < 0)
		return error_memory(reading->err);
	agent->warnings[agent->warning_count++] = (struct agent_warning){
	        .line = line,
	        .code = code,
	        .message = steal_pointer(&message),
	};
	return 0;
}
