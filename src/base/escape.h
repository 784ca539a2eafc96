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

/* Appends `text` for Markdown and HTML, in at most `columns` columns: escaped and shortened as for
 * a terminal, and all punctuation that means something in either (or begins a link or a mention) as
 * numeric character references. */
void escape_markdown(struct buffer *out, const char *text, size_t size, size_t columns);

/* Appends `text` for a message of SARIF 2.1.0 (3.11), in at most `columns` columns: escaped and
 * shortened as for a terminal, and what would be a link or a placeholder as these are escaped
 * there. */
void escape_sarif(struct buffer *out, const char *text, size_t size, size_t columns);

/* Appends `text` as the inside of a double-quoted scalar of YAML 1.1 and 1.2. The text is valid
 * UTF-8. */
void escape_yaml(struct buffer *out, const char *text, size_t size);

/* Appends the bytes of a path as a part of a URI (RFC 3986): everything but unreserved characters
 * and slashes is percent-encoded. */
void escape_uri(struct buffer *out, const char *path, size_t size);

#endif
