/* The file and line with which the reason of a verdict begins. */
#ifndef REMIT_AUDIT_ORIGIN_H
#define REMIT_AUDIT_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

/* Takes "FILE:LINE" off the front of a reason: "reviewer.md:4: not granted" has file "reviewer.md"
 * and line 4. `known` (or NULL) is a file that reasons name: its name may hold colons. False where
 * the reason begins with none. */
bool origin_split(const char *because, const char *known, size_t *file_size, unsigned long *line);

#endif
