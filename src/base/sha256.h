/* SHA-256 (FIPS 180-4), for naming what was decided; nothing secret depends on it. */
#ifndef REMIT_BASE_SHA256_H
#define REMIT_BASE_SHA256_H

#include <stddef.h>

enum {
	SHA256_TEXT = 65, /* 64 hexadecimal digits and NUL */
};

void sha256_text(const void *data, size_t size, char out[SHA256_TEXT]);

#endif
