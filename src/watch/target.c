#include "watch/target.h"

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	/* As many links as the kernel follows in one path. */
	LINKS = 40,
};

/* Where /proc/self leads depends on who looks: here it would be the supervisor. */
static char *own_process(const char *path, pid_t thread)
{
	static const char *const names[] = {"/proc/self", "/proc/thread-self"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t size = strlen(names[i]);
		if (strncmp(path, names[i], size) == 0 && (path[size] == '/' || path[size] == '\0'))
			return text_printf("/proc/%d%s", (int)process_inside(thread), path + size);
	}
	return text_copy(path);
}

/* The path as text from the sandbox's root; nothing is resolved yet, so ".." stays. */
static char *whole(const struct target_request *request)
{
	cleanup_free char *base = NULL;
	char name[32] = "cwd";

	if (request->path[0] == '/')
		return own_process(request->path, request->thread);
	if (!request->path[0] && !request->empty)
		return NULL;
	if (request->folder != AT_FDCWD)
		snprintf(name, sizeof(name), "fd/%d", request->folder);
	base = process_link(request->thread, name);
	if (!base || base[0] != '/')
		return NULL;
	return request->path[0] ? text_printf("%s/%s", base, request->path) : text_copy(base);
}

static int open_inside(const struct target_request *request, const char *path, bool follow)
{
	const char *below = path + strspn(path, "/");

	return kernel_openat2(request->root, *below ? below : ".",
	                      (follow ? 0 : O_NOFOLLOW) | O_PATH | O_CLOEXEC,
	                      RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* The path of what a descriptor holds, as the kernel tells it. */
static char *name_of(int holder)
{
	char link[32];
	char path[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", holder);
	ssize_t size = readlink(link, path, sizeof(path));
	return size <= 0 || (size_t)size == sizeof(path) || path[0] != '/'
	               ? NULL
	               : text_copy_size(path, (size_t)size);
}

static int take(int holder, bool exists, const char *name, struct target *out)
{
	cleanup_close int owned = holder;
	cleanup_free char *folder = name_of(holder);

	if (!folder)
		return -1;
	out->path = name ? path_join(folder, name) : text_copy(folder);
	if (!out->path)
		return -1;
	out->exists = exists;
	out->holder = steal_descriptor(&owned);
	return 0;
}

/* What a link at the end that leads to nothing means: a path, from the folder of the link. */
static char *follow_dangling(const struct target_request *request, const char *path)
{
	char text[PATH_MAX];
	cleanup_close int link = open_inside(request, path, false);
	struct stat status;

	if (link < 0 || fstat(link, &status) < 0 || !S_ISLNK(status.st_mode))
		return NULL;
	ssize_t size = readlinkat(link, "", text, sizeof(text));
	if (size <= 0 || (size_t)size == sizeof(text))
		return NULL;
	text[size] = '\0';
	if (text[0] == '/')
		return text_copy(text);
	cleanup_free char *own = name_of(link);
	cleanup_free char *folder = own ? path_parent(own) : NULL;
	return folder ? path_join(folder, text) : NULL;
}

/* The folder of what does not exist yet, and its name. */
static int find_parent(const struct target_request *request, char *path, struct target *out)
{
	size_t size = strlen(path);

	while (size > 1 && path[size - 1] == '/')
		path[--size] = '\0';
	char *slash = strrchr(path, '/');
	if (!slash || strcmp(slash, "/.") == 0 || strcmp(slash, "/..") == 0)
		return -1;
	cleanup_free char *name = text_copy(slash + 1);
	slash[slash == path] = '\0';
	if (!name || !*name)
		return -1;
	int folder = open_inside(request, path, true);
	return folder < 0 ? -1 : take(folder, false, name, out);
}

/* A link of /proc that is no text, as /proc/self/cwd is: the path with the folder that the first
 * such link leads to in its place. NULL where there is none, also where such a link ends the path:
 * a file that is held open (/proc/self/fd/1) need not be the one that has its name here. */
static char *through_process(const struct target_request *request, const char *path)
{
	size_t size = 0;

	for (;;) {
		size += strspn(path + size, "/");
		size += strcspn(path + size, "/");
		if (!path[size])
			return NULL;
		cleanup_free char *prefix = text_copy_size(path, size);
		char text[PATH_MAX];
		struct statfs system;
		struct stat status;
		if (!prefix)
			return NULL;
		cleanup_close int link = open_inside(request, prefix, false);
		if (link < 0 || fstat(link, &status) < 0 || fstatfs(link, &system) < 0)
			return NULL;
		if (!S_ISLNK(status.st_mode) || system.f_type != PROC_SUPER_MAGIC)
			continue;
		cleanup_close int led = open_inside(request, prefix, true);
		if (led >= 0 || errno != ELOOP)
			continue;
		ssize_t got = readlinkat(link, "", text, sizeof(text));
		if (got <= 0 || (size_t)got == sizeof(text) || text[0] != '/')
			return NULL;
		return text_printf("%.*s%s", (int)got, text, path + size);
	}
}

int target_find(const struct target_request *request, struct target *out)
{
	cleanup_free char *path = whole(request);

	*out = (struct target){.holder = -1};
	for (int links = 0; path && links < LINKS; links++) {
		int found = open_inside(request, path, request->follow);
		if (found >= 0)
			return take(found, true, NULL, out);
		if (errno != ENOENT && errno != ELOOP)
			return -1;
		char *next = errno == ELOOP    ? through_process(request, path)
		             : request->follow ? follow_dangling(request, path)
		                               : NULL;
		if (!next)
			return find_parent(request, path, out);
		free(path);
		path = next;
	}
	return -1;
}

int target_opened(pid_t thread, int descriptor, struct target *out)
{
	char link[64];

	*out = (struct target){.holder = -1};
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", thread, descriptor);
	int holder = open(link, O_PATH | O_CLOEXEC);
	return holder < 0 ? -1 : take(holder, true, NULL, out);
}

void target_clear(struct target *target)
{
	free(target->path);
	if (target->holder >= 0)
		close(target->holder);
	*target = (struct target){.holder = -1};
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
