/* policies/syscalls.yaml and supervisor.yaml as programs for seccomp. */
#ifndef REMIT_GENERATE_FILTER_H
#define REMIT_GENERATE_FILTER_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends the text of a C file with the program `filter_NAME` for `architecture` ("x86_64" or
 * "aarch64", whatever the machine that builds), and where the file has calls to `watch`, the one
 * for a run with a listener. Negative, with FILE:LINE:COLUMN where a line is to blame. */
int filter_generate(const char *path, const char *architecture, const char *name,
                    struct buffer *out, struct error *err);

#endif
