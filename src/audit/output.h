/* Whole lines to a descriptor, or an error. */
#ifndef REMIT_AUDIT_OUTPUT_H
#define REMIT_AUDIT_OUTPUT_H

#include "base/error.h"

#include <stddef.h>

/* Writes the line. Into a regular file with one write(2); where that takes only a part of it (the
 * disk is full), the part is taken back. A pipe or socket may take a long line in parts, and is
 * waited for until `caller` (a socket or pipe; -1: none) has hung up. Negative where the line could
 * not be written whole.
 *
 * SIGPIPE and SIGXFSZ must be ignored or blocked by the caller: they would kill it in here. */
int output_line(int descriptor, int caller, const char *line, size_t size, struct error *err);

#endif
