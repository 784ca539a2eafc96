/* The base filter of both architectures, under names of their own. For one file of a test. */
#ifndef REMIT_TESTS_BOTH_H
#define REMIT_TESTS_BOTH_H

#include "golden.h"
#include "plan/filter.h"

#include <linux/audit.h>
#include <seccomp.h>

#define filter_base          program_x86_64
#define filter_base_count    program_x86_64_count
#define filter_watched       watched_x86_64
#define filter_watched_count watched_x86_64_count
#define filter_calls         calls_x86_64
#define filter_calls_count   calls_x86_64_count
#include "filter-x86_64.c"
#undef filter_base
#undef filter_base_count
#undef filter_watched
#undef filter_watched_count
#undef filter_calls
#undef filter_calls_count
#define filter_base          program_aarch64
#define filter_base_count    program_aarch64_count
#define filter_watched       watched_aarch64
#define filter_watched_count watched_aarch64_count
#define filter_calls         calls_aarch64
#define filter_calls_count   calls_aarch64_count
#include "filter-aarch64.c"
#undef filter_base
#undef filter_base_count
#undef filter_watched
#undef filter_watched_count
#undef filter_calls
#undef filter_calls_count

enum {
	ARCHITECTURES = 2,
#ifdef __x86_64__
	NATIVE = 0, /* index of `architectures` */
#else
	NATIVE = 1,
#endif
};

static const struct architecture architectures[ARCHITECTURES] = {
        {"x86_64", AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, program_x86_64, &program_x86_64_count,
         "tests/filter/x86_64.table"},
        {"aarch64", AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, program_aarch64, &program_aarch64_count,
         "tests/filter/aarch64.table"},
};

#endif
