/* Rights, owners, sizes, times and extended attributes; and whether something may be written. */
#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/deed.h"
#include "watch/folders.h"
#include "watch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

/* What a call changes, by the name (below process_own_folder) of what is held. Sets the outcome. */
typedef void change(const struct deed *deed, const char *link);

/* --- Reading arguments ----------------------------------------------------------------------- */

/* False with the outcome set where the memory cannot be read. */
static bool read_memory(const struct deed *deed, uint64_t address, void *out, size_t size)
{
	if (process_memory(deed->thread, address, out, size) == (ssize_t)size)
		return true;
	deed_fail(deed, EFAULT);
	return false;
}

static void change_mode(const struct deed *deed, const char *link)
{
	if (deed_is_wanted(deed))
		deed_finish(deed,
		            fchmodat(process_own_folder(), link, (mode_t)deed_next(deed, 0), 0));
}

static void change_owner(const struct deed *deed, const char *link)
{
	if (deed_is_wanted(deed))
		deed_finish(deed, fchownat(process_own_folder(), link, (uid_t)deed_next(deed, 0),
		                           (gid_t)deed_next(deed, 1), 0));
}

/* The broker's own limit is not the tool's. */
static void change_size(const struct deed *deed, const char *link)
{
	int64_t size = (int64_t)deed_next(deed, 0);
	struct rlimit limit;

	if (prlimit(deed->thread, RLIMIT_FSIZE, NULL, &limit) < 0)
		limit.rlim_cur = 0;
	if (!deed_is_wanted(deed))
		return;
	bool beyond =
	        size > 0 && limit.rlim_cur != RLIM_INFINITY && (uint64_t)size > limit.rlim_cur;
	struct stat status;
	if (beyond && fstatat(process_own_folder(), link, &status, 0) == 0 &&
	    S_ISREG(status.st_mode) && size > status.st_size &&
	    faccessat(process_own_folder(), link, W_OK, 0) == 0) {
		deed_fail(deed, EFBIG);
		return;
	}
	/* Somebody's lease on the file is not waited for under the lock; and who writes it here
	 * keeps others from taking one. */
	cleanup_close int file =
	        openat(process_own_folder(), link, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0 && errno == EWOULDBLOCK) {
		deed->out->kind = OUTCOME_AGAIN;
		return;
	}
	/* The current folder of the thread is process_own_folder(). */
	deed_finish(deed, truncate(link, size));
}

static void set_times(const struct deed *deed, const char *link, const struct timespec *times)
{
	if (deed_is_wanted(deed))
		deed_finish(deed, utimensat(process_own_folder(), link, times, 0));
}

static void change_times(const struct deed *deed, const char *link)
{
	struct timespec times[2];
	uint64_t address = deed_next(deed, 0);

	if (!address)
		set_times(deed, link, NULL);
	else if (read_memory(deed, address, times, sizeof(times)))
		set_times(deed, link, times);
}

#ifdef SYS_utimes
static void change_times_by_microseconds(const struct deed *deed, const char *link)
{
	struct timeval given[2];
	struct timespec times[2];
	uint64_t address = deed_next(deed, 0);

	if (!address) {
		set_times(deed, link, NULL);
		return;
	}
	if (!read_memory(deed, address, given, sizeof(given)))
		return;
	for (int i = 0; i < 2; i++) {
		if (given[i].tv_usec < 0 || given[i].tv_usec >= 1000000) {
			deed_fail(deed, EINVAL);
			return;
		}
		times[i] = (struct timespec){given[i].tv_sec, given[i].tv_usec * 1000};
	}
	set_times(deed, link, times);
}

static void change_times_by_seconds(const struct deed *deed, const char *link)
{
	struct utimbuf given;
	uint64_t address = deed_next(deed, 0);

	if (!address) {
		set_times(deed, link, NULL);
	} else if (read_memory(deed, address, &given, sizeof(given))) {
		const struct timespec times[] = {{.tv_sec = given.actime},
		                                 {.tv_sec = given.modtime}};
		set_times(deed, link, times);
	}
}
#endif

