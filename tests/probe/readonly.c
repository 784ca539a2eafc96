/* An agent without a write tool must not change one byte or attribute of its workspace. Each
 * probe starts in a folder of its own, made by fixture.c:
 *
 *   file    "original", with the attribute user.remit    other   a second file
 *   folder/ with a file `inner`                           empty/  an empty folder
 *   link    -> file                                       folder-link -> folder
 *
 * Descriptors that the caller left open are in inherited.c.
 *
 * The second control is a writer's run, in which the same changes succeed inside. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	CALL_FCHMODAT2 = 452,
	CALL_SETXATTRAT = 463,
	CALL_FILE_GETATTR = 468,
	CALL_FILE_SETATTR = 469,
	NO_DUMP = 0x40, /* FS_NODUMP_FL: an attribute that every owner may set */
};

static const char evil[] = "changed\n";

static int write_evil(int descriptor)
{
	if (descriptor < 0)
		return -1;
	return (int)write(descriptor, evil, sizeof(evil) - 1);
}

/* argument: the path, relative to the probe's folder. */
static int write_path(const struct scene *scene)
{
	return write_evil(open(scene->probe->argument, O_WRONLY | O_CLOEXEC));
}

static int append_path(const struct scene *scene)
{
	return write_evil(open(scene->probe->argument, O_WRONLY | O_APPEND | O_CLOEXEC));
}

static int open_truncating(const struct scene *scene)
{
	(void)scene;
	return open("file", O_RDWR | O_TRUNC | O_CLOEXEC);
}

static int open_reading_truncating(const struct scene *scene)
{
	(void)scene;
	return open("file", O_RDONLY | O_TRUNC | O_CLOEXEC);
}

static int truncate_path(const struct scene *scene)
{
	return truncate(scene->probe->argument, 3);
}

static int create(const struct scene *scene)
{
	return write_evil(open(scene->probe->argument, O_CREAT | O_EXCL | O_WRONLY, 0644));
}

static int create_by_creat(const struct scene *scene)
{
	(void)scene;
	return creat("new", 0644);
}

static int make_folder(const struct scene *scene)
{
	return mkdir(scene->probe->argument, 0755);
}

static int make_fifo(const struct scene *scene)
{
	(void)scene;
	return mknod("new", S_IFIFO | 0644, 0);
}

static int make_file_node(const struct scene *scene)
{
	(void)scene;
	return mknod("new", S_IFREG | 0644, 0);
}

static int make_socket(const struct scene *scene)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "new"};
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)scene;
	if (descriptor < 0)
		give_up("socket: %s", strerror(errno));
	return bind(descriptor, (struct sockaddr *)&address, sizeof(address));
}

static int rename_file(const struct scene *scene)
{
	(void)scene;
	return rename("file", "new");
}

static int rename_over(const struct scene *scene)
{
	(void)scene;
	return rename("other", "file");
}

static int rename_across(const struct scene *scene)
{
	(void)scene;
	return rename("file", "folder/file");
}

static int rename_folder(const struct scene *scene)
{
	(void)scene;
	return rename("folder", "new");
}

static int rename_exchange(const struct scene *scene)
{
	(void)scene;
	return renameat2(AT_FDCWD, "file", AT_FDCWD, "other", RENAME_EXCHANGE);
}

static int rename_whiteout(const struct scene *scene)
{
	(void)scene;
	return renameat2(AT_FDCWD, "file", AT_FDCWD, "new", RENAME_WHITEOUT);
}

static int make_hard_link(const struct scene *scene)
{
	(void)scene;
	return link("file", "new");
}

static int make_symbolic_link(const struct scene *scene)
{
	(void)scene;
	return symlink("file", "new");
}

static int remove_file(const struct scene *scene)
{
	(void)scene;
	return unlink("file");
}

static int remove_folder(const struct scene *scene)
{
	(void)scene;
	return rmdir("empty");
}

static int chmod_path(const struct scene *scene)
{
	return chmod(scene->probe->argument, 0700);
}

static int open_for_reading(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0)
		give_up("%s cannot be read: %s", path, strerror(errno));
	return descriptor;
}

