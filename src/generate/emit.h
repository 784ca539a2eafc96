/* Pieces of C as text. All append to a buffer; ask buffer_failed once at the end. */
#ifndef REMIT_GENERATE_EMIT_H
#define REMIT_GENERATE_EMIT_H

#include "base/buffer.h"
#include "base/yaml_tree.h"

/* A string literal with its quotes, on one line. */
void emit_literal(struct buffer *out, const char *text);

/* A whole file as adjacent literals, one a line. */
void emit_text(struct buffer *out, const char *text);

/* A NULL-terminated compound literal of the scalars of a sequence; NULL is an empty one. */
void emit_word_array(struct buffer *out, const struct yaml_tree *sequence);

/* `const size_t NAME_count = sizeof(NAME) / sizeof(NAME[0]);` */
void emit_count(struct buffer *out, const char *name);

#endif
