#include "watch/confine.h"

#include "base/kernel.h"
#include "plan/filter.h"

#include <errno.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

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

/* The first is for good, the second for the broker; the others are to enter the tree. */
static const cap_value_t capabilities_kept[] = {CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN,
                                                CAP_SYS_CHROOT};
enum {
	KEPT_BY_WATCH = 1,
	KEPT_BY_BROKER = 2,
	KEPT_TO_ENTER = 4,
};

static int keep_capabilities(int permitted, int effective, struct error *err)
{
	const cap_value_t *keep = capabilities_kept;
	cap_t capabilities = cap_init();

	if (!capabilities)
		return error_memory(err);
	int result = cap_set_flag(capabilities, CAP_PERMITTED, permitted, keep, CAP_SET);
	if (result == 0)
		result = cap_set_flag(capabilities, CAP_EFFECTIVE, effective, keep, CAP_SET);
	if (result == 0)
		result = cap_set_proc(capabilities);
	int number = errno;
	cap_free(capabilities);
	return result < 0 ? error_system(err, number, "giving up capabilities") : 0;
}

int confine_search(bool on, struct error *err)
{
	return keep_capabilities(KEPT_BY_BROKER, on ? KEPT_BY_BROKER : KEPT_BY_WATCH, err);
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
	if (keep_capabilities(KEPT_TO_ENTER, KEPT_TO_ENTER, err) < 0)
		return -1;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_system(err, errno, "PR_SET_DUMPABLE");
	return 0;
}

static int confine_thread(int permitted, const struct sock_filter *filter, size_t count,
                          struct error *err)
{
	if (keep_capabilities(permitted, KEPT_BY_WATCH, err) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_system(err, errno, "PR_SET_NO_NEW_PRIVS");
	return kernel_seccomp_filter(filter, count) < 0 ? error_system(err, errno, "seccomp") : 0;
}

/* Should: be able to do what the watch does.
 * Mustn't: come before anything that the filter refuses. */
int confine_calls(struct error *err)
{
	return confine_thread(KEPT_BY_WATCH, filter_supervisor, filter_supervisor_count, err);
}

/* Should: be able to do what the tool may do to files, and to look into its processes.
 * Mustn't: come before the tree was entered. */
int confine_broker(struct error *err)
{
	return confine_thread(KEPT_BY_BROKER, filter_broker, filter_broker_count, err);
}
