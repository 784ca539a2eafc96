/* One entry of a tool list: a name and, between parentheses, what narrows it. */
#ifndef REMIT_AGENT_RULE_H
#define REMIT_AGENT_RULE_H

#include "agent/report.h"

enum {
	RULE_SIZE_LIMIT = 4096, /* bytes of one entry */
	RULES_LIMIT = 1000,     /* entries of one list */
};

/* Parses `NAME` or `NAME(SPECIFIER)`, white space around it removed, and appends it to `rules`.
 * Returns 0, negative when it is not understood with certainty. */
int rule_append(const struct reading *reading, const char *text, size_t size, size_t line,
                struct agent_rules *rules);

/* Takes the next piece of `text` from offset *place: up to one of `separators` that stands outside
 * parentheses, trimmed; it may be empty. Returns 1 and the piece, 0 at the end, negative where
 * parentheses do not match. */
int rule_next_piece(const struct reading *reading, size_t line, const char *text, size_t size,
                    const char *separators, size_t *place, const char **piece, size_t *piece_size);

void rules_free(struct agent_rules *rules);

#endif
