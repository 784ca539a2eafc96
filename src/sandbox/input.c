#include "base/cleanup.h"
#include "base/kernel.h"
#include "sandbox/place.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the file that standard input is, by its path, in this mount namespace. */
static int open_same(const struct stat *status, struct error *err)
{
	char path[PATH_MAX];
	struct stat found;
	ssize_t length = readlink("/proc/self/fd/0", path, sizeof(path) - 1);

	if (length < 0)
		return error_system(err, errno, "/proc/self/fd/0");
	path[length] = '\0';
	cleanup_close int place = kernel_openat2(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
	                                         RESOLVE_NO_SYMLINKS);
	if (place < 0 || fstat(place, &found) < 0 || found.st_dev != status->st_dev ||
	    found.st_ino != status->st_ino) {
		error_set(err, "standard input is a file that cannot be opened again by its path");
		return error_help(err, "pipe it in: cat FILE | remit run ...");
	}
	return steal_descriptor(&place);
}

/* Should: replace a standard input that is a file opened for reading by one opened through a
 * read-only mount: through the caller's descriptor its owner could change mode, times and
 * attributes of a file that must not be changed.
 * Mustn't: touch what the caller opened for writing: that was named. */
int stage_input(struct entering *entering, struct error *err)
{
	struct stat status;
	char link[32];
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	if (flags < 0 || fstat(STDIN_FILENO, &status) < 0)
		return error_system(err, errno, "standard input");
	if (!S_ISREG(status.st_mode) || (flags & O_ACCMODE) != O_RDONLY || status.st_nlink == 0)
		return 0;
	/* An id of its own owns no file of the host. */
	if (entering->plan->identity.mapped && status.st_uid != getuid())
		return 0;
	cleanup_close int place = open_same(&status, err);
	if (place < 0)
		return -1;
	cleanup_close int tree = place_clone(place, err);
	if (tree < 0 ||
	    place_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, true, err) < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", tree);
	cleanup_close int again = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (again < 0)
		return error_system(err, errno, "opening standard input again");
	off_t offset = lseek(STDIN_FILENO, 0, SEEK_CUR);
	if (offset < 0 || lseek(again, offset, SEEK_SET) < 0 || dup2(again, STDIN_FILENO) < 0)
		return error_system(err, errno, "standard input");
	entering->report->input_moved = true;
	return 0;
}
