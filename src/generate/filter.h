/* policies/syscalls.yaml as a program for seccomp. */
#ifndef REMIT_GENERATE_FILTER_H
#define REMIT_GENERATE_FILTER_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends the text of filter.c for `architecture` ("x86_64" or "aarch64", whatever the machine that
 * builds). Negative, with FILE:LINE:COLUMN where a line is to blame. */
int filter_generate(const char *path, const char *architecture, struct buffer *out,
                    struct error *err);

#endif
