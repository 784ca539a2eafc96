/* Waiting for many descriptors at once (epoll(7)). */
#ifndef REMIT_NETWORK_LOOP_H
#define REMIT_NETWORK_LOOP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Part of whatever owns a descriptor. */
struct loop_source {
	/* Negative ends the loop. */
	int (*ready)(struct loop_source *source, uint32_t events, struct error *err);
	void *owner;
};

/* Something that is to go on without waiting, or to be released when no event can speak of it any
 * more. */
struct loop_later {
	struct loop_later *next;
	int (*run)(struct loop_later *later, struct error *err);
	void *owner;
	bool queued;
};

struct loop {
	int poll;
	struct loop_later *first, **last;
};

int loop_open(struct loop *loop, struct error *err);

/* `events` are EPOLL*. A descriptor leaves the loop when it is closed. */
int loop_add(struct loop *loop, int descriptor, uint32_t events, struct loop_source *source);

/* Runs after the events that have come; at most once, however often it is queued. */
void loop_later(struct loop *loop, struct loop_later *later);

/* Waits for events, for at most `milliseconds` (-1: for good), and hands them out. */
int loop_step(struct loop *loop, int milliseconds, struct error *err);

/* Seconds of a clock that only goes forward, and its milliseconds. */
uint64_t loop_seconds(void);
uint64_t loop_milliseconds(void);

#endif
