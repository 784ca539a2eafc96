/* Writes JSON straight into a buffer: what is escaped is escaped by escape_json, so that the text
 * is harmless where somebody prints it as it is. */
#ifndef REMIT_BASE_WRITER_H
#define REMIT_BASE_WRITER_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

struct writer {
	struct buffer *out;
	bool follows; /* something stands before, in the same object or list */
};

/* `key` is NULL in a list and at the top; keys are ours, and not escaped. A lack of memory shows in
 * the buffer. */
void writer_open(struct writer *writer, const char *key, char bracket);
void writer_close(struct writer *writer, char bracket);

/* A member that is left out where the text is NULL. */
void writer_text(struct writer *writer, const char *key, const char *text);

void writer_string(struct writer *writer, const char *key, const char *text, size_t size);

/* The same, with the bytes in base 64 as a second member, KEY_b64, where they are not UTF-8; left
 * out where `text` is NULL. */
void writer_bytes(struct writer *writer, const char *key, const char *text, size_t size);

void writer_number(struct writer *writer, const char *key, unsigned long long value);
void writer_signed(struct writer *writer, const char *key, long long value);
void writer_flag(struct writer *writer, const char *key, bool value);
void writer_null(struct writer *writer, const char *key);

#endif