static int chmod_descriptor(const struct scene *scene)
{
	(void)scene;
	return fchmod(open_for_reading("file"), 0600);
}

static int chmod_folder_descriptor(const struct scene *scene)
{
	(void)scene;
	return fchmod(open_for_reading("folder"), 0700);
}

static int chmod_at2(const struct scene *scene)
{
	(void)scene;
	return (int)syscall(CALL_FCHMODAT2, AT_FDCWD, "file", 0600, 0);
}

static int chmod_proc_descriptor(const struct scene *scene)
{
	int descriptor = open("file", O_PATH | O_CLOEXEC);

	(void)scene;
	if (descriptor < 0)
		give_up("O_PATH: %s", strerror(errno));
	return chmod(format_text("/proc/self/fd/%d", descriptor), 0600);
}

static int chown_path(const struct scene *scene)
{
	(void)scene;
	return chown("file", getuid(), getgid());
}

static int chown_descriptor(const struct scene *scene)
{
	(void)scene;
	return fchown(open_for_reading("file"), getuid(), getgid());
}

static int chown_link(const struct scene *scene)
{
	(void)scene;
	return lchown("link", getuid(), getgid());
}

static int set_times(const struct scene *scene)
{
	struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	return utimensat(AT_FDCWD, scene->probe->argument, times, AT_SYMLINK_NOFOLLOW);
}

static int touch_descriptor(const struct scene *scene)
{
	(void)scene;
	return futimens(open_for_reading("file"), NULL);
}

static int set_attribute(const struct scene *scene)
{
	return setxattr(scene->probe->argument, "user.evil", "1", 1, 0);
}

static int set_attribute_no_follow(const struct scene *scene)
{
	(void)scene;
	return lsetxattr("file", "user.evil", "1", 1, 0);
}

static int set_attribute_descriptor(const struct scene *scene)
{
	(void)scene;
	return fsetxattr(open_for_reading("file"), "user.evil", "1", 1, 0);
}

static int set_attribute_at(const struct scene *scene)
{
	struct {
		unsigned long long value;
		unsigned size, flags;
	} arguments = {(uintptr_t) "1", 1, 0};

	(void)scene;
	return (int)syscall(CALL_SETXATTRAT, AT_FDCWD, "file", 0, "user.evil", &arguments,
	                    sizeof(arguments));
}

static int remove_attribute(const struct scene *scene)
{
	(void)scene;
	return removexattr("file", "user.remit");
}

static int remove_attribute_descriptor(const struct scene *scene)
{
	(void)scene;
	return fremovexattr(open_for_reading("file"), "user.remit");
}

static int set_inode_flags(const struct scene *scene)
{
	int descriptor = open_for_reading("file");
	int flags = 0;

	(void)scene;
	if (ioctl(descriptor, FS_IOC_GETFLAGS, &flags) != 0)
		return -1;
	flags |= NO_DUMP;
	return ioctl(descriptor, FS_IOC_SETFLAGS, &flags);
}

static int set_inode_flags_extended(const struct scene *scene)
{
	int descriptor = open_for_reading("file");
	struct fsxattr attributes;

	(void)scene;
	if (ioctl(descriptor, FS_IOC_FSGETXATTR, &attributes) != 0)
		return -1;
	attributes.fsx_xflags |= FS_XFLAG_NODUMP;
	return ioctl(descriptor, FS_IOC_FSSETXATTR, &attributes);
}

static int set_file_attributes(const struct scene *scene)
{
	struct {
		unsigned long long flags;
		unsigned extent_size, extents, project, copy_extent_size;
	} attributes = {0};
	/* Where the call that reads is refused as well, what stands in `attributes` will do. */
	long got = syscall(CALL_FILE_GETATTR, AT_FDCWD, "file", &attributes, sizeof(attributes), 0);

	(void)scene;
	attributes.flags |= FS_XFLAG_NODUMP;
	if (got != 0)
		errno = 0;
	return (int)syscall(CALL_FILE_SETATTR, AT_FDCWD, "file", &attributes, sizeof(attributes),
	                    0);
}

