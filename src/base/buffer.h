/* Growing byte buffer. Failure to allocate is sticky: append freely, then ask
 * `buffer_failed` once. */
#ifndef REMIT_BASE_BUFFER_H
#define REMIT_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty buffer. `data` is NUL-terminated as soon as anything was appended. */
struct buffer {
	char *data;
	size_t size; /* bytes, without the terminating NUL */
	size_t capacity;
	bool failed;
};

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* True when an append could not allocate; the content is then incomplete. */
bool buffer_failed(const struct buffer *buffer);

/* The text, owned by the caller (free); NULL when an append failed. Never NULL for an empty
 * buffer. The buffer is empty afterwards. */
char *buffer_steal(struct buffer *buffer);

void buffer_free(struct buffer *buffer);

#define cleanup_buffer __attribute__((cleanup(buffer_free)))

/* Makes room for one more item of `item_size` bytes in a growing array.
 * Returns 0, or -1 when memory is exhausted (the array is unchanged). */
int array_reserve(void **items, size_t *capacity, size_t count, size_t item_size);

#endif
