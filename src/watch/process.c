#include "watch/process.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	STATUS_SIZE = 16384, /* also of who is in a thousand groups */
	PAGE = 4096, /* the smallest page: a text is not read past one that may be missing */
};

/* The host's /proc: threads of the watch may have other views of the files. */
static int processes = AT_FDCWD;
/* Its `self/fd`: each look-up of those two names would make them anew. */
static int own_descriptors = AT_FDCWD;

int process_begin(struct error *err)
{
	int folder = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int own = folder < 0 ? -1 : openat(folder, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (own < 0)
		return error_system(err, errno, "/proc");
	processes = folder;
	own_descriptors = own;
	return 0;
}

int process_open(pid_t thread, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%d/%s", processes < 0 ? "/proc/" : "", thread, name);
	return openat(processes, path, flags | O_CLOEXEC);
}

int process_folder(void)
{
	return processes;
}

int process_own_folder(void)
{
	return own_descriptors;
}

void process_own_link(int descriptor, char *out, size_t size)
{
	snprintf(out, size, "%s%d", own_descriptors < 0 ? "/proc/self/fd/" : "", descriptor);
}

static ssize_t read_file(pid_t thread, const char *name, char *buffer, size_t size)
{
	cleanup_close int file = process_open(thread, name, O_RDONLY);
	ssize_t got = file < 0 ? -1 : read(file, buffer, size - 1);
	buffer[got < 0 ? 0 : got] = '\0';
	return got;
}

/* The last number of a line "NAME:\tNUMBER[\tNUMBER...]". */
static pid_t last_number(const char *status, const char *name)
{
	const char *line = strstr(status, name);
	long number = 0;

	for (const char *at = line ? line + strlen(name) : "\n"; *at == '\t';) {
		char *end;
		number = strtol(at, &end, 10);
		at = end;
	}
	return number > 0 && number <= INT_MAX ? (pid_t)number : 0;
}

void process_describe(pid_t thread, struct process *out)
{
	char status[STATUS_SIZE];

	*out = (struct process){.thread = thread};
	if (read_file(thread, "status", status, sizeof(status)) <= 0)
		return;
	/* The kernel quotes newlines in the name that stands here: no line can be forged. */
	out->process = last_number(status, "\nTgid:");
	out->parent = last_number(status, "\nPPid:");
	out->inside = last_number(status, "\nNStgid:");
	out->exe = process_link(thread, "exe");
	ssize_t size = read_file(thread, "comm", out->comm, sizeof(out->comm));
	if (size > 0)
		out->comm[size - 1] = '\0';
}

int process_umask(pid_t thread, mode_t *out)
{
	char status[256]; /* it is the second line */
	char *end;

	if (read_file(thread, "status", status, sizeof(status)) <= 0)
		return -1;
	const char *line = strstr(status, "\nUmask:\t");
	unsigned long mask = line ? strtoul(line + strlen("\nUmask:\t"), &end, 8) : ULONG_MAX;
	if (mask > 0777)
		return -1;
	*out = (mode_t)mask;
	return 0;
}

/* Descriptors with a number below `limit`. */
static rlim_t count_descriptors(pid_t thread, rlim_t limit)
{
	int folder = process_open(thread, "fd", O_RDONLY | O_DIRECTORY);
	DIR *names = folder < 0 ? NULL : fdopendir(folder);
	const struct dirent *name = NULL;
	rlim_t count = 0;

	if (!names && folder >= 0)
		close(folder);
	while (names && (name = readdir(names)))
		count += name->d_name[0] != '.' && strtoul(name->d_name, NULL, 10) < limit;
	if (names)
		closedir(names);
	return count;
}

bool process_is_full(pid_t thread)
{
	char path[64];
	struct rlimit limit;
	struct stat status;
	int number = errno;

	snprintf(path, sizeof(path), "%s%d/fd", processes < 0 ? "/proc/" : "", thread);
	/* Since Linux 6.2 the size says how many there are. */
	bool full = prlimit(thread, RLIMIT_NOFILE, NULL, &limit) == 0 &&
	            fstatat(processes, path, &status, 0) == 0 &&
	            (rlim_t)status.st_size >= limit.rlim_cur &&
	            count_descriptors(thread, limit.rlim_cur) >= limit.rlim_cur;
	errno = number;
	return full;
}

bool process_holds_read_only(pid_t thread, int descriptor)
{
	char path[64];
	struct statfs system;

	snprintf(path, sizeof(path), "../../%d/fd/%d", thread, descriptor);
	return statfs(path, &system) == 0 && ((unsigned long)system.f_flags & ST_RDONLY);
}

bool process_opened_to_use(pid_t thread, int descriptor)
{
	char name[32];
	char text[128]; /* it is the second line */

	snprintf(name, sizeof(name), "fdinfo/%d", descriptor);
	if (read_file(thread, name, text, sizeof(text)) <= 0)
		return false;
	const char *line = strstr(text, "flags:\t");
	return line && !(strtoul(line + strlen("flags:\t"), NULL, 8) & O_PATH);
}

pid_t process_inside(pid_t thread)
{
	char status[STATUS_SIZE];

	return read_file(thread, "status", status, sizeof(status)) > 0
	               ? last_number(status, "\nNStgid:")
	               : 0;
}

void process_clear(struct process *process)
{
	free(process->exe);
	*process = (struct process){0};
}

ssize_t process_memory(pid_t thread, uint64_t address, void *buffer, size_t size)
{
	const struct iovec here = {.iov_base = buffer, .iov_len = size};
	/* An address of the other process: never followed here. */
	const struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};

	return process_vm_readv(thread, &here, 1, &there, 1, 0);
}

char *process_text(pid_t thread, uint64_t address)
{
	char text[PATH_MAX];
	size_t size = 0;

	while (address && size < sizeof(text)) {
		size_t step = PAGE - (size_t)((address + size) % PAGE);
		if (step > sizeof(text) - size)
			step = sizeof(text) - size;
		ssize_t got = process_memory(thread, address + size, text + size, step);
		if (got <= 0)
			return NULL;
		if (memchr(text + size, '\0', (size_t)got))
			return text_copy(text);
		size += (size_t)got;
	}
	return NULL;
}

char *process_link(pid_t thread, const char *name)
{
	char path[64];
	char target[PATH_MAX];

	snprintf(path, sizeof(path), "%s%d/%s", processes < 0 ? "/proc/" : "", thread, name);
	ssize_t size = readlinkat(processes, path, target, sizeof(target));
	return size < 0 || (size_t)size == sizeof(target) ? NULL
	                                                  : text_copy_size(target, (size_t)size);
}

int process_root(pid_t thread)
{
	return process_open(thread, "root", O_PATH | O_DIRECTORY);
}
