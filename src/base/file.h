/* Reading small files whole. */
#ifndef REMIT_BASE_FILE_H
#define REMIT_BASE_FILE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stddef.h>

/* Reads the regular file `path` (links followed) of at most `limit` bytes. Never blocks on a fifo
 * or device: whatever is no regular file is an error that names its kind. Returns 0; negative on
 * failure, -ENOENT exactly when the file does not exist, so that a caller may treat absence, and
 * nothing else, as "none given". */
int file_read(const char *path, size_t limit, struct buffer *out, struct error *err);

/* The path without links of what `path` leads to, owned by the caller; NULL where the caller
 * reaches nothing there (ENOENT, ENOTDIR, EACCES, ELOOP). Negative where that cannot be said. */
int file_real_path(const char *path, char **out, struct error *err);

/* What the absolute `path` leads to; where that cannot be reached or does not exist yet (ENOENT,
 * ENOTDIR, EACCES, ELOOP), what its folder leads to, with the name. Returns 0 and a path owned by
 * the caller, or negative. */
int file_resolve(const char *path, char **out, struct error *err);

#endif
