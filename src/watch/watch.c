/* Theory of operation: the caller forks the watch as soon as the sandbox's first process exists.
 * While that one builds the sandbox, the watch enters its user namespace, takes the tool's id and
 * confines itself. The first process then loads its filter, sends the listener, and waits: only
 * when the watch says that it is watching, COMMAND is executed. From then on the watch waits for
 * a call that wants an answer and for a word of the caller; the decoy has a thread of its own. */
#include "watch/watch.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/fuse_mount.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/processor.h"
#include "base/text.h"
#include "sandbox/sandbox.h"
#include "watch/answer.h"
#include "watch/broker.h"
#include "watch/confine.h"
#include "watch/context.h"
#include "watch/decoy.h"
#include "watch/foreign.h"
#include "watch/network.h"
#include "watch/notify.h"
#include "watch/owner.h"
#include "watch/process.h"
#include "watch/workers.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TEXT_MOST = 16384, /* bytes of a message's text */
	FLUSH_MILLISECONDS = 1000,
	TICK_MILLISECONDS = 10,
	QUIET_TICKS = 20, /* without a call, until nobody looks any more */
	DRAIN_TICKS = 200,
	CLOSE_MILLISECONDS = 1000,
};

enum message_kind {
	MESSAGE_END,     /* to the watch: nothing of the sandbox is left */
	MESSAGE_REPORT,  /* from the watch: the answer to it */
	MESSAGE_FAILURE, /* from the watch: why it is over */
};

struct message {
	enum message_kind kind;
	int status;
	struct audit_totals totals;
	char text[TEXT_MOST];
};

/* --- in the watch --- */

struct watching {
	const struct watch_request *request;
	struct watch_context context;
	struct notify notify;
	int listener;
	int tree;   /* the sandbox's mount namespace, for the broker to enter; else -1 */
	int wake;   /* eventfd: a call came after a while without any */
	int device; /* the decoy's */
	struct processor_hold hold;
	bool dirty;     /* refusals may be counted that are not written yet */
	unsigned quiet; /* ticks since the last call */
	unsigned since_flush;
};

