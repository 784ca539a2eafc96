/* With which errors a call is made to fail: what its manual page lists for a machine that is short
 * of something, broken, or narrower than this one. What would be an answer about the object and not
 * a failure (ENOENT from a look-up) is left out: the kernel does not lie about that. */
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

enum { ERRORS = 8 };

static const struct {
	long number;
	const char *name;
	int errors[ERRORS]; /* ended by 0 */
} calls[] = {
#define CALL(name, ...)                \
	{                              \
		SYS_##name, #name,     \
		{                      \
			__VA_ARGS__, 0 \
		}                      \
	}
        CALL(openat, EIO, ENOMEM, EMFILE, ENFILE, EPERM),
        CALL(openat2, EIO, ENOMEM, EMFILE, ENOSYS, EPERM, EINVAL),
        CALL(newfstatat, EIO, ENOMEM, EPERM),
        CALL(statx, EIO, ENOMEM, ENOSYS),
        CALL(fstat, EIO, ENOMEM),
        CALL(faccessat, EIO, ENOMEM),
        CALL(faccessat2, EIO, ENOMEM, ENOSYS, EPERM),
        CALL(readlinkat, EIO, ENOMEM),
        CALL(getcwd, ENOMEM, ENOENT),
        CALL(getdents64, EIO, ENOMEM),
        CALL(read, EIO, EINTR, EAGAIN),
        CALL(pread64, EIO, EINTR),
        CALL(write, EIO, ENOSPC, EINTR, EAGAIN),
        CALL(writev, EIO, ENOSPC, EINTR),
        CALL(lseek, EIO, ESPIPE),
        CALL(close, EIO, EINTR),
        CALL(close_range, ENOSYS, ENOMEM, EMFILE),
        CALL(fcntl, EMFILE, EINVAL, EPERM),
        CALL(dup, EMFILE),
        CALL(dup3, EMFILE, EINTR),
        CALL(ioctl, EPERM, EIO, ENOTTY),
        CALL(brk, ENOMEM),
        CALL(mmap, ENOMEM, EPERM, ENFILE),
        CALL(munmap, ENOMEM),
        CALL(mremap, ENOMEM),
        CALL(mprotect, ENOMEM, EACCES),
        CALL(madvise, ENOMEM),
        CALL(clone, EAGAIN, ENOMEM, ENOSPC, EPERM, EINVAL),
        CALL(execve, EACCES, ENOMEM, ENOENT, E2BIG, EPERM, EIO, ETXTBSY),
        CALL(wait4, EINTR, ECHILD),
        CALL(kill, EPERM, ESRCH),
        CALL(ppoll, EINTR, ENOMEM),
        CALL(pidfd_open, EMFILE, ENOMEM, ENOSYS),
        CALL(eventfd2, EMFILE, ENOMEM, ENODEV),
        CALL(signalfd4, EMFILE, ENOMEM, ENODEV),
        CALL(pipe2, EMFILE, ENFILE),
        CALL(socket, EMFILE, ENOMEM, EACCES, EAFNOSUPPORT),
        CALL(rt_sigprocmask, EINVAL, EFAULT),
        CALL(rt_sigaction, EINVAL, EFAULT),
        CALL(rt_sigtimedwait, EAGAIN, EINTR),
        CALL(rt_sigqueueinfo, EAGAIN, EPERM, ESRCH),
        CALL(prctl, EINVAL, EPERM, ENOMEM),
        CALL(capget, EINVAL, EPERM),
        CALL(capset, EPERM, EINVAL),
        CALL(setgroups, EPERM, ENOMEM),
        CALL(setresuid, EPERM, EAGAIN, EINVAL),
        CALL(setresgid, EPERM, EINVAL),
        CALL(prlimit64, EPERM, EINVAL),
        CALL(sethostname, EPERM, EFAULT),
        CALL(mount, EPERM, ENOMEM, EACCES, EINVAL),
        CALL(umount2, EPERM, EINVAL, EBUSY),
        CALL(pivot_root, EPERM, EINVAL, EBUSY),
        CALL(chdir, EIO, ENOMEM),
        CALL(fchdir, EIO, EPERM),
        CALL(open_tree, EPERM, ENOMEM, EMFILE, ENOSYS, EINVAL),
        CALL(move_mount, EPERM, ENOMEM, ENOSPC, EINVAL),
        CALL(mount_setattr, EPERM, EINVAL, ENOMEM, ENOSYS),
        CALL(fsopen, EPERM, ENOMEM, EMFILE, ENODEV),
        CALL(fsconfig, EPERM, EINVAL, ENOMEM, EBUSY),
        CALL(fsmount, EPERM, ENOMEM, EMFILE),
        CALL(mkdirat, EIO, ENOSPC, ENOMEM, EROFS),
        CALL(mknodat, EIO, ENOSPC, EPERM),
        CALL(symlinkat, EIO, ENOSPC, EROFS),
        CALL(fchmod, EIO, EPERM),
        CALL(fchmodat, EIO, EPERM),
        CALL(landlock_create_ruleset, ENOMEM, EOPNOTSUPP, ENOSYS, EMFILE, EINVAL),
        CALL(landlock_add_rule, ENOMEM, EINVAL, EBADFD),
        CALL(landlock_restrict_self, E2BIG, ENOMEM, EPERM),
        CALL(seccomp, ENOMEM, EINVAL, EACCES, ENOSYS),
        CALL(getrandom, EAGAIN, ENOSYS, EINTR),
        CALL(clock_gettime, EINVAL),
        CALL(sysinfo, EFAULT),
        CALL(uname, EFAULT),
        CALL(set_robust_list, EINVAL),
        CALL(rseq, EINVAL, ENOSYS),
        CALL(getpgid, ESRCH),
        CALL(getsid, ESRCH),
#ifdef SYS_open
        CALL(open, EIO, ENOMEM, EMFILE, ENFILE),
        CALL(stat, EIO, ENOMEM),
        CALL(lstat, EIO, ENOMEM),
        CALL(access, EIO, ENOMEM, EPERM),
        CALL(readlink, EIO, ENOMEM, EPERM),
        CALL(poll, EINTR, ENOMEM),
        CALL(dup2, EMFILE, EINTR, EBUSY),
        CALL(fork, EAGAIN, ENOMEM),
        CALL(vfork, EAGAIN, ENOMEM),
        CALL(pipe, EMFILE, ENFILE),
        CALL(arch_prctl, EINVAL, EPERM),
#endif
#undef CALL
};

