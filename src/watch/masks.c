/* Theory of operation. A mask belongs to what clone(2) calls CLONE_FS: the threads of a process,
 * and other processes where somebody shares it. Who shares is not asked: each change forgets what
 * was known of all others, and only of who makes it the new mask is known, by its argument. It
 * waits meanwhile, so it can make no file before the change took effect. */
#include "watch/masks.h"

#include "base/cleanup.h"
#include "watch/process.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct masks {
	pthread_mutex_t lock;
	int common;     /* of all, or -1: not known */
	bool differ;    /* some process changed its own */
	pid_t process;  /* who changed it last, or 0 */
	int descriptor; /* pidfd(2) of that process: numbers come again */
	mode_t mask;
};

int masks_new(struct masks **out, struct error *err)
{
	struct masks *masks = calloc(1, sizeof(*masks));

	if (!masks)
		return error_memory(err);
	*masks = (struct masks){
	        .lock = PTHREAD_MUTEX_INITIALIZER,
	        .common = -1,
	        .descriptor = -1,
	};
	*out = masks;
	return 0;
}

/* The lock is held. */
static void forget(struct masks *masks)
{
	masks->process = 0;
	if (masks->descriptor >= 0)
		close(steal_descriptor(&masks->descriptor));
}

void masks_change(struct masks *masks, const struct notice *notice, mode_t mask)
{
	pid_t thread = (pid_t)notice->call->pid;
	/* Of a thread that is not its process's first there is none. */
	int descriptor = (int)syscall(SYS_pidfd_open, thread, 0);

	pthread_mutex_lock(&masks->lock);
	masks->differ = true;
	forget(masks);
	if (descriptor >= 0) {
		masks->descriptor = descriptor;
		masks->mask = mask;
		/* It may have been ended, and another have its number. */
		masks->process = notice_waits(notice) ? thread : 0;
	}
	pthread_mutex_unlock(&masks->lock);
}

static bool has_ended(int descriptor)
{
	struct pollfd place = {.fd = descriptor, .events = POLLIN};

	return poll(&place, 1, 0) != 0;
}

/* The lock is held. */
static bool is_known(struct masks *masks, pid_t thread, mode_t *out)
{
	if (!masks->differ && masks->common >= 0) {
		*out = (mode_t)masks->common;
		return true;
	}
	if (!masks->process || masks->process != thread)
		return false;
	if (has_ended(masks->descriptor)) {
		forget(masks);
		return false;
	}
	*out = masks->mask;
	return true;
}

int masks_read(struct masks *masks, pid_t thread, mode_t *out)
{
	pthread_mutex_lock(&masks->lock);
	bool known = is_known(masks, thread, out);
	pthread_mutex_unlock(&masks->lock);
	if (known)
		return 0;
	if (process_umask(thread, out) < 0)
		return -1;
	pthread_mutex_lock(&masks->lock);
	if (!masks->differ)
		masks->common = (int)*out;
	pthread_mutex_unlock(&masks->lock);
	return 0;
}
