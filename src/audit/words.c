#include "audit/words.h"

#include "audit/record.h"

static const struct {
	const char *one, *several;
} words[RECORD_EFFECTS] = {
        [EFFECT_READ] = {"read", "reads"},
        [EFFECT_WRITE] = {"write", "writes"},
        [EFFECT_EXEC] = {"execution", "executions"},
        [EFFECT_CONNECT] = {"connection", "connections"},
        [EFFECT_DELEGATE] = {"delegation", "delegations"},
        [EFFECT_COUNT] = {"system call", "system calls"},
};

const char *words_number(unsigned long long count, const char *one, const char *several)
{
	return count == 1 ? one : several;
}

const char *words_effect(size_t effect, unsigned long long count)
{
	return words_number(count, words[effect].one, words[effect].several);
}
