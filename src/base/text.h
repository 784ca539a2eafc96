/* Small helpers on text. */
#ifndef REMIT_BASE_TEXT_H
#define REMIT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* ASCII case-insensitive comparison, independent of the locale. */
bool text_equal_fold(const char *a, const char *b);

/* The candidate with the smallest edit distance to `word` (ASCII case folded), or NULL when none
 * is within a third of its length. The result is one of `candidates`. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* Copies of text, owned by the caller; NULL when memory is exhausted. */
char *text_copy(const char *text);
char *text_copy_size(const char *text, size_t size);
char *text_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
