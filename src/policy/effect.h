/* The vocabulary in which everything is said: five effects and three verdicts. */
#ifndef REMIT_POLICY_EFFECT_H
#define REMIT_POLICY_EFFECT_H

enum effect {
	EFFECT_READ,
	EFFECT_WRITE,
	EFFECT_EXEC,
	EFFECT_CONNECT,
	EFFECT_DELEGATE,
	EFFECT_COUNT,
};

/* Ordered: the smaller verdict is the stricter one. */
enum verdict {
	VERDICT_DENY,
	VERDICT_ASK,
	VERDICT_ALLOW,
};

/* "read", "write", ...; "deny", "ask", "allow". Never NULL for values of the enumerations. */
const char *effect_name(enum effect effect);
const char *verdict_name(enum verdict verdict);

/* Returns 0 and the value, or -1 where the word names none. Case matters. */
int effect_from_name(const char *word, enum effect *out);
int verdict_from_name(const char *word, enum verdict *out);

#endif
