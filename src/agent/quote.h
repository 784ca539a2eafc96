/* The first recovery step: quoting the values of unquoted top-level `key: value` lines. */
#ifndef REMIT_AGENT_QUOTE_H
#define REMIT_AGENT_QUOTE_H

#include "agent/source.h"
#include "base/buffer.h"

/* A line `key: value` that begins at column 0. The pieces point into the line. */
struct key_line {
	const char *key;
	size_t key_size;
	const char *value; /* behind the colon and white space, up to the end of the line */
	size_t value_size;
};

/* True when the line is a plain, unquoted key at column 0 with a colon that YAML would see. */
bool quote_key_line(const struct source_line *line, struct key_line *out);

/* Appends `text` with the plain values of such lines in double quotes, up to where YAML would end
 * them (a comment is left out). Returns true when a value was quoted. */
bool quote_values(const char *text, size_t size, struct buffer *out);

#endif
