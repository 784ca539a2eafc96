/* What becomes of a call that waits: it goes on, is refused and recorded, or is done by the
 * broker. */
#ifndef REMIT_WATCH_ANSWER_H
#define REMIT_WATCH_ANSWER_H

#include "base/error.h"
#include "watch/context.h"
#include "watch/notify.h"

/* Answers the call in hand, also where it is gone meanwhile. Negative where no answer can be
 * given. */
int answer_call(struct watch_context *context, struct notice *notice, struct error *err);

#endif
