/* An agent definition as it stands in its file: what it asks for, and on which line. Nothing is
 * decided here; names are not yet looked up. */
#ifndef REMIT_AGENT_AGENT_H
#define REMIT_AGENT_AGENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	/* Largest definition that is read, in bytes. */
	AGENT_SIZE_LIMIT = 1024 * 1024,
};

/* How much of the file could be read as YAML. */
enum agent_parsed {
	AGENT_PARSED_STRICT, /* YAML as it stands */
	AGENT_PARSED_QUOTED, /* after quoting the values of unquoted top-level `key: value` lines */
	AGENT_PARSED_LINES,  /* only the permission-bearing lines could be read */
};

/* One entry of a tool list: `Edit(src/` + `**)` on line 7 is {"Edit", "src/...", 7}. */
struct agent_rule {
	char *name;      /* as written, trimmed */
	char *specifier; /* the text between the parentheses, or NULL where there are none */
	size_t line;
};

struct agent_rules {
	struct agent_rule *items;
	size_t count;
	size_t capacity;
};

struct agent_warning {
	size_t line;
	const char *code; /* a fixed word such as "unquoted-value"; never freed */
	char *message;
};

/* All text is owned by the struct. */
struct agent {
	char *file; /* as given */
	char *name; /* `name:`, or the file's name without its ending */
	enum agent_parsed parsed;

	char *mode; /* permissionMode as written, or NULL where the file says nothing */
	size_t mode_line;

	bool inherits;     /* `tools` is absent, `*`, `All tools` or `inherit` */
	size_t tools_line; /* line of the key that named the allowed tools; 0 where absent */
	struct agent_rules allowed; /* empty, and not inherits: an agent that may do nothing */

	bool narrows; /* allowedTools / allowed-tools stands beside `tools`: intersect with it */
	struct agent_rules narrowed;

	struct agent_rules forbidden;

	struct agent_warning *warnings;
	size_t warning_count;
	size_t warning_capacity;
};

/* Reads a definition. Returns 0 and an agent owned by the caller, or negative with
 * "FILE:LINE: what is wrong" and what would be right. Everything that bears a permission and
 * cannot be understood with certainty is an error. */
int agent_load(const char *file, struct agent **out, struct error *err);

/* The same from memory; `file` is only used in messages and for the name. */
int agent_parse(const char *file, const char *text, size_t size, struct agent **out,
                struct error *err);

void agent_free(struct agent *agent);

static inline void agent_cleanup(struct agent **place)
{
	agent_free(*place);
}

#define cleanup_agent __attribute__((cleanup(agent_cleanup)))

#endif
