/* File systems of the host that lie inside of what is shown. */
#ifndef REMIT_PLAN_SUBMOUNTS_H
#define REMIT_PLAN_SUBMOUNTS_H

#include "plan/plan.h"

/* Covers what the kernel itself serves (proc, sysfs, devices, ...) below the plan's trees: in the
 * workspace of somebody who works on a root file system, the host's processes would show.
 * Returns 0, or negative. */
int submounts_mask(struct plan *plan, struct error *err);

#endif
