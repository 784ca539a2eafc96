/* Base 64 (RFC 4648, 4), padded. */
#ifndef REMIT_BASE_BASE64_H
#define REMIT_BASE_BASE64_H

#include "base/buffer.h"

#include <stddef.h>

void base64_encode(struct buffer *out, const void *data, size_t size);

/* Appends what `text` stands for. Negative where it is no padded base 64; something may have been
 * appended then. */
int base64_decode(struct buffer *out, const char *text, size_t size);

#endif
