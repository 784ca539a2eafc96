/* What the first record of an audit log tells of a run. */
#ifndef REMIT_LIBRARY_START_RECORD_H
#define REMIT_LIBRARY_START_RECORD_H

#include "audit/log.h"
#include "base/sha256.h"
#include "library/launch.h"

#include <sys/utsname.h>

enum {
	START_LAYERS = 8,
};

struct start_record {
	struct audit_start start; /* points into the launch and into what follows */
	char digest[SHA256_TEXT];
	struct utsname system;
	const char *layers[START_LAYERS]; /* NULL-terminated */
	const char **unknown;             /* forbidden names that no tool has; owned */
};

/* `*out` must not be moved afterwards. Returns 0, or negative; to be released either way. */
int start_record_make(const struct launch *launch, bool learn, struct start_record *out,
                      struct error *err);
void start_record_clear(struct start_record *record);

#define cleanup_start_record __attribute__((cleanup(start_record_clear)))

#endif
