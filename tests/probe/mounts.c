/* Walls: nothing may be mounted, unmounted or moved, and no other namespace entered. Each probe
 * first tries to become root of a namespace of its own: outside that lets an ordinary user's
 * control succeed, inside it must fail and the call that follows as well. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Old headers lack these; the numbers are common to all architectures. */
enum {
	CALL_OPEN_TREE = 428,
	CALL_MOVE_MOUNT = 429,
	CALL_FSOPEN = 430,
	CALL_FSPICK = 433,
	CALL_MOUNT_SETATTR = 442,
	TREE_CLONE = 1,
	MOVE_EMPTY_PATH = 4,
};

struct attributes {
	unsigned long long set, clear, propagation, user_namespace;
};

static const char *folder(const struct scene *scene)
{
	return format_text("%s/folder", TARGET(scene, workspace));
}

static int mount_tmpfs(const struct scene *scene)
{
	try_to_become_root(scene, 0);
	return mount("none", folder(scene), "tmpfs", 0, NULL);
}

static int mount_bind(const struct scene *scene)
{
	try_to_become_root(scene, 0);
	return mount("/", folder(scene), NULL, MS_BIND | MS_REC, NULL);
}

static int remount_writable(const struct scene *scene)
{
	try_to_become_root(scene, 0);
	if (mount("/usr", "/usr", NULL, MS_BIND, NULL) != 0)
		errno = 0;
	return mount(NULL, "/usr", NULL, MS_BIND | MS_REMOUNT, NULL);
}

static int change_propagation(const struct scene *scene)
{
	try_to_become_root(scene, 0);
	return mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL);
}

/* Outside there is nothing to take away, so that the control first mounts something. */
static int unmount(const struct scene *scene)
{
	const char *path = scene->probe->argument ? scene->probe->argument : folder(scene);

	try_to_become_root(scene, 0);
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0)
		errno = 0;
	return umount2(path, MNT_DETACH);
}

static int clone_tree(const struct scene *scene)
{
	try_to_become_root(scene, 0);
	return (int)syscall(CALL_OPEN_TREE, AT_FDCWD, TARGET(scene, workspace), TREE_CLONE);
}

static int attach_tree(const struct scene *scene)
{
	int tree;

	try_to_become_root(scene, 0);
	tree = (int)syscall(CALL_OPEN_TREE, AT_FDCWD, TARGET(scene, workspace), TREE_CLONE);
	/* Even without a tree the call is made, so that the filter is asked. */
	return (int)syscall(CALL_MOVE_MOUNT, tree, "", AT_FDCWD, folder(scene), MOVE_EMPTY_PATH);
}

static int open_file_system(const struct scene *scene)
{
	try_to_become_root(scene, 0);
	return (int)syscall(CALL_FSOPEN, "tmpfs", 0);
}

/* The root's file system belongs to the host: EPERM of the kernel. A tmpfs of its own does not. */
static int pick_file_system(const struct scene *scene)
{
	try_to_become_root(scene, 0);
	if (mount("none", folder(scene), "tmpfs", 0, NULL) != 0)
		errno = 0;
	return (int)syscall(CALL_FSPICK, AT_FDCWD, folder(scene), 0);
}

static int set_mount_attributes(const struct scene *scene)
{
	struct attributes attributes = {.set = 2 /* nosuid */};

	try_to_become_root(scene, 0);
	return (int)syscall(CALL_MOUNT_SETATTR, AT_FDCWD, "/", 0, &attributes, sizeof(attributes));
}

/* EINVAL or EBUSY: the kernel was reached and dislikes the arguments. */
static int change_root_mount(const struct scene *scene)
{
	try_to_become_root(scene, 0);
	if (syscall(SYS_pivot_root, folder(scene), folder(scene)) == 0)
		return 0;
	return errno == EBUSY ? 0 : -1;
}

static int change_root(const struct scene *scene)
{
	try_to_become_root(scene, 0);
	return chroot(TARGET(scene, workspace));
}

static int enter_own_namespace(const struct scene *scene)
{
	int space;

	try_to_become_root(scene, 0);
	space = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	return setns(space, CLONE_NEWNS);
}

/* argument: the namespace of the first process (outside: of another process). */
static int open_namespace(const struct scene *scene)
{
	return open(format_text("/proc/%s/ns/%s", TARGET(scene, process), scene->probe->argument),
	            O_RDONLY | O_CLOEXEC);
}

static int enter_namespace_of_first_process(const struct scene *scene)
{
	int space = open_namespace(scene);

	return space < 0 ? -1 : setns(space, CLONE_NEWNS);
}

const struct probe mount_probes[] = {
        {"mount_tmpfs", mount_tmpfs, NULL, 0, 0, 0, "mount a tmpfs"},
        {"mount_bind", mount_bind, NULL, 0, 0, 0, "bind the root"},
        {"mount_remount", remount_writable, NULL, 0, 0, 0, "make /usr writable again"},
        {"mount_propagation", change_propagation, NULL, 0, 0, 0, "make mounts private"},
        {"unmount_folder", unmount, NULL, 0, 0, 0, "umount2"},
        {"unmount_proc", unmount, "/proc", 0, 0, 0, "take away the covers of /proc"},
        {"unmount_dev", unmount, "/dev", 0, 0, 0, "take away the small /dev"},
        {"open_tree", clone_tree, NULL, 0, ABSENT_CALL, 0, "clone a tree of mounts"},
        {"move_mount", attach_tree, NULL, 0, ABSENT_CALL, 0, "attach it elsewhere"},
        {"fsopen", open_file_system, NULL, 0, ABSENT_CALL, 0, "a new file system"},
        {"fspick", pick_file_system, NULL, 0, ABSENT_CALL, 0, "reconfigure one"},
        {"mount_setattr", set_mount_attributes, NULL, 0, ABSENT_CALL, 0, "change mount attributes"},
        {"pivot_root", change_root_mount, NULL, EINVAL, 0, 0, "pivot_root"},
        {"chroot", change_root, NULL, 0, 0, 0, "chroot"},
        {"setns", enter_own_namespace, NULL, 0, 0, 0, "setns"},
        {"open_namespace_mount", open_namespace, "mnt", 0, 0, 0, "/proc/1/ns/mnt"},
        {"open_namespace_user", open_namespace, "user", 0, 0, 0, "/proc/1/ns/user"},
        {"setns_first_process", enter_namespace_of_first_process, "mnt", 0, 0, PROBE_ROOT,
         "setns to /proc/1/ns/mnt"},
        {0},
};
