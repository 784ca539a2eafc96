#include "watch/staged.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	STAGED_MOST = 64,
	CONTENT_MOST = 1 << 20,
};

/* One file that the tool writes in place of a protected name. */
struct staged {
	int written;   /* what the tool writes, for reading */
	int folder;    /* O_PATH of the folder of the name */
	int published; /* what stands at the name, for writing */
	char *path;    /* of the folder, when it was opened */
	char *name;
	char *because;
	enum guard_kind kind;
	struct stat seen;
	pid_t thread;
	char *operation;
	struct staged *next;
};

/* They are few, and rare: one lock for all of them. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct staged *all;
static _Atomic unsigned count;

static void free_staged(struct staged *staged)
{
	const int open[] = {staged->written, staged->folder, staged->published};

	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		if (open[i] >= 0)
			close(open[i]);
	free(staged->path);
	free(staged->name);
	free(staged->because);
	free(staged->operation);
	free(staged);
}

/* Copies all of `from`, from its beginning. Returns 0, or -1 with errno. */
static int copy_content(int from, int to)
{
	char buffer[16384];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(from, buffer, sizeof(buffer), at)) > 0) {
		if (at + got > CONTENT_MOST) {
			errno = EFBIG;
			return -1;
		}
		for (ssize_t done = 0; done < got;) {
			ssize_t size = pwrite(to, buffer + done, (size_t)(got - done), at + done);
			if (size <= 0)
				return -1;
			done += size;
		}
		at += got;
	}
	return got < 0 || ftruncate(to, at) < 0 ? -1 : 0;
}

int staged_copy(int folder, int from, mode_t mode)
{
	cleanup_close int copy = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (copy < 0 || copy_content(from, copy) < 0 || fchmod(copy, mode & 0777) < 0)
		return -1;
	return steal_descriptor(&copy);
}

