#include "watch/deed.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "watch/confine.h"
#include "watch/folders.h"
#include "watch/masks.h"
#include "watch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MASK_UNKNOWN = 01000, /* none that a process can have */
};

uint64_t deed_argument(const struct deed *deed, int number)
{
	return number == CALL_NONE ? 0 : deed->notice->call->data.args[number];
}

unsigned deed_flags(const struct deed *deed, int number)
{
	return (unsigned)deed_argument(deed, number);
}

uint64_t deed_next(const struct deed *deed, int further)
{
	return deed_argument(deed, watched_call_next(deed->call) + further);
}

void deed_fail(const struct deed *deed, int number)
{
	deed->out->kind = OUTCOME_ERROR;
	deed->out->error = number;
}

void deed_finish(const struct deed *deed, int result)
{
	if (result < 0) {
		deed_fail(deed, errno);
		return;
	}
	deed->out->kind = OUTCOME_RESULT;
	deed->out->value = result;
}

char *deed_text(const struct deed *deed, int number)
{
	return process_text(deed->thread, deed_argument(deed, number));
}

static struct target_request request_of(const struct deed *deed, int folder, const char *text)
{
	return (struct target_request){
	        .thread = deed->thread,
	        .root = deed->context->root,
	        .own_root = true,
	        .folder = folder == CALL_NONE ? AT_FDCWD : (int)deed_argument(deed, folder),
	        .path = text,
	};
}

bool deed_find(const struct deed *deed, int folder, const char *text, bool follow, bool empty,
               struct target *out)
{
	struct target_request request = request_of(deed, folder, text);

	*out = (struct target){.holder = -1};
	request.follow = follow;
	request.empty = empty;
	errno = EFAULT;
	return text && target_find(&request, out) == 0;
}

bool deed_find_path(const struct deed *deed, const char *path, struct target *out)
{
	return deed_find(deed, CALL_NONE, path, false, false, out) && out->exists;
}

bool deed_name(const struct deed *deed, int folder, const char *text, struct target_name *out)
{
	const struct target_request request = request_of(deed, folder, text);

	*out = (struct target_name){.folder = -1};
	errno = EFAULT;
	return text && target_name_find(&request, out) == 0;
}

static bool take_place(const struct deed *deed, const struct target_request *request,
                       struct deed_place *out)
{
	if (!request->path || target_name_find(request, &out->at) < 0)
		return false;
	out->lock = deed_lock(deed, out->at.folder);
	out->path = out->lock ? target_path(out->at.folder) : NULL;
	return out->path;
}

bool deed_place(const struct deed *deed, int folder, const char *text, struct deed_place *out)
{
	struct target_request request = request_of(deed, folder, text);

	*out = (struct deed_place){.at = {.folder = -1}};
	errno = EFAULT;
	request.unchecked = true;
	bool taken = take_place(deed, &request, out);
	if (!out->at.unchecked || !out->lock ||
	    (taken && strcmp(out->path, out->at.unchecked) == 0))
		return taken;
	/* It is not where it was. */
	deed_place_clear(out);
	request.unchecked = false;
	return take_place(deed, &request, out);
}

void deed_place_clear(struct deed_place *place)
{
	deed_unlock(&place->lock);
	target_name_clear(&place->at);
	free(place->path);
	place->path = NULL;
}

bool deed_place_is_plain(const struct deed_place *place)
{
	const char *name = place->at.name;

	return !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* The number in "/proc/self/fd/N" and its like, or -1. */
static int descriptor_of(const char *path)
{
	static const char *const folders[] = {"/proc/self/fd/", "/proc/thread-self/fd/",
	                                      "/dev/fd/"};
	static const char *const streams[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};

	for (int i = 0; i < 3; i++) {
		size_t length = strlen(folders[i]);
		if (strcmp(path, streams[i]) == 0)
			return i;
		if (strncmp(path, folders[i], length) != 0)
			continue;
		char *end;
		long number = strtol(path + length, &end, 10);
		bool whole = path[length] >= '0' && path[length] <= '9' && !*end;
		if (whole && number >= 0 && number <= INT_MAX)
			return (int)number;
	}
	return -1;
}

int deed_held(const struct deed *deed, const char *path, bool follow)
{
	int descriptor = follow ? descriptor_of(path) : -1;
	char name[32];

	if (descriptor < 0)
		return -1;
	snprintf(name, sizeof(name), "fd/%d", descriptor);
	return process_open(deed->thread, name, O_PATH);
}

bool deed_same(int a, int b)
{
	struct stat left;
	struct stat right;

	return fstat(a, &left) == 0 && fstat(b, &right) == 0 && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
}

bool deed_is_nameless(int holder, const char *path)
{
	static const char mark[] = " (deleted)";
	size_t size = strlen(path);
	struct stat status;

	/* Some file systems count no names; and a name may end so. */
	return size >= sizeof(mark) - 1 && strcmp(path + size - (sizeof(mark) - 1), mark) == 0 &&
	       fstat(holder, &status) == 0 && status.st_nlink == 0;
}

bool deed_same_system(int a, int b)
{
	const int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC;
	struct statx left;
	struct statx right;

	return statx(a, "", flags, 0, &left) == 0 && statx(b, "", flags, 0, &right) == 0 &&
	       left.stx_dev_major == right.stx_dev_major &&
	       left.stx_dev_minor == right.stx_dev_minor;
}

bool deed_find_held(const struct deed *deed, const char *path, struct target *out)
{
	struct error err = {0};
	bool found = deed_find_path(deed, path, out);

	if (!found && errno == EACCES && confine_search(true, &err) == 0) {
		found = deed_find_path(deed, path, out);
		if (confine_search(false, &err) < 0)
			abort();
	}
	error_clear(&err);
	return found;
}

int deed_twin(const struct deed *deed, int held)
{
	cleanup_free char *path = target_path(held);
	cleanup_target struct target target = {.holder = -1};

	if (!path)
		return -1;
	if (!target_read_only(&(const struct target){.holder = held}))
		return fcntl(held, F_DUPFD_CLOEXEC, 3);
	if (!deed_find_held(deed, path, &target) || !deed_same(held, target.holder))
		return -1;
	return steal_descriptor(&target.holder);
}

bool deed_in_project(const struct deed *deed, int holder, const char *path)
{
	const struct region *region = policy_region(deed->context->policy, path);
	struct folder_facts facts;

	if (!region || region->kind != REGION_PROJECT)
		return false;
	return folders_know(holder, &facts)
	               ? !facts.read_only
	               : !target_read_only(&(const struct target){.holder = holder});
}

bool deed_is_wanted(const struct deed *deed)
{
	if (notice_waits(deed->notice))
		return true;
	/* Nobody hears the answer. */
	deed_fail(deed, EINTR);
	return false;
}

void deed_umask(const struct deed *deed)
{
	masks_change(deed->context->masks, deed->notice, (mode_t)deed_argument(deed, 0) & 0777);
	deed->out->kind = OUTCOME_PLAIN;
}

bool deed_take_umask(const struct deed *deed)
{
	/* Each broker has its own. */
	static _Thread_local mode_t own = MASK_UNKNOWN;
	mode_t mask;

	if (masks_read(deed->context->masks, deed->thread, &mask) < 0) {
		deed_fail(deed, EACCES);
		return false;
	}
	if (mask != own)
		umask(mask);
	own = mask;
	return true;
}
