/* Calls whose path means another object from one moment to the next.
 *
 * In the current folder lie `permitted`, where everything may be done, and `forbidden`, of the same
 * length. Some threads change what a path means: its bytes in memory, the symbolic link in it, the
 * folder on the way. Others make calls with it. Whoever decides on one meaning and acts on another
 * leaves something in `forbidden`. */
#ifndef RACES_H
#define RACES_H

#include <stdbool.h>

enum way {
	BY_MEMORY,  /* the bytes of the string */
	BY_LINK,    /* what a symbolic link leads to */
	BY_FOLDER,  /* which folder stands at a name above */
	BY_NAME,    /* which name the folder has that something is put into */
	BY_CONTENT, /* what is in the file that becomes a git configuration */
	WAYS,
};
extern const char *const way_names[WAYS];

/* Makes `rounds` calls by each way that is in `ways` (bits). `until_reached`: ends as soon as each
 * has left something. Returns the bits of those that have, or had a descriptor of something
 * forbidden; negative on failure. */
int attack(unsigned ways, unsigned long rounds, bool until_reached);

/* The attack under a supervisor that looks at the path and lets the call go on if it is permitted.
 * Returns the status of a process. */
int control(unsigned ways, unsigned long rounds);

#endif
