/* What is refused, in words. */
#ifndef REMIT_AUDIT_WORDS_H
#define REMIT_AUDIT_WORDS_H

#include "audit/log.h"

#include <stddef.h>

/* "write" or "writes", "execution" or "executions", ...; `effect` is at most EFFECT_COUNT, which
 * means system calls of which no effect speaks. Static. */
const char *words_effect(size_t effect, unsigned long long count);

/* The singular or the plural. */
const char *words_number(unsigned long long count, const char *one, const char *several);

/* Appends "3 questions answered: 1 once, 2 no"; nothing where there were none. */
void words_answers(struct buffer *out, const unsigned long long answers[ANSWERED_COUNT]);

unsigned long long words_answers_sum(const unsigned long long answers[ANSWERED_COUNT]);

/* What became of what the policy asks about, and was refused. Static. */
const char *words_asks(const unsigned long long answers[ANSWERED_COUNT]);

#endif
