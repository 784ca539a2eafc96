/* Programs of classic BPF, as seccomp(2) takes them, as readable pseudo code. */
#ifndef REMIT_PLAN_PSEUDO_H
#define REMIT_PLAN_PSEUDO_H

#include "base/buffer.h"

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* Appends the program, one statement a line. Loads are folded into the comparisons that use them,
 * jumps to a return are written as that return, what nothing leads to is left out; "L12" is the
 * instruction 12. Names of system calls are those of `architecture` (AUDIT_ARCH_* of
 * <linux/audit.h>), until the program itself has compared the architecture. A jump out of the
 * program and an instruction that the kernel would not accept are written as such. */
void pseudo_append(struct buffer *out, const struct sock_filter *program, size_t count,
                   uint32_t architecture);

/* Appends the program, one instruction a line: its number, code, both jumps and the constant. */
void pseudo_append_raw(struct buffer *out, const struct sock_filter *program, size_t count);

/* What a program's return means: "allow", "EPERM", "kill the process" ... Appends it. */
void pseudo_append_verdict(struct buffer *out, uint32_t verdict);

/* AUDIT_ARCH_* of this build. */
uint32_t pseudo_native(void);

#endif
