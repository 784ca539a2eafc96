/* How the parts of this stage speak of a definition: errors and warnings with their line, and
 * pieces of its text made fit for a message. */
#ifndef REMIT_AGENT_REPORT_H
#define REMIT_AGENT_REPORT_H

#include "agent/agent.h"

enum {
	/* Most characters of a definition that a message repeats. */
	EXCERPT_CHARACTERS = 80,
};

/* What all parts need while one definition is read. Owns nothing. */
struct reading {
	const char *file;
	struct agent *agent;
	struct error *err;
};

/* Escaped text of at most EXCERPT_CHARACTERS characters and an ellipsis. */
struct excerpt {
	char text[EXCERPT_CHARACTERS * 4 + 8];
};

struct excerpt excerpt_of_size(const char *text, size_t size);
struct excerpt excerpt_of(const char *text);

/* True when `text` is UTF-8 and holds nothing that a reader of the file cannot see: no control and
 * no invisible characters. False also when memory is exhausted. */
bool text_is_visible(const char *text, size_t size);

/* Sets "FILE:LINE: MESSAGE". Always returns -1. */
int report_error(const struct reading *reading, size_t line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Adds a warning; `code` is never freed. Returns 0, negative when memory is exhausted. */
int report_warning(const struct reading *reading, size_t line, const char *code, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

#endif
