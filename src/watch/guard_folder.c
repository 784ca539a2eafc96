#include "watch/guard_folder.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif
#ifndef FS_CASEFOLD_FL
#define FS_CASEFOLD_FL 0x40000000
#endif

enum {
	MOST_ENTRIES = 1024, /* of a folder of hooks that is looked through */
};

int guard_look(int folder, const char *name, struct stat *out, struct error *err)
{
	if (fstatat(folder, name, out, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	/* A name that is too long is the kernel's to refuse. */
	if (errno == ENOENT || errno == ENAMETOOLONG)
		return 0;
	return error_system(err, errno, "%s", name);
}

/* File systems that compare bytes unless a folder's flag says otherwise. Not here: xfs (one made
 * with `version=ci` folds, and has no flag that says so), zfs and the network's (the server folds
 * or does not), and all that always fold. */
static const uint32_t exact_types[] = {
        EXT4_SUPER_MAGIC, TMPFS_MAGIC, BTRFS_SUPER_MAGIC,
        F2FS_SUPER_MAGIC, RAMFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
};

static bool compares_bytes(int folder)
{
	struct statfs status;

	if (fstatfs(folder, &status) < 0)
		return false;
	for (size_t i = 0; i < sizeof(exact_types) / sizeof(exact_types[0]); i++)
		if ((uint32_t)status.f_type == exact_types[i])
			return true;
	return false;
}

bool guard_folds(int folder)
{
	int flags = 0;

	if (!compares_bytes(folder))
		return true;
	cleanup_close int readable = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (readable < 0)
		return true;
	/* Where flags are not kept, neither is this one. */
	if (ioctl(readable, FS_IOC_GETFLAGS, &flags) < 0)
		return errno != ENOTTY && errno != EOPNOTSUPP;
	return flags & FS_CASEFOLD_FL;
}

int guard_open_file(int folder, const char *name)
{
	cleanup_close int file =
	        openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (file < 0 || fstat(file, &status) < 0 || !S_ISREG(status.st_mode))
		return -1;
	return steal_descriptor(&file);
}

int guard_read(int file, size_t limit, struct buffer *out, struct error *err)
{
	char part[16384];
	off_t offset = 0;

	buffer_append(out, "", 0);
	while (out->size <= limit) {
		ssize_t size = pread(file, part, sizeof(part), offset);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_system(err, errno, "its content");
		if (size == 0)
			break;
		buffer_append(out, part, (size_t)size);
		offset += size;
	}
	return buffer_failed(out) ? error_memory(err) : 0;
}

bool guard_is_sample(const char *name)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz"
	                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	size_t size = strspn(name, characters);

	return size && strcmp(name + size, ".sample") == 0;
}

static bool is_idle_entry(int folder, const char *name, bool samples)
{
	struct stat status;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return true;
	return samples && guard_is_sample(name) &&
	       fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

bool guard_is_idle(int folder, const char *name, bool samples)
{
	cleanup_close int readable =
	        openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *entries = readable < 0 ? NULL : fdopendir(readable);
	const struct dirent *entry = NULL;
	bool idle = true;

	if (!entries)
		return false;
	int number = steal_descriptor(&readable);
	for (size_t i = 0; idle && (errno = 0, entry = readdir(entries)); i++)
		idle = i < MOST_ENTRIES && is_idle_entry(number, entry->d_name, samples);
	idle = idle && errno == 0;
	closedir(entries);
	return idle;
}