/* The name of an attribute, at `address`: false with the outcome set. */
static bool attribute_name(const struct deed *deed, uint64_t address, char *out)
{
	cleanup_free char *text = process_text(deed->thread, address);

	if (!text || !*text || strlen(text) > XATTR_NAME_MAX) {
		deed_fail(deed, text ? ERANGE : EFAULT);
		return false;
	}
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static void set_attribute(const struct deed *deed, const char *link, uint64_t name,
                          uint64_t address, uint64_t size, int flags)
{
	char text[XATTR_NAME_MAX + 1];

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE)) {
		deed_fail(deed, EINVAL);
		return;
	}
	if (!attribute_name(deed, name, text))
		return;
	if (size > XATTR_SIZE_MAX) {
		deed_fail(deed, E2BIG);
		return;
	}
	cleanup_free char *value = malloc(size + 1);
	if (!value) {
		deed_fail(deed, ENOMEM);
		return;
	}
	if ((size && !read_memory(deed, address, value, size)) || !deed_is_wanted(deed))
		return;
	deed_finish(deed, setxattr(link, text, value, size, flags));
}

static void change_attribute(const struct deed *deed, const char *link)
{
	set_attribute(deed, link, deed_next(deed, 0), deed_next(deed, 1), deed_next(deed, 2),
	              (int)deed_next(deed, 3));
}

/* The structure of setxattrat(2), Linux 6.13. */
struct attribute_arguments {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

static void change_attribute_at(const struct deed *deed, const char *link)
{
	struct attribute_arguments given;

	if (deed_argument(deed, 5) != sizeof(given)) {
		deed_fail(deed, deed_argument(deed, 5) < sizeof(given) ? EINVAL : E2BIG);
		return;
	}
	if (read_memory(deed, deed_argument(deed, 4), &given, sizeof(given)))
		set_attribute(deed, link, deed_argument(deed, 3), given.value, given.size,
		              (int)given.flags);
}

static void remove_named(const struct deed *deed, const char *link, uint64_t name)
{
	char text[XATTR_NAME_MAX + 1];

	if (attribute_name(deed, name, text) && deed_is_wanted(deed))
		deed_finish(deed, removexattr(link, text));
}

static void remove_attribute(const struct deed *deed, const char *link)
{
	remove_named(deed, link, deed_next(deed, 0));
}

static void remove_attribute_at(const struct deed *deed, const char *link)
{
	remove_named(deed, link, deed_argument(deed, 3));
}

static const struct {
	int number;
	change *change;
} changes[] = {
        {SYS_fchmod, change_mode},
        {SYS_fchmodat, change_mode},
        {SYS_fchmodat2, change_mode},
        {SYS_fchown, change_owner},
        {SYS_fchownat, change_owner},
        {SYS_truncate, change_size},
        {SYS_utimensat, change_times},
        {SYS_setxattr, change_attribute},
        {SYS_lsetxattr, change_attribute},
        {SYS_fsetxattr, change_attribute},
        {SYS_setxattrat, change_attribute_at},
        {SYS_removexattr, remove_attribute},
        {SYS_lremovexattr, remove_attribute},
        {SYS_fremovexattr, remove_attribute},
        {SYS_removexattrat, remove_attribute_at},
#ifdef SYS_chmod /* and its like, which newer architectures do not have */
        {SYS_chmod, change_mode},
        {SYS_chown, change_owner},
        {SYS_lchown, change_owner},
        {SYS_utime, change_times_by_seconds},
        {SYS_utimes, change_times_by_microseconds},
        {SYS_futimesat, change_times_by_microseconds},
#endif
};

static change *change_of(const struct watched_call *call)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		if (changes[i].number == call->number)
			return changes[i].change;
	return NULL;
}

