/* What a filter answers, without asking the kernel: why a call waits for the listener. */
#ifndef REMIT_WATCH_PROGRAM_H
#define REMIT_WATCH_PROGRAM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* The value that the program returns for the call: SECCOMP_RET_*. Only for programs that the
 * kernel accepted, and of the instructions that libseccomp makes; SECCOMP_RET_KILL_PROCESS for
 * another instruction. */
uint32_t program_evaluate(const struct sock_filter *program, size_t count,
                          const struct seccomp_data *call);

#endif
