/* Files of protected names that the tool may write where the content does no harm: a `.git` that is
 * a file, pointers of work trees, a new configuration of git. The tool gets a file of its own,
 * which nobody else sees; whenever it makes its next call, what it wrote there is looked at, and
 * copied to the name where it does no harm. */
#ifndef REMIT_WATCH_STAGED_H
#define REMIT_WATCH_STAGED_H

#include "watch/deed.h"

/* Opens the name for the call in hand, where ruling_of_name said RULING_CONTENT: sets the outcome.
 * Under the lock. */
void staged_open(const struct deed *deed, const struct matter *matter,
                 const struct guard_finding *finding, int flags, mode_t mode);

/* Publishes what was written since the last time; records what is refused. */
void staged_publish(struct watch_context *context);

/* A copy of `from` (for reading) without a name in `folder`, with the rights of `mode`; -1 with
 * errno. Larger files than a mebibyte are EFBIG. */
int staged_copy(int folder, int from, mode_t mode);

#endif