static void send_message(int channel, const struct message *message)
{
	size_t size = offsetof(struct message, text) + strlen(message->text);

	/* Whoever is not there any more needs no answer. */
	while (send(channel, message, size, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void watch_fail(const struct watch_context *context, const struct error *err)
{
	struct message message = {.kind = MESSAGE_FAILURE};

	snprintf(message.text, sizeof(message.text), "%s\n%s", error_message(err),
	         err->help ? err->help : "");
	send_message(context->channel, &message);
	_exit(125);
}

/* Where the sandbox's first process is gone, it has said why. */
static int expect(int gate, char what, int *descriptor, struct error *err)
{
	if (message_expect(gate, what, descriptor, err) < 0)
		_exit(125);
	return 0;
}

/* The first process waits for the decoy to build on. */
static int hand_decoy(struct watching *watching, struct error *err)
{
	const struct watch_request *request = watching->request;
	const struct plan_identity *identity = &request->plan->identity;
	cleanup_close int mount = -1;

	if (mount_fuse(identity->inner_user, identity->inner_group, &watching->device, &mount,
	               err) < 0) {
		return error_help(err, "--layers namespaces runs without being told of refusals");
	}
	return message_send(request->gate, SANDBOX_GATE_DECOY, mount, err);
}

/* In the first thread that answers calls. */
static int enter(struct watch_context *context, void *data, struct error *err)
{
	const struct watching *watching = data;

	return context->broker ? broker_enter(context, watching->tree, err) : confine_calls(err);
}

/* Asked by this process's first thread when a call stalls, and by others from then on. */
static unsigned place_of(struct watch_context *context, const struct notice *notice)
{
	const struct watched_call *call = watched_call(notice->call->data.nr);
	struct error err = {0};

	if (!context->foreign && foreign_find(context->plan, &context->foreign, &err) < 0)
		watch_fail(context, &err);
	return call ? foreign_of(context->foreign, notice, call) : 0;
}

/* Threads that answer calls are made while there is still the right to enter the tree. */
static int start_workers(struct watching *watching, struct error *err)
{
	struct watch_context *context = &watching->context;
	const struct watch_request *request = watching->request;
	const struct workers_request workers = {
	        .context = context,
	        .enter = enter,
	        .data = watching,
	        .place = place_of,
	        .answer = answer_call,
	};

	if (asks_new(request->approve, request->questions, &context->asks, err) < 0 ||
	    (context->plan->broker && broker_new(context, err) < 0))
		return -1;
	return workers_start(&workers, &context->workers, err);
}

static int confine(struct watching *watching, struct error *err)
{
	const struct watch_request *request = watching->request;
	const int keep[] = {
	        watching->context.channel, request->process, request->gate, request->audit,
	        request->questions,        request->network};
	sigset_t all;

	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return error_system(err, errno, "blocking signals");
	if (descriptors_keep(keep, sizeof(keep) / sizeof(*keep), err) < 0 ||
	    process_begin(err) < 0 || confine_enter(request->process, err) < 0 ||
	    expect(request->gate, SANDBOX_GATE_MAPPED, NULL, err) < 0 || confine_mounts(err) < 0 ||
	    hand_decoy(watching, err) < 0 || confine_identity(&request->plan->identity, err) < 0)
		return -1;
	watching->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watching->wake < 0)
		return error_system(err, errno, "eventfd");
	watch_own(&watching->context);
	if (start_workers(watching, err) < 0 || confine_calls(err) < 0)
		return -1;
	/* The decoy's thread inherits it. */
	processor_hold(watching->request->processor, &watching->hold);
	return decoy_start(&watching->context, watching->device, err);
}

/* The broker's copy of the tree, before the project becomes read-only for the tool. */
static int copy_tree(struct watching *watching, struct error *err)
{
	const struct watch_request *request = watching->request;

	if (!request->plan->broker)
		return workers_enter(watching->context.workers, err);
	if (expect(request->gate, SANDBOX_GATE_TREE, &watching->tree, err) < 0 ||
	    workers_enter(watching->context.workers, err) < 0)
		return -1;
	close(steal_descriptor(&watching->tree));
	return message_send(request->gate, SANDBOX_GATE_COPIED, -1, err);
}

/* The sandbox is built: everybody runs where he may. */
static int release_processor(struct watching *watching, struct error *err)
{
	if (watching->hold.held &&
	    decoy_release(&watching->context, &watching->hold.before, err) < 0)
		return -1;
	return processor_release(0, &watching->hold, err);
}

static int begin(struct watching *watching, struct error *err)
{
	const struct watch_request *request = watching->request;

	if (confine(watching, err) < 0)
		return error_context(err, "confining the watch");
	if (audit_log_new(request->audit, &watching->context.log, err) < 0)
		return -1;
	audit_log_caller(watching->context.log, watching->context.channel);
	if (audit_log_start(watching->context.log, request->start, err) < 0 ||
	    copy_tree(watching, err) < 0 ||
	    expect(request->gate, SANDBOX_GATE_LISTENER, &watching->listener, err) < 0)
		return -1;
	if (watching->listener < 0)
		return error_set(err, "no listener came");
	if (notify_begin(watching->listener, &watching->notify, err) < 0)
		return -1;
	if (watch_network_begin(&watching->context, &watching->notify, err) < 0)
		return -1;
	if (workers_lead(watching->context.workers, &watching->notify, err) < 0)
		return -1;
	if (release_processor(watching, err) < 0 ||
	    message_send(request->gate, SANDBOX_GATE_WATCHING, -1, err) < 0)
		return -1;
	close(request->gate);
	return 0;
}

/* What waits now is answered before the end; a call that stalls is not waited for. */
static void drain(struct watching *watching)
{
	struct pollfd place = {.fd = watching->listener, .events = POLLIN};

	for (int i = 0; i < DRAIN_TICKS; i++) {
		bool waits = poll(&place, 1, 0) > 0 && (place.revents & POLLIN);
		if (!waits && workers_idle(watching->context.workers))
			break;
		nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
		workers_tick(watching->context.workers);
	}
	if (watching->context.broker)
		broker_end(&watching->context);
}

static int finish(struct watching *watching, int status, struct error *err)
{
	struct watch_context *context = &watching->context;
	struct message message = {.kind = MESSAGE_REPORT};
	cleanup_buffer struct buffer summary = {0};

	drain(watching);
	pthread_mutex_lock(&context->lock);
	int result = audit_log_end(context->log, status, err);
	if (result == 0)
		result = audit_log_summary(context->log, watching->request->verbose, &summary, err);
	audit_log_totals(context->log, &message.totals);
	pthread_mutex_unlock(&context->lock);
	if (result < 0)
		return -1;
	snprintf(message.text, sizeof(message.text), "%s", summary.data ? summary.data : "");
	send_message(watching->context.channel, &message);
	return 0;
}

static int flush(struct watching *watching, struct error *err)
{
	pthread_mutex_lock(&watching->context.lock);
	int result = audit_log_flush(watching->context.log, err);
	pthread_mutex_unlock(&watching->context.lock);
	watching->dirty = false;
	return result;
}

/* Returns 1 when the caller said that the sandbox has ended, or is gone itself. */
static int hear_caller(struct watching *watching, struct error *err)
{
	struct message message;
	ssize_t size = recv(watching->context.channel, &message, sizeof(message), 0);

	if (size < 0 && errno == EINTR)
		return 0;
	if (size < (ssize_t)offsetof(struct message, text) || message.kind != MESSAGE_END) {
		/* The kernel ends what is left inside; what was counted is not to be lost. */
		return flush(watching, err) < 0 ? -1 : 1;
	}
	return finish(watching, message.status, err) < 0 ? -1 : 1;
}

static void record_answer(void *data, const struct question *question, const struct answer *answer)
{
	watch_record_answer(data, question, answer);
}

static void look_again(void *data, struct notice *notice)
{
	const struct watch_context *context = data;

	if (workers_later(context->workers, notice) == 0)
		return;
	struct error err = {0};
	error_memory(&err);
	watch_fail(context, &err);
}

static void hear_answer(struct watching *watching, struct pollfd *place)
{
	struct watch_context *context = &watching->context;
	cleanup_error struct error err = {0};
	struct answer answer;

	if (answer_receive(place->fd, &answer, &err) == 0) {
		ask_answer(context->asks, &answer, record_answer, look_again, context);
		return;
	}
	place->fd = -1;
	ask_close(context->asks, record_answer, look_again, context);
}

/* While calls come, somebody looks whether one of them stalls; else the next call wakes this
 * thread. Returns the milliseconds to wait. */
static int tick(struct watching *watching, struct error *err)
{
	if (workers_tick(watching->context.workers)) {
		watching->dirty = true;
		watching->quiet = 0;
	} else {
		watching->quiet++;
	}
	watching->since_flush += TICK_MILLISECONDS;
	if (watching->dirty && watching->since_flush >= FLUSH_MILLISECONDS) {
		watching->since_flush = 0;
		if (flush(watching, err) < 0)
			return -2;
	}
	if (watching->quiet < QUIET_TICKS || watching->dirty)
		return TICK_MILLISECONDS;
	workers_wake(watching->context.workers, watching->wake);
	return -1;
}

static int watch_calls(struct watching *watching, struct error *err)
{
	struct pollfd places[] = {
	        {.fd = watching->context.channel, .events = POLLIN},
	        {.fd = watching->wake, .events = POLLIN},
	        {.fd = watching->request->questions, .events = POLLIN},
	        {.fd = watching->context.network, .events = POLLIN},
	};
	int wait = TICK_MILLISECONDS;

	for (;;) {
		int ready = poll(places, 4, wait);
		if (ready < 0 && errno != EINTR && errno != ENOMEM)
			return error_system(err, errno, "poll");
		if (ready <= 0) {
			wait = tick(watching, err);
			if (wait < -1)
				return -1;
			continue;
		}
		if (places[1].revents) {
			uint64_t times;
			(void)!read(watching->wake, &times, sizeof(times));
			watching->quiet = 0;
			wait = TICK_MILLISECONDS;
		}
		if (places[2].revents)
			hear_answer(watching, &places[2]);
		if (places[3].revents) {
			watching->dirty = true;
			if (watch_network_hear(&watching->context, err) < 0)
				return -1;
			watching->quiet = 0;
			wait = TICK_MILLISECONDS;
		}
		if (places[0].revents) {
			int over = hear_caller(watching, err);
			if (over)
				return over < 0 ? -1 : 0;
		}
	}
}

static _Noreturn void run(const struct watch_request *request, int channel)
{
	struct error err = {0};
	struct watching watching = {
	        .request = request,
	        .context =
	                {
	                        .policy = request->policy,
	                        .plan = request->plan,
	                        .learn = request->learn,
	                        .lock = PTHREAD_MUTEX_INITIALIZER,
	                        .channel = channel,
	                        .network = request->network,
	                        .inside = owner_number(request->process),
	                        .root = -1,
	                },
	        .listener = -1,
	        .device = -1,
	        .wake = -1,
	        .tree = -1,
	};

	/* Threads that take over where one stalls would each have memory of their own. */
	(void)mallopt(M_ARENA_MAX, 1);
	if (begin(&watching, &err) < 0 || watch_calls(&watching, &err) < 0)
		watch_fail(&watching.context, &err);
	_exit(0);
}

/* --- in the caller --- */

int watch_start(const struct watch_request *request, struct watch *out, struct error *err)
{
	int ends[2];

	*out = (struct watch){.pid = -1, .process = -1, .channel = -1};
	if (message_pair(ends, err) < 0)
		return -1;
	out->pid = kernel_clone_process(SIGCHLD, &out->process);
	if (out->pid == 0)
		run(request, ends[1]);
	int number = errno;
	close(ends[1]);
	out->channel = ends[0];
	if (out->pid > 0)
		return 0;
	watch_close(out);
	return error_system(err, number, "starting the watch");
}

/* What went wrong, and behind a newline what would help. */
static void take_failure(struct message *message, struct error *err)
{
	char *help = strchr(message->text, '\n');

	if (help)
		*help++ = '\0';
	error_set(err, "%s", message->text);
	if (help && *help)
		error_help(err, "%s", help);
}

bool watch_failure(struct watch *watch, struct error *err)
{
	struct message message = {0};
	ssize_t size = recv(watch->channel, &message, sizeof(message) - 1, MSG_DONTWAIT);

	if (size <= (ssize_t)offsetof(struct message, text) || message.kind != MESSAGE_FAILURE)
		return false;
	take_failure(&message, err);
	return true;
}

/* Takes all signals that have arrived; whether one of them asks to end. */
static bool ends_waiting(int arriving)
{
	struct signalfd_siginfo info;
	bool ends = false;

	while (read(arriving, &info, sizeof(info)) == sizeof(info))
		ends |= info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM ||
		        info.ssi_signo == SIGHUP || info.ssi_signo == SIGQUIT;
	return ends;
}

static int receive_report(struct watch *watch, struct watch_report *out, struct error *err)
{
	struct message message = {0};
	ssize_t size = recv(watch->channel, &message, sizeof(message) - 1, MSG_DONTWAIT);

	if (size > 0 && message.kind == MESSAGE_FAILURE) {
		take_failure(&message, err);
		return -1;
	}
	if (size < (ssize_t)offsetof(struct message, text) || message.kind != MESSAGE_REPORT)
		return error_set(err, "the watch was ended before it had written its last record");
	out->totals = message.totals;
	out->summary = text_copy(message.text);
	return out->summary ? 0 : error_memory(err);
}

int watch_end(struct watch *watch, int status, int patience, int arriving, struct watch_report *out,
              struct error *err)
{
	struct message message = {.kind = MESSAGE_END, .status = status};
	struct pollfd places[] = {
	        {.fd = watch->channel, .events = POLLIN},
	        {.fd = arriving, .events = POLLIN},
	};

	*out = (struct watch_report){0};
	/* What came while the command ran may be why it ended. */
	ends_waiting(arriving);
	send_message(watch->channel, &message);
	for (;;) {
		int ready = poll(places, 2, patience);
		if (ready < 0 && errno != EINTR && errno != ENOMEM)
			return error_system(err, errno, "poll");
		if (ready == 0)
			return error_set(err, "the last records could not be written: nobody reads "
			                      "the audit log");
		if (ready < 0)
			continue;
		if (places[0].revents)
			return receive_report(watch, out, err);
		if (places[1].revents && ends_waiting(arriving))
			return error_set(err, "interrupted before the last record was written");
	}
}

void watch_report_clear(struct watch_report *report)
{
	free(report->summary);
	*report = (struct watch_report){0};
}

void watch_close(struct watch *watch)
{
	if (watch->pid > 0) {
		struct pollfd place = {.fd = watch->process, .events = POLLIN};
		kill(watch->pid, SIGKILL);
		/* A thread that stalls in a file system may not even be killed: who started it does
		 * not wait for that. */
		if (poll(&place, 1, CLOSE_MILLISECONDS) != 0)
			waitpid(watch->pid, NULL, WNOHANG);
	}
	if (watch->process >= 0)
		close(watch->process);
	if (watch->channel >= 0)
		close(watch->channel);
	*watch = (struct watch){.pid = -1, .process = -1, .channel = -1};
}
