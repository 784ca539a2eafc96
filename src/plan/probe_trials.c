/* The trials: each does once what a stage of the sandbox does, and looks whether it had an effect.
 * They run in a process that ends behind them, so that descriptors are left to its end. */
#include "base/cleanup.h"
#include "base/fuse_mount.h"
#include "base/kernel.h"
#include "plan/filter.h"
#include "plan/identity.h"
#include "plan/idmap.h"
#include "plan/landlock_rights.h"
#include "plan/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The step succeeded and changed nothing. */
static int no_effect(struct probe_report *report, const char *step)
{
	errno = 0;
	return probe_failed(report, step);
}

int probe_nothing(int value, struct probe_report *report)
{
	(void)value;
	(void)report;
	return 0;
}

int probe_user_namespace(int value, struct probe_report *report)
{
	(void)value;
	pid_t child = kernel_clone(CLONE_NEWUSER | SIGCHLD);

	if (child == 0)
		_exit(0);
	if (child < 0)
		return probe_failed(report, "creating a user namespace");
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

int probe_private_mounts(int value, struct probe_report *report)
{
	(void)value;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return probe_failed(report, "making mounts private");
	return 0;
}

int probe_first_process(int value, struct probe_report *report)
{
	(void)value;
	return getpid() == 1 ? 0 : no_effect(report, "the first process is not number 1");
}

int probe_loopback(int value, struct probe_report *report)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)value;
	if (control < 0 || ioctl(control, SIOCSIFFLAGS, &request) < 0)
		return probe_failed(report, "bringing up the loopback interface");
	return 0;
}

int probe_host_name(int value, struct probe_report *report)
{
	static const char name[] = "localhost";

	(void)value;
	if (sethostname(name, strlen(name)) < 0)
		return probe_failed(report, "sethostname");
	return 0;
}

int probe_privileges(int value, struct probe_report *report)
{
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED;

	(void)value;
	for (cap_value_t capability = 0; cap_get_bound(capability) >= 0; capability++)
		if (cap_drop_bound(capability) < 0)
			return probe_failed(report, "dropping a capability");
	if (prctl(PR_SET_SECUREBITS, bits) < 0)
		return probe_failed(report, "PR_SET_SECUREBITS");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return probe_failed(report, "PR_SET_NO_NEW_PRIVS");
	return cap_get_bound(0) == 0 ? 0 : no_effect(report, "a capability is still there");
}

int probe_openat2(int value, struct probe_report *report)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int root = kernel_openat2(AT_FDCWD, "/", (uint64_t)flags, RESOLVE_NO_SYMLINKS);

	(void)value;
	if (root < 0 || kernel_openat2(root, ".", (uint64_t)flags, RESOLVE_BENEATH) < 0)
		return probe_failed(report, "openat2");
	return 0;
}

/* In the caller's mount namespace: it is root that clones, since the tool's id could not walk
 * there.
 */
int probe_host_trees(int value, struct probe_report *report)
{
	(void)value;
	if (open_tree(AT_FDCWD, "/", AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC) < 0)
		return probe_failed(report, "open_tree");
	return 0;
}

/* --- mounts: all in a mount namespace of their own --- */

