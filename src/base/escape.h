/* The one function through which text of unknown origin reaches an output. */
#ifndef REMIT_BASE_ESCAPE_H
#define REMIT_BASE_ESCAPE_H

#include "base/buffer.h"

#include <stddef.h>

/* Appends `text` for a terminal: control characters, terminal sequences, bidirectional marks,
 * other invisible characters, backslashes and bytes that are not UTF-8 become \n, \t, \xHH or
 * \u{HEX}; everything else stands. So that a CI system that reads the output takes no text for a
 * command, neither do a `::` at the beginning and the second of two `#`. */
void escape_terminal(struct buffer *out, const char *text, size_t size);

/* The same in at most `columns` columns (8 at least): of a longer text the middle is left out, and
 * "..." stands there. */
void escape_terminal_short(struct buffer *out, const char *text, size_t size, size_t columns);

/* The columns that text takes which has no control characters, on a terminal that shows East Asian
 * and pictographic characters in two. An estimate, never too small. */
size_t text_columns(const char *text, size_t size);

/* The same for NUL-terminated text, as a fresh string owned by the caller; NULL when memory is
 * exhausted. */
char *escape_terminal_copy(const char *text);

/* The same for a whole message, parts of which may be escaped already: backslashes stand. */
char *escape_message_copy(const char *text);

/* Appends `text` as the inside of a JSON string (RFC 8259): what was there is what a reader of JSON
 * gets back, but for bytes that are not UTF-8, each of which becomes U+FFFD. Control and invisible
 * characters are written as numbers, and so is the second of two `#`, with which the commands of
 * some CI systems begin ("##[...]", "##vso[...]"): printed as it is, the JSON is harmless, too. */
void escape_json(struct buffer *out, const char *text, size_t size);

#endif
