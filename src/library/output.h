/* Files that remit writes for the operator: never where the tool could write. */
#ifndef REMIT_LIBRARY_OUTPUT_H
#define REMIT_LIBRARY_OUTPUT_H

#include "base/error.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <sys/types.h>

/* True where the tool of a run under `policy` may write at `path` (absolute, links resolved): the
 * project as a whole, and whatever else the policy permits. */
bool output_tool_may_write(const struct policy *policy, const char *path);

/* The absolute path that `text` means, links of its folder resolved, owned by the caller. NULL with
 * an error set, or without one where memory is exhausted. */
char *output_find(const char *option, const char *text, struct error *err);

/* Opens "FILE" (created with mode 0600 where it does not exist, appended to where it does) or takes
 * "fd:N", a descriptor of the caller that is open for writing. No link is followed at the end, and
 * what lies in the workspace, its repository or anything else that the policy lets the tool write
 * is refused, as is what a standard stream of the caller, which the tool gets, leads to. `option`
 * names the option in messages. Returns a descriptor above 2 owned by the caller, or negative. */
int output_open(const char *option, const char *text, const struct policy *policy,
                struct error *err);

/* Takes back a line without an end, which a writer that was killed left in a regular file: the
 * kernel ends a write between two pages. `least` bytes stay in any case: what the file held before.
 */
void output_mend(int descriptor, off_t least);

#endif
