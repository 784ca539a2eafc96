/* Opening for writing, and making a file by opening it. */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/deed.h"
#include "watch/process.h"
#include "watch/staged.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The call's own arguments. */
struct opening {
	int flags;
	mode_t mode;
};

static struct opening opening_of(const struct deed *deed)
{
	const struct watched_call *call = deed->call;

	if (call->flags == CALL_NONE)
		return (struct opening){(int)call->open_flags, (mode_t)deed_next(deed, 0)};
	return (struct opening){(int)deed_argument(deed, call->flags), (mode_t)deed_next(deed, 1)};
}

static bool writes(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
}

static bool is_unnamed(int flags)
{
	return (flags & O_TMPFILE) == O_TMPFILE;
}

static bool is_exclusive(int flags)
{
	return (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
}

static bool follows(int flags)
{
	return !(flags & O_NOFOLLOW) && !is_exclusive(flags);
}

/* What exists and is opened by the broker: files, for writing. All else opens the kernel. */
static bool is_opened_here(const struct stat *status, int flags)
{
	return S_ISREG(status->st_mode) && writes(flags) && !is_exclusive(flags) &&
	       !(flags & O_DIRECTORY);
}

/* What the process gets. The descriptor stays here until it was handed over. */
static void give(const struct deed *deed, int file, int flags)
{
	if (file < 0) {
		bool leased = errno == EWOULDBLOCK && !(flags & O_NONBLOCK);
		/* The kernel looks for a free number after the flags and before the path. */
		bool early = errno != EINVAL && !leased && process_is_full(deed->thread);
		deed_fail(deed, early ? EMFILE : errno);
		if (leased)
			deed->out->kind = OUTCOME_AGAIN;
		return;
	}
	deed->out->kind = OUTCOME_FILE;
	deed->out->file = file;
	deed->out->close_on_exec = flags & O_CLOEXEC;
}

/* O_LARGEFILE is implied, O_CLOEXEC is the process's own. A terminal never becomes the broker's. */
static int broker_flags(int flags)
{
	return flags | O_CLOEXEC | O_NOCTTY;
}

/* The same of what exists: somebody's lease on the file is not waited for under the lock. */
static int broker_flags_at_once(int flags)
{
	return broker_flags(flags & ~(O_CREAT | O_EXCL)) | O_NONBLOCK;
}

/* Opens what is held, whatever stands at its name meanwhile. With O_NOFOLLOW, which the process can
 * see of its descriptor, it is opened by name: the same, or nothing. */
static int reopen(int holder, int folder, const char *name, int flags)
{
	char link[32];

	if ((flags & O_NOFOLLOW) && folder >= 0) {
		cleanup_close int file = openat(folder, name, broker_flags_at_once(flags));
		if (file >= 0 && deed_same(file, holder))
			return steal_descriptor(&file);
	}
	process_own_link(holder, link, sizeof(link));
	return openat(process_own_folder(), link,
	              broker_flags_at_once(flags & ~(O_NOFOLLOW | O_DIRECTORY)));
}

static void give_existing(const struct deed *deed, int holder, int folder, const char *name,
                          int flags)
{
	/* What is opened for reading only is emptied at once: whether it may be, open(2) says. */
	deed->out->truncate = (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY;
	if ((flags & O_TRUNC) && !deed->out->truncate && process_is_full(deed->thread)) {
		deed_fail(deed, EMFILE);
		return;
	}
	int file = reopen(holder, folder, name, deed->out->truncate ? flags & ~O_TRUNC : flags);
	if (file >= 0 && !(flags & O_NONBLOCK))
		fcntl(file, F_SETFL, flags & (O_APPEND | O_DIRECT | O_NOATIME));
	give(deed, file, flags);
}

/* Rules on opening a name for writing, whether or not something (`object`) stands there. Under the
 * lock. True: it may be opened. */
static bool may_open(const struct deed *deed, const struct matter *matter,
                     const struct opening *opening)
{
	cleanup_guard_finding struct guard_finding finding = {0};

	switch (ruling_of_name(deed, matter, &finding)) {
	case RULING_DO:
		/* A name that makes its folder a git folder. */
		return !finding.seal_config || deed_seal_config(deed, matter->folder);
	case RULING_CONTENT:
		staged_open(deed, matter, &finding, opening->flags, opening->mode);
		return false;
	case RULING_DONE:
		break;
	}
	return false;
}

/* Opens what was found without its folder, by the name that it has now. */
static void open_found(const struct deed *deed, int holder, const struct opening *opening)
{
	cleanup_lock struct broker_lock *lock = deed_lock(deed, holder);
	cleanup_free char *path = lock ? target_path(holder) : NULL;
	cleanup_free char *parent = path ? path_parent(path) : NULL;
	cleanup_target struct target folder = {.holder = -1};

	if (!parent || !deed_in_project(deed, holder, path))
		return;
	if (!deed_is_nameless(holder, path)) {
		if (!deed_find_held(deed, parent, &folder)) {
			deed_fail(deed, ENOENT);
			return;
		}
		const struct matter matter = {
		        .folder = folder.holder,
		        .path = parent,
		        .name = path_name(path),
		        .deed = GUARD_MAKE_FILE,
		        .object = holder,
		};
		if (!may_open(deed, &matter, opening))
			return;
	}
	if (deed_is_wanted(deed))
		give_existing(deed, holder, folder.holder, path_name(path), opening->flags);
}

/* Makes the file; another that stands there is not opened. Returns whether one does. */
static bool make(const struct deed *deed, const struct matter *matter,
                 const struct opening *opening)
{
	if (!deed_take_umask(deed) || !deed_is_wanted(deed))
		return false;
	int file = openat(matter->folder, matter->name,
	                  broker_flags(opening->flags) | O_CREAT | O_EXCL, opening->mode);
	bool exists = file < 0 && errno == EEXIST;
	deed->out->made = file < 0 ? NULL : text_copy(matter->name);
	give(deed, file, opening->flags);
	return exists;
}

/* A file without a name: what it can become is decided when it gets one. */
static void open_unnamed(const struct deed *deed, int folder, const struct opening *opening)
{
	cleanup_lock struct broker_lock *lock = deed_lock(deed, folder);
	cleanup_free char *path = lock ? target_path(folder) : NULL;
	cleanup_guard_finding struct guard_finding finding = {0};
	const struct matter matter = {
	        .folder = folder,
	        .path = path,
	        .name = "unnamed",
	        .deed = GUARD_MAKE_FILE,
	        .object = -1,
	};

	if (!path || !deed_in_project(deed, folder, path) ||
	    ruling_of_name(deed, &matter, &finding) != RULING_DO || !deed_take_umask(deed) ||
	    !deed_is_wanted(deed))
		return;
	give(deed, openat(folder, ".", broker_flags(opening->flags), opening->mode),
	     opening->flags);
}

/* A name in its folder: what stands there is opened, or made. Under the lock. Returns false where a
 * link stands there that is to be followed. */
static bool open_name(const struct deed *deed, const struct target_name *at, const char *path,
                      const struct opening *opening)
{
	cleanup_free char *whole = path_join(path, at->name);
	cleanup_close int object = openat(at->folder, at->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool absent = object < 0 && errno == ENOENT && (opening->flags & O_CREAT);
	const struct matter matter = {
	        .folder = at->folder,
	        .path = path,
	        .name = at->name,
	        .deed = GUARD_MAKE_FILE,
	        .object = object,
	};
	struct stat status;

	if (!whole || (object < 0 && !absent) || (object >= 0 && fstat(object, &status) < 0))
		return true;
	if (object >= 0 && S_ISLNK(status.st_mode))
		return !follows(opening->flags);
	if (!deed_in_project(deed, absent ? at->folder : object, whole))
		return true;
	if (absent) {
		if (may_open(deed, &matter, opening))
			make(deed, &matter, opening);
	} else if (is_opened_here(&status, opening->flags) && may_open(deed, &matter, opening) &&
	           deed_is_wanted(deed)) {
		give_existing(deed, object, at->folder, at->name, opening->flags);
	}
	return true;
}

/* Most names at which a file may be made have none yet, and nobody is to be asked about it: then
 * nothing is looked for there. Under the lock. Returns false where nothing was done. */
static bool make_at_once(const struct deed *deed, const struct target_name *at, const char *path,
                         const struct opening *opening)
{
	const struct matter matter = {
	        .folder = at->folder,
	        .path = path,
	        .name = at->name,
	        .deed = GUARD_MAKE_FILE,
	        .object = -1,
	};

	if (!(opening->flags & O_CREAT) || !deed_in_project(deed, at->folder, path) ||
	    !ruling_is_plain(deed, &matter))
		return false;
	if (!make(deed, &matter, opening))
		return true;
	outcome_clear(deed->out);
	return false;
}

/* Both; and where a file was made, keeps what is needed to take it back. */
static bool open_at(const struct deed *deed, struct target_name *at, const char *path,
                    const struct opening *opening)
{
	if (!make_at_once(deed, at, path, opening) && !open_name(deed, at, path, opening))
		return false;
	if (deed->out->made) {
		deed->out->made_in_lent = at->lent;
		deed->out->made_in = steal_descriptor(&at->folder);
	}
	return true;
}

/* By the folder of the name: most calls. Returns false where the path does not end with a plain
 * name, or with a link that is to be followed. */
static bool open_by_name(const struct deed *deed, const char *text, const struct opening *opening)
{
	cleanup_place struct deed_place place;

	if (!deed_place(deed, deed->call->folder, text, &place))
		return true;
	if (!deed_place_is_plain(&place))
		return false;
	return open_at(deed, &place.at, place.path, opening);
}

/* A link at the end that leads to a name at which nothing stands, in a folder that was found. */
static void open_missing(const struct deed *deed, struct target *target,
                         const struct opening *opening)
{
	cleanup_target_name struct target_name at = {.folder = -1};

	at.name = text_copy(path_name(target->path));
	if (!at.name)
		return;
	at.folder = steal_descriptor(&target->holder);
	cleanup_lock struct broker_lock *lock = deed_lock(deed, at.folder);
	cleanup_free char *path = lock ? target_path(at.folder) : NULL;
	if (path)
		open_at(deed, &at, path, opening);
}

/* By what the path leads to in the end. */
static void open_at_end(const struct deed *deed, const char *text, const struct opening *opening)
{
	cleanup_target struct target target = {.holder = -1};
	struct stat status;

	if (!deed_find(deed, deed->call->folder, text, follows(opening->flags), false, &target) ||
	    fstat(target.holder, &status) < 0)
		return;
	if (is_unnamed(opening->flags)) {
		if (target.exists && S_ISDIR(status.st_mode))
			open_unnamed(deed, target.holder, opening);
		return;
	}
	if (target.exists && is_opened_here(&status, opening->flags))
		open_found(deed, target.holder, opening);
	if (!target.exists && !target.slash)
		open_missing(deed, &target, opening);
}

/* A descriptor of the process, by its name in /proc: what it holds is opened anew. */
static void open_held(const struct deed *deed, int held, const struct opening *opening)
{
	struct stat status;

	/* What came from the broker may be written by who holds it: the kernel opens it. */
	if (fstat(held, &status) < 0 || !target_read_only(&(const struct target){.holder = held}))
		return;
	bool folder = is_unnamed(opening->flags) && S_ISDIR(status.st_mode);
	bool file = !is_unnamed(opening->flags) && is_opened_here(&status, opening->flags);
	cleanup_close int twin = folder || file ? deed_twin(deed, held) : -1;
	if (twin < 0)
		return;
	if (folder)
		open_unnamed(deed, twin, opening);
	else
		open_found(deed, twin, opening);
}

void deed_open(const struct deed *deed)
{
	const struct opening opening = opening_of(deed);
	cleanup_free char *text = deed_text(deed, deed->call->path);

	if (!text || !*text || (opening.flags & O_PATH))
		return;
	cleanup_close int held = deed_held(deed, text, follows(opening.flags));
	if (held >= 0)
		open_held(deed, held, &opening);
	else if (is_unnamed(opening.flags) || !open_by_name(deed, text, &opening))
		open_at_end(deed, text, &opening);
	/* Anything else the kernel refuses, or opens without writing. */
}