static int write_mapped(const struct scene *scene)
{
	int descriptor = open(scene->probe->argument, O_RDWR | O_CLOEXEC);
	char *memory;

	if (descriptor < 0)
		return -1;
	memory = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	if (memory == MAP_FAILED)
		return -1;
	memory[0] = '!';
	return msync(memory, 8, MS_SYNC);
}

/* A mapping of a file opened for reading must not become a writable one. */
static int map_then_protect(const struct scene *scene)
{
	int descriptor = open(scene->probe->argument, O_RDWR | O_CLOEXEC);
	char *memory;

	if (descriptor < 0)
		descriptor = open_for_reading(scene->probe->argument);
	memory = mmap(NULL, 8, PROT_READ, MAP_SHARED, descriptor, 0);
	if (memory == MAP_FAILED)
		give_up("mmap: %s", strerror(errno));
	if (mprotect(memory, 8, PROT_READ | PROT_WRITE) != 0)
		return -1;
	memory[0] = '!';
	return 0;
}

static int make_unnamed_then_link(const struct scene *scene)
{
	int descriptor = open(".", O_TMPFILE | O_RDWR, 0644);

	(void)scene;
	if (write_evil(descriptor) < 0)
		return -1;
	return linkat(AT_FDCWD, format_text("/proc/self/fd/%d", descriptor), AT_FDCWD, "new",
	              AT_SYMLINK_FOLLOW);
}

static int allocate(const struct scene *scene)
{
	int descriptor = open("file", O_WRONLY | O_CLOEXEC);

	(void)scene;
	return descriptor < 0 ? -1 : fallocate(descriptor, 0, 0, 8192);
}

static int copy_range(const struct scene *scene)
{
	int target = open("file", O_WRONLY | O_CLOEXEC);

	(void)scene;
	if (target < 0)
		return -1;
	return (int)copy_file_range(open_for_reading("other"), NULL, target, NULL, 4, 0);
}

static int send_file(const struct scene *scene)
{
	int target = open("file", O_WRONLY | O_CLOEXEC);

	(void)scene;
	return target < 0 ? -1 : (int)sendfile(target, open_for_reading("other"), NULL, 4);
}

static int splice_from_pipe(const struct scene *scene)
{
	int target = open("file", O_WRONLY | O_CLOEXEC);
	int ends[2];

	(void)scene;
	if (target < 0)
		return -1;
	if (pipe(ends) != 0 || write(ends[1], evil, 4) != 4)
		give_up("pipe: %s", strerror(errno));
	return (int)splice(ends[0], NULL, target, NULL, 4, 0);
}

/* argument: "/proc/self/fd/%d" or the like, for a descriptor that may only read. */
static int reopen_to_write(const struct scene *scene)
{
	int descriptor = open_for_reading("file");
	char *path = format_text("%s%d", scene->probe->argument, descriptor);

	return write_evil(open(path, O_WRONLY | O_CLOEXEC));
}

static int write_through_proc_root(const struct scene *scene)
{
	char *here = getcwd(NULL, 0);

	(void)scene;
	if (!here)
		give_up("getcwd: %s", strerror(errno));
	return write_evil(open(format_text("/proc/self/root%s/file", here), O_WRONLY | O_CLOEXEC));
}

/* argument: the link of the first process (outside: of another one, which is in the workspace). */
static int write_through_first(const struct scene *scene)
{
	const char *link = scene->probe->argument;
	char *here = getcwd(NULL, 0);
	const char *below = here;

	if (!here)
		give_up("getcwd: %s", strerror(errno));
	if (strcmp(link, "cwd") == 0)
		below += strlen(TARGET(scene, workspace));
	return write_evil(
	        open(format_text("/proc/%s/%s/%s/file", TARGET(scene, process), link, below),
	             O_WRONLY | O_CLOEXEC));
}

static int write_by_dots(const struct scene *scene)
{
	int folder = open("folder", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)scene;
	if (folder < 0)
		give_up("folder: %s", strerror(errno));
	return write_evil(openat(folder, "../file", O_WRONLY | O_CLOEXEC));
}

