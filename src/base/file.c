#include "base/file.h"

#include "base/cleanup.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a fifo";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "no regular file";
	}
}

int file_read(const char *path, size_t limit, struct buffer *out, struct error *err)
{
	cleanup_close int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (file < 0) {
		int number = errno;
		error_system(err, number, "%s", path);
		return number == ENOENT ? -ENOENT : -1;
	}
	if (fstat(file, &status) < 0)
		return error_system(err, errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, "%s: is %s, not a file", path, kind_of(status.st_mode));

	char block[16384];
	for (;;) {
		ssize_t size = read(file, block, sizeof(block));
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_system(err, errno, "%s", path);
		if (size == 0)
			break;
		buffer_append(out, block, (size_t)size);
		if (out->size > limit)
			return error_set(err, "%s: larger than %zu bytes", path, limit);
	}
	buffer_append(out, "", 0);
	return buffer_failed(out) ? error_memory(err) : 0;
}

int file_real_path(const char *path, char **out, struct error *err)
{
	*out = realpath(path, NULL);
	if (*out || errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP)
		return 0;
	return error_system(err, errno, "%s", path);
}

int file_resolve(const char *path, char **out, struct error *err)
{
	cleanup_free char *place = NULL;

	if (file_real_path(path, out, err) < 0)
		return -1;
	if (*out)
		return 0;
	cleanup_free char *parent = path_parent(path);
	if (!parent)
		return error_memory(err);
	if (strcmp(parent, path) == 0)
		return error_set(err, "%s cannot be reached", path);
	if (file_resolve(parent, &place, err) < 0)
		return -1;
	*out = path_join(place, path_name(path));
	return *out ? 0 : error_memory(err);
}
