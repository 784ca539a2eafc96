/* The system calls that are watched: where their paths and flags stand, and what a refusal of each
 * rests on. */
#ifndef REMIT_WATCH_CALLS_H
#define REMIT_WATCH_CALLS_H

#include "policy/effect.h"

#include <stdbool.h>
#include <stdint.h>

enum call_kind {
	CALL_OPEN,       /* for writing, or creating */
	CALL_CREATE,     /* a name that must not exist yet */
	CALL_REMOVE,     /* a name */
	CALL_RENAME,     /* two names */
	CALL_LINK,       /* a second name for something */
	CALL_ATTRIBUTES, /* of what exists */
	CALL_EXECUTE,
	CALL_CONNECT, /* also where a message bears an address */
	CALL_BIND,
	CALL_UMASK,  /* changes the mask of new files' rights */
	CALL_ACCESS, /* asks whether a name may be written */
	CALL_LOOK,   /* takes a name, and the file system that holds it is not asked */
};

enum {
	CALL_NONE = -1, /* the call has no such argument */
};

/* Numbers of arguments, from 0; CALL_NONE where there is none. */
struct watched_call {
	int number;
	const char *operation; /* as records name it */
	enum call_kind kind;
	int folder, path;       /* CALL_ATTRIBUTES without path: of the descriptor itself */
	int to_folder, to_path; /* CALL_RENAME, CALL_LINK */
	int flags;              /* of open(2), or AT_* */
	int address;            /* CALL_CONNECT, CALL_BIND: its size is the next one */
	bool no_follow;         /* a link at the end is never followed */
	uint64_t open_flags;    /* CALL_OPEN without flags of its own */
};

/* The number of the argument that follows the path (or the descriptor, where there is no path):
 * rights of what is made, the size to truncate to, times; -1 where the path comes last. */
int watched_call_next(const struct watched_call *call);

/* Whether a path of NULL means what the descriptor holds. */
bool watched_call_may_lack_path(const struct watched_call *call);

/* The row of a call of this machine's architecture, or NULL. */
const struct watched_call *watched_call(int number);

#endif