/* --- What is changed ------------------------------------------------------------------------- */

/* What the process's descriptor holds, in the broker's tree; -1 where the kernel is to answer: it
 * came from the broker, and may be changed by who holds it; or it only names a place. */
static int find_opened(const struct deed *deed, int descriptor)
{
	char name[32];

	snprintf(name, sizeof(name), "fd/%d", descriptor);
	bool read_only = process_holds_read_only(deed->thread, descriptor);
	cleanup_close int held = read_only ? process_open(deed->thread, name, O_PATH) : -1;
	if (held >= 0 && process_opened_to_use(deed->thread, descriptor))
		return deed_twin(deed, held);
	deed->out->kind = OUTCOME_PLAIN;
	return -1;
}

/* setxattrat(2) and its like, which take no path for an empty one. */
static bool is_attribute_at(const struct watched_call *call)
{
	return call->number == SYS_setxattrat || call->number == SYS_removexattrat;
}

static char *path_of(const struct deed *deed, unsigned flags)
{
	return is_attribute_at(deed->call) && (flags & AT_EMPTY_PATH) &&
	                       !deed_argument(deed, deed->call->path)
	               ? text_copy("")
	               : deed_text(deed, deed->call->path);
}

static int find_by_path(const struct deed *deed, const char *text, unsigned flags)
{
	const struct watched_call *call = deed->call;
	cleanup_target struct target target = {.holder = -1};
	bool follow = !call->no_follow && !(flags & AT_SYMLINK_NOFOLLOW);
	int held = deed_held(deed, text, follow);

	if (held >= 0) {
		int twin = deed_twin(deed, held);
		close(held);
		return twin;
	}
	if (!deed_find(deed, call->folder, text, follow, flags & AT_EMPTY_PATH, &target) ||
	    !target.exists)
		return -1;
	return steal_descriptor(&target.holder);
}

/* Whether the call is about what its descriptor holds, which then must not be one of O_PATH. */
static bool is_about_opened(const struct deed *deed, unsigned flags)
{
	const struct watched_call *call = deed->call;

	if (call->folder == CALL_NONE || call->path == CALL_NONE)
		return call->folder != CALL_NONE;
	if (watched_call_may_lack_path(call))
		return !flags && deed_argument(deed, call->path) == 0;
	if (!is_attribute_at(call) || !(flags & AT_EMPTY_PATH))
		return false;
	/* Of these two the kernel sets attributes of the current folder, and does not remove them.
	 */
	if (call->number == SYS_setxattrat && (int)deed_argument(deed, call->folder) < 0)
		return false;
	cleanup_free char *text = path_of(deed, flags);
	return text && !*text;
}

/* Attributes of a protected name are the operator's, as its content is. Under the lock. */
static bool may_change(const struct deed *deed, int folder, const char *parent, const char *name,
                       int object)
{
	bool content = deed->call->number == SYS_truncate;
	cleanup_guard_finding struct guard_finding finding = {0};
	const struct matter matter = {
	        .folder = folder,
	        .path = parent,
	        .name = name,
	        .deed = content ? GUARD_MAKE_FILE : GUARD_CHANGE,
	        .object = object,
	};
	enum ruling ruling = ruling_of_name(deed, &matter, &finding);

	if (ruling == RULING_CONTENT) {
		cleanup_free char *path = path_join(parent, name);
		ruling_refuse(deed, path ? path : parent, finding.because);
	}
	return ruling == RULING_DO;
}

/* The same of what was found without its folder, by the name that it has now. */
static bool may_change_found(const struct deed *deed, int holder, const char *path)
{
	cleanup_free char *parent = path_parent(path);
	cleanup_target struct target above = {.holder = -1};

	if (deed_is_nameless(holder, path))
		return true;
	if (!parent || !deed_find_held(deed, parent, &above)) {
		deed_fail(deed, ENOENT);
		return false;
	}
	return may_change(deed, above.holder, parent, path_name(path), holder);
}

