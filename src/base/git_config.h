/* Git's configuration files (git-config(1), "CONFIGURATION FILE"), read strictly: what versions of
 * git read differently, or what no version of git writes, is not read at all. */
#ifndef REMIT_BASE_GIT_CONFIG_H
#define REMIT_BASE_GIT_CONFIG_H

#include "base/error.h"

#include <stddef.h>

enum {
	GIT_CONFIG_LONGEST = 1 << 20, /* bytes of a file */
};

/* Called for each variable in turn, with its name as git has it (section and key in lower case, the
 * subsection as written, joined by dots) and its value, NULL where there is none. Stops the
 * reading by a negative result. */
typedef int git_config_visit(void *data, const char *name, const char *value, struct error *err);

/* Returns 0 when all was read and every visit returned 0; negative otherwise, with "line N: ..."
 * where the text is not understood. */
int git_config_read(const char *text, size_t size, git_config_visit *visit, void *data,
                    struct error *err);

/* Reads as much as git would: blanks inside of a value count as spaces, as before version 2.45.
 * What it refuses, git refuses, and runs nothing. */
int git_config_read_all(const char *text, size_t size, git_config_visit *visit, void *data,
                        struct error *err);

#endif
