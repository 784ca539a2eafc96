/* The caller's terminal, lent to a tool through a pseudo-terminal of the tool's own: what is typed
 * goes to the tool, what it writes is shown, until somebody takes the terminal away from it. */
#ifndef REMIT_LIBRARY_TERMINAL_H
#define REMIT_LIBRARY_TERMINAL_H

#include "base/error.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>

enum {
	TERMINAL_PLACES = 2,
	TERMINAL_TYPED_MOST = 256, /* bytes that terminal_typed gives at once */
};

struct terminal;

/* True where a person is there: the process is in the foreground of a terminal, and all three
 * standard streams are that terminal. */
bool terminal_has_person(void);

/* Opens the terminal of the calling process, in whose foreground it must be and which its standard
 * input must be, and makes a pseudo-terminal of the same size and settings. Changes nothing yet.
 * Returns 0 and a terminal owned by the caller; negative with what is missing. */
int terminal_open(struct terminal **out, struct error *err);

/* The tool's end, and which standard streams it stands for, as bits. Borrowed. */
int terminal_inner(const struct terminal *terminal);
unsigned terminal_streams(const struct terminal *terminal);

/* Takes over the terminal: raw, so that every key arrives as it is. */
void terminal_begin(struct terminal *terminal);

/* What poll(2) should wait for, TERMINAL_PLACES places; and for how many milliseconds at most. */
void terminal_places(const struct terminal *terminal, struct pollfd *places);
int terminal_patience(const struct terminal *terminal, long long now);

/* Reads and writes what can be without waiting. */
void terminal_work(struct terminal *terminal, const struct pollfd *places, long long now);

/* True while the caller is in the foreground and the terminal is there: somebody can answer. */
bool terminal_is_ours(const struct terminal *terminal);
bool terminal_is_gone(const struct terminal *terminal);

/* The tool's output stops, what was typed is thrown away, and an empty screen is ours; what is
 * typed from here on is got from terminal_typed, what is shown goes through terminal_show. */
void terminal_hold(struct terminal *terminal);
void terminal_show(struct terminal *terminal, const char *text, size_t size);
bool terminal_has_shown(const struct terminal *terminal); /* all of it */
size_t terminal_typed(struct terminal *terminal, char typed[TERMINAL_TYPED_MOST]);
void terminal_release(struct terminal *terminal, long long now);
void terminal_size(const struct terminal *terminal, struct winsize *out);

/* The window has another size: so has the tool's. */
void terminal_resize(struct terminal *terminal);

/* Somebody wants the tool to stop: what a key says is seen anyhow. */
void terminal_expect_stop(struct terminal *terminal, long long now);

/* The tool stopped. Where somebody wanted that, gives the terminal back to the shell and stops the
 * caller's process group, as Ctrl-Z would have; returns true when it is continued. A tool that
 * stops by itself does not stop who keeps its time. */
bool terminal_suspend(struct terminal *terminal, long long now);

/* The caller was continued, perhaps in the background. */
void terminal_resume(struct terminal *terminal, long long now);

/* Shows what the tool wrote last, and restores the terminal. NULL is nothing. */
void terminal_close(struct terminal *terminal);

#endif
