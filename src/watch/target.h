/* Which object a path means to the process that gave it, at this moment. For predictions and
 * records: what really happens is held by mounts and Landlock. */
#ifndef REMIT_WATCH_TARGET_H
#define REMIT_WATCH_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

struct target {
	char *path;  /* inside; links resolved as far as the call resolves them; owned */
	bool exists; /* else `holder` is the folder in which it would be made */
	int holder;  /* O_PATH; owned */
};

struct target_request {
	pid_t thread;     /* whose folders and descriptors are meant */
	int root;         /* O_PATH of the sandbox's root */
	int folder;       /* descriptor of the thread that a relative path starts at, or AT_FDCWD */
	const char *path; /* as the process gave it */
	bool follow;      /* a link at the end is followed */
	bool empty;       /* an empty path means `folder` itself (AT_EMPTY_PATH) */
};

/* Returns 0 and a target; -1 where the path leads to nothing that can be named (no such folder, a
 * pipe, a descriptor's link): the kernel answers then. */
int target_find(const struct target_request *request, struct target *out);

/* The same of what the thread's descriptor holds open. */
int target_opened(pid_t thread, int descriptor, struct target *out);

void target_clear(struct target *target);

#define cleanup_target __attribute__((cleanup(target_clear)))

/* The mount that holds it is read-only. */
bool target_read_only(const struct target *target);

/* It stands for something of the host that is refused (see decoy.h). */
bool target_phantom(const struct target *target);

/* It is the root of a mount: it can be neither renamed nor removed. */
bool target_mounted(const struct target *target);

#endif
