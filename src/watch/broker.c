/* Theory of operation. pid 1 builds the sandbox's tree with the project writable, and waits. The
 * broker's first thread enters that mount namespace and takes a copy of it as a namespace of its
 * own; then pid 1 makes the project read-only where the tool is. Both trees have the same mounts
 * and masks at the same names, so a path means the same object in both, and what was found in one
 * has the same path in the other.
 *
 * A call comes as numbers and as addresses in the memory of a process that may change it at any
 * time. So the path is read once, what it means is found by openat2(2) and held by descriptor, and
 * from there on only the descriptor counts: its path is asked of the kernel when the verdict is
 * made, and the deed is done relative to it. All names of a file system change under one lock,
 * since all that changes them passes here: between the verdict and the deed nothing moves. */
#include "watch/broker.h"

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/path.h"
#include "watch/ask.h"
#include "watch/confine.h"
#include "watch/deed.h"
#include "watch/folders.h"
#include "watch/masks.h"
#include "watch/process.h"
#include "watch/staged.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct broker_lock {
	dev_t device;
	pthread_mutex_t mutex;
	struct broker_lock *next;
};

struct broker {
	pthread_mutex_t mutex; /* of the list */
	struct broker_lock *locks;
};

int broker_new(struct watch_context *context, struct error *err)
{
	context->broker = calloc(1, sizeof(*context->broker));
	if (!context->broker)
		return error_memory(err);
	pthread_mutex_init(&context->broker->mutex, NULL);
	return masks_new(&context->masks, err);
}

/* Repositories that are there at the start are the operator's. */
static int note_parts(struct watch_context *context, size_t number, struct error *err)
{
	cleanup_free char *git = watch_git_folder(context->policy, number);
	cleanup_free char *trees = git ? path_join(git, "worktrees") : NULL;
	cleanup_free char *modules = git ? path_join(git, "modules") : NULL;

	if (!git)
		return 0;
	if (!trees || !modules)
		return error_memory(err);
	return listing_read(trees, &context->had_trees[number], err) < 0
	               ? -1
	               : listing_read(modules, &context->had_modules[number], err);
}

static int note_repositories(struct watch_context *context, struct error *err)
{
	const char *const roots[] = {context->policy->workspace, context->policy->repository};

	for (size_t i = 0; i < 2; i++) {
		struct stat status = {0};
		cleanup_close int folder =
		        roots[i] ? open(roots[i], O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		/* What cannot be looked at may be there. */
		context->had_git[i] =
		        roots[i] &&
		        (folder >= 0 ? fstatat(folder, ".git", &status, AT_SYMLINK_NOFOLLOW) == 0 ||
		                               errno != ENOENT
		                     : errno != ENOENT && errno != ENOTDIR);
		context->had_pointer[i] = context->had_git[i] && !S_ISDIR(status.st_mode);
		if (note_parts(context, i, err) < 0)
			return -1;
	}
	return 0;
}

/* Should: have the sandbox's own tree, with the project writable, where nobody else can change what
 * is mounted.
 * Mustn't: keep a way to the host's files, or a capability but the one to look into processes. */
int broker_enter(struct watch_context *context, int tree, struct error *err)
{
	if (setns(tree, CLONE_NEWNS) < 0)
		return error_system(err, errno, "entering the tree");
	if (unshare(CLONE_NEWNS) < 0)
		return error_system(err, errno, "a copy of the tree");
	context->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (context->root < 0)
		return error_system(err, errno, "/");
	if (note_repositories(context, err) < 0)
		return -1;
	/* Where names of descriptors are looked up by calls that take a path alone. */
	if (fchdir(process_own_folder()) < 0)
		return error_system(err, errno, "the folder of descriptors");
	return confine_broker(err);
}

struct broker_lock *broker_lock(struct watch_context *context, int folder)
{
	struct broker *broker = context->broker;
	struct broker_lock *lock;
	struct folder_facts facts;
	struct stat status;

	if (folders_know(folder, &facts))
		status.st_dev = facts.device;
	else if (fstat(folder, &status) < 0)
		return NULL;
	pthread_mutex_lock(&broker->mutex);
	for (lock = broker->locks; lock && lock->device != status.st_dev;)
		lock = lock->next;
	if (!lock) {
		lock = calloc(1, sizeof(*lock));
		if (lock) {
			lock->device = status.st_dev;
			pthread_mutex_init(&lock->mutex, NULL);
			lock->next = broker->locks;
			broker->locks = lock;
		}
	}
	pthread_mutex_unlock(&broker->mutex);
	if (lock)
		pthread_mutex_lock(&lock->mutex);
	return lock;
}

struct broker_lock *deed_lock(const struct deed *deed, int folder)
{
	struct broker_lock *lock = broker_lock(deed->context, folder);

	if (!lock)
		deed_fail(deed, errno);
	return lock;
}

void deed_unlock(struct broker_lock **place)
{
	if (*place)
		pthread_mutex_unlock(&(*place)->mutex);
	*place = NULL;
}

/* A lease (fcntl(2), F_SETLEASE) is given up in its holder's time. Meanwhile no lock is held: who
 * waits is the call alone. */
static bool waits_on(const struct deed *deed)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	if (deed->out->kind != OUTCOME_AGAIN)
		return false;
	nanosleep(&pause, NULL);
	outcome_clear(deed->out);
	return deed_is_wanted(deed);
}

void broker_answer(struct watch_context *context, struct notice *notice,
                   const struct watched_call *call, struct outcome *out)
{
	static void (*const deeds[])(const struct deed *deed) = {
	        [CALL_OPEN] = deed_open,     [CALL_CREATE] = deed_create,
	        [CALL_REMOVE] = deed_remove, [CALL_RENAME] = deed_rename,
	        [CALL_LINK] = deed_link,     [CALL_ATTRIBUTES] = deed_attributes,
	        [CALL_ACCESS] = deed_access, [CALL_BIND] = deed_bind,
	        [CALL_EXECUTE] = NULL,       [CALL_CONNECT] = NULL,
	        [CALL_LOOK] = NULL,          [CALL_UMASK] = deed_umask,
	};
	const struct deed deed = {context, notice, (pid_t)notice->call->pid, call, out};

	*out = (struct outcome){.kind = OUTCOME_GO_ON, .file = -1, .made_in = -1};
	folders_begin();
	staged_publish(context);
	if (!deeds[call->kind])
		return;
	do
		deeds[call->kind](&deed);
	while (waits_on(&deed));
	if (out->kind != OUTCOME_LATER)
		ask_forget(context->asks, notice->call->id);
}

void broker_end(struct watch_context *context)
{
	staged_publish(context);
}

int broker_empty(const struct outcome *outcome)
{
	char link[32];

	process_own_link(outcome->file, link, sizeof(link));
	/* The current folder of the thread is process_own_folder(). */
	return truncate(link, 0);
}

void broker_take_back(struct outcome *outcome)
{
	cleanup_close int now = outcome->made_in < 0 ? -1
	                                             : openat(outcome->made_in, outcome->made,
	                                                      O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (now >= 0 && deed_same(now, outcome->file))
		unlinkat(outcome->made_in, outcome->made, 0);
}

void outcome_clear(struct outcome *outcome)
{
	foreseen_clear(&outcome->refused);
	if (outcome->file >= 0)
		close(outcome->file);
	if (outcome->made_in >= 0 && !outcome->made_in_lent)
		close(outcome->made_in);
	free(outcome->made);
	*outcome = (struct outcome){.file = -1, .made_in = -1};
}