static int write_by_path_descriptor(const struct scene *scene)
{
	int folder = open("folder", O_PATH | O_CLOEXEC);

	(void)scene;
	if (folder < 0)
		give_up("folder: %s", strerror(errno));
	return write_evil(openat(folder, "inner", O_WRONLY | O_CLOEXEC));
}

/* A dead process may write its memory into the current folder. */
static int dump_core(const struct scene *scene)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	char pattern[2] = "";
	int descriptor = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
	int status = 0;
	pid_t child;

	(void)scene;
	if (descriptor < 0 || read(descriptor, pattern, 1) != 1 || strchr("|/@", pattern[0]))
		return refuse(EOPNOTSUPP);
	child = fork();
	if (child == 0) {
		if (setrlimit(RLIMIT_CORE, &unlimited) != 0)
			_exit(1);
		abort();
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		give_up("fork: %s", strerror(errno));
	return WIFSIGNALED(status) && WCOREDUMP(status) ? 0 : refuse(EROFS);
}

#define OPTIONAL PROBE_OPTIONAL
#define FEATURE  ABSENT_FEATURE
#define CALL     ABSENT_CALL

const struct probe readonly_probes[] = {
        {"ro_write", write_path, "file", 0, 0, 0, "open for writing"},
        {"ro_append", append_path, "file", 0, 0, 0, "open for appending"},
        {"ro_write_link", write_path, "link", 0, 0, 0, "through a symbolic link"},
        {"ro_write_folder_link", write_path, "folder-link/inner", 0, 0, 0,
         "through a linked folder"},
        {"ro_write_cwd", write_path, "/proc/self/cwd/file", 0, 0, 0, "through /proc/self/cwd"},
        {"ro_write_proc_root", write_through_proc_root, NULL, 0, 0, 0, "through /proc/self/root"},
        {"ro_write_dots", write_by_dots, NULL, 0, 0, 0, "openat(folder, ../file)"},
        {"ro_write_path_descriptor", write_by_path_descriptor, NULL, 0, 0, 0, "openat from O_PATH"},
        {"ro_write_first_root", write_through_first, "root", 0, 0, OPTIONAL,
         "through /proc/1/root"},
        {"ro_write_first_cwd", write_through_first, "cwd", 0, 0, OPTIONAL, "through /proc/1/cwd"},
        {"ro_open_truncate", open_truncating, NULL, 0, 0, 0, "O_TRUNC"},
        {"ro_open_read_truncate", open_reading_truncating, NULL, 0, 0, 0, "O_RDONLY|O_TRUNC"},
        {"ro_truncate", truncate_path, "file", 0, 0, 0, "truncate"},
        {"ro_truncate_link", truncate_path, "link", 0, 0, 0, "truncate through a link"},
        {"ro_create", create, "new", 0, 0, 0, "O_CREAT"},
        {"ro_create_below", create, "folder/new", 0, 0, 0, "O_CREAT in a folder"},
        {"ro_creat", create_by_creat, NULL, 0, 0, 0, "creat"},
        {"ro_mkdir", make_folder, "new", 0, 0, 0, "mkdir"},
        {"ro_fifo", make_fifo, NULL, 0, 0, 0, "mknod of a fifo"},
        {"ro_file_node", make_file_node, NULL, 0, 0, 0, "mknod of a file"},
        {"ro_socket", make_socket, NULL, 0, 0, 0, "bind of a unix socket"},
        {"ro_rename", rename_file, NULL, 0, 0, 0, "rename"},
        {"ro_rename_over", rename_over, NULL, 0, 0, 0, "rename over a file"},
        {"ro_rename_across", rename_across, NULL, 0, 0, 0, "rename into a folder"},
        {"ro_rename_folder", rename_folder, NULL, 0, 0, 0, "rename of a folder"},
        {"ro_rename_exchange", rename_exchange, NULL, 0, 0, 0, "RENAME_EXCHANGE"},
        {"ro_rename_whiteout", rename_whiteout, NULL, 0, 0, OPTIONAL, "RENAME_WHITEOUT"},
        {"ro_link", make_hard_link, NULL, 0, 0, 0, "link"},
        {"ro_symlink", make_symbolic_link, NULL, 0, 0, 0, "symlink"},
        {"ro_unlink", remove_file, NULL, 0, 0, 0, "unlink"},
        {"ro_rmdir", remove_folder, NULL, 0, 0, 0, "rmdir"},
        {"ro_chmod", chmod_path, "file", 0, 0, 0, "chmod"},
        {"ro_chmod_folder", chmod_path, "folder", 0, 0, 0, "chmod of a folder"},
        {"ro_chmod_link", chmod_path, "link", 0, 0, 0, "chmod through a link"},
        {"ro_fchmod", chmod_descriptor, NULL, 0, 0, 0, "fchmod"},
        {"ro_fchmod_folder", chmod_folder_descriptor, NULL, 0, 0, 0, "fchmod of a folder"},
        {"ro_fchmodat2", chmod_at2, NULL, 0, CALL, OPTIONAL, "fchmodat2"},
        {"ro_chmod_descriptor", chmod_proc_descriptor, NULL, 0, 0, 0, "chmod of /proc/self/fd/N"},
        {"ro_chown", chown_path, NULL, 0, 0, 0, "chown to oneself"},
        {"ro_fchown", chown_descriptor, NULL, 0, 0, 0, "fchown"},
        {"ro_lchown", chown_link, NULL, 0, 0, 0, "lchown"},
        {"ro_times", set_times, "file", 0, 0, 0, "utimensat"},
        {"ro_times_link", set_times, "link", 0, 0, 0, "utimensat of a link itself"},
        {"ro_touch", touch_descriptor, NULL, 0, 0, 0, "futimens"},
        {"ro_setxattr", set_attribute, "file", 0, FEATURE, 0, "setxattr"},
        {"ro_setxattr_folder", set_attribute, "folder", 0, FEATURE, 0, "setxattr of a folder"},
        {"ro_lsetxattr", set_attribute_no_follow, NULL, 0, FEATURE, 0, "lsetxattr"},
        {"ro_fsetxattr", set_attribute_descriptor, NULL, 0, FEATURE, 0, "fsetxattr"},
        {"ro_setxattrat", set_attribute_at, NULL, 0, CALL, OPTIONAL, "setxattrat"},
        {"ro_removexattr", remove_attribute, NULL, 0, FEATURE, 0, "removexattr"},
        {"ro_fremovexattr", remove_attribute_descriptor, NULL, 0, FEATURE, 0, "fremovexattr"},
        {"ro_flags", set_inode_flags, NULL, 0, FEATURE, OPTIONAL, "FS_IOC_SETFLAGS"},
        {"ro_flags_extended", set_inode_flags_extended, NULL, 0, FEATURE, OPTIONAL,
         "FS_IOC_FSSETXATTR"},
        {"ro_file_setattr", set_file_attributes, NULL, 0, CALL, OPTIONAL, "file_setattr"},
        {"ro_mmap", write_mapped, "file", 0, 0, 0, "a shared mapping"},
        {"ro_mprotect", map_then_protect, "file", 0, 0, 0, "a read mapping made writable"},
        {"ro_unnamed_file", make_unnamed_then_link, NULL, 0, FEATURE, 0, "O_TMPFILE and linkat"},
        {"ro_fallocate", allocate, NULL, 0, FEATURE, 0, "fallocate"},
        {"ro_copy_file_range", copy_range, NULL, 0, 0, 0, "copy_file_range"},
        {"ro_sendfile", send_file, NULL, 0, 0, 0, "sendfile"},
        {"ro_splice", splice_from_pipe, NULL, 0, 0, 0, "splice"},
        {"ro_reopen_proc", reopen_to_write, "/proc/self/fd/", 0, 0, 0, "reopen through /proc"},
        {"ro_reopen_thread", reopen_to_write, "/proc/thread-self/fd/", 0, 0, 0, "by the thread"},
        {"ro_reopen_dev", reopen_to_write, "/dev/fd/", 0, 0, 0, "reopen through /dev/fd"},
        {"ro_core_dump", dump_core, NULL, 0, FEATURE, OPTIONAL, "a core file"},
        {0},
};
