#include "watch/answer.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "plan/filter.h"
#include "watch/broker.h"
#include "watch/calls.h"
#include "watch/judge.h"
#include "watch/network.h"
#include "watch/process.h"
#include "watch/program.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

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

static void record(struct watch_context *context, const struct process *process,
                   const char *operation, const struct foreseen *foreseen)
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
	        .layer = foreseen->layer ? foreseen->layer : AUDIT_LAYER_SECCOMP,
	        .address = foreseen->address,
	        .port = foreseen->port,
	        .because = foreseen->because,
	        .remedy = foreseen->remedy,
	};

	watch_record(context, &refusal);
}

/* Records what is foreseen, and refuses it. */
static int refuse(struct watch_context *context, struct notice *notice,
                  const struct watched_call *call, const struct foreseen *foreseen,
                  struct error *err)
{
	cleanup_process struct process process = {0};

	process_describe((pid_t)notice->call->pid, &process);
	/* What was read may be of another process, where this one ended meanwhile. */
	if (notice_waits(notice)) {
		const struct filter_call *name = call ? NULL : find_call(notice->call->data.nr);
		const char *operation = call ? call->operation : name ? name->name : "call";
		record(context, &process, operation, foreseen);
	}
	return notice_refuse(notice, foreseen->error, err);
}

/* A file is emptied only where its descriptor could be had. */
static int hand_over_empty(struct notice *notice, const struct outcome *outcome, struct error *err)
{
	int number = notice_put(notice, outcome->file, outcome->close_on_exec);

	if (number < 0)
		return errno == EINPROGRESS ? 0 : notice_refuse(notice, errno, err);
	if (broker_empty(outcome) < 0)
		return notice_refuse(notice, errno, err);
	return notice_result(notice, number, err);
}

static int hand_over(struct notice *notice, struct outcome *outcome, struct error *err)
{
	if (outcome->truncate)
		return hand_over_empty(notice, outcome, err);
	int number = notice_descriptor(notice, outcome->file, outcome->close_on_exec);

	if (number == 0)
		return 0;
	broker_take_back(outcome);
	return notice_refuse(notice, number, err);
}

/* Returns 1 where the broker has nothing to say. */
static int broker_says(struct watch_context *context, struct notice *notice,
                       const struct watched_call *call, struct error *err)
{
	cleanup_outcome struct outcome outcome;

	broker_answer(context, notice, call, &outcome);
	switch (outcome.kind) {
	case OUTCOME_GO_ON:
		return 1;
	case OUTCOME_PLAIN:
		return notice_go_on(notice, err);
	case OUTCOME_LATER:
		return 0;
	case OUTCOME_AGAIN:
		break;
	case OUTCOME_REFUSED:
		/* Without memory for the record there is no record, and no deed. */
		if (!outcome.refused.error)
			return notice_refuse(notice, ENOMEM, err);
		return refuse(context, notice, call, &outcome.refused, err);
	case OUTCOME_ERROR:
		return notice_refuse(notice, outcome.error, err);
	case OUTCOME_RESULT:
		return notice_result(notice, outcome.value, err);
	case OUTCOME_FILE:
		return hand_over(notice, &outcome, err);
	}
	return error_set(err, "no such outcome");
}

static void judge(struct watch_context *context, struct notice *notice,
                  const struct watched_call *call, struct foreseen *out)
{
	bool found = context->root >= 0;

	judge_call(context, (pid_t)notice->call->pid, call, &notice->call->data, out);
	/* Kept for the whole run, so it must be the sandbox's. */
	if (!found && context->root >= 0 && !notice_waits(notice))
		close(steal_descriptor(&context->root));
}

int answer_call(struct watch_context *context, struct notice *notice, struct error *err)
{
	const struct seccomp_data *data = &notice->call->data;

	if (watch_network_is_lookup(notice))
		return watch_network_look_again(context, notice, err);
	uint32_t verdict = program_evaluate(filter_base, filter_base_count, data);
	const struct watched_call *call = watched_call(data->nr);
	cleanup_foreseen struct foreseen foreseen = {0};

	if (verdict != SECCOMP_RET_ALLOW) {
		refuse_call(data, verdict, &foreseen);
		return refuse(context, notice, call, &foreseen, err);
	}
	if (watch_network_takes(context, notice))
		return 0;
	if (context->broker && call) {
		int said = broker_says(context, notice, call, err);
		if (said <= 0)
			return said;
	}
	if (call)
		judge(context, notice, call, &foreseen);
	return foreseen.error ? refuse(context, notice, call, &foreseen, err)
	                      : notice_go_on(notice, err);
}
