#include "watch/network.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "network/message.h"
#include "sandbox/sandbox.h"
#include "watch/ask.h"
#include "watch/owner.h"
#include "watch/peer.h"
#include "watch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	LOOKUPS_ASKED_MOST = 64,
	NO_CALL = -1, /* number of the call that a look-up's notice has */
};

/* Names that somebody is asked about. */
struct lookups_asked {
	pthread_mutex_t lock; /* of the rest */
	const struct notify *notify;
	struct network_message waiting[LOOKUPS_ASKED_MOST]; /* id 0: free */
};

int watch_network_begin(struct watch_context *context, const struct notify *notify,
                        struct error *err)
{
	struct network_message message;
	int descriptor;

	if (context->network < 0)
		return 0;
	context->lookups = calloc(1, sizeof(*context->lookups));
	if (!context->lookups)
		return error_memory(err);
	pthread_mutex_init(&context->lookups->lock, NULL);
	context->lookups->notify = notify;
	int result = network_receive(context->network, &message, &descriptor, true, err);
	if (descriptor >= 0)
		close(descriptor);
	if (result == 1 && message.kind == NETWORK_READY)
		return 0;
	if (result == 1 && message.kind == NETWORK_FAILURE)
		return error_set(err, "the network: %s", message.text);
	return result < 0 ? -1 : error_set(err, "the network's process has ended");
}

/* --- handing on --- */

/* A thread's own process from Linux 6.9 on; before, that of its group, which has the same
 * descriptors but in odd programs. */
static int open_process(pid_t thread)
{
	cleanup_process struct process process = {0};
	int found = (int)syscall(SYS_pidfd_open, thread, O_EXCL);

	if (found >= 0)
		return found;
	process_describe(thread, &process);
	return process.process ? (int)syscall(SYS_pidfd_open, process.process, 0) : -1;
}

/* The tool's socket, as its number means now. Another thread may change that: it gets what it has
 * anyway. */
static int take_socket(const struct notice *notice, const struct network_message *message)
{
	cleanup_close int process = open_process(message->thread);
	cleanup_close int taken =
	        process < 0 ? -1
	                    : (int)syscall(SYS_pidfd_getfd, process, (int)message->call.args[0], 0);

	/* The number may be another process' meanwhile, where this one has ended. */
	return notice_waits(notice) ? steal_descriptor(&taken) : -1;
}

static void hand_on(struct watch_context *context, const struct notice *notice,
                    const struct network_message *message)
{
	struct error err = {0};
	cleanup_close int tool = take_socket(notice, message);

	if (network_send(context->network, message, tool, &err) < 0)
		watch_fail(context, &err);
}

bool watch_network_takes(struct watch_context *context, const struct notice *notice)
{
	const struct seccomp_notif *call = notice->call;
	cleanup_peer struct peer peer = {0};

	if (context->network < 0 || call->data.nr != SYS_connect ||
	    peer_read((pid_t)call->pid, call->data.args[1], call->data.args[2], &peer) < 0 ||
	    !peer.family)
		return false;
	/* The ports of the relay are for it alone. */
	bool relay = peer.port == SANDBOX_PORT_JOIN || peer.port == SANDBOX_PORT_SILENT;
	if (peer.inside && !relay &&
	    !network_names_address(context->policy, &peer.address, peer.port))
		return false;
	const struct network_message message = {
	        .kind = NETWORK_CONNECT,
	        .id = call->id,
	        .thread = (pid_t)call->pid,
	        .call = call->data,
	        .protocol = IPPROTO_TCP,
	        .family = peer.family,
	        .address = peer.address,
	        .port = peer.port,
	        .has_address = true,
	};
	hand_on(context, notice, &message);
	return true;
}

/* --- hearing --- */

/* What the rules do not say. */
static const char *const reasons[] = {
        [NETWORK_NO_NAME] = "what was said first names nobody",
        [NETWORK_OTHER_NAME] = "the name that was spoken is not known to have this address",
        [NETWORK_HIDDEN_NAME] = "the name that was spoken is hidden (encrypted client hello)",
        [NETWORK_UNREADABLE] = "what was said first cannot be read with certainty",
        [NETWORK_HTTP_TWO] = "HTTP/2 without TLS cannot be read",
        [NETWORK_SLOW] = "what was said first did not become whole in time",
        [NETWORK_OWN_ADDRESS] = "an address of the host itself opens only to a rule that names it",
        [NETWORK_DATAGRAM] = "datagrams do not leave the sandbox",
        [NETWORK_NOT_PUBLIC] = "the name has no address that is public, or that a rule names",
        [NETWORK_TOO_MANY] = "too many names below a wildcard were looked up",
        [NETWORK_FOREIGN] = "the socket is not of the sandbox's network",
};

