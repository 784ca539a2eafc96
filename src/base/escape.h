/* The one function through which text of unknown origin reaches an output. */
#ifndef REMIT_BASE_ESCAPE_H
#define REMIT_BASE_ESCAPE_H

#include "base/buffer.h"

#include <stddef.h>

/* Appends `text` for a terminal: control characters, terminal sequences, bidirectional marks,
 * other invisible characters, backslashes and bytes that are not UTF-8 become \n, \t, \xHH or
 * \u{HEX}; everything else stands. */
void escape_terminal(struct buffer *out, const char *text, size_t size);

/* The same for NUL-terminated text, as a fresh string owned by the caller; NULL when memory is
 * exhausted. */
char *escape_terminal_copy(const char *text);

/* The same for a whole message, parts of which may be escaped already: backslashes stand. */
char *escape_message_copy(const char *text);

#endif
