/* Names that are written differently and that some file system takes for one: without regard to
 * case, to characters that do not show, to the forms of compatible characters, to what stands at
 * the end or behind a colon, and to short names.
 *
 * No file system does all of it. What is folded here is what any of them might: two names that
 * differ here are two files everywhere. */
#ifndef REMIT_BASE_FOLD_H
#define REMIT_BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>

enum {
	FOLD_LONGEST = 64, /* bytes of a folded name, with its NUL */
};

/* Whether a name is folded already: it has no capital letter, no character outside of ASCII, no
 * mark of short names or of streams, and no end that is left out. */
bool fold_is_plain(const char *name, size_t size);

/* The folded form of a name. Returns false where it is longer than FOLD_LONGEST allows: it is then
 * the same as no name that is shorter. Bytes that are not UTF-8 stand as they are. */
bool fold_name(const char *name, size_t size, char out[FOLD_LONGEST]);

/* Whether a folded name is the same as `canonical` (ASCII, shorter than FOLD_LONGEST), or may be
 * its short name of eight and three characters. */
bool fold_equal(const char *folded, const char *canonical);

#endif
