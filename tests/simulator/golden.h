/* Golden tables: rows of (call, arguments) -> verdict, as tests/filter explains them. */
#ifndef REMIT_TESTS_GOLDEN_H
#define REMIT_TESTS_GOLDEN_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

struct architecture {
	const char *name;
	uint32_t audit; /* AUDIT_ARCH_* */
	uint32_t token; /* libseccomp's */
	const struct sock_filter *program;
	const size_t *count;
	const char *table;
};

/* What the architecture's filter returns for the call. */
uint32_t golden_judge(const struct architecture *architecture, const struct seccomp_data *call);

/* "allow", "EPERM", "ENOSYS", "kill", or "another verdict". */
const char *golden_verdict(uint32_t value);

/* Judges every row of the architecture's table; fails the running test at the first that differs
 * or is not understood. Returns the number of rows. */
size_t golden_check(const struct architecture *architecture);

#endif
