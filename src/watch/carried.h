/* What comes along with a name that means more than itself: a folder takes what is in it along, and
 * a symbolic link is another way to whatever it leads to. */
#ifndef REMIT_WATCH_CARRIED_H
#define REMIT_WATCH_CARRIED_H

#include "watch/deed.h"

/* Whether a rule refuses, by a name below `path` (that of the matter), what a folder would carry
 * away or bring, or what a link would lead to. Returns the rule's reason, and its verdict; or NULL.
 * Belongs to the policy. */
const char *carried_refusal(const struct policy *policy, const struct matter *matter,
                            const char *path, enum verdict *verdict);

/* Whether a folder that comes up from path `from` to `to` would bring what leads git out of the
 * tree that may be written there: a relative path in a `.git` that is a file, or in the `gitdir` of
 * a linked work tree. What cannot be looked through may. */
bool carried_leads_out(const struct policy *policy, int folder, const char *from, const char *to);

#endif