static void decide(const struct watch_context *context, const struct network_message *message,
                   struct decision *decision)
{
	const char *name = *message->name ? message->name : NULL;

	if (message->reason == NETWORK_BY_NAME)
		network_decide_name(context->policy, name ? name : "", decision);
	else if (message->reason == NETWORK_BY_SPOKEN && name)
		network_decide_spoken(context->policy, name, &message->address, message->port,
		                      decision);
	else
		network_decide(context->policy, name, &message->address, message->port, decision);
	if (reasons[message->reason])
		*decision = (struct decision){.verdict = VERDICT_DENY,
		                              .cause = CAUSE_DENY,
		                              .because = reasons[message->reason]};
}

static bool is_lookup(const struct network_message *message)
{
	return message->protocol == IPPROTO_UDP && !message->family;
}

/* "name:443", "name" where it was only looked up, or the address. Owned by the caller. */
static char *target_of(const struct network_message *message)
{
	char text[NETWORK_TARGET_SIZE];

	if (*message->name && is_lookup(message))
		return text_copy(message->name);
	if (*message->name)
		return text_printf("%s:%u", message->name, message->port);
	network_address_text(&message->address, message->port, text);
	return text_copy(text);
}

static void record(struct watch_context *context, const struct network_message *message)
{
	bool lookup = is_lookup(message);
	char address[NETWORK_TARGET_SIZE];
	cleanup_process struct process process = {0};
	cleanup_free char *target = target_of(message);
	struct decision decision;

	decide(context, message, &decision);
	network_address_text(&message->address, 0, address);
	if (message->thread)
		process_describe(message->thread, &process);
	cleanup_free char *because =
	        decision.mode_because && decision.cause == CAUSE_MODE
	                ? text_printf("%s; mode %s", decision.because, context->policy->mode->name)
	                : text_copy(decision.because);
	cleanup_free char *remedy =
	        target ? watch_remedy(context->policy, &decision, EFFECT_CONNECT, target) : NULL;
	const struct refusal refusal = {
	        .pid = process.process,
	        .pid_inside = process.inside,
	        .parent = process.parent,
	        .comm = process.process ? process.comm : NULL,
	        .exe = process.exe,
	        .effect = EFFECT_CONNECT,
	        .operation = lookup ? "resolve" : "connect",
	        .target = target,
	        .target_size = target ? strlen(target) : 0,
	        .name = *message->name ? message->name : NULL,
	        .address = message->has_address ? address : NULL,
	        .protocol = message->protocol == IPPROTO_UDP ? "udp" : "tcp",
	        .port = lookup ? 0 : message->port,
	        /* Connecting a datagram socket sends nothing: programs ask for a way so. */
	        .hidden = message->reason == NETWORK_DATAGRAM,
	        .verdict = decision.verdict == VERDICT_ASK ? VERDICT_ASK : VERDICT_DENY,
	        .error = message->error,
	        .layer = AUDIT_LAYER_NETWORK,
	        .because = because,
	        .remedy = remedy,
	};

	watch_record(context, &refusal);
}

/* Whether it is permitted to go on, by whoever is asked. */
static enum asking ask(struct watch_context *context, struct notice *notice,
                       const struct network_message *message)
{
	cleanup_process struct process process = {0};
	cleanup_free char *target = target_of(message);
	cleanup_free char *any_port = target ? text_printf("%s:*", target) : NULL;
	struct decision decision;

	decide(context, message, &decision);
	if (decision.verdict != VERDICT_ASK || !any_port)
		return ASKED_NO;
	if (message->thread)
		process_describe(message->thread, &process);
	const struct question question = {
	        .effect = EFFECT_CONNECT,
	        .pid = process.process,
	        .comm = process.process ? process.comm : NULL,
	        .exe = process.exe,
	        .operation = is_lookup(message) ? "resolve" : "connect",
	        .target = is_lookup(message) ? any_port : target,
	        .because = decision.because,
	};
	return ask_about(context->asks, notice, &question);
}