/* A private tmpfs on top of the host's root, where no path of this process meets it. */
static int make_store(struct probe_report *report)
{
	int context = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (probe_private_mounts(0, report) < 0)
		return -1;
	if (context < 0)
		return probe_failed(report, "fsopen tmpfs");
	if (fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return probe_failed(report, "fsconfig tmpfs");
	int store = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (store < 0)
		return probe_failed(report, "fsmount tmpfs");
	if (move_mount(store, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return probe_failed(report, "move_mount tmpfs");
	if (mkdirat(store, "folder", 0755) < 0)
		return probe_failed(report, "creating a folder in a private tmpfs");
	return store;
}

/* Mounts a file system on the store's folder. */
static int mount_fresh(const char *type, struct probe_report *report)
{
	int store = make_store(report);

	if (store < 0)
		return -1;
	int context = fsopen(type, FSOPEN_CLOEXEC);
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return probe_failed(report, "creating it");
	int mount = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		return probe_failed(report, "fsmount");
	if (move_mount(mount, "", store, "folder", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return probe_failed(report, "move_mount");
	return 0;
}

int probe_tmpfs(int value, struct probe_report *report)
{
	(void)value;
	return make_store(report) < 0 ? -1 : 0;
}

int probe_tree(int value, struct probe_report *report)
{
	const int flags = AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;

	(void)value;
	/* Opened before the store lies on the root. */
	int tree = open_tree(AT_FDCWD, "/", (unsigned)flags);
	if (tree < 0)
		return probe_failed(report, "open_tree");
	int store = make_store(report);
	if (store < 0)
		return -1;
	if (move_mount(tree, "", store, "folder", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return probe_failed(report, "move_mount");
	return 0;
}

int probe_attributes(int value, struct probe_report *report)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
	int store = make_store(report);

	(void)value;
	if (store < 0)
		return -1;
	if (mount_setattr(store, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
	                  sizeof(attributes)) < 0)
		return probe_failed(report, "mount_setattr");
	if (mkdirat(store, "another", 0755) == 0 || errno != EROFS)
		return no_effect(report, "a read-only mount can be written");
	return 0;
}

int probe_devpts(int value, struct probe_report *report)
{
	(void)value;
	return mount_fresh("devpts", report);
}

int probe_proc(int value, struct probe_report *report)
{
	(void)value;
	return mount_fresh("proc", report);
}

int probe_pivot(int value, struct probe_report *report)
{
	int store = make_store(report);

	(void)value;
	if (store < 0)
		return -1;
	int root = open_tree(store, "folder", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (root < 0)
		return probe_failed(report, "open_tree of the new root");
	if (move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(root) < 0)
		return probe_failed(report, "attaching the new root");
	if (kernel_pivot_root(".", ".") < 0)
		return probe_failed(report, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0)
		return probe_failed(report, "leaving the old root");
	return 0;
}

/* On the file system of the current directory, as if that were the workspace. */
int probe_idmap(int value, struct probe_report *report)
{
	const struct plan_identity identity = {
	        .outer_user = IDENTITY_UNUSED,
	        .outer_group = IDENTITY_UNUSED,
	};
	struct error err = {0};
	struct stat status;
	int namespace = -1;

	(void)value;
	int tree = open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || fstat(tree, &status) < 0)
		return probe_failed(report, "open_tree of the current directory");
	if (idmap_namespace(&identity, status.st_uid, status.st_gid, &namespace, &err) < 0) {
		errno = 0;
		return probe_failed(report, error_message(&err));
	}
	struct mount_attr attributes = {
	        .attr_set = MOUNT_ATTR_IDMAP,
	        .userns_fd = (unsigned)namespace,
	};
	if (mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
		return probe_failed(report, "mount_setattr of the current directory's file system");
	return 0;
}

/* --- system calls --- */

/* The filter of every run, tried on a call that succeeds without it. */
int probe_filter(int value, struct probe_report *report)
{
	(void)value;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return probe_failed(report, "PR_SET_NO_NEW_PRIVS");
	if (socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) < 0)
		snprintf(report->detail, sizeof(report->detail), "loaded; its effect not seen");
	if (kernel_seccomp_filter(filter_base, filter_base_count) < 0)
		return probe_failed(report, "seccomp");
	if (socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0)
		return no_effect(report, "a refused call succeeds");
	return 0;
}

int probe_notification(int value, struct probe_report *report)
{
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	const struct sock_fprog program = {.len = 1, .filter = allow};

	(void)value;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return probe_failed(report, "PR_SET_NO_NEW_PRIVS");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
	            &program) < 0)
		return probe_failed(report, "seccomp with a listener");
	return 0;
}

int probe_pidfd(int value, struct probe_report *report)
{
	int process = -1;
	pid_t child = kernel_clone_process(SIGCHLD, &process);

	(void)value;
	if (child == 0)
		_exit(0);
	if (child < 0)
		return probe_failed(report, "clone with CLONE_PIDFD");
	close(process);
	return waitpid(child, NULL, 0) < 0 ? probe_failed(report, "waitpid") : 0;
}

/* --- Landlock --- */

/* What the rules of `abi` refuse must be refused: without any rule, everything that is handled. */
static int try_effect(int abi, struct probe_report *report)
{
	if (abi == 1 && open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0)
		return no_effect(report, "a refused write succeeds");
	if (abi == 6 && kill(getppid(), 0) == 0)
		return no_effect(report, "a refused signal is sent");
	return 0;
}

int probe_landlock(int abi, struct probe_report *report)
{
	struct kernel_landlock_ruleset attributes = {0};
	int has = kernel_landlock_abi();

	if (has < 0)
		return probe_failed(report, "landlock_create_ruleset");
	snprintf(report->detail, sizeof(report->detail), "ABI %d", has);
	if (has < abi) {
		no_effect(report, "");
		snprintf(report->step, sizeof(report->step), "ABI %d; it is in %d", has, abi);
		return -1;
	}
	for (size_t i = 0; i < landlock_rights_count; i++)
		if (landlock_rights[i].abi == abi && landlock_rights[i].group != RIGHT_READ)
			attributes.handled_fs |= landlock_rights[i].right;
	for (size_t i = 0; i < landlock_scopes_count; i++)
		if (landlock_scopes[i].abi == abi)
			attributes.scoped |= landlock_scopes[i].scope;
	int ruleset = kernel_landlock_create(&attributes, sizeof(attributes));
	if (ruleset < 0)
		return probe_failed(report, "landlock_create_ruleset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || kernel_landlock_restrict(ruleset) < 0)
		return probe_failed(report, "landlock_restrict_self");
	return try_effect(abi, report);
}

/* --- seeing refusals, and later --- */

int probe_fuse(int value, struct probe_report *report)
{
	struct error err = {0};
	int device = -1;
	int mount = -1;

	(void)value;
	if (open("/dev/fuse", O_RDWR | O_CLOEXEC) < 0)
		return probe_failed(report, "/dev/fuse");
	if (mount_fuse(getuid(), getgid(), &device, &mount, &err) < 0)
		return probe_failed(report, error_message(&err));
	return 0;
}

/* Whether groups may be made here, and memory is counted in them; none is made. */
int probe_memory(int value, struct probe_report *report)
{
	char group[256] = "";
	char path[512];
	char line[512];
	bool counts = false;

	(void)value;
	cleanup_fclose FILE *groups = fopen("/proc/self/cgroup", "re");
	while (groups && fgets(line, sizeof(line), groups))
		if (sscanf(line, "0::%255s", group) == 1)
			break;
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cgroup.controllers", group);
	cleanup_fclose FILE *controllers = fopen(path, "re");
	if (!controllers)
		return probe_failed(report, "/sys/fs/cgroup/cgroup.controllers");
	while (fscanf(controllers, "%511s", line) == 1)
		counts |= strcmp(line, "memory") == 0;
	if (!counts)
		return no_effect(report, "the controller `memory` is not delegated to this group");
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s", group);
	return access(path, W_OK) < 0 ? probe_failed(report, "making a group here") : 0;
}
