/* Verdicts that depend on a system call's number alone, as a piece of a filter's program. */
#ifndef REMIT_GENERATE_NUMBERS_H
#define REMIT_GENERATE_NUMBERS_H

#include "base/error.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NUMBERS_LIMIT = 1024, /* beyond it every call is unknown */
};

enum numbers_answer {
	NUMBERS_UNKNOWN,
	NUMBERS_ALLOWED,
	NUMBERS_REFUSED,
	NUMBERS_BY_ARGUMENTS, /* what follows the piece decides */
	NUMBERS_ANSWERS,
};

struct numbers {
	uint32_t architecture; /* AUDIT_ARCH_* */
	bool has_x32;          /* numbers from 0x40000000 on are another table's */
	enum numbers_answer answers[NUMBERS_LIMIT];
	uint32_t actions[NUMBERS_ANSWERS]; /* SECCOMP_RET_* of all answers but the last */
};

/* Writes the piece: foreign tables end the process, other calls get their answer, those that depend
 * on arguments reach its end. Returns the number of instructions; negative where they do not fit
 * into `room`, or a jump would be too long. */
long numbers_compile(const struct numbers *numbers, struct sock_filter *out, size_t room,
                     struct error *err);

#endif
