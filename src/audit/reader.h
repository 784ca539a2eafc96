/* Logs, line by line, in memory that does not grow with them. */
#ifndef REMIT_AUDIT_READER_H
#define REMIT_AUDIT_READER_H

#include "audit/entry.h"
#include "base/error.h"

#include <stddef.h>

enum {
	/* A record is some hundred bytes, and what it names some thousand at most. */
	READER_LINE_MOST = 1024 * 1024,
};

/* Called for each record; negative ends the reading with this error. */
typedef int reader_function(void *data, const struct entry *entry, struct error *err);

struct reader_result {
	size_t records;
	size_t cut_off;  /* number of the first line with a record that was cut off; 0: none */
	size_t cut_offs; /* how many there are */
	size_t newer;    /* records of a version that this program does not know */
};

/* Reads the log `file` ("-": standard input). Returns 0; negative where it cannot be read, with
 * "FILE:LINE: what is wrong" where a line is no record. Only a record that was cut off is left out:
 * a last line without a newline, or the beginning of a line on which a later run wrote its own. */
int reader_log(const char *file, reader_function *function, void *data,
               struct reader_result *result, struct error *err);

/* The same from an open descriptor (borrowed); `file` is only used in messages. */
int reader_descriptor(int descriptor, const char *file, reader_function *function, void *data,
                      struct reader_result *result, struct error *err);

#endif
