/* Lexical operations on absolute paths. None of them touches the file system. */
#ifndef REMIT_BASE_PATH_H
#define REMIT_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* `path` made absolute against `base` (itself absolute), with "//", "/./", "/../" and a trailing
 * slash removed. Owned by the caller; NULL when memory is exhausted. */
char *path_absolute(const char *base, const char *path);

/* True when `path` is `tree` or lies below it; both absolute and normal. "/" holds everything. */
bool path_within(const char *path, const char *tree);

/* True when `path` lies below `tree` and is not `tree`. */
bool path_below(const char *path, const char *tree);

/* `directory`/`name`, owned by the caller; NULL when memory is exhausted. */
char *path_join(const char *directory, const char *name);

/* The part before the last slash ("/" at the top), owned by the caller. */
char *path_parent(const char *path);

/* The part behind the last slash; points into `path`. */
const char *path_name(const char *path);

/* How many names the path has; 0 for "/". */
size_t path_depth(const char *path);

/* Order in which everything below a folder follows it directly: negative, 0 or positive. */
int path_compare(const char *a, const char *b);

#endif
