/* A command line taken apart far enough to hold patterns against it. This is a rail, no parser of
 * shells: whatever is not understood with certainty is refused. Private to this stage. */
#ifndef REMIT_POLICY_SHELL_H
#define REMIT_POLICY_SHELL_H

#include "base/error.h"

#include <stddef.h>

/* One simple command between `&&`, `||`, `;`, `|`, `&` and newlines. */
struct shell_part {
	char *raw;   /* as written, blanks at both ends dropped */
	char *plain; /* quotes removed, runs of blanks made one */
	char *bare;  /* `plain` without leading VARIABLE=value words */
};

struct shell_parts {
	struct shell_part *items;
	size_t count;
	size_t capacity;
};

/* Splits what `sh -c` would run. Returns 0 and parts to be released by shell_parts_clear, negative
 * with the construct that is not understood. */
int shell_split(const char *text, struct shell_parts *out, struct error *err);

/* The string that `argv` has a shell run (`bash -lc STRING`), or NULL where argv runs none; an
 * error where argv is a shell with options that are not understood. Points into argv. */
int shell_string(char *const *argv, const char **out, struct error *err);

void shell_parts_clear(struct shell_parts *parts);

#endif
