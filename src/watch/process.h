/* What /proc and its memory say of a process that waits for an answer. Everything here describes;
 * nothing rests on it that confines: another thread may change it meanwhile. */
#ifndef REMIT_WATCH_PROCESS_H
#define REMIT_WATCH_PROCESS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t thread;  /* as the host numbers it */
	pid_t process; /* its thread group; 0 where not known */
	pid_t parent;  /* 0 where not known or outside */
	pid_t inside;  /* the thread group as the sandbox numbers it; 0 where not known */
	char comm[64]; /* "" where not known; any bytes */
	char *exe;     /* path inside, or NULL; owned by the struct */
};

/* Keeps the /proc that is seen now for all that is asked later. Returns 0, or negative. */
int process_begin(struct error *err);

/* That /proc, or AT_FDCWD before. */
int process_folder(void);

/* Opens /proc/THREAD/NAME; -1 with errno. */
int process_open(pid_t thread, const char *name, int flags);

/* The folder of the calling process's own descriptors, or AT_FDCWD before. */
int process_own_folder(void);

/* The name, below process_own_folder(), of what the calling process's descriptor holds. */
void process_own_link(int descriptor, char *out, size_t size);

/* Whether it may not have one more descriptor. Leaves errno as it is. */
bool process_is_full(pid_t thread);

/* The mask of new files' rights. Returns 0, or -1 where it cannot be read. */
int process_umask(pid_t thread, mode_t *out);

/* Whether a read-only mount holds what its descriptor holds. The calling thread's current folder is
 * process_own_folder(): the call that tells takes a path alone. */
bool process_holds_read_only(pid_t thread, int descriptor);

/* Whether its descriptor is open, and not with O_PATH. */
bool process_opened_to_use(pid_t thread, int descriptor);

/* Never fails: what cannot be read is left unknown. */
void process_describe(pid_t thread, struct process *out);

/* Its process as the sandbox numbers it; 0 where that cannot be read. */
pid_t process_inside(pid_t thread);
void process_clear(struct process *process);

#define cleanup_process __attribute__((cleanup(process_clear)))

/* Reads `size` bytes of its memory. Returns how many could be read, or -1 with errno. */
ssize_t process_memory(pid_t thread, uint64_t address, void *buffer, size_t size);

/* Reads a text that ends with NUL, of at most PATH_MAX bytes with it. Owned by the caller; NULL
 * where it cannot be read or is longer. */
char *process_text(pid_t thread, uint64_t address);

/* What a link in /proc/THREAD (as "cwd", "exe", "fd/3") leads to: for a place inside the sandbox
 * its path there. Owned by the caller; NULL where it cannot be read. */
char *process_link(pid_t thread, const char *name);

/* Opens /proc/THREAD/root with O_PATH; -1 with errno. */
int process_root(pid_t thread);

#endif
