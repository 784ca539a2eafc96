/* Folders that the caller may not enter now, and the tool might open. */
#ifndef REMIT_PLAN_CLOSED_H
#define REMIT_PLAN_CLOSED_H

#include "base/error.h"

/* To be asked where a look-up of `path` (absolute, normal) failed with EACCES: what stands there is
 * unknown. Returns 0 where the folder on the way that cannot be entered belongs to somebody else:
 * then the tool cannot enter it either. Negative where it is the caller's own, or that cannot be
 * said: its owner can change its mode, and would see what was not covered. */
int closed_refuse(const char *path, struct error *err);

#endif
