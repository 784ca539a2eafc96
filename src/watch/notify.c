#include "watch/notify.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "plan/filter.h"
#include "watch/calls.h"
#include "watch/judge.h"
#include "watch/process.h"
#include "watch/program.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the installed headers: Linux 6.6. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

struct notify {
	struct watch_context *context;
	int listener;
	/* The kernel's structures may be longer than those of the headers. */
	struct seccomp_notif *call;
	struct seccomp_notif_resp *answer;
	size_t call_size, answer_size;
};

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

int notify_new(struct watch_context *context, int listener, struct notify **out, struct error *err)
{
	cleanup_close int owned = listener;
	struct seccomp_notif_sizes sizes = {0};
	struct notify *notify = calloc(1, sizeof(*notify));

	if (!notify)
		return error_memory(err);
	notify->listener = -1;
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0) {
		notify_free(notify);
		return error_system(err, errno, "sizes of notifications");
	}
	notify->context = context;
	notify->call_size = larger(sizes.seccomp_notif, sizeof(*notify->call));
	notify->answer_size = larger(sizes.seccomp_notif_resp, sizeof(*notify->answer));
	notify->call = malloc(notify->call_size);
	notify->answer = malloc(notify->answer_size);
	if (!notify->call || !notify->answer) {
		notify_free(notify);
		return error_memory(err);
	}
	/* Hands the processor over with the answer; older kernels do without. */
	(void)ioctl(owned, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	notify->listener = steal_descriptor(&owned);
	*out = notify;
	return 0;
}

void notify_free(struct notify *notify)
{
	if (!notify)
		return;
	if (notify->listener >= 0)
		close(notify->listener);
	free(notify->call);
	free(notify->answer);
	free(notify);
}

static const struct filter_call *find_call(int number)
{
	for (size_t i = 0; i < filter_calls_count; i++)
		if (filter_calls[i].number == number)
			return &filter_calls[i];
	return NULL;
}

/* "socket domain=16 type=3 protocol=0". Owned by the caller. */
static char *call_text(const struct filter_call *call, const struct seccomp_data *data)
{
	struct buffer text = {0};

	buffer_append_text(&text, call->name);
	for (size_t i = 0; call->parameters[i]; i++)
		buffer_printf(&text, " %s=%#llx", call->parameters[i],
		              (unsigned long long)data->args[i]);
	return buffer_steal(&text);
}

/* Whatever is not permitted is refused, also where the verdict is another than was expected: the
 * answer that lets a call go on is the only wall before it. */
static int refusal_error(uint32_t verdict)
{
	int number = (int)(verdict & SECCOMP_RET_DATA);

	return (verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && number ? number : EPERM;
}

/* How the C library asks what interfaces and addresses there are (getifaddrs, if_nametoindex): npm
 * and others ask on their own account, and do without where nobody answers. It is a look, as at a
 * file that is not granted. */
static bool is_usual_look(const struct seccomp_data *data)
{
	return data->nr == SYS_socket && (int)data->args[0] == AF_NETLINK &&
	       (int)data->args[2] == NETLINK_ROUTE;
}

/* A call that the filter of every run refuses. */
static void refuse_call(const struct seccomp_data *data, uint32_t verdict, struct foreseen *out)
{
	const struct filter_call *call = find_call(data->nr);

	*out = (struct foreseen){
	        .error = refusal_error(verdict),
	        .effect = EFFECT_COUNT,
	        .hidden = is_usual_look(data),
	        .verdict = VERDICT_DENY,
	        .target = call ? call_text(call, data) : text_printf("%d", data->nr),
	        .because = text_copy(call ? call->because : "syscalls.yaml"),
	};
}

static void record(struct notify *notify, const struct process *process, const char *operation,
                   const struct foreseen *foreseen)
{
	const struct refusal refusal = {
	        .pid = process->process,
	        .pid_inside = process->inside,
	        .parent = process->parent,
	        .comm = process->comm,
	        .exe = process->exe,
	        .effect = foreseen->effect,
	        .operation = operation,
	        .target = foreseen->target,
	        .target_size = foreseen->target ? strlen(foreseen->target) : 0,
	        .verdict = foreseen->verdict,
	        .hidden = foreseen->hidden,
	        .error = foreseen->error,
	        .layer = AUDIT_LAYER_SECCOMP,
	        .because = foreseen->because,
	        .remedy = foreseen->remedy,
	};

	watch_record(notify->context, &refusal);
}

/* Whether the process still waits: else its number may be another's meanwhile. */
static bool waits(const struct notify *notify)
{
	return ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notify->call->id) == 0;
}

static void judge(struct notify *notify, const struct watched_call *call, struct foreseen *out)
{
	struct watch_context *context = notify->context;
	bool found = context->root >= 0;

	judge_call(context, (pid_t)notify->call->pid, call, &notify->call->data, out);
	/* Kept for the whole run, so it must be the sandbox's. */
	if (!found && context->root >= 0 && !waits(notify))
		close(steal_descriptor(&context->root));
}

/* The errno that answers the call; 0: it goes on. */
static int decide(struct notify *notify)
{
	const struct seccomp_data *data = &notify->call->data;
	uint32_t verdict = program_evaluate(filter_base, filter_base_count, data);
	const struct watched_call *call = watched_call(data->nr);
	bool refused = verdict != SECCOMP_RET_ALLOW;
	cleanup_process struct process process = {0};
	cleanup_foreseen struct foreseen foreseen = {0};

	if (!refused && !call)
		return 0;
	if (refused)
		refuse_call(data, verdict, &foreseen);
	else
		judge(notify, call, &foreseen);
	if (!foreseen.error)
		return 0;
	process_describe((pid_t)notify->call->pid, &process);
	/* What was read may be of another process, where this one ended meanwhile. */
	if (!waits(notify))
		return foreseen.error;
	const struct filter_call *name = refused ? find_call(data->nr) : NULL;
	const char *operation = call ? call->operation : name ? name->name : "call";
	record(notify, &process, operation, &foreseen);
	return foreseen.error;
}

int notify_answer(struct notify *notify, struct error *err)
{
	memset(notify->call, 0, notify->call_size);
	memset(notify->answer, 0, notify->answer_size);
	if (ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_RECV, notify->call) < 0)
		/* ENOENT: the process was killed before it could be heard. */
		return errno == ENOENT || errno == EINTR
		               ? 0
		               : error_system(err, errno, "receiving a call");
	int error = decide(notify);
	notify->answer->id = notify->call->id;
	notify->answer->error = -error;
	notify->answer->flags = error ? 0 : (uint32_t)SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (ioctl(notify->listener, SECCOMP_IOCTL_NOTIF_SEND, notify->answer) < 0 &&
	    errno != ENOENT)
		return error_system(err, errno, "answering a call");
	return 0;
}
