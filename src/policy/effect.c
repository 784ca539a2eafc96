#include "policy/effect.h"

#include <stddef.h>
#include <string.h>

static const char *const effect_names[EFFECT_COUNT] = {
        [EFFECT_READ] = "read",       [EFFECT_WRITE] = "write",       [EFFECT_EXEC] = "exec",
        [EFFECT_CONNECT] = "connect", [EFFECT_DELEGATE] = "delegate",
};

static const char *const verdict_names[] = {
        [VERDICT_DENY] = "deny",
        [VERDICT_ASK] = "ask",
        [VERDICT_ALLOW] = "allow",
};

const char *effect_name(enum effect effect)
{
	return effect_names[effect];
}

const char *verdict_name(enum verdict verdict)
{
	return verdict_names[verdict];
}

/* Index of the word in the list, or -1. */
static int find(const char *word, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], word) == 0)
			return (int)i;
	return -1;
}

int effect_from_name(const char *word, enum effect *out)
{
	int index = find(word, effect_names, EFFECT_COUNT);

	if (index < 0)
		return -1;
	*out = (enum effect)index;
	return 0;
}

int verdict_from_name(const char *word, enum verdict *out)
{
	int index = find(word, verdict_names, sizeof(verdict_names) / sizeof(verdict_names[0]));

	if (index < 0)
		return -1;
	*out = (enum verdict)index;
	return 0;
}
