#include "watch/through.h"

#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

mode_t through_type(mode_t mode)
{
	return S_ISDIR(mode) || S_ISLNK(mode) || S_ISSOCK(mode) ? mode & S_IFMT : S_IFREG;
}

void through_attributes(fuse_req_t request, const char *path, fuse_ino_t number)
{
	struct stat status;

	if (lstat(path, &status) < 0) {
		fuse_reply_err(request, errno);
		return;
	}
	status.st_ino = (ino_t)number;
	status.st_mode = through_type(status.st_mode) | (status.st_mode & ~(mode_t)S_IFMT);
	fuse_reply_attr(request, &status, 0);
}

void through_link(fuse_req_t request, const char *path)
{
	char text[PATH_MAX];
	ssize_t size = readlink(path, text, sizeof(text));

	if (size <= 0 || (size_t)size == sizeof(text)) {
		fuse_reply_err(request, ENOENT);
		return;
	}
	text[size] = '\0';
	fuse_reply_readlink(request, text);
}

/* Only files: opening a device or a fifo of the host would do something. */
void through_open(fuse_req_t request, const char *path, struct fuse_file_info *file)
{
	char link[32];
	struct stat status;
	cleanup_close int place = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (place < 0 || fstat(place, &status) < 0) {
		fuse_reply_err(request, errno);
		return;
	}
	if (!S_ISREG(status.st_mode)) {
		fuse_reply_err(request, EACCES);
		return;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	cleanup_close int host = open(link, O_RDONLY | O_CLOEXEC);
	if (host < 0) {
		fuse_reply_err(request, errno);
		return;
	}
	file->fh = (uint64_t)steal_descriptor(&host);
	if (fuse_reply_open(request, file) < 0)
		close((int)file->fh);
}

void through_read(fuse_req_t request, size_t size, off_t offset, struct fuse_file_info *file)
{
	cleanup_free char *data = malloc(size);
	ssize_t got = data ? pread((int)file->fh, data, size, offset) : -1;

	if (got < 0)
		fuse_reply_err(request, data ? errno : ENOMEM);
	else
		fuse_reply_buf(request, data, (size_t)got);
}

void through_release(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	(void)number;
	close((int)file->fh);
	fuse_reply_err(request, 0);
}

static DIR *folder_of(const struct fuse_file_info *file)
{
	return (DIR *)(uintptr_t)file->fh;
}

void through_open_folder(fuse_req_t request, const char *path, struct fuse_file_info *file)
{
	DIR *folder = opendir(path);

	if (!folder) {
		fuse_reply_err(request, errno);
		return;
	}
	file->fh = (uint64_t)(uintptr_t)folder;
	if (fuse_reply_open(request, file) < 0)
		closedir(folder);
}

void through_list(fuse_req_t request, size_t size, off_t offset, struct fuse_file_info *file)
{
	cleanup_free char *names = malloc(size);
	DIR *folder = folder_of(file);
	size_t used = 0;

	if (!names) {
		fuse_reply_err(request, ENOMEM);
		return;
	}
	if (offset != telldir(folder))
		seekdir(folder, (long)offset);
	for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		const struct stat status = {.st_ino = entry->d_ino,
		                            .st_mode = (mode_t)DTTOIF(entry->d_type)};
		size_t needed = fuse_add_direntry(request, names + used, size - used, entry->d_name,
		                                  &status, (off_t)telldir(folder));
		if (needed > size - used) {
			/* The next question begins behind the last name that found room. */
			break;
		}
		used += needed;
	}
	fuse_reply_buf(request, names, used);
}

void through_release_folder(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	(void)number;
	if (file->fh)
		closedir(folder_of(file));
	fuse_reply_err(request, 0);
}
