#include "watch/confine.h"

#include "base/kernel.h"
#include "plan/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Should: hold nothing of the caller but what is asked for.
 * Mustn't: leave 0, 1 or 2 free: what is opened next would take their place. */
int confine_descriptors(const int *keep, size_t count, struct error *err)
{
	int sorted[8];
	unsigned next = STDERR_FILENO + 1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (null < 0 || count > sizeof(sorted) / sizeof(*sorted))
		return error_system(err, errno, "/dev/null");
	for (int stream = 0; stream <= STDERR_FILENO; stream++)
		if (dup2(null, stream) < 0)
			return error_system(err, errno, "standard streams");
	for (size_t i = 0; i < count; i++)
		sorted[i] = keep[i];
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count; i++) {
		if (sorted[i] < (int)next)
			continue;
		unsigned kept = (unsigned)sorted[i];
		if (kept > next && close_range(next, kept - 1, 0) < 0)
			return error_system(err, errno, "closing descriptors");
		next = kept + 1;
	}
	return close_range(next, ~0U, 0) < 0 ? error_system(err, errno, "closing descriptors") : 0;
}

/* Should: be where the tool's processes can be looked into and a file system can be mounted for it.
 * Mustn't: keep a privilege in the caller's user namespace: entering another gives all of them up.
 */
int confine_enter(int process, struct error *err)
{
	if (setns(process, CLONE_NEWUSER) < 0)
		return error_system(err, errno, "entering the tool's user namespace");
	return 0;
}

/* Should: have mounts of its own.
 * Mustn't: change what others see; those of another user namespace are slaves of the host's. */
int confine_mounts(struct error *err)
{
	return unshare(CLONE_NEWNS) < 0 ? error_system(err, errno, "a mount namespace") : 0;
}

static int read_only_view(struct error *err)
{
	struct mount_attr attributes = {
	        .attr_set = MOUNT_ATTR_RDONLY,
	        .propagation = MS_PRIVATE,
	};

	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
		return error_system(err, errno, "a read-only view of the files");
	return 0;
}

static int keep_one_capability(struct error *err)
{
	const cap_value_t keep[] = {CAP_SYS_PTRACE};
	cap_t capabilities = cap_init();

	if (!capabilities)
		return error_memory(err);
	int result = cap_set_flag(capabilities, CAP_PERMITTED, 1, keep, CAP_SET);
	if (result == 0)
		result = cap_set_flag(capabilities, CAP_EFFECTIVE, 1, keep, CAP_SET);
	if (result == 0)
		result = cap_set_proc(capabilities);
	int number = errno;
	cap_free(capabilities);
	return result < 0 ? error_system(err, number, "giving up capabilities") : 0;
}

/* Should: be the tool as far as files go, and see into its processes.
 * Mustn't: keep an id or a group of a caller that is root; be readable for the tool. */
int confine_identity(const struct plan_identity *identity, struct error *err)
{
	if (read_only_view(err) < 0)
		return -1;
	if (identity->mapped) {
		gid_t group = identity->inner_group;
		uid_t user = identity->inner_user;

		if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(0, NULL) < 0 ||
		    setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0)
			return error_system(err, errno, "becoming the tool's id");
	}
	if (keep_one_capability(err) < 0)
		return -1;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_system(err, errno, "PR_SET_DUMPABLE");
	return 0;
}

/* Should: be able to do what the watch does.
 * Mustn't: come before anything that the filter refuses. */
int confine_calls(struct error *err)
{
	union {
		const struct sock_filter *in;
		struct sock_filter *out; /* the kernel only reads the program */
	} program = {.in = filter_supervisor};
	const struct sock_fprog description = {
	        .len = (unsigned short)filter_supervisor_count,
	        .filter = program.out,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_system(err, errno, "PR_SET_NO_NEW_PRIVS");
	return kernel_seccomp_filter(&description) < 0 ? error_system(err, errno, "seccomp") : 0;
}
