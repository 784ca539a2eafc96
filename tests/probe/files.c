/* Walls: files of the host that no agent may read or write. */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int open_to_write(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
}

/* argument: the path. Opening is the attack; nothing is written. */
static int open_argument_to_write(const struct scene *scene)
{
	return open_to_write(scene->probe->argument);
}

static int open_argument_to_read(const struct scene *scene)
{
	return open(scene->probe->argument, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static int read_secret(const struct scene *scene)
{
	return file_holds_token(scene, TARGET(scene, secret));
}

static int stat_secret(const struct scene *scene)
{
	struct stat status;

	return stat(TARGET(scene, secret), &status);
}

static int open_secret_as_path(const struct scene *scene)
{
	return open(TARGET(scene, secret), O_PATH | O_CLOEXEC);
}

static int read_host_tmp(const struct scene *scene)
{
	return file_holds_token(scene, TARGET(scene, hosttmp));
}

static int read_host_shm(const struct scene *scene)
{
	return file_holds_token(scene, TARGET(scene, hostshm));
}

static int read_through_link(const struct scene *scene)
{
	return file_holds_token(scene, format_text("%s/link-to-secret", TARGET(scene, workspace)));
}

static int read_through_proc_root(const struct scene *scene)
{
	return file_holds_token(scene, format_text("/proc/self/root%s", TARGET(scene, secret)));
}

static int read_through_proc_thread(const struct scene *scene)
{
	return file_holds_token(scene,
	                        format_text("/proc/thread-self/root%s", TARGET(scene, secret)));
}

/* Climbs from the workspace to the root and down again. */
static char *climbing_path(const struct scene *scene)
{
	const char *up = "../../../../../../../../../../../../../../../..";

	return format_text("%s%s", up, TARGET(scene, secret));
}

static int read_by_climbing(const struct scene *scene)
{
	int folder = open(TARGET(scene, workspace), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file;

	if (folder < 0)
		give_up("the workspace cannot be opened: %s", strerror(errno));
	file = openat(folder, climbing_path(scene), O_RDONLY | O_CLOEXEC);
	return file < 0 ? -1 : descriptor_holds_token(scene, file);
}

static int read_through_proc_cwd(const struct scene *scene)
{
	if (chdir(TARGET(scene, workspace)) != 0)
		give_up("the workspace cannot be entered: %s", strerror(errno));
	return file_holds_token(scene, format_text("/proc/self/cwd/%s", climbing_path(scene)));
}

static int list_home(const struct scene *scene)
{
	return open(format_text("%s/.ssh", TARGET(scene, home)), O_RDONLY | O_DIRECTORY);
}

static int write_home_profile(const struct scene *scene)
{
	return open_to_write(format_text("%s/.bashrc", TARGET(scene, home)));
}

static int write_home_file(const struct scene *scene)
{
	return open_to_write(format_text("%s/notes", TARGET(scene, home)));
}

static int write_open_file(const struct scene *scene)
{
	return open_to_write(TARGET(scene, openfile));
}

static int truncate_open_file(const struct scene *scene)
{
	return truncate(TARGET(scene, openfile), 3);
}

static int touch_open_file(const struct scene *scene)
{
	return utimensat(AT_FDCWD, TARGET(scene, openfile), NULL, 0);
}

static int create_in_open_folder(const struct scene *scene)
{
	char *path = format_text("%s/made-%d", TARGET(scene, openfolder), (int)getpid());

	return open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
}

/* A file that the runner put there: what is made new there may be the sandbox's own scratch. */
static int write_beside_workspace(const struct scene *scene)
{
	int folder = open(TARGET(scene, workspace), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		give_up("the workspace cannot be opened: %s", strerror(errno));
	return openat(folder, "../beside", O_WRONLY | O_APPEND | O_CLOEXEC);
}

static int link_secret_into_workspace(const struct scene *scene)
{
	char *path = format_text("%s/stolen-%d", TARGET(scene, workspace), (int)getpid());

	return link(TARGET(scene, secret), path);
}

static int link_through_descriptor(const struct scene *scene)
{
	int file = open(TARGET(scene, secret), O_PATH | O_CLOEXEC);
	char *path = format_text("%s/stolen-fd-%d", TARGET(scene, workspace), (int)getpid());

	if (file < 0)
		return -1;
	return linkat(AT_FDCWD, format_text("/proc/self/fd/%d", file), AT_FDCWD, path,
	              AT_SYMLINK_FOLLOW);
}

static int move_out_of_workspace(const struct scene *scene)
{
	char *from = format_text("%s/moved-XXXXXX", TARGET(scene, workspace));
	char *to = format_text("%s/moved-%d", TARGET(scene, openfolder), (int)getpid());

	if (!mkdtemp(from))
		return -1;
	return rename(from, to);
}

/* argument: a folder of the system; makes an entry there and removes it again. */
static int create_in_system_folder(const struct scene *scene)
{
	char *path = format_text("%s/remit-probe-%d", scene->probe->argument, (int)getpid());

	if (mkdir(path, 0700) != 0)
		return -1;
	return rmdir(path);
}

static int chmod_system_file(const struct scene *scene)
{
	struct stat status;

	if (stat(scene->probe->argument, &status) != 0)
		return -1;
	return chmod(scene->probe->argument, status.st_mode & 07777);
}

/* Leaves a changed root by a folder descriptor that was kept: needs chroot(2). */
static int escape_by_chroot(const struct scene *scene)
{
	int folder;

	try_to_become_root(scene, 0);
	folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (chroot(TARGET(scene, workspace)) != 0)
		return -1;
	if (folder < 0 || fchdir(folder) != 0)
		return -1;
	return file_holds_token(scene, climbing_path(scene));
}

static int open_by_handle(const struct scene *scene)
{
	struct {
		struct file_handle handle;
		unsigned char space[MAX_HANDLE_SZ];
	} name = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
	int folder = open(TARGET(scene, workspace), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int mount_id;

	if (folder < 0)
		give_up("the workspace cannot be opened: %s", strerror(errno));
	if (name_to_handle_at(folder, "", &name.handle, &mount_id, AT_EMPTY_PATH) != 0)
		return -1;
	return open_by_handle_at(folder, &name.handle, O_RDONLY);
}

static int make_device(const struct scene *scene)
{
	/* Number 1,3 is /dev/null: harmless, and as much a device as any other. */
	char *path = format_text("%s/device-%d", TARGET(scene, workspace), (int)getpid());

	return mknod(path, S_IFCHR | 0600, (1 << 8) | 3);
}

static const char *const device_names[] = {
        ".",   "..", "null",  "zero",   "full",   "random", "urandom", "tty",     "ptmx",
        "pts", "fd", "stdin", "stdout", "stderr", "shm",    "mqueue",  "console",
};

static int device_beyond_minimum(const struct scene *scene)
{
	DIR *folder = opendir("/dev");
	struct dirent *entry;

	(void)scene;
	if (!folder)
		return -1;
	while ((entry = readdir(folder))) {
		size_t i = 0;
		size_t count = sizeof(device_names) / sizeof(device_names[0]);

		while (i < count && strcmp(device_names[i], entry->d_name) != 0)
			i++;
		if (i == count) {
			note("/dev/%s", entry->d_name);
			return 0;
		}
	}
	return refuse(ENODEV);
}

#define ROOT PROBE_ROOT

const struct probe file_probes[] = {
        {"read_home_secret", read_secret, NULL, 0, 0, 0, "a key in the home folder"},
        {"stat_home_secret", stat_secret, NULL, 0, 0, 0, "learn size and owner of a key"},
        {"open_path_home_secret", open_secret_as_path, NULL, 0, 0, 0, "O_PATH descriptor of a key"},
        {"list_home_keys", list_home, NULL, 0, 0, 0, "the folder of keys"},
        {"read_host_tmp", read_host_tmp, NULL, 0, 0, 0, "a file in the host's /tmp"},
        {"read_host_shm", read_host_shm, NULL, 0, 0, 0, "a file in the host's /dev/shm"},
        {"read_etc_shadow", open_argument_to_read, "/etc/shadow", 0, 0, ROOT, "password hashes"},
        {"list_root_home", open_argument_to_read, "/root", 0, 0, ROOT, "the home folder of root"},
        {"read_through_link", read_through_link, NULL, 0, 0, 0, "a link in the workspace to a key"},
        {"read_through_proc_root", read_through_proc_root, NULL, 0, 0, 0, "/proc/self/root/KEY"},
        {"read_through_proc_thread", read_through_proc_thread, NULL, 0, 0, 0,
         "/proc/thread-self/root/KEY"},
        {"read_through_proc_cwd", read_through_proc_cwd, NULL, 0, 0, 0, "/proc/self/cwd/../KEY"},
        {"read_by_climbing", read_by_climbing, NULL, 0, 0, 0, "openat(workspace, ../../KEY)"},
        {"open_by_handle", open_by_handle, NULL, 0, 0, ROOT, "open_by_handle_at"},
        {"escape_by_chroot", escape_by_chroot, NULL, 0, 0, 0, "chroot, then a kept descriptor"},
        {"write_home_profile", write_home_profile, NULL, 0, 0, 0, "the host's ~/.bashrc"},
        {"write_home_file", write_home_file, NULL, 0, 0, 0, "a file in the host's home"},
        {"write_open_file", write_open_file, NULL, 0, 0, 0, "a world-writable file of the host"},
        {"truncate_open_file", truncate_open_file, NULL, 0, 0, 0, "truncate it"},
        {"touch_open_file", touch_open_file, NULL, 0, 0, 0, "change its times"},
        {"create_in_open_folder", create_in_open_folder, NULL, 0, 0, 0,
         "a new file in a world-writable folder of the host"},
        {"write_beside_workspace", write_beside_workspace, NULL, 0, 0, 0,
         "openat(workspace, ../FILE)"},
        {"link_secret_into_workspace", link_secret_into_workspace, NULL, 0, 0, 0,
         "hard link to a key"},
        {"link_secret_by_descriptor", link_through_descriptor, NULL, 0, 0, 0,
         "hard link through /proc/self/fd"},
        {"move_out_of_workspace", move_out_of_workspace, NULL, 0, 0, 0, "rename to a host folder"},
        {"write_etc_passwd", open_argument_to_write, "/etc/passwd", 0, 0, ROOT, "the user list"},
        {"write_os_release", open_argument_to_write, "/usr/lib/os-release", 0, 0, ROOT,
         "a file of the system"},
        {"create_in_usr", create_in_system_folder, "/usr", 0, 0, ROOT, "mkdir /usr/x"},
        {"create_in_etc", create_in_system_folder, "/etc", 0, 0, ROOT, "mkdir /etc/x"},
        {"create_in_root", create_in_system_folder, "/", 0, 0, ROOT, "mkdir /x"},
        {"create_in_dev", create_in_system_folder, "/dev", 0, 0, ROOT, "mkdir /dev/x"},
        {"chmod_system_file", chmod_system_file, "/usr/lib/os-release", 0, 0, ROOT, "chmod it"},
        {"make_device", make_device, NULL, 0, 0, ROOT, "mknod of a character device"},
        {"open_dev_kmsg", open_argument_to_write, "/dev/kmsg", 0, ABSENT_PATH, ROOT, "kernel log"},
        {"open_dev_mem", open_argument_to_read, "/dev/mem", 0, ABSENT_PATH, ROOT,
         "physical memory"},
        {"open_dev_loop", open_argument_to_read, "/dev/loop0", 0, ABSENT_PATH, ROOT,
         "a block device"},
        {"open_dev_fuse", open_argument_to_read, "/dev/fuse", 0, ABSENT_PATH, ROOT, "file systems"},
        {"open_dev_tun", open_argument_to_read, "/dev/net/tun", 0, ABSENT_PATH, ROOT, "interfaces"},
        {"device_beyond_minimum", device_beyond_minimum, NULL, 0, 0, 0, "anything else in /dev"},
        {0},
};