static const struct {
	long number;
	const char *name;
	const char *why;
} excluded[] = {
        {SYS_exit_group, "exit_group", "does not return"},
        {SYS_exit, "exit", "does not return"},
        {SYS_rt_sigreturn, "rt_sigreturn", "returns to what was interrupted"},
        {SYS_restart_syscall, "restart_syscall", "is the kernel's own"},
        {SYS_getpid, "getpid", "cannot fail"},
        {SYS_gettid, "gettid", "cannot fail"},
        {SYS_getppid, "getppid", "cannot fail"},
        {SYS_getuid, "getuid", "cannot fail"},
        {SYS_geteuid, "geteuid", "cannot fail"},
        {SYS_getgid, "getgid", "cannot fail"},
        {SYS_getegid, "getegid", "cannot fail"},
        {SYS_umask, "umask", "cannot fail"},
        {SYS_futex, "futex",
         "the C library's own: a wake-up cannot fail, and one that is lost hangs"},
        {SYS_set_tid_address, "set_tid_address", "cannot fail"},
#ifdef SYS_getpgrp
        {SYS_getpgrp, "getpgrp", "cannot fail"},
        {SYS_pause, "pause", "fails always"},
#endif
};

const char *call_name(long number)
{
	static char text[32];

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].number == number)
			return calls[i].name;
	for (size_t i = 0; i < sizeof(excluded) / sizeof(*excluded); i++)
		if (excluded[i].number == number)
			return excluded[i].name;
	snprintf(text, sizeof(text), "call %ld", number);
	return text;
}

const char *call_excluded(const struct point *point)
{
	if (point->empty)
		return "asks for nothing: cannot fail";
	for (size_t i = 0; i < sizeof(excluded) / sizeof(*excluded); i++)
		if (excluded[i].number == point->number)
			return excluded[i].why;
	return NULL;
}

const int *call_errors(long number)
{
	static const int others[] = {EIO, ENOMEM, EPERM, ENOSYS, 0};

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].number == number)
			return calls[i].errors;
	return others;
}
