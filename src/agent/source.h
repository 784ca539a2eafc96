/* From the bytes of a definition file to the text of its front matter: byte order mark, line
 * endings, line numbers glued to the lines, and the two fences. */
#ifndef REMIT_AGENT_SOURCE_H
#define REMIT_AGENT_SOURCE_H

#include "agent/report.h"
#include "base/buffer.h"

/* The front matter. All zero is empty. */
struct source {
	struct buffer text; /* the lines between the fences, each ended by one "\n" */
	size_t first_line;  /* the line of the file on which `text` begins */
};

/* Line `*place` onwards of a text: `size` bytes without its line ending. */
struct source_line {
	const char *text;
	size_t size;
};

/* Takes the next line from `text`, beginning at offset *place, which moves on. The line ends before
 * "\n" or "\r\n". False at the end of the text; no line follows a last line ending. */
bool source_next_line(const char *text, size_t size, size_t *place, struct source_line *line);

/* Finds the front matter. Returns 0 and fills `out` (free it with source_free), negative with
 * "FILE:LINE: not an agent definition: ..." where there is none. */
int source_read(const struct reading *reading, const char *text, size_t size, struct source *out);

void source_free(struct source *source);

#define cleanup_source __attribute__((cleanup(source_free)))

#endif
