/* Names that are made, removed and moved. */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/carried.h"
#include "watch/deed.h"
#include "watch/process.h"
#include "watch/staged.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A name under the lock: what it means now. */
struct named {
	struct target_name at;
	char *path;               /* of the folder, inside */
	char *plain;              /* the name without the slashes behind it */
	struct broker_lock *lock; /* NULL where another one is held, or none yet */
};

static void named_clear(struct named *named)
{
	deed_unlock(&named->lock);
	target_name_clear(&named->at);
	free(named->path);
	free(named->plain);
}

#define cleanup_named __attribute__((cleanup(named_clear)))

static struct named nothing(void)
{
	return (struct named){.at = {.folder = -1}};
}

/* Names that the kernel itself refuses, in every call that makes, removes or moves one. */
static bool is_special(const char *name)
{
	return !*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* False with errno where the name is one that the kernel itself refuses. */
static bool make_plain(struct named *named)
{
	named->plain = text_copy_size(named->at.name, strcspn(named->at.name, "/"));
	errno = EINVAL;
	return named->plain && !is_special(named->plain);
}

static bool look_up(const struct deed *deed, int folder, int path, struct named *out)
{
	cleanup_free char *text = deed_text(deed, path);

	return deed_name(deed, folder, text, &out->at) && make_plain(out);
}

/* In a folder that was removed there is no name that could go: the kernel would look at the mount
 * first. */
static void fail_absent(const struct deed *deed)
{
	if (errno == ESTALE)
		deed_fail(deed, ENOENT);
}

/* Where the name is now; false where that is not in the project. */
static bool place(const struct deed *deed, struct named *named)
{
	free(named->path);
	named->path = target_path(named->at.folder);
	return named->path && deed_in_project(deed, named->at.folder, named->path);
}

/* The name that a call is about, in the project, under the lock of its folder; false with errno
 * where the kernel is to answer. */
static bool take(const struct deed *deed, struct named *out)
{
	cleanup_free char *text = deed_text(deed, deed->call->path);
	struct deed_place place;
	bool found = deed_place(deed, deed->call->folder, text, &place);
	int number = errno;

	*out = (struct named){.at = place.at, .path = place.path, .lock = place.lock};
	errno = number;
	if (!found || !make_plain(out))
		return false;
	found = deed_in_project(deed, out->at.folder, out->path);
	errno = EINVAL;
	return found;
}

static enum ruling rule(const struct deed *deed, const struct named *named, enum guard_deed what,
                        int object, struct guard_finding *finding)
{
	const struct matter matter = {
	        .folder = named->at.folder,
	        .path = named->path,
	        .name = named->plain,
	        .deed = what,
	        .object = object,
	};

	return ruling_of_name(deed, &matter, finding);
}

static void refuse(const struct deed *deed, const struct named *named, const char *because)
{
	cleanup_free char *path = path_join(named->path, named->plain);

	ruling_refuse(deed, path ? path : named->path, because);
}

/* What stands at the name, not followed; -1 where nothing does. */
static int object_at(const struct named *named)
{
	return openat(named->at.folder, named->plain, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* --- Making ---------------------------------------------------------------------------------- */

static bool makes_folder(const struct deed *deed)
{
#ifdef SYS_mkdir
	if (deed->call->number == SYS_mkdir)
		return true;
#endif
	return deed->call->number == SYS_mkdirat;
}

static bool makes_link(const struct deed *deed)
{
#ifdef SYS_symlink
	if (deed->call->number == SYS_symlink)
		return true;
#endif
	return deed->call->number == SYS_symlinkat;
}

static void make_link(const struct deed *deed, const struct named *named)
{
	cleanup_free char *text = deed_text(deed, 0);

	if (!text || !deed_is_wanted(deed))
		return; /* the kernel says what is wrong with it */
	deed_finish(deed, symlinkat(text, named->at.folder, named->at.name));
}

static void make(const struct deed *deed, const struct named *named)
{
	mode_t mode = (mode_t)deed_next(deed, 0);

	if (makes_link(deed)) {
		make_link(deed, named);
		return;
	}
	if (!deed_take_umask(deed) || !deed_is_wanted(deed))
		return;
	deed_finish(deed, makes_folder(deed) ? mkdirat(named->at.folder, named->at.name, mode)
	                                     : mknodat(named->at.folder, named->at.name, mode,
	                                               (dev_t)deed_next(deed, 1)));
}

/* A configuration or pointer that is made by mknod(2) is empty, and opened for writing later. */
static enum guard_deed made_kind(const struct deed *deed)
{
	mode_t type = (mode_t)deed_next(deed, 0) & S_IFMT;

	if (makes_folder(deed))
		return GUARD_MAKE_FOLDER;
	if (makes_link(deed))
		return GUARD_MAKE_LINK;
	return type == 0 || type == S_IFREG ? GUARD_MAKE_FILE : GUARD_MAKE_OTHER;
}

/* A copy of `config` in place of the file that the tool may hold open, before its folder becomes a
 * git folder. */
bool deed_seal_config(const struct deed *deed, int folder)
{
	cleanup_close int from =
	        openat(folder, "config", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	char link[32];

	if (from < 0 && errno == ENOENT)
		return true;
	if (from < 0 || fstat(from, &status) < 0 || !S_ISREG(status.st_mode)) {
		deed_fail(deed, EACCES);
		return false;
	}
	cleanup_close int copy = staged_copy(folder, from, status.st_mode);
	cleanup_free char *because = NULL;
	struct error err = {0};
	const struct guard_place place = {
	        .folder = folder, .path = "/", .name = "config", .top = "/"};
	if (copy < 0 || guard_content(&place, GUARD_FRESH_CONFIG, copy, &because, &err) != 1) {
		error_clear(&err);
		deed_fail(deed, EACCES);
		return false;
	}
	process_own_link(copy, link, sizeof(link));
	if (unlinkat(folder, "config", 0) < 0 ||
	    linkat(process_own_folder(), link, folder, "config", AT_SYMLINK_FOLLOW) < 0) {
		deed_fail(deed, errno);
		return false;
	}
	return true;
}

void deed_create(const struct deed *deed)
{
	cleanup_named struct named named = nothing();
	cleanup_guard_finding struct guard_finding finding = {0};

	if (!take(deed, &named))
		return;
	cleanup_close int object = object_at(&named);
	if (object >= 0 || errno != ENOENT)
		return; /* EEXIST, or what the kernel says */
	if (rule(deed, &named, made_kind(deed), -1, &finding) == RULING_DONE)
		return;
	if (!finding.seal_config || deed_seal_config(deed, named.at.folder))
		make(deed, &named);
}

/* --- Removing -------------------------------------------------------------------------------- */

static bool removes_folder(const struct deed *deed)
{
#ifdef SYS_rmdir
	if (deed->call->number == SYS_rmdir)
		return true;
#endif
	return deed->call->number == SYS_unlinkat && deed_flags(deed, 2) == AT_REMOVEDIR;
}

void deed_remove(const struct deed *deed)
{
	cleanup_named struct named named = nothing();
	cleanup_guard_finding struct guard_finding finding = {0};

	if (deed->call->number == SYS_unlinkat && (deed_flags(deed, 2) & ~(unsigned)AT_REMOVEDIR))
		return;
	if (!take(deed, &named)) {
		fail_absent(deed);
		return;
	}
	cleanup_close int object = object_at(&named);
	if (object < 0) {
		/* The kernel would look at the mount first. */
		deed_fail(deed, errno);
		return;
	}
	if (rule(deed, &named, GUARD_REMOVE, -1, &finding) == RULING_DONE || !deed_is_wanted(deed))
		return;
	deed_finish(deed, unlinkat(named.at.folder, named.at.name,
	                           removes_folder(deed) ? AT_REMOVEDIR : 0));
}

/* --- Moving ---------------------------------------------------------------------------------- */

static unsigned rename_flags(const struct deed *deed)
{
	return deed->call->number == SYS_renameat2 ? (unsigned)deed_argument(deed, 4) : 0;
}

static bool may_harm(const struct deed *deed, const struct named *named, const char *because)
{
	cleanup_free char *path = path_join(named->path, named->plain);

	if (path)
		return ruling_asks(deed, path, because);
	deed_fail(deed, ENOMEM);
	return false;
}

/* Puts a copy of the file where the name is that is moved away: what comes to stand at the other
 * name is nobody's but the broker's, and its content was looked at. */
static bool replace_by_copy(const struct deed *deed, const struct named *from,
                            const struct named *to, enum guard_kind kind, int object)
{
	const struct guard_place place = {
	        .folder = to->at.folder,
	        .path = to->path,
	        .name = to->plain,
	        .top = ruling_top(deed->context->policy, to->path),
	};
	cleanup_free char *because = NULL;
	struct error err = {0};
	struct stat status;
	char link[32];

	process_own_link(object, link, sizeof(link));
	cleanup_close int file =
	        openat(process_own_folder(), link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (file < 0 || fstat(file, &status) < 0) {
		deed_fail(deed, errno);
		return false;
	}
	cleanup_close int copy = staged_copy(from->at.folder, file, status.st_mode);
	int harmless = copy < 0 ? -1 : guard_content(&place, kind, copy, &because, &err);
	error_clear(&err);
	/* What a person permits is the file as it stands. */
	if (harmless != 1)
		return may_harm(deed, to, because);
	const struct timespec times[] = {status.st_atim, status.st_mtim};
	futimens(copy, times);
	process_own_link(copy, link, sizeof(link));
	if (unlinkat(from->at.folder, from->plain, 0) < 0 ||
	    linkat(process_own_folder(), link, from->at.folder, from->plain, AT_SYMLINK_FOLLOW) <
	            0) {
		deed_fail(deed, errno);
		return false;
	}
	return true;
}

/* What a folder holds means something else further up. */
static bool may_come_up(const struct deed *deed, const struct named *from, const struct named *to,
                        int object)
{
	cleanup_free char *old = path_join(from->path, from->plain);
	cleanup_free char *new = path_join(to->path, to->plain);

	if (!old || !new) {
		deed_fail(deed, ENOMEM);
		return false;
	}
	return !carried_leads_out(deed->context->policy, object, old, new) ||
	       may_harm(deed, to, "a .git in it leads elsewhere from there");
}

/* Whether what stands at `from` may come to stand at `to`, and go from where it stands. */
static bool may_move(const struct deed *deed, const struct named *from, const struct named *to,
                     int object, bool *sealed)
{
	cleanup_guard_finding struct guard_finding leaving = {0};
	cleanup_guard_finding struct guard_finding coming = {0};
	struct stat status;

	if (rule(deed, from, GUARD_REMOVE, object, &leaving) == RULING_DONE)
		return false;
	enum ruling ruling = rule(deed, to, GUARD_PUT, object, &coming);
	if (ruling == RULING_DONE)
		return false;
	if (ruling == RULING_CONTENT) {
		if (fstat(object, &status) < 0 || !S_ISREG(status.st_mode)) {
			refuse(deed, to, coming.because);
			return false;
		}
		return replace_by_copy(deed, from, to, coming.kind, object);
	}
	if (coming.seal_config && !*sealed) {
		*sealed = true;
		if (!deed_seal_config(deed, to->at.folder))
			return false;
	}
	return may_come_up(deed, from, to, object);
}

static bool may_search(const struct named *named)
{
	return syscall(SYS_faccessat2, named->at.folder, "", X_OK, AT_EMPTY_PATH) == 0;
}

/* False where the kernel is to answer, or the outcome is set. Both folders come before the names.
 */
static bool look_up_both(const struct deed *deed, struct named *from, struct named *to)
{
	const struct watched_call *call = deed->call;
	bool found = look_up(deed, call->folder, call->path, from);
	int number = errno;

	if (!found && number != ESTALE)
		return false;
	bool both = look_up(deed, call->to_folder, call->to_path, to);
	if (found && !both && errno == ESTALE && !may_search(from)) {
		deed_fail(deed, EACCES);
		return false;
	}
	/* EXDEV, whatever is absent. */
	if (found != both && !place(deed, found ? from : to))
		return false;
	if (both)
		errno = number;
	if (!found || !both)
		fail_absent(deed);
	return found && both;
}

void deed_rename(const struct deed *deed)
{
	cleanup_named struct named from = nothing();
	cleanup_named struct named to = nothing();
	unsigned flags = rename_flags(deed);
	bool sealed = false;

	errno = EINVAL;
	if ((flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE) || !look_up_both(deed, &from, &to))
		return;
	/* EXDEV. What may stall is not asked under the lock of another file system. */
	if (!deed_same_system(from.at.folder, to.at.folder))
		return;
	cleanup_lock struct broker_lock *lock = deed_lock(deed, from.at.folder);
	if (!lock || !place(deed, &from) || !place(deed, &to))
		return;
	/* The kernel would look at the mount before it looks for the names. */
	cleanup_close int object = object_at(&from);
	int source_missing = errno;
	cleanup_close int other = object_at(&to);
	int missing = errno;
	/* Folders that may not be entered are told before names that do not exist. */
	if (other < 0 && missing == EACCES) {
		deed_fail(deed, EACCES);
		return;
	}
	if (object < 0 || ((flags & RENAME_EXCHANGE) && other < 0)) {
		deed_fail(deed, object < 0 ? source_missing : missing);
		return;
	}
	if ((flags & RENAME_NOREPLACE) && other >= 0) {
		deed_fail(deed, EEXIST);
		return;
	}
	/* Two names of one file: nothing happens, and nothing must. */
	bool same = other >= 0 && deed_same(object, other);
	if (!same && !may_move(deed, &from, &to, object, &sealed))
		return;
	if (!same && (flags & RENAME_EXCHANGE) && !may_move(deed, &to, &from, other, &sealed))
		return;
	if (!deed_is_wanted(deed))
		return;
	deed_finish(deed, renameat2(from.at.folder, from.at.name, to.at.folder, to.at.name, flags));
}

/* --- A second name --------------------------------------------------------------------------- */

/* The name that what is linked has in its folder. */
static bool may_share(const struct deed *deed, int object)
{
	cleanup_free char *path = target_path(object);

	if (!path)
		return false;
	/* O_TMPFILE: it has no name yet, and its descriptor came from here. */
	if (deed_is_nameless(object, path))
		return true;
	cleanup_free char *parent = path_parent(path);
	cleanup_guard_finding struct guard_finding finding = {0};
	cleanup_target struct target folder = {.holder = -1};
	if (!parent || !deed_find_held(deed, parent, &folder) || strcmp(folder.path, parent) != 0)
		return false;
	const struct matter matter = {
	        .folder = folder.holder,
	        .path = parent,
	        .name = path_name(path),
	        .deed = GUARD_SHARE,
	        .object = object,
	};
	return ruling_of_name(deed, &matter, &finding) == RULING_DO;
}

/* What the process holds open: "/proc/self/fd/N", or N with AT_EMPTY_PATH. */
static int held_open(const struct deed *deed, const char *path, unsigned flags)
{
	char name[32];

	if (*path || !(flags & AT_EMPTY_PATH))
		return deed_held(deed, path, flags & AT_SYMLINK_FOLLOW);
	snprintf(name, sizeof(name), "fd/%d", (int)deed_argument(deed, deed->call->folder));
	return process_open(deed->thread, name, O_PATH);
}

static int link_source(const struct deed *deed, unsigned flags)
{
	cleanup_free char *text = deed_text(deed, deed->call->path);
	cleanup_target struct target target = {.holder = -1};

	if (!text)
		return -1;
	cleanup_close int held = held_open(deed, text, flags);
	if (held >= 0)
		return deed_twin(deed, held);
	if (!deed_find(deed, deed->call->folder, text, flags & AT_SYMLINK_FOLLOW,
	               flags & AT_EMPTY_PATH, &target) ||
	    !target.exists)
		return -1;
	return steal_descriptor(&target.holder);
}

static bool is_text(const struct deed *deed, int number)
{
	cleanup_free char *text = deed_text(deed, number);

	return text;
}

void deed_link(const struct deed *deed)
{
	const struct watched_call *call = deed->call;
	cleanup_named struct named to = nothing();
	cleanup_guard_finding struct guard_finding finding = {0};
	unsigned flags = deed_flags(deed, call->flags);
	char link[32];

	if (flags & ~(unsigned)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return;
	cleanup_close int object = link_source(deed, flags);
	int number = errno;
	bool found = look_up(deed, call->to_folder, call->to_path, &to);
	if (!found && object >= 0)
		number = to.plain ? EEXIST : errno;
	/* The kernel would look whose the descriptor is, first. */
	if ((object < 0 || !found) && (flags & AT_EMPTY_PATH) && is_text(deed, call->to_path) &&
	    number)
		deed_fail(deed, number);
	if (object < 0 || !found || strchr(to.at.name, '/') ||
	    !deed_same_system(object, to.at.folder))
		return;
	cleanup_lock struct broker_lock *lock = deed_lock(deed, to.at.folder);
	if (!lock || !place(deed, &to))
		return;
	cleanup_close int other = object_at(&to);
	struct stat status;
	if (other >= 0) {
		deed_fail(deed, EEXIST);
		return;
	}
	if (errno != ENOENT || fstat(object, &status) < 0)
		return;
	cleanup_free char *source = target_path(object);
	if (!source ||
	    (!deed_is_nameless(object, source) && !deed_in_project(deed, object, source)))
		return; /* EXDEV */
	/* No folder has a second name anywhere: the kernel says why not. */
	if (!S_ISDIR(status.st_mode) &&
	    (!may_share(deed, object) ||
	     rule(deed, &to, GUARD_PUT, object, &finding) == RULING_DONE))
		return;
	/* A second name would be left to write through. */
	if (finding.verdict == GUARD_CONTENT) {
		refuse(deed, &to, finding.because);
		return;
	}
	if (finding.seal_config && !deed_seal_config(deed, to.at.folder))
		return;
	if (!deed_is_wanted(deed))
		return;
	process_own_link(object, link, sizeof(link));
	deed_finish(deed, linkat(process_own_folder(), link, to.at.folder, to.at.name,
	                         AT_SYMLINK_FOLLOW));
}
