/* What a process was about to do when it reached the decoy, by the system call that it is in. */
#ifndef REMIT_WATCH_OPERATION_H
#define REMIT_WATCH_OPERATION_H

#include "policy/effect.h"

#include <sys/types.h>

struct operation {
	const char *name; /* as records have it; static */
	enum effect effect;
};

/* `usual` (static) is the name where the call cannot be read or says nothing. */
struct operation operation_of(pid_t thread, const char *usual);

#endif
