#include "library/output.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Standard streams are the tool's: what it writes there would stand in the log as records.
 * A character device (a terminal, /dev/null) is nothing that is read back as a log. */
static int refuse_streams(const char *option, const char *text, int file, struct error *err)
{
	static const char *const names[] = {"standard input", "standard output", "standard error"};
	struct stat status;

	if (fstat(file, &status) < 0)
		return error_system(err, errno, "%s %s", option, text);
	for (int stream = 0; stream < 3 && !S_ISCHR(status.st_mode); stream++) {
		struct stat other;
		if (fstat(stream, &other) < 0 || other.st_dev != status.st_dev ||
		    other.st_ino != status.st_ino)
			continue;
		error_set(err, "%s %s is also the %s of the command, which could forge records",
		          option, text, names[stream]);
		return error_help(err, "a file or a pipe of its own: %s FILE", option);
	}
	return 0;
}

bool output_tool_may_write(const struct policy *policy, const char *path)
{
	struct decision decision;

	if (path_within(path, policy->workspace) ||
	    (policy->repository && path_within(path, policy->repository)) ||
	    (policy->git_folder && path_within(path, policy->git_folder)))
		return true;
	policy_decide(policy, EFFECT_WRITE, path, &decision);
	return decision.verdict != VERDICT_DENY && decision.region == REGION_PROJECT &&
	       !decision.no_region;
}

/* A file that was opened by others lies where it lies: not where the tool may write, nor where it
 * may have another name. What has no name any more is nobody else's. */
static int refuse_place(const char *option, const char *text, int file, const struct policy *policy,
                        struct error *err)
{
	char link[64];
	char path[PATH_MAX];
	struct stat status;

	if (fstat(file, &status) < 0)
		return error_system(err, errno, "%s %s", option, text);
	if (!S_ISREG(status.st_mode) || status.st_nlink == 0)
		return 0;
	if (status.st_nlink > 1)
		return error_set(err, "%s %s has a second name, which may be the tool's", option,
		                 text);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	ssize_t size = readlink(link, path, sizeof(path));
	if (size < 0 || (size_t)size == sizeof(path))
		return error_system(err, size < 0 ? errno : ENAMETOOLONG, "%s %s", option, text);
	path[size] = '\0';
	if (!output_tool_may_write(policy, path))
		return 0;
	error_set(err, "%s %s lies where the tool may write", option, text);
	return error_help(err, "a place outside of the workspace");
}

static int take_descriptor(const char *option, const char *text, struct error *err)
{
	char *end;

	errno = 0;
	long number = strtol(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || number > INT_MAX) {
		error_set(err, "%s fd:%s: not a descriptor", option, text);
		return error_help(err, "a number: %s fd:3", option);
	}
	int flags = fcntl((int)number, F_GETFL);
	if (flags < 0)
		return error_system(err, errno, "%s fd:%s", option, text);
	if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH))
		return error_set(err, "%s fd:%s is not open for writing", option, text);
	/* Out of the way of standard streams. */
	int copy = fcntl((int)number, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? error_system(err, errno, "%s fd:%s", option, text) : copy;
}

char *output_find(const char *option, const char *text, struct error *err)
{
	cleanup_free char *current = getcwd(NULL, 0);
	cleanup_free char *path = current ? path_absolute(current, text) : NULL;
	cleanup_free char *parent = path ? path_parent(path) : NULL;
	cleanup_free char *folder = NULL;

	if (!current)
		error_system(err, errno, "the current directory");
	if (!parent || file_real_path(parent, &folder, err) < 0)
		return NULL;
	if (!folder) {
		error_set(err, "%s %s: there is no folder %s", option, text, parent);
		return NULL;
	}
	return path_join(folder, path_name(path));
}

static int open_file(const char *option, const char *text, const struct policy *policy,
                     struct error *err)
{
	cleanup_free char *path = output_find(option, text, err);

	if (!path)
		return err->message ? -1 : error_memory(err);
	if (output_tool_may_write(policy, path)) {
		error_set(err, "%s %s lies where the tool may write", option, text);
		return error_help(err, "a place outside of the workspace");
	}
	cleanup_close int file =
	        open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (file < 0)
		return error_system(err, errno, "%s %s", option, text);
	int copy = fcntl(file, F_DUPFD_CLOEXEC, 3);
	return copy < 0 ? error_system(err, errno, "%s %s", option, text) : copy;
}

int output_open(const char *option, const char *text, const struct policy *policy,
                struct error *err)
{
	if (!*text)
		return error_set(err, "%s needs a file or fd:N", option);
	cleanup_close int file = strncmp(text, "fd:", 3) == 0
	                                 ? take_descriptor(option, text + 3, err)
	                                 : open_file(option, text, policy, err);
	if (file < 0 || refuse_streams(option, text, file, err) < 0 ||
	    refuse_place(option, text, file, policy, err) < 0)
		return -1;
	return steal_descriptor(&file);
}

/* Where the last whole line ends, not before `least`. */
static off_t whole_lines(int file, off_t size, off_t least)
{
	char part[4096];

	while (size > least) {
		off_t step = size - least;
		if (step > (off_t)sizeof(part))
			step = (off_t)sizeof(part);
		if (pread(file, part, (size_t)step, size - step) != step)
			return -1;
		const char *end = memrchr(part, '\n', (size_t)step);
		if (end)
			return size - step + (end - part) + 1;
		size -= step;
	}
	return least;
}

void output_mend(int descriptor, off_t least)
{
	char place[64];
	struct stat before;
	struct stat after;

	snprintf(place, sizeof(place), "/proc/self/fd/%d", descriptor);
	if (fstat(descriptor, &before) < 0 || !S_ISREG(before.st_mode) || before.st_size <= least)
		return;
	/* What was opened for writing alone is opened again; where it may not be read, readers of
	 * the log must do with it as it is. */
	cleanup_close int file = open(place, O_RDWR | O_CLOEXEC);
	off_t end = file < 0 ? -1 : whole_lines(file, before.st_size, least);
	/* Another run may have appended meanwhile: then it is not the end any more. */
	if (end < 0 || end == before.st_size || fstat(file, &after) < 0 ||
	    after.st_size != before.st_size)
		return;
	if (ftruncate(file, end) < 0)
		return;
}
