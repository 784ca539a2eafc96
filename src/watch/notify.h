/* The listener: calls that wait for an answer, one by one. Each worker has a call of its own in
 * hand. */
#ifndef REMIT_WATCH_NOTIFY_H
#define REMIT_WATCH_NOTIFY_H

#include "base/error.h"

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct notify {
	int listener; /* a descriptor of seccomp(2) */
	/* The kernel's structures may be longer than those of the headers. */
	size_t call_size, answer_size;
};

/* What is in hand. */
struct notice {
	const struct notify *notify;
	struct seccomp_notif *call;
	struct seccomp_notif_resp *answer;
};

/* Takes over `listener`. Returns 0, or negative. */
int notify_begin(int listener, struct notify *out, struct error *err);

/* Room for one call. Returns 0 and a notice owned by the caller, or negative. */
int notice_new(const struct notify *notify, struct notice *out, struct error *err);
void notice_clear(struct notice *notice);

/* Waits for a call. Returns 1 and a call; 0 where it is gone meanwhile; negative where no more can
 * be received. */
int notice_receive(struct notice *notice, struct error *err);

/* The same call in another hand: for one that is answered later. */
void notice_copy(struct notice *to, const struct notice *from);

/* Whether the process still waits: else its number may be another's meanwhile. */
bool notice_waits(const struct notice *notice);

/* The answers. A call that is gone needs none: each is 0 then; negative on failure. */
int notice_go_on(const struct notice *notice, struct error *err);
int notice_refuse(const struct notice *notice, int number, struct error *err);
int notice_result(const struct notice *notice, int64_t value, struct error *err);

/* Answers with a descriptor: a copy of `file` in the process that called. Returns 0, or the errno
 * for which the process cannot have it (EMFILE): it still waits for an answer then. */
int notice_descriptor(const struct notice *notice, int file, bool close_on_exec);

/* The same in two steps: the process has the descriptor, and still waits for its number. Returns
 * that, or -1 with errno: EINPROGRESS where the call is gone. */
int notice_put(const struct notice *notice, int file, bool close_on_exec);

#endif
