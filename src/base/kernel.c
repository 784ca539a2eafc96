#include "base/kernel.h"

#include <errno.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

int kernel_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags, .resolve = resolve};

	return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
}

int kernel_openat2_error(int number, const char *path, struct error *err)
{
	if (number != ENOSYS)
		return error_system(err, number, "%s", path);
	error_system(err, number, "openat2 of %s", path);
	return error_help(err, "remit needs Linux 5.6 or newer; `remit doctor` says what this "
	                       "machine lacks");
}

int kernel_landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

int kernel_landlock_create(const struct kernel_landlock_ruleset *attributes, size_t size)
{
	return (int)syscall(SYS_landlock_create_ruleset, attributes, size, 0);
}

int kernel_landlock_add_path(int ruleset, int path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = path};

	return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int kernel_landlock_restrict(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

static long set_filter(unsigned long flags, const struct sock_filter *program, size_t count)
{
	union {
		const struct sock_filter *in;
		struct sock_filter *out;
	} same = {.in = program};
	const struct sock_fprog description = {
	        .len = (unsigned short)count,
	        .filter = same.out,
	};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &description);
}

int kernel_seccomp_filter(const struct sock_filter *program, size_t count)
{
	return (int)set_filter(0, program, count);
}

/* Newer than the installed headers: Linux 5.19. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

int kernel_seccomp_listener(const struct sock_filter *program, size_t count)
{
	const unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long listener = set_filter(flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, program, count);

	if (listener < 0 && errno == EINVAL)
		listener = set_filter(flags, program, count);
	return (int)listener;
}

#ifdef __s390x__
#error "clone(2) takes its arguments in another order here"
#endif

int kernel_clone(uint64_t flags)
{
	return (int)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

int kernel_clone_process(uint64_t flags, int *process)
{
	return (int)syscall(SYS_clone, flags | CLONE_PIDFD, NULL, process, NULL, NULL);
}

int kernel_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}
