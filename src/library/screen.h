/* What a program's output did to a terminal, as far as it has to be undone before somebody else
 * writes there, and done again afterwards. Lives by ECMA-48 and the private modes of xterm. */
#ifndef REMIT_LIBRARY_SCREEN_H
#define REMIT_LIBRARY_SCREEN_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SCREEN_PARAMETERS = 32, /* bytes of a control sequence; longer ones mean nothing here */
};

/* All zero is a terminal as it is after a reset. */
struct screen {
	int state;
	char parameters[SCREEN_PARAMETERS];
	size_t size;
	uint32_t changed; /* modes that are not as after a reset, by their place in the table */
	char region[SCREEN_PARAMETERS]; /* parameters of the scrolling region, or "" */
};

/* Follows output, which may end anywhere. */
void screen_follow(struct screen *screen, const char *data, size_t size);

/* True where the program has the alternate screen: it draws all of it, and must draw it anew when
 * somebody else has drawn there. */
bool screen_is_full(const struct screen *screen);

/* Appends what makes the terminal ours, whatever it was told before: sequences without an end are
 * broken off, modes are as after a reset, a screen of its own is empty. Unconditional: what the
 * screen is believed to be only decides how well the program's own view comes back. */
void screen_leave(const struct screen *screen, struct buffer *out);

/* Appends what gives it back. */
void screen_return(const struct screen *screen, struct buffer *out);

#endif
