/* A program of the kernel's packet filter, put together from pieces. */
#ifndef REMIT_GENERATE_PROGRAM_H
#define REMIT_GENERATE_PROGRAM_H

#include "base/buffer.h"
#include "base/error.h"
#include "generate/numbers.h"

#include <linux/filter.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* Some 32 KB: not for the stack. */
struct program {
	struct sock_filter instructions[BPF_MAXINSNS];
	size_t count;
};

/* Appends what libseccomp compiles from `filter`; its returns of `*passes_on` (NULL: none) become
 * jumps behind its end. Returns 0, or negative where it fails or there is no room. */
int program_append_filter(struct program *program, scmp_filter_ctx filter,
                          const uint32_t *passes_on, struct error *err);

/* Appends what decides by numbers alone. Errors as above. */
int program_append_numbers(struct program *program, const struct numbers *numbers,
                           struct error *err);

/* Each return of `action` becomes one of `by`. */
void program_replace(struct program *program, uint32_t action, uint32_t by);

/* A C array of that name, and its count. */
void program_print(const struct program *program, const char *name, struct buffer *out);

#endif
