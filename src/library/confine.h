/* From a plan to a status: the sandbox, and where there is a decoy, the watch beside it. */
#ifndef REMIT_LIBRARY_CONFINE_H
#define REMIT_LIBRARY_CONFINE_H

#include "base/error.h"
#include "library/launch.h"
#include "remit.h"

/* Executes what was prepared and waits for its end. `environment` is the caller's, for a program
 * that answers questions. Returns 0 and a status as remit_run gives it (with `err` set where it is
 * 126 or 127); negative where nothing was executed, or where what was refused could not be recorded
 * and everything was ended. */
int confine_run(const struct remit_options *options, const struct launch *launch,
                char *const *environment, const struct notices *notices, int *status,
                struct error *err);

#endif