static void change_found(const struct deed *deed, change *does, int found)
{
	cleanup_close int holder = found;
	cleanup_lock struct broker_lock *lock = holder < 0 ? NULL : deed_lock(deed, holder);
	cleanup_free char *path = lock ? target_path(holder) : NULL;
	char link[32];

	if (!path || !deed_in_project(deed, holder, path) || !may_change_found(deed, holder, path))
		return;
	process_own_link(holder, link, sizeof(link));
	does(deed, link);
}

/* By the folder of the name: most calls. Returns false where nothing was done: nothing stands
 * there, or something that may be a link or a mount. */
static bool change_at_name(const struct deed *deed, change *does, const char *text)
{
	cleanup_place struct deed_place place;
	char link[32];

	if (!deed_place(deed, deed->call->folder, text, &place) || !deed_place_is_plain(&place) ||
	    !deed_in_project(deed, place.at.folder, place.path))
		return false;
	const char *name = place.at.name;
	cleanup_close int object = kernel_openat2(place.at.folder, name, O_PATH | O_CLOEXEC,
	                                          RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	/* Where two spellings are one name, the verdict is on the one that the file system has. */
	cleanup_free char *path = object < 0 ? NULL : target_path(object);
	cleanup_free char *whole = path ? path_join(place.path, name) : NULL;
	if (!whole || strcmp(path, whole) != 0)
		return false;
	if (may_change(deed, place.at.folder, place.path, name, object)) {
		process_own_link(object, link, sizeof(link));
		does(deed, link);
	}
	return true;
}

static void change_by_path(const struct deed *deed, change *does, unsigned flags)
{
	cleanup_free char *text = path_of(deed, flags);

	if (text && (!*text || !change_at_name(deed, does, text)) &&
	    deed->out->kind == OUTCOME_GO_ON)
		change_found(deed, does, find_by_path(deed, text, flags));
}

/* Whether it may change who searches a folder. */
static bool changes_rights(const struct deed *deed)
{
	return strcmp(deed->call->operation, "utime") != 0 &&
	       strcmp(deed->call->operation, "truncate") != 0;
}

static void change_attributes(const struct deed *deed)
{
	change *does = change_of(deed->call);
	unsigned flags = deed_flags(deed, deed->call->flags);

	if (!does || (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return;
	if (is_about_opened(deed, flags))
		change_found(deed, does,
		             find_opened(deed, (int)deed_argument(deed, deed->call->folder)));
	else
		change_by_path(deed, does, flags);
}

void deed_attributes(const struct deed *deed)
{
	change_attributes(deed);
	if (!changes_rights(deed))
		return;
	if (deed->out->kind == OUTCOME_GO_ON || deed->out->kind == OUTCOME_PLAIN)
		folders_forget_soon();
	else
		folders_forget();
}

/* --- Asking whether it may be written -------------------------------------------------------- */

void deed_access(const struct deed *deed)
{
	const struct watched_call *call = deed->call;
	unsigned flags = deed_flags(deed, call->flags);
	cleanup_free char *text = deed_text(deed, call->path);
	cleanup_target struct target target = {.holder = -1};
	struct decision decision;

	if ((flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_EACCESS)) ||
	    !deed_find(deed, call->folder, text, !(flags & AT_SYMLINK_NOFOLLOW),
	               flags & AT_EMPTY_PATH, &target) ||
	    !target.exists || !deed_in_project(deed, target.holder, target.path))
		return;
	policy_decide(deed->context->policy, EFFECT_WRITE, target.path, &decision);
	if (decision.verdict == VERDICT_DENY || !deed_is_wanted(deed))
		return; /* the tool's mount says no */
	deed_finish(deed, (int)syscall(SYS_faccessat2, target.holder, "", (int)deed_next(deed, 0),
	                               AT_EMPTY_PATH));
}
