#include "watch/target.h"

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/confine.h"
#include "watch/deep.h"
#include "watch/folders.h"
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
#include <sys/vfs.h>
#include <unistd.h>

enum {
	/* As many links as the kernel follows in one path. */
	LINKS = 40,
};

/* Where /proc/self leads depends on who looks: here it would be the supervisor. */
static char *own_process(const char *path, pid_t thread)
{
	static const struct {
		const char *name;
		const char *below; /* /proc/PID */
	} names[] = {
	        {"/proc/self", ""},
	        {"/proc/thread-self", ""},
	        {"/dev/fd", "/fd"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t size = strlen(names[i].name);
		if (strncmp(path, names[i].name, size) == 0 &&
		    (path[size] == '/' || path[size] == '\0'))
			return text_printf("/proc/%d%s%s", (int)process_inside(thread),
			                   names[i].below, path + size);
	}
	return text_copy(path);
}

/* The path of the folder that a relative path starts at. */
static char *base_of(const struct target_request *request)
{
	char name[32] = "cwd";

	if (request->folder != AT_FDCWD)
		snprintf(name, sizeof(name), "fd/%d", request->folder);
	char *base = process_link(request->thread, name);
	if (base || errno != ENAMETOOLONG || !request->own_root)
		return base;
	cleanup_close int held = process_open(request->thread, name, O_PATH | O_DIRECTORY);
	return held < 0 ? NULL : deep_path(held);
}

static int open_part(int folder, const char *path, bool follow, uint64_t resolve)
{
	int found;

	/* EAGAIN: something was renamed somewhere while ".." was looked up below a root. */
	do {
		found = kernel_openat2(folder, *path ? path : ".",
		                       (follow ? 0 : O_NOFOLLOW) | O_PATH | O_CLOEXEC,
		                       resolve | RESOLVE_NO_MAGICLINKS);
	} while (found < 0 && errno == EAGAIN);
	return found;
}

/* A descriptor may hold a link (O_PATH with O_NOFOLLOW), which is no folder to start at. */
static bool is_link(const struct target_request *request, const char *path)
{
	cleanup_close int held =
	        open_part(request->root, path + strspn(path, "/"), false, RESOLVE_IN_ROOT);
	struct stat status;

	return held >= 0 && fstat(held, &status) == 0 && S_ISLNK(status.st_mode);
}

/* A folder that was removed has no names; what it had above itself, it still has. */
static char *from_removed(const char *base, const char *path)
{
	static const char mark[] = " (deleted)";
	size_t size = strlen(base) - (sizeof(mark) - 1);
	cleanup_free char *place = text_copy_size(base, size);
	cleanup_free char *parent = place ? path_parent(place) : NULL;
	size_t dots = strspn(path, "./");

	if (dots < 2 || strncmp(path, "..", 2) != 0 || (path[2] && path[2] != '/')) {
		errno = ESTALE;
		return NULL;
	}
	return parent ? text_printf("%s/%s", parent, path + 2) : NULL;
}

static bool is_removed(const struct target_request *request, const char *base)
{
	static const char mark[] = " (deleted)";
	size_t size = strlen(base);
	char name[32] = "cwd";
	struct stat status;

	if (size < sizeof(mark) - 1 || strcmp(base + size - (sizeof(mark) - 1), mark) != 0)
		return false;
	if (request->folder != AT_FDCWD)
		snprintf(name, sizeof(name), "fd/%d", request->folder);
	cleanup_close int held = process_open(request->thread, name, O_PATH);
	return held >= 0 && fstat(held, &status) == 0 && status.st_nlink == 0 &&
	       S_ISDIR(status.st_mode);
}

/* `*base_size` becomes the length of the path of the descriptor that it starts at, or 0. */
static char *text_of(const struct target_request *request, size_t *base_size)
{
	*base_size = 0;
	errno = ENOENT;
	if (request->path[0] == '/')
		return own_process(request->path, request->thread);
	if (!request->path[0] && !request->empty)
		return NULL;
	cleanup_free char *base = base_of(request);
	if (!base || base[0] != '/')
		return NULL;
	if (request->path[0] && is_removed(request, base))
		return from_removed(base, request->path);
	if (request->path[0] && request->folder != AT_FDCWD)
		*base_size = strlen(base);
	return request->path[0] ? text_printf("%s/%s", base, request->path) : text_copy(base);
}

/* Whether a descriptor that the path starts at holds a link: ENOTDIR. */
static bool starts_at_link(const struct target_request *request, const char *path, size_t base_size)
{
	cleanup_free char *base = base_size ? text_copy_size(path, base_size) : NULL;

	if (!base || !is_link(request, base))
		return false;
	errno = ENOTDIR;
	return true;
}

char *target_text(const struct target_request *request)
{
	size_t base_size;
	cleanup_free char *text = text_of(request, &base_size);

	return text && !starts_at_link(request, text, base_size) ? steal_pointer(&text) : NULL;
}

/* Where the root is the calling thread's own, paths need no bounds. */
static uint64_t bounds(const struct target_request *request)
{
	return request->own_root ? 0 : RESOLVE_IN_ROOT;
}

/* Where the first part of a path ends that is too long for one call. */
static size_t part_size(const char *path)
{
	size_t size = PATH_MAX - 2;

	while (size && path[size] != '/')
		size--;
	return size;
}

/* A path that is longer than one call takes, part by part: a link of a later part leads on from the
 * calling thread's root, which must be the sandbox's. */
static int open_parts(const struct target_request *request, const char *path, bool follow)
{
	cleanup_close int at = -1;

	while (strlen(path) >= PATH_MAX) {
		size_t size = part_size(path);
		cleanup_free char *part = size ? text_copy_size(path, size) : NULL;
		if (!part) {
			errno = ENAMETOOLONG;
			return -1;
		}
		int next = open_part(at < 0 ? request->root : at, part, true, 0);
		if (next < 0)
			return -1;
		if (at >= 0)
			close(at);
		at = next;
		path += size + strspn(path + size, "/");
	}
	return open_part(at, path, follow, 0);
}

static int open_inside(const struct target_request *request, const char *path, bool follow)
{
	const char *below = path + strspn(path, "/");

	if (request->base_size && strlen(path) >= request->base_size &&
	    (path[request->base_size] == '/' || path[request->base_size] == '\0')) {
		const char *rest = path + request->base_size;
		return open_part(request->base, rest + strspn(rest, "/"), follow, 0);
	}
	if (strlen(below) >= PATH_MAX && request->own_root)
		return open_parts(request, below, follow);
	return open_part(request->root, below, follow, bounds(request));
}

/* Finds by its path what the process itself can reach otherwise: through folders that may not be
 * searched. */
static int open_searching(const struct target_request *request, const char *path)
{
	struct error err = {0};

	if (confine_search(true, &err) < 0) {
		error_clear(&err);
		return -1;
	}
	int found = open_inside(request, path, false);
	/* With it no name of the tool's may be looked up. */
	if (confine_search(false, &err) < 0)
		abort();
	return found;
}

/* Finds the folder that a relative path starts at in the broker's tree, through folders that may
 * not be searched: the process stands in it, or holds it open. */
static int open_base(const struct target_request *request, const char *base)
{
	char name[32] = "cwd";
	struct stat here;
	struct stat there;

	if (request->folder != AT_FDCWD)
		snprintf(name, sizeof(name), "fd/%d", request->folder);
	cleanup_close int held = process_open(request->thread, name, O_PATH | O_DIRECTORY);
	cleanup_close int found = held < 0 ? -1 : open_searching(request, base);
	if (found < 0 || fstat(held, &here) < 0 || fstat(found, &there) < 0 ||
	    here.st_dev != there.st_dev || here.st_ino != there.st_ino)
		return -1;
	return steal_descriptor(&found);
}

/* Where `path` goes on behind `prefix`, or NULL. */
static const char *behind(const char *path, const char *prefix)
{
	size_t size = strlen(prefix);

	return path && strncmp(path, prefix, size) == 0 ? path + size : NULL;
}

/* Where a path goes on in the thread's own folder of /proc; NULL where it does not lead there. */
static const char *own_part(const char *path, pid_t thread)
{
	static const char *const names[] = {"/proc/self/task/../", "/proc/self/",
	                                    "/proc/thread-self/"};
	char *end;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (behind(path, names[i]))
			return behind(path, names[i]);
	const char *number = behind(path, "/proc/");
	if (!number || *number < '1' || *number > '9')
		return NULL;
	return strtol(number, &end, 10) == process_inside(thread) ? behind(end, "/") : NULL;
}

/* "/proc/self/cwd/x", "/dev/fd/3/x" and their like: the same as "x", from that folder. */
static bool starts_at_own(struct target_request *request)
{
	const char *path = request->path;
	const char *part = own_part(path, request->thread);
	const char *number = part ? behind(part, "fd/") : behind(path, "/dev/fd/");
	char *end;

	/* Nobody inside has another root. */
	if (part && behind(part, "root") && behind(part, "root")[0] == '/') {
		request->path = behind(part, "root");
		return starts_at_own(request);
	}
	request->folder = AT_FDCWD;
	request->path = part ? behind(part, "cwd/") : NULL;
	if (number && *number >= '0' && *number <= '9') {
		request->folder = (int)strtol(number, &end, 10);
		request->path = behind(end, "/");
	}
	return request->path && *request->path && *request->path != '/';
}

/* Whether to try again from there. */
static bool starts_inside(struct target_request *request)
{
	if (errno != EACCES || !request->own_root || request->base_size)
		return false;
	bool starts = request->path[0] != '/' || starts_at_own(request);
	cleanup_free char *base = starts ? base_of(request) : NULL;
	request->base = base && base[0] == '/' ? open_base(request, base) : -1;
	request->base_size = request->base < 0 ? 0 : strlen(base);
	errno = EACCES;
	return request->base >= 0;
}

static int take(int holder, bool exists, const char *name, struct target *out)
{
	cleanup_close int owned = holder;
	cleanup_free char *folder = target_path(holder);

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
		return own_process(text, request->thread);
	cleanup_free char *own = target_path(link);
	cleanup_free char *folder = own ? path_parent(own) : NULL;
	return folder ? path_join(folder, text) : NULL;
}

/* The folder of what does not exist yet, and its name. */
static int find_parent(const struct target_request *request, const char *text, struct target *out)
{
	cleanup_free char *path = text_copy(text);
	size_t size = path ? strlen(path) : 0;

	if (!path)
		return -1;
	out->slash = size > 1 && path[size - 1] == '/';
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

/* Where a link of /proc leads, or what another one says that leads there by itself; else NULL. */
static char *led_to(int link, bool process)
{
	char text[PATH_MAX];
	ssize_t size = readlinkat(link, "", text, sizeof(text) - 1);

	if (size <= 0 || (size_t)size == sizeof(text) - 1)
		return NULL;
	text[size] = '\0';
	bool leads = process ? text[0] == '/'
	                     : strncmp(text, "/proc/", 6) == 0 || strncmp(text, "/dev/", 5) == 0;
	return leads ? text_copy(text) : NULL;
}

/* A link of /proc that is no text, as /proc/self/cwd is, or one that leads there: the path with
 * what the first such link says in its place. NULL where there is none, also where such a link ends
 * the path: a file that is held open (/proc/self/fd/1) need not be the one that has its name here.
 */
static char *through_process(const struct target_request *request, const char *path)
{
	size_t size = 0;

	for (;;) {
		size += strspn(path + size, "/");
		size += strcspn(path + size, "/");
		if (!path[size])
			return NULL;
		cleanup_free char *prefix = text_copy_size(path, size);
		struct statfs system;
		struct stat status;
		if (!prefix)
			return NULL;
		cleanup_close int link = open_inside(request, prefix, false);
		if (link < 0 || fstat(link, &status) < 0 || fstatfs(link, &system) < 0)
			return NULL;
		if (!S_ISLNK(status.st_mode))
			continue;
		/* ENOENT: /proc/self, which the broker has none of. */
		cleanup_close int led = open_inside(request, prefix, true);
		if (led >= 0 || (errno != ELOOP && errno != ENOENT))
			continue;
		bool process = system.f_type == PROC_SUPER_MAGIC;
		cleanup_free char *said = led_to(link, process);
		if (!said && !process)
			continue;
		if (said && process && is_link(request, said)) {
			errno = ENOTDIR;
			return NULL;
		}
		cleanup_free char *whole = said ? text_printf("%s%s", said, path + size) : NULL;
		return whole ? own_process(whole + strspn(whole, "/") - 1, request->thread) : NULL;
	}
}

/* A link of /proc that is no text, at the end of the path: what it leads to, found by its path,
 * where that is the same object. */
static int find_through(const struct target_request *request, const char *path, struct target *out)
{
	char text[PATH_MAX];
	struct statfs system;
	struct stat here;
	struct stat there;
	cleanup_close int link = open_inside(request, path, false);

	errno = ELOOP;
	if (link < 0 || !request->own_root || fstatfs(link, &system) < 0 ||
	    system.f_type != PROC_SUPER_MAGIC)
		return -1;
	ssize_t size = readlinkat(link, "", text, sizeof(text));
	cleanup_close int led =
	        kernel_openat2(request->root, path + strspn(path, "/"), O_PATH | O_CLOEXEC, 0);
	if (size <= 0 || (size_t)size == sizeof(text) || text[0] != '/' || led < 0)
		return -1;
	text[size] = '\0';
	cleanup_close int found = open_inside(request, text, false);
	if (found < 0 && errno == EACCES)
		found = open_searching(request, text);
	if (found < 0 || fstat(led, &here) < 0 || fstat(found, &there) < 0 ||
	    here.st_dev != there.st_dev || here.st_ino != there.st_ino) {
		errno = ELOOP;
		return -1;
	}
	return take(steal_descriptor(&found), true, NULL, out);
}

static int find_target(const struct target_request *request, struct target *out)
{
	cleanup_free char *path = target_text(request);

	*out = (struct target){.holder = -1};
	for (int links = 0; path && links < LINKS; links++) {
		int found = open_inside(request, path, request->follow);
		if (found >= 0)
			return take(found, true, NULL, out);
		if (errno != ENOENT && errno != ELOOP)
			return -1;
		bool loops = errno == ELOOP;
		bool slash = path[strlen(path) - 1] == '/';
		char *next = loops || slash    ? through_process(request, path)
		             : request->follow ? follow_dangling(request, path)
		                               : NULL;
		if (!next && (loops ? find_through(request, path, out)
		                    : find_parent(request, path, out)) == 0)
			return 0;
		if (!next && (loops || errno != ENOENT || !(next = through_process(request, path))))
			return -1;
		free(path);
		path = next;
	}
	return -1;
}

/* Where the last component of a path begins, slashes behind it not counted. */
static size_t last_component(const char *path)
{
	size_t size = strlen(path);

	while (size && path[size - 1] == '/')
		size--;
	while (size && path[size - 1] != '/')
		size--;
	return size;
}

/* The folder of a name, at `path`, which ends with a slash. Where it is known, no descriptor at
 * which the path starts can be one of a link: the folder is called by its name. */
static int find_folder(const struct target_request *request, const char *path, size_t base_size,
                       struct target_name *out)
{
	size_t size = strlen(path);
	int folder = -1;

	while (size && path[size - 1] == '/')
		size--;
	bool keeps = size && request->own_root && !request->base_size;
	if (keeps)
		folder = request->unchecked ? folders_recall(path, size)
		                            : folders_recall_there(path, size);
	out->lent = folder >= 0;
	if (out->lent && request->unchecked)
		out->unchecked = text_copy_size(path, size);
	if (out->lent)
		return !request->unchecked || out->unchecked ? folder : -1;
	if (starts_at_link(request, path, base_size))
		return -1;
	unsigned age = folders_age();
	folder = open_inside(request, path, true);
	out->lent = keeps && folder >= 0 && folders_keep(path, size, folder, age);
	return folder;
}

static int find_name(const struct target_request *request, struct target_name *out)
{
	size_t base_size;
	cleanup_free char *path = text_of(request, &base_size);

	*out = (struct target_name){.folder = -1};
	for (int links = 0; path && links < LINKS; links++) {
		size_t size = last_component(path);
		cleanup_free char *parent = text_copy_size(path, size);
		out->folder = parent ? find_folder(request, parent, base_size, out) : -1;
		if (out->folder >= 0) {
			out->name = text_copy(path[size] ? path + size : "/");
			return out->name ? 0 : -1;
		}
		char *next = parent && (errno == ELOOP || errno == ENOENT)
		                     ? through_process(request, path)
		                     : NULL;
		if (!next)
			return -1;
		free(path);
		path = next;
		base_size = 0;
	}
	return -1;
}

int target_find(const struct target_request *request, struct target *out)
{
	struct target_request again = *request;
	int result = find_target(request, out);

	if (result < 0 && starts_inside(&again)) {
		result = find_target(&again, out);
		int number = errno;
		close(again.base);
		errno = number;
	}
	return result;
}

int target_name_find(const struct target_request *request, struct target_name *out)
{
	struct target_request again = *request;
	int result = find_name(request, out);

	if (result < 0 && starts_inside(&again)) {
		result = find_name(&again, out);
		int number = errno;
		close(again.base);
		errno = number;
	}
	return result;
}

void target_name_clear(struct target_name *name)
{
	free(name->name);
	free(name->unchecked);
	if (name->folder >= 0 && !name->lent)
		close(name->folder);
	*name = (struct target_name){.folder = -1};
}

int target_opened(pid_t thread, int descriptor, struct target *out)
{
	char name[32];

	*out = (struct target){.holder = -1};
	snprintf(name, sizeof(name), "fd/%d", descriptor);
	int holder = process_open(thread, name, O_PATH);
	return holder < 0 ? -1 : take(holder, true, NULL, out);
}

void target_clear(struct target *target)
{
	free(target->path);
	if (target->holder >= 0)
		close(target->holder);
	*target = (struct target){.holder = -1};
}
