/* One line of a log, read: what a report needs of it. */
#ifndef REMIT_AUDIT_ENTRY_H
#define REMIT_AUDIT_ENTRY_H

#include "audit/record.h"
#include "base/buffer.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum entry_kind {
	ENTRY_START,
	ENTRY_REFUSAL,
	ENTRY_ANSWER,
	ENTRY_END,
	ENTRY_UNKNOWN, /* a kind of record that a newer version has */
};

/* Any bytes; `data` is NULL where the member is absent, else NUL-terminated. */
struct entry_text {
	const char *data;
	size_t size;
};

/* Texts live as long as the entry. Members of another kind of record are absent or 0. */
struct entry {
	enum entry_kind kind;
	bool newer; /* of a version that this program does not know */
	struct entry_text run, agent, agent_file;
	struct entry_text comm, exe, operation, target, because, because_file, remedy;
	size_t effect; /* EFFECT_COUNT: a call */
	bool hidden;
	enum verdict verdict;
	unsigned long because_line; /* 0: none */
	unsigned long long count;
	enum answered_how how;                   /* of `answer` */
	unsigned long long denied, hidden_total; /* of `end` */

	json_t *root; /* owned, and what holds the texts */
	struct buffer decoded[6];
	size_t decoded_count;
};

enum {
	ENTRY_NO_JSON = -2,
};

/* Reads one line (without its newline). Keys that are not known are left alone. Returns 0, or
 * negative where the line is no record (ENTRY_NO_JSON exactly where it is no JSON): `err` says why,
 * without the place. */
int entry_read(const char *line, size_t size, struct entry *out, struct error *err);

void entry_clear(struct entry *entry);

#define cleanup_entry __attribute__((cleanup(entry_clear)))

#endif
