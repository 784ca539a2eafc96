/* Matching of wildcards as gitignore knows them. Nothing allocates, nothing recurses: the work is
 * bounded by the product of both lengths. */
#ifndef REMIT_POLICY_GLOB_H
#define REMIT_POLICY_GLOB_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* True when one name (no slash) matches: `*`, `?` (one character of UTF-8), `[a-z]`, `[!a-z]`,
 * backslash. */
bool glob_match_name(const char *glob, size_t glob_size, const char *name, size_t name_size);

/* True when a relative path matches name by name; a name `**` of the glob takes any number of
 * names, none included. */
bool glob_match_path(const char *glob, const char *path, size_t path_size);

/* True when the text holds an unescaped wildcard. */
bool glob_has_wildcard(const char *text, size_t size);

/* Returns 0 where every character of a glob is understood, negative with what is not. */
int glob_check(const char *glob, struct error *err);

#endif
