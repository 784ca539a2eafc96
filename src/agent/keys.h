/* Which keys of a front matter bear a permission. */
#ifndef REMIT_AGENT_KEYS_H
#define REMIT_AGENT_KEYS_H

#include "agent/report.h"

enum key_kind {
	KEY_OTHER, /* says nothing of permissions */
	KEY_NAME,
	KEY_TOOLS,
	KEY_DISALLOWED_TOOLS,
	KEY_TOOL_RESTRICTIONS,
	KEY_CAPABILITIES,
	KEY_ALLOWED_TOOLS,
	KEY_PERMISSION_MODE,
	KEY_MISTAKEN, /* a misspelling of one of these, or it speaks of permissions in another way
	               */
	KEY_KINDS,
};

struct key {
	enum key_kind kind;
	const char *spelling; /* the right spelling, also of the key that was mistaken, or NULL */
};

/* Compares after folding case and removing `-` and `_`. */
struct key key_of_size(const char *text, size_t size);
struct key key_of(const char *text);

/* True for every kind that must be understood with certainty. */
bool key_bears_permission(enum key_kind kind);

/* True when `text` folds to the same as `key`. */
bool key_is(const char *text, const char *key);

/* True when at most two edits lie between the folded `text` and the folded `key`. */
bool key_is_near(const char *text, const char *key);

/* Refuses a key of kind KEY_MISTAKEN. Always returns -1. */
int key_refuse(const struct reading *reading, size_t line, const char *text, size_t size);

#endif
