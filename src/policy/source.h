/* What one source (a ceiling, a policy file, the command line) says, as a flat list of items, each
 * with its place. Nothing is interpreted yet. */
#ifndef REMIT_POLICY_SOURCE_H
#define REMIT_POLICY_SOURCE_H

#include "base/error.h"
#include "policy/effect.h"

#include <stdbool.h>
#include <stddef.h>

enum source_kind {
	SOURCE_GRANT,          /* effect, text; in a ceiling an entry of the complete list */
	SOURCE_LIST,           /* effect: the ceiling has a complete list for it */
	SOURCE_DENY,           /* effect, text */
	SOURCE_MODE_MAX,       /* text */
	SOURCE_MODE_ABSENT,    /* text */
	SOURCE_STRICT,         /* text: true or false */
	SOURCE_KEEP,           /* name */
	SOURCE_SET,            /* name, text */
	SOURCE_LIMIT,          /* name, text */
	SOURCE_GROUP,          /* name, text: one member */
	SOURCE_SERVER_CONNECT, /* name of the server, text: one peer */
	SOURCE_SERVER_KEEP,    /* name of the server, text: a variable */
};

/* Texts are owned by the source. */
struct source_item {
	enum source_kind kind;
	enum effect effect;
	char *name;
	char *text;
	char *where; /* "FILE:LINE" or "--grant read:x", escaped for messages */
};

struct source {
	char *label; /* the file, escaped for messages, or "command line" */
	bool ceiling;
	bool command_line;
	struct source_item *items;
	size_t count;
	size_t capacity;
};

/* Appends an item; name and text may be NULL and are copied, `where` is taken over (freed on
 * failure; NULL counts as exhausted memory). Returns 0 or negative. */
int source_add(struct source *source, struct source_item item, struct error *err);

void source_clear(struct source *source);

#endif
