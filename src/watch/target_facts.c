/* What a descriptor says of what it holds. */
#include "base/text.h"
#include "watch/deep.h"
#include "watch/process.h"
#include "watch/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The path of what a descriptor holds, as the kernel tells it; of a folder also where it does
 * not. */
char *target_path(int holder)
{
	char link[32];
	char path[PATH_MAX];
	struct stat status;

	process_own_link(holder, link, sizeof(link));
	ssize_t size = readlinkat(process_own_folder(), link, path, sizeof(path));
	if (size < 0 && errno == ENAMETOOLONG && fstat(holder, &status) == 0 &&
	    S_ISDIR(status.st_mode))
		return deep_path(holder);
	return size <= 0 || (size_t)size == sizeof(path) || path[0] != '/'
	               ? NULL
	               : text_copy_size(path, (size_t)size);
}

bool target_read_only(const struct target *target)
{
	struct statvfs status;

	return fstatvfs(target->holder, &status) == 0 && (status.f_flag & ST_RDONLY);
}

bool target_phantom(const struct target *target)
{
	struct statfs system;
	struct stat status;

	return target->exists && fstatfs(target->holder, &system) == 0 &&
	       system.f_type == FUSE_SUPER_MAGIC && fstat(target->holder, &status) == 0 &&
	       !(status.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO));
}

bool target_mounted(const struct target *target)
{
	struct statx status;

	return target->exists &&
	       statx(target->holder, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, 0, &status) == 0 &&
	       (status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}
