/* Kernel interfaces that are newer than the C library or than the installed headers, in one
 * place. All return what the system call returns, with errno set. */
#ifndef REMIT_BASE_KERNEL_H
#define REMIT_BASE_KERNEL_H

#include "base/error.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* Calls of which the headers know nothing; the same number on every architecture. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452 /* Linux 6.6 */
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463 /* Linux 6.13 */
#endif
#ifndef SYS_removexattrat
#define SYS_removexattrat 466 /* Linux 6.13 */
#endif

/* pidfd_open(2) of a thread, since Linux 6.9. */
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

/* openat2(2), since Linux 5.6. `resolve` is RESOLVE_* of <linux/openat2.h>. */
int kernel_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve);

/* The error of a kernel_openat2 of `path` that failed with errno value `number`; where the call
 * itself is what is lacking, it says so. Always returns -1. */
int kernel_openat2_error(int number, const char *path, struct error *err);

/* landlock(7), since Linux 5.13; layouts as of ABI 6, older kernels take a shorter structure. */
struct kernel_landlock_ruleset {
	uint64_t handled_fs;
	uint64_t handled_net; /* ABI 4 */
	uint64_t scoped;      /* ABI 6 */
};

/* The Landlock ABI of the running kernel, or -1. */
int kernel_landlock_abi(void);
int kernel_landlock_create(const struct kernel_landlock_ruleset *attributes, size_t size);
int kernel_landlock_add_path(int ruleset, int path, uint64_t rights);
int kernel_landlock_restrict(int ruleset);

/* seccomp(2) SECCOMP_SET_MODE_FILTER without flags. The kernel only reads the program. */
int kernel_seccomp_filter(const struct sock_filter *program, size_t count);

/* The same with a listener for SECCOMP_RET_USER_NOTIF, a descriptor owned by the caller. From Linux
 * 5.19 on, only a fatal signal interrupts a call that waits for an answer. */
int kernel_seccomp_listener(const struct sock_filter *program, size_t count);

/* clone(2) without a new stack, as fork(2) does it: 0 in the child. */
int kernel_clone(uint64_t flags);

/* The same; `*process` becomes a descriptor of the child (close-on-exec), owned by the caller. */
int kernel_clone_process(uint64_t flags, int *process);

int kernel_pivot_root(const char *new_root, const char *put_old);

#endif
