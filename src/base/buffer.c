#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_CAPACITY = 256,
};

/* Makes room for `more` bytes and the terminating NUL. */
static bool reserve(struct buffer *buffer, size_t more)
{
	if (buffer->failed)
		return false;
	if (more < buffer->capacity - buffer->size)
		return true;
	if (more > SIZE_MAX / 4 - buffer->size) {
		buffer->failed = true;
		return false;
	}

	size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
	while (capacity - buffer->size <= more)
		capacity *= 2;
	char *data = realloc(buffer->data, capacity);
	if (!data) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	if (!reserve(buffer, size))
		return;
	if (size)
		memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
	buffer->data[buffer->size] = '\0';
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	int size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0) {
		buffer->failed = true;
		return;
	}
	buffer_append(buffer, text, (size_t)size);
	free(text);
}

bool buffer_failed(const struct buffer *buffer)
{
	return buffer->failed;
}

char *buffer_steal(struct buffer *buffer)
{
	buffer_append(buffer, "", 0);
	if (buffer->failed) {
		buffer_free(buffer);
		return NULL;
	}

	char *text = buffer->data;
	*buffer = (struct buffer){0};
	return text;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

int array_reserve(void **items, size_t *capacity, size_t count, size_t item_size)
{
	if (count < *capacity)
		return 0;

	size_t wanted = *capacity ? *capacity * 2 : 8;
	void *grown = reallocarray(*items, wanted, item_size);
	if (!grown)
		return -1;
	*items = grown;
	*capacity = wanted;
	return 0;
}
