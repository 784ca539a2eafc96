/* What the guard of names asks the disk about one folder. None of this follows a link. */
#ifndef REMIT_WATCH_GUARD_FOLDER_H
#define REMIT_WATCH_GUARD_FOLDER_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <sys/stat.h>

/* Whether something stands there: 1 and its status, 0, or negative where that cannot be said. */
int guard_look(int folder, const char *name, struct stat *out, struct error *err);

/* Whether the folder takes differently written names for one. Where the kernel does not say so, it
 * does. */
bool guard_folds(int folder);

/* The regular file of that name, opened for reading; -1 where there is none that can be read. */
int guard_open_file(int folder, const char *name);

/* Reads all of a file, or somewhat more than `limit` bytes of it, wherever its offset is. */
int guard_read(int file, size_t limit, struct buffer *out, struct error *err);

/* Whether the folder `name` (or `folder` itself where that is ".") is one, and nothing is in it but
 * what git runs under no circumstances: samples of hooks, or nothing at all where `samples` is
 * false. What cannot be read, or is too much to be read, is not. */
bool guard_is_idle(int folder, const char *name, bool samples);

/* Whether a file of that name below `hooks` is a sample, which git does not run. */
bool guard_is_sample(const char *name);

#endif
