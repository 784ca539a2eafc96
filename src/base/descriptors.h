/* What a process holds of the one that it was forked from. */
#ifndef REMIT_BASE_DESCRIPTORS_H
#define REMIT_BASE_DESCRIPTORS_H

#include "base/error.h"

#include <stddef.h>

/* Keeps only these descriptors (and moves none; negative ones are passed over); 0, 1 and 2 become
 * /dev/null. */
int descriptors_keep(const int *keep, size_t count, struct error *err);

#endif
