/* Places that lie in one folder become one place. */
#ifndef REMIT_AUDIT_FOLDERS_H
#define REMIT_AUDIT_FOLDERS_H

#include "audit/report.h"

/* How many bytes of the target name the folder that holds it: of "/w/x" two, of "/x" one. 0 where
 * no folder does: of "/", and of what is no path. */
size_t folders_parent(size_t effect, const char *target, size_t size);

/* Puts places together until at most `places` with at most `bytes` of names are left: first those
 * of the folders that hold most, then the deepest. Addresses and calls of one reason become one
 * place without a name in the end. */
int folders_make_room(struct report *report, size_t places, size_t bytes, struct error *err);

/* The places of a reason as they are shown. Targets belong to the report. */
struct folders {
	struct report_place *places; /* most frequent first */
	size_t count;
};

/* Where `siblings` or more names lie in one folder, `depth` names or more below "/", they become
 * one place; then folders, too, until at most `most` are left or only folders at the top of the
 * tree could be put together. */
int folders_shown(const struct report_reason *reason, size_t siblings, size_t depth, size_t most,
                  struct folders *out, struct error *err);

void folders_clear(struct folders *folders);

#define cleanup_folders __attribute__((cleanup(folders_clear)))

#endif
