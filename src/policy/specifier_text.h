/* The text in `Tool(specifier)`: what it speaks of, and how it is taken apart. Private to this
 * stage. */
#ifndef REMIT_POLICY_SPECIFIER_TEXT_H
#define REMIT_POLICY_SPECIFIER_TEXT_H

#include "policy/build.h"

/* What the text between the parentheses speaks of. */
enum subject {
	SUBJECT_NOTHING, /* the tool has no effects: the text is the harness's business */
	SUBJECT_COMMAND,
	SUBJECT_PATH,
	SUBJECT_DOMAIN,
	SUBJECT_AGENT,
	SUBJECT_UNKNOWN,
};

enum subject specifier_subject(const struct table_tool *tool);

/* "agent.md:4 Edit(src/...)", with `prefix` before the name; owned by the caller, NULL when memory
 * is exhausted. `specifier` may be NULL. */
char *specifier_origin(const struct builder *build, const char *prefix, const char *as,
                       const char *specifier, size_t line);

/* Puts the place and the name in front of the error. Always returns -1. */
int specifier_refuse(struct builder *build, const char *as, const char *specifier, size_t line);

/* The host in `domain:HOST`; NULL with an error where the text is something else. */
const char *specifier_domain(const char *specifier, struct error *err);

/* Calls `each` with the agents of `Agent(one, two)`, until it returns a negative value. */
int specifier_each_agent(const char *specifier, void *context,
                         int (*each)(void *context, const char *name), struct error *err);

/* One command rule for each pattern between the parentheses. Takes because over. */
int specifier_add_commands(struct builder *build, bool forbidden, const char *text, char *because);

/* Command patterns matter for the tool that --tool names; without it all are shown. */
bool specifier_command_matters(const struct builder *build, const struct table_tool *tool);

#endif