/* A notice with what of the call is still needed. */
static int make_notice(const struct watch_context *context, const struct network_message *message,
                       struct notice *out, struct error *err)
{
	if (notice_new(context->lookups->notify, out, err) < 0)
		return -1;
	out->call->id = message->id;
	out->call->pid = (uint32_t)message->thread;
	out->call->data = message->call;
	if (is_lookup(message))
		out->call->data.nr = NO_CALL;
	return 0;
}

/* What a connection came to. Where somebody must be asked, the call is looked at again then, from
 * its beginning: what it asks for may have changed meanwhile. */
static int hear_answer(struct watch_context *context, struct network_message *message,
                       struct error *err)
{
	struct notice notice;
	enum asking asking = ASKED_NO;

	if (make_notice(context, message, &notice, err) < 0)
		return -1;
	if (message->refused)
		asking = ask(context, &notice, message);
	int result = 0;
	if (asking == ASKED_YES) {
		message->kind = NETWORK_CONNECT;
		message->refused = false;
		message->approved = true;
		hand_on(context, &notice, message);
	} else if (asking == ASKED_NO) {
		if (message->refused && notice_waits(&notice))
			record(context, message);
		ask_forget(context->asks, message->id);
		result = message->error ? notice_refuse(&notice, message->error, err)
		                        : notice_result(&notice, 0, err);
	}
	notice_clear(&notice);
	return result;
}

static struct network_message *find_waiting(struct lookups_asked *lookups, uint64_t id)
{
	for (size_t i = 0; i < LOOKUPS_ASKED_MOST; i++)
		if (lookups->waiting[i].id == id)
			return &lookups->waiting[i];
	return NULL;
}

/* Says what became of a refusal, and of a question of a name. */
static int settle(struct watch_context *context, struct network_message *message, bool approved,
                  struct error *err)
{
	if (!approved)
		record(context, message);
	message->kind = NETWORK_RECORDED;
	message->approved = approved;
	return network_send(context->network, message, -1, err);
}

/* The message waits in the table while somebody is asked, also before: the answer may be there at
 * once. */
static int look_up(struct watch_context *context, struct notice *notice,
                   struct network_message *message, struct error *err)
{
	struct lookups_asked *lookups = context->lookups;

	pthread_mutex_lock(&lookups->lock);
	struct network_message *place = find_waiting(lookups, message->id);
	if (!place)
		place = find_waiting(lookups, 0);
	if (place)
		*place = *message;
	pthread_mutex_unlock(&lookups->lock);
	enum asking asking = place ? ask(context, notice, message) : ASKED_NO;
	if (asking == ASKED_LATER)
		return 0;
	if (place) {
		pthread_mutex_lock(&lookups->lock);
		place->id = 0;
		pthread_mutex_unlock(&lookups->lock);
	}
	ask_forget(context->asks, notice->call->id);
	return settle(context, message, asking == ASKED_YES, err);
}

static int hear_refusal(struct watch_context *context, struct network_message *message,
                        struct error *err)
{
	struct notice notice;

	if (!is_lookup(message))
		return settle(context, message, false, err);
	if (message->port)
		message->thread = owner_of_datagrams(context->inside, message->port);
	if (make_notice(context, message, &notice, err) < 0)
		return -1;
	int result = look_up(context, &notice, message, err);
	notice_clear(&notice);
	return result;
}

bool watch_network_is_lookup(const struct notice *notice)
{
	return notice->call->data.nr == NO_CALL;
}

int watch_network_look_again(struct watch_context *context, struct notice *notice,
                             struct error *err)
{
	struct network_message message = {0};

	pthread_mutex_lock(&context->lookups->lock);
	const struct network_message *place = find_waiting(context->lookups, notice->call->id);
	if (place)
		message = *place;
	pthread_mutex_unlock(&context->lookups->lock);
	return place ? look_up(context, notice, &message, err) : 0;
}

int watch_network_hear(struct watch_context *context, struct error *err)
{
	struct network_message message;
	int descriptor;
	int result = network_receive(context->network, &message, &descriptor, false, err);

	if (descriptor >= 0)
		close(descriptor);
	if (result == 0)
		return error_set(err, "the network's process has ended");
	if (result != 1)
		return result < 0 ? -1 : 0;
	switch (message.kind) {
	case NETWORK_ANSWER:
		return hear_answer(context, &message, err);
	case NETWORK_REFUSED:
		return hear_refusal(context, &message, err);
	case NETWORK_FAILURE:
		return error_set(err, "the network: %s", message.text);
	default:
		return error_set(err, "the network's process sent what is no message");
	}
}
