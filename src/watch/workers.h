/* Threads that answer calls. One of them, the leader, receives and answers one call after the
 * other, since handing calls to others would cost a wake-up each. A call can stall (a dead network
 * mount, a file system that never answers): then another thread takes the lead, and the one that
 * stalls blocks only who made the call. Threads that wait stand by for that, and for calls that are
 * answered later. Where several stall in one place, further calls to it wait without a thread. */
#ifndef REMIT_WATCH_WORKERS_H
#define REMIT_WATCH_WORKERS_H

#include "base/error.h"
#include "watch/context.h"
#include "watch/notify.h"

#include <stdbool.h>

struct workers;

struct workers_request {
	struct watch_context *context;
	/* Called first, by the first thread alone, when workers_enter says so; others are its
	 * children, and see and may what it does then. */
	int (*enter)(struct watch_context *context, void *data, struct error *err);
	void *data;
	/* In which place (from 1 on) a call may stall; 0: in none that is known. Asked only once
	 * some call has stalled. */
	unsigned (*place)(struct watch_context *context, const struct notice *notice);
	/* Answers the call in hand. Negative ends everything. */
	int (*answer)(struct watch_context *context, struct notice *notice, struct error *err);
};

/* Makes the first thread, which waits. It has the caller's rights, and keeps them until `enter`
 * takes them. */
int workers_start(const struct workers_request *request, struct workers **out, struct error *err);

/* Lets the first thread call `enter`, and waits until it has. */
int workers_enter(struct workers *workers, struct error *err);

/* Lets them receive calls. */
int workers_lead(struct workers *workers, const struct notify *notify, struct error *err);

/* Answers a call later: `notice` is taken over. Returns 0, or -1 when memory is exhausted. */
int workers_later(struct workers *workers, struct notice *notice);

/* To be called every few milliseconds while calls come: replaces a leader that has been at one call
 * since the last time. Returns whether calls came meanwhile. */
bool workers_tick(struct workers *workers);

/* The next call wakes who waits at this eventfd. */
void workers_wake(struct workers *workers, int event);

/* Whether every call that came has been answered, or stalls. */
bool workers_idle(const struct workers *workers);

#endif
