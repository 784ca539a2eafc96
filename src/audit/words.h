/* What is refused, in words. */
#ifndef REMIT_AUDIT_WORDS_H
#define REMIT_AUDIT_WORDS_H

#include <stddef.h>

/* "write" or "writes", "execution" or "executions", ...; `effect` is at most EFFECT_COUNT, which
 * means system calls of which no effect speaks. Static. */
const char *words_effect(size_t effect, unsigned long long count);

/* The singular or the plural. */
const char *words_number(unsigned long long count, const char *one, const char *several);

#endif
