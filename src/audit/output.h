/* Whole lines to a descriptor, or an error. */
#ifndef REMIT_AUDIT_OUTPUT_H
#define REMIT_AUDIT_OUTPUT_H

#include "base/error.h"

#include <stddef.h>

/* Writes the line with one write(2). Where a regular file takes only a part of it (the disk is
 * full), the part is taken back. A pipe or socket may take a line in parts; a descriptor that does
 * not block is waited for. Negative where the line could not be written whole.
 *
 * SIGPIPE and SIGXFSZ must be ignored or blocked by the caller: they would kill it in here. */
int output_line(int descriptor, const char *line, size_t size, struct error *err);

#endif
