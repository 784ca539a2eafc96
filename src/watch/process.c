#include "watch/process.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	STATUS_SIZE = 16384, /* also of who is in a thousand groups */
	PAGE = 4096, /* the smallest page: a text is not read past one that may be missing */
};

static ssize_t read_file(pid_t thread, const char *name, char *buffer, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", thread, name);
	cleanup_close int file = open(path, O_RDONLY | O_CLOEXEC);
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

	snprintf(path, sizeof(path), "/proc/%d/%s", thread, name);
	ssize_t size = readlink(path, target, sizeof(target));
	return size < 0 || (size_t)size == sizeof(target) ? NULL
	                                                  : text_copy_size(target, (size_t)size);
}

int process_root(pid_t thread)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", thread);
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}
