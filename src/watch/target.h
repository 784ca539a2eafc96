/* Which object a path means to the process that gave it, at this moment. For predictions and
 * records: what really happens is held by mounts and Landlock. */
#ifndef REMIT_WATCH_TARGET_H
#define REMIT_WATCH_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

struct target {
	char *path;  /* inside; links resolved as far as the call resolves them; owned */
	bool exists; /* else `holder` is the folder in which it would be made */
	bool slash;  /* what does not exist was named with a slash at its end: it can only be a
	                folder */
	int holder;  /* O_PATH; owned */
};

struct target_request {
	pid_t thread;     /* whose folders and descriptors are meant */
	int root;         /* O_PATH of the sandbox's root */
	bool own_root;    /* which is the calling thread's root, too */
	int folder;       /* descriptor of the thread that a relative path starts at, or AT_FDCWD */
	const char *path; /* as the process gave it */
	bool follow;      /* a link at the end is followed */
	bool unchecked;   /* the caller checks where the folder of a name is (see target_name) */
	/* Set by target_find and target_name_find: the folder that a relative path starts at, and
	 * the length of its path, where that can be reached by descriptor only. */
	int base;
	size_t base_size;
	bool empty; /* an empty path means `folder` itself (AT_EMPTY_PATH) */
};

/* The path as text from the sandbox's root; nothing is resolved, so ".." stays. NULL with errno;
 * owned by the caller. */
char *target_text(const struct target_request *request);

/* Returns 0 and a target; -1 where the path leads to nothing that can be named (no such folder, a
 * pipe, a descriptor's link): the kernel answers then. */
int target_find(const struct target_request *request, struct target *out);

/* The same of what the thread's descriptor holds open. */
int target_opened(pid_t thread, int descriptor, struct target *out);

/* A name and the folder that it stands in: for what makes it, removes it, or moves it. */
struct target_name {
	int folder; /* O_PATH; owned, unless it is lent (see folders.h) */
	bool lent;
	char *name; /* the last component, with the slashes behind it: "a", "a/", ".."; owned */
	/* Where the kernel does not call the folder so, it is not the one that is meant. NULL: it
	 * is; owned. */
	char *unchecked;
};

/* Returns 0 and a name; -1 with errno where there is no such folder, ESTALE where a relative path
 * starts at a folder that was removed. Nothing at the end is followed. */
int target_name_find(const struct target_request *request, struct target_name *out);
void target_name_clear(struct target_name *name);

#define cleanup_target_name __attribute__((cleanup(target_name_clear)))

/* The path inside of what a descriptor of the watch holds; owned by the caller, or NULL. */
char *target_path(int holder);

void target_clear(struct target *target);

#define cleanup_target __attribute__((cleanup(target_clear)))

/* The mount that holds it is read-only. */
bool target_read_only(const struct target *target);

/* It stands for something of the host that is refused (see decoy.h). */
bool target_phantom(const struct target *target);

/* It is the root of a mount: it can be neither renamed nor removed. */
bool target_mounted(const struct target *target);

#endif
