/* UTF-8 as RFC 3629 defines it. */
#ifndef REMIT_BASE_UTF8_H
#define REMIT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the first character of `text` (size > 0). Returns its length in bytes, 0 where the bytes
 * are no valid UTF-8: cut off, overlong, a surrogate, beyond U+10FFFF. */
size_t utf8_decode(const char *text, size_t size, uint32_t *character);

/* True where all of `text` is valid UTF-8. */
bool utf8_valid(const char *text, size_t size);

#endif
