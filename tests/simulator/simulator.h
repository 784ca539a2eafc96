/* A machine for seccomp's programs: judges what a filter would answer to calls that cannot be made
 * here (another architecture, protocols and terminals that this kernel lacks). */
#ifndef REMIT_TESTS_SIMULATOR_H
#define REMIT_TESTS_SIMULATOR_H

#include "base/error.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* Checks a program as the kernel does before it accepts one: size, instructions, jumps, loads,
 * scratch memory that is read before it is written, a return at the end. Negative with the
 * instruction that is wrong. */
int simulator_check(const struct sock_filter *program, size_t count, struct error *err);

/* What the program returns for the call. The program must have passed simulator_check. */
uint32_t simulator_run(const struct sock_filter *program, size_t count,
                       const struct seccomp_data *call);

/* How many instructions simulator_run executes for the call. */
size_t simulator_steps(const struct sock_filter *program, size_t count,
                       const struct seccomp_data *call);

#endif
