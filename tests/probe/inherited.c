/* Readonly, continued: changes by descriptors that remit's caller opened, by its own mounts and not
 * by the sandbox's. A read-only mount does not stop them. The runner opens, of the workspace:
 *
 *   7  a file, for reading and writing         8  the folder itself
 *   0  for single probes, the probe's file for reading, or the folder */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NO_DUMP = 0x40 /* FS_NODUMP_FL: an attribute that every owner may set */ };

static int write_evil(int descriptor)
{
	return descriptor < 0 ? -1 : (int)write(descriptor, "changed\n", 8);
}

static int write_inherited(const struct scene *scene)
{
	(void)scene;
	return write_evil(7);
}

static int truncate_inherited(const struct scene *scene)
{
	(void)scene;
	return ftruncate(7, 2);
}

static int chmod_inherited(const struct scene *scene)
{
	(void)scene;
	return fchmod(7, 0640);
}

static int map_inherited(const struct scene *scene)
{
	char *memory = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, 7, 0);

	(void)scene;
	if (memory == MAP_FAILED)
		return -1;
	memory[0] = '!';
	return 0;
}

static int create_in_inherited_folder(const struct scene *scene)
{
	(void)scene;
	return openat(8, "new-by-descriptor", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
}

static int remove_in_inherited_folder(const struct scene *scene)
{
	return unlinkat(8, format_text("cases/%s/file", scene->probe->name), 0);
}

static int create_in_stdin(const struct scene *scene)
{
	(void)scene;
	return must_be_stdin(S_IFDIR)
	               ? -1
	               : openat(0, "new-by-stdin", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
}

static int remove_in_stdin(const struct scene *scene)
{
	return must_be_stdin(S_IFDIR)
	               ? -1
	               : unlinkat(0, format_text("cases/%s/file", scene->probe->name), 0);
}

static int chmod_stdin(const struct scene *scene)
{
	mode_t type = scene->probe->flags & PROBE_STDIN_FOLDER ? S_IFDIR : S_IFREG;

	return must_be_stdin(type) ? -1 : fchmod(0, 0711);
}

static int chown_stdin(const struct scene *scene)
{
	(void)scene;
	return must_be_stdin(S_IFREG) ? -1 : fchown(0, getuid(), getgid());
}

static int set_attribute_stdin(const struct scene *scene)
{
	(void)scene;
	return must_be_stdin(S_IFREG) ? -1 : fsetxattr(0, "user.evil", "1", 1, 0);
}

static int remove_attribute_stdin(const struct scene *scene)
{
	(void)scene;
	return must_be_stdin(S_IFREG) ? -1 : fremovexattr(0, "user.remit");
}

static int touch_stdin(const struct scene *scene)
{
	struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	(void)scene;
	return must_be_stdin(S_IFREG) ? -1 : futimens(0, times);
}

static int set_flags_stdin(const struct scene *scene)
{
	int flags = 0;

	(void)scene;
	if (must_be_stdin(S_IFREG))
		return -1;
	/* Those that it has stay: without FS_EXTENT_FL ext4 would have to write the file anew, and
	 * not every file can be. */
	(void)ioctl(0, FS_IOC_GETFLAGS, &flags);
	flags |= NO_DUMP;
	return ioctl(0, FS_IOC_SETFLAGS, &flags);
}

/* argument: a name of descriptor 0. */
static int reopen_stdin(const struct scene *scene)
{
	return must_be_stdin(S_IFREG)
	               ? -1
	               : write_evil(open(scene->probe->argument, O_WRONLY | O_CLOEXEC));
}

static int link_stdin(const struct scene *scene)
{
	(void)scene;
	return must_be_stdin(S_IFREG)
	               ? -1
	               : linkat(AT_FDCWD, "/proc/self/fd/0", AT_FDCWD, "new", AT_SYMLINK_FOLLOW);
}

#define ANY     PROBE_ANY_AGENT
#define FOLDER  (PROBE_STDIN_FOLDER | PROBE_OPTIONAL)
#define INPUT   (PROBE_STDIN_FILE | PROBE_OPTIONAL)
#define FEATURE ABSENT_FEATURE

const struct probe inherited_probes[] = {
        {"ro_inherited_write", write_inherited, NULL, 0, 0, ANY, "an inherited descriptor"},
        {"ro_inherited_truncate", truncate_inherited, NULL, 0, 0, ANY, "ftruncate of it"},
        {"ro_inherited_chmod", chmod_inherited, NULL, 0, 0, ANY, "fchmod of it"},
        {"ro_inherited_map", map_inherited, NULL, 0, 0, ANY, "mmap of it"},
        {"ro_inherited_folder_create", create_in_inherited_folder, NULL, 0, 0, ANY,
         "openat from an inherited folder"},
        {"ro_inherited_folder_remove", remove_in_inherited_folder, NULL, 0, 0, ANY,
         "unlinkat from it"},
        {"ro_stdin_folder_create", create_in_stdin, NULL, 0, 0, FOLDER,
         "stdin is a folder: create"},
        {"ro_stdin_folder_remove", remove_in_stdin, NULL, 0, 0, FOLDER,
         "stdin is a folder: remove"},
        {"ro_stdin_folder_chmod", chmod_stdin, NULL, 0, 0, FOLDER, "stdin is a folder: fchmod"},
        {"ro_stdin_chmod", chmod_stdin, NULL, 0, 0, INPUT, "stdin is a file: fchmod"},
        {"ro_stdin_chown", chown_stdin, NULL, 0, 0, INPUT, "stdin is a file: fchown"},
        {"ro_stdin_setxattr", set_attribute_stdin, NULL, 0, FEATURE, INPUT, "fsetxattr"},
        {"ro_stdin_removexattr", remove_attribute_stdin, NULL, 0, FEATURE, INPUT, "fremovexattr"},
        {"ro_stdin_times", touch_stdin, NULL, 0, 0, INPUT, "futimens"},
        {"ro_stdin_flags", set_flags_stdin, NULL, 0, FEATURE, INPUT, "FS_IOC_SETFLAGS"},
        {"ro_stdin_reopen", reopen_stdin, "/proc/self/fd/0", 0, 0, INPUT, "reopen for writing"},
        {"ro_stdin_reopen_dev", reopen_stdin, "/dev/stdin", 0, 0, INPUT, "reopen /dev/stdin"},
        {"ro_stdin_link", link_stdin, NULL, 0, 0, INPUT, "a hard link to stdin"},
        {0},
};
