/* The listener: calls that wait for an answer, one by one. */
#ifndef REMIT_WATCH_NOTIFY_H
#define REMIT_WATCH_NOTIFY_H

#include "base/error.h"
#include "watch/context.h"

struct notify;

/* Takes over `listener`, a descriptor of seccomp(2). Returns 0 and a listener owned by the caller,
 * or negative. */
int notify_new(struct watch_context *context, int listener, struct notify **out, struct error *err);
void notify_free(struct notify *notify);

/* Receives one call and answers it; to be called when the listener is readable. Returns 0, also
 * where the call is gone meanwhile; negative where no more can be received. */
int notify_answer(struct notify *notify, struct error *err);

#endif
