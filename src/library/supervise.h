/* Waiting for a sandbox: signals in, status out. */
#ifndef REMIT_LIBRARY_SUPERVISE_H
#define REMIT_LIBRARY_SUPERVISE_H

#include "base/error.h"
#include "library/approve.h"
#include "plan/plan.h"
#include "sandbox/sandbox.h"
#include "watch/watch.h"

/* Waits until the sandbox's outcome is final or the watch (NULL: there is none) is over, hands
 * signals on to COMMAND, lets the approver answer, ends COMMAND after `seconds` (0: never). Returns
 * 0 and a status as remit_run gives it (with `err` set where it is 126 or 127); negative where
 * nothing was executed. */
int supervise(struct sandbox *sandbox, struct watch *watch, struct approver *approver,
              const struct plan *plan, unsigned seconds, int *status, struct error *err);

#endif