/* What stands at the name: made where nothing does, empty. */
static int open_published(const struct matter *matter, mode_t mode, bool *made)
{
	int file = openat(matter->folder, matter->name,
	                  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	*made = file >= 0;
	if (file < 0 && errno == EEXIST)
		file = openat(matter->folder, matter->name,
		              O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return file;
}

/* What the tool gets: a file without a name, which holds what stands at the name. */
static int open_written(const struct matter *matter, int published, int flags, mode_t mode)
{
	cleanup_close int file = openat(matter->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);

	if (file < 0 || (!(flags & O_TRUNC) && copy_content(published, file) < 0))
		return -1;
	return steal_descriptor(&file);
}

static int reopen(int file, int flags)
{
	char link[32];

	process_own_link(file, link, sizeof(link));
	return openat(process_own_folder(), link, flags | O_CLOEXEC | O_NOCTTY);
}

static struct staged *new_staged(const struct deed *deed, const struct matter *matter,
                                 const struct guard_finding *finding)
{
	struct staged *staged = calloc(1, sizeof(*staged));

	if (!staged)
		return NULL;
	*staged = (struct staged){
	        .written = -1,
	        .folder = fcntl(matter->folder, F_DUPFD_CLOEXEC, 3),
	        .published = -1,
	        .path = text_copy(matter->path),
	        .name = text_copy(matter->name),
	        .because = text_copy(finding->because ? finding->because : "protected.yaml"),
	        .operation = text_copy(deed->call->operation),
	        .kind = finding->kind,
	        .thread = deed->thread,
	};
	if (staged->folder >= 0 && staged->path && staged->name && staged->because &&
	    staged->operation)
		return staged;
	free_staged(staged);
	return NULL;
}

static bool begin(const struct deed *deed, const struct matter *matter, struct staged *staged,
                  int flags, mode_t mode)
{
	bool made = false;

	staged->published = open_published(matter, mode, &made);
	if (staged->published < 0) {
		deed_fail(deed, errno);
		return false;
	}
	if (!made && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
		deed_fail(deed, EEXIST);
		return false;
	}
	cleanup_close int file = open_written(matter, staged->published, flags, mode);
	if (file >= 0)
		staged->written = reopen(file, O_RDONLY);
	if (staged->written < 0 || fstat(staged->written, &staged->seen) < 0) {
		/* Without such files (some file systems have none) the name stays protected. */
		ruling_refuse(deed, matter->path, staged->because);
		return false;
	}
	deed->out->file = reopen(file, flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW | O_TRUNC));
	if (deed->out->file < 0) {
		deed_fail(deed, errno);
		return false;
	}
	deed->out->kind = OUTCOME_FILE;
	deed->out->close_on_exec = flags & O_CLOEXEC;
	return true;
}

void staged_open(const struct deed *deed, const struct matter *matter,
                 const struct guard_finding *finding, int flags, mode_t mode)
{
	struct staged *staged = new_staged(deed, matter, finding);

	if (!staged || !deed_take_umask(deed) || !deed_is_wanted(deed)) {
		if (!staged)
			deed_fail(deed, ENOMEM);
		else
			free_staged(staged);
		return;
	}
	pthread_mutex_lock(&lock);
	if (count >= STAGED_MOST) {
		ruling_refuse(deed, matter->path, staged->because);
		free_staged(staged);
	} else if (begin(deed, matter, staged, flags, mode)) {
		staged->next = all;
		all = staged;
		count++;
	} else {
		free_staged(staged);
	}
	pthread_mutex_unlock(&lock);
}

/* --- Publishing ------------------------------------------------------------------------------ */

static bool changed(const struct staged *staged, const struct stat *now)
{
	return now->st_size != staged->seen.st_size ||
	       now->st_mtim.tv_sec != staged->seen.st_mtim.tv_sec ||
	       now->st_mtim.tv_nsec != staged->seen.st_mtim.tv_nsec ||
	       now->st_ctim.tv_sec != staged->seen.st_ctim.tv_sec ||
	       now->st_ctim.tv_nsec != staged->seen.st_ctim.tv_nsec;
}

/* A lease for reading is refused while somebody has the file open for writing. */
static bool is_written_still(const struct staged *staged)
{
	if (fcntl(staged->written, F_SETLEASE, F_RDLCK) < 0)
		return true;
	fcntl(staged->written, F_SETLEASE, F_UNLCK);
	return false;
}

/* Still the file that was made or found there. */
static bool stands(const struct staged *staged)
{
	cleanup_close int now =
	        openat(staged->folder, staged->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return now >= 0 && deed_same(now, staged->published);
}

static void record(struct watch_context *context, const struct staged *staged, const char *because)
{
	cleanup_process struct process process = {0};
	cleanup_free char *target = path_join(staged->path, staged->name);
	cleanup_free char *reason = because ? text_printf("%s: %s", staged->because, because)
	                                    : text_copy(staged->because);

	if (!target || !reason)
		return;
	process_describe(staged->thread, &process);
	const struct refusal refusal = {
	        .pid = process.process,
	        .pid_inside = process.inside,
	        .parent = process.parent,
	        .comm = process.comm,
	        .exe = process.exe,
	        .effect = EFFECT_WRITE,
	        .operation = staged->operation,
	        .target = target,
	        .target_size = strlen(target),
	        .verdict = VERDICT_ASK,
	        .error = EROFS,
	        .layer = AUDIT_LAYER_BROKER,
	        .because = reason,
	};
	watch_record(context, &refusal);
}

/* Looks at what was written. What is published is a copy that nobody else could write meanwhile. */
static void look(struct watch_context *context, struct staged *staged, bool last)
{
	/* The folder may have been moved meanwhile; from here on it stays. */
	cleanup_lock struct broker_lock *names = broker_lock(context, staged->folder);
	cleanup_free char *path = names ? target_path(staged->folder) : NULL;
	const struct guard_place place = {staged->folder, path, staged->name,
	                                  path ? ruling_top(context->policy, path) : NULL};
	cleanup_close int copy = staged_copy(staged->folder, staged->written, 0600);
	cleanup_free char *because = NULL;
	struct error err = {0};
	int harmless =
	        copy < 0 || !path ? -1 : guard_content(&place, staged->kind, copy, &because, &err);

	error_clear(&err);
	if (harmless == 1 && stands(staged))
		harmless = copy_content(copy, staged->published) == 0;
	if (harmless != 1 && last)
		record(context, staged, because);
}

/* Looks at one file; whether it is done with. */
static bool publish(struct watch_context *context, struct staged *staged)
{
	bool over = !is_written_still(staged);
	struct stat now;

	if (fstat(staged->written, &now) == 0 && (changed(staged, &now) || over)) {
		staged->seen = now;
		look(context, staged, over);
	}
	return over;
}

/* The lock of names comes before that of the list: files are taken off it while they are looked
 * at. */
void staged_publish(struct watch_context *context)
{
	if (!count)
		return;
	pthread_mutex_lock(&lock);
	struct staged *list = all;
	all = NULL;
	pthread_mutex_unlock(&lock);
	while (list) {
		struct staged *staged = list;
		list = staged->next;
		bool over = publish(context, staged);
		pthread_mutex_lock(&lock);
		if (over) {
			count--;
		} else {
			staged->next = all;
			all = staged;
		}
		pthread_mutex_unlock(&lock);
		if (over)
			free_staged(staged);
	}
}
