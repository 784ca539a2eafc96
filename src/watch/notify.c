#include "watch/notify.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the installed headers: Linux 6.6. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

int notify_begin(int listener, struct notify *out, struct error *err)
{
	struct seccomp_notif_sizes sizes = {0};

	*out = (struct notify){.listener = listener};
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return error_system(err, errno, "sizes of notifications");
	out->call_size = larger(sizes.seccomp_notif, sizeof(struct seccomp_notif));
	out->answer_size = larger(sizes.seccomp_notif_resp, sizeof(struct seccomp_notif_resp));
	/* Hands the processor over with the answer; older kernels do without. */
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	return 0;
}

int notice_new(const struct notify *notify, struct notice *out, struct error *err)
{
	*out = (struct notice){
	        .notify = notify,
	        .call = calloc(1, notify->call_size),
	        .answer = calloc(1, notify->answer_size),
	};
	if (out->call && out->answer)
		return 0;
	notice_clear(out);
	return error_memory(err);
}

void notice_clear(struct notice *notice)
{
	free(notice->call);
	free(notice->answer);
	*notice = (struct notice){0};
}

int notice_receive(struct notice *notice, struct error *err)
{
	memset(notice->call, 0, notice->notify->call_size);
	if (ioctl(notice->notify->listener, SECCOMP_IOCTL_NOTIF_RECV, notice->call) == 0)
		return 1;
	/* ENOENT: the process was killed before it could be heard. */
	return errno == ENOENT || errno == EINTR ? 0 : error_system(err, errno, "receiving a call");
}

void notice_copy(struct notice *to, const struct notice *from)
{
	memcpy(to->call, from->call, from->notify->call_size);
}

bool notice_waits(const struct notice *notice)
{
	return ioctl(notice->notify->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notice->call->id) ==
	       0;
}

static int answer(const struct notice *notice, int number, int64_t value, uint32_t flags,
                  struct error *err)
{
	memset(notice->answer, 0, notice->notify->answer_size);
	notice->answer->id = notice->call->id;
	notice->answer->error = -number;
	notice->answer->val = value;
	notice->answer->flags = flags;
	if (ioctl(notice->notify->listener, SECCOMP_IOCTL_NOTIF_SEND, notice->answer) < 0 &&
	    errno != ENOENT)
		return error_system(err, errno, "answering a call");
	return 0;
}

int notice_go_on(const struct notice *notice, struct error *err)
{
	return answer(notice, 0, 0, (uint32_t)SECCOMP_USER_NOTIF_FLAG_CONTINUE, err);
}

int notice_refuse(const struct notice *notice, int number, struct error *err)
{
	return answer(notice, number, 0, 0, err);
}

int notice_result(const struct notice *notice, int64_t value, struct error *err)
{
	return answer(notice, 0, value, 0, err);
}

static int put(const struct notice *notice, int file, bool close_on_exec, uint32_t flags)
{
	const struct seccomp_notif_addfd request = {
	        .id = notice->call->id,
	        .flags = flags,
	        .srcfd = (uint32_t)file,
	        .newfd_flags = close_on_exec ? O_CLOEXEC : 0,
	};
	int number = ioctl(notice->notify->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &request);

	if (number < 0 && errno == ENOENT)
		errno = EINPROGRESS;
	return number;
}

int notice_put(const struct notice *notice, int file, bool close_on_exec)
{
	return put(notice, file, close_on_exec, 0);
}

int notice_descriptor(const struct notice *notice, int file, bool close_on_exec)
{
	return put(notice, file, close_on_exec, SECCOMP_ADDFD_FLAG_SEND) >= 0 ||
	                       errno == EINPROGRESS
	               ? 0
	               : errno;
}
