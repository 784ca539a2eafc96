/* What logs say, put together: by reason, and within a reason by place. Memory is bounded, whatever
 * the size of the logs: places beyond the bound are counted under the folder that holds them. */
#ifndef REMIT_AUDIT_REPORT_H
#define REMIT_AUDIT_REPORT_H

#include "audit/entry.h"
#include "audit/record.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/table.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	REPORT_PLACES_MOST = 8192,
	REPORT_REASONS_MOST = 1024,
	REPORT_PROGRAMS_MOST = 1024,         /* names of programs */
	REPORT_RUNS_MOST = 4096,             /* that have not ended yet */
	REPORT_BYTES_MOST = 4 * 1024 * 1024, /* of the texts of reasons, and of those of places */
	PLACE_PROGRAMS = 4,
};

/* Any bytes, NUL-terminated where the report owns it; `data` is NULL where there is none. */
struct report_text {
	char *data;
	size_t size;
};

struct report_program {
	const char *name; /* the report's; NULL: programs beyond those that are kept */
	unsigned long long count;
};

/* The first are names, in the order in which they came; unused ones count nothing. */
struct report_programs {
	struct report_program items[PLACE_PROGRAMS];
};

struct report_place {
	struct report_reason *reason;
	struct report_text target; /* of a folder: without a slash at the end, but for "/"; empty:
	                            * various that no folder holds */
	bool folder;               /* it stands for names in or below it */
	bool more_names;           /* than `names`: some could not be told apart */
	size_t names;              /* that it stands for */
	unsigned long long count;
	struct report_programs programs;
};

/* One line of a definition or policy, with what it refused of one effect and class. */
struct report_reason {
	size_t effect; /* EFFECT_COUNT: a call */
	bool hidden;
	enum verdict verdict;
	struct report_text because;
	struct report_text file; /* of the line */
	unsigned long line;      /* 0: none */
	struct report_text remedy;
	struct report_text agent_file; /* the definition of the run */
	bool rest;                     /* stands for reasons that there was no room for */
	bool has_folders;              /* among its places */
	unsigned long long count;
	struct report_programs programs;
	struct report_place **places; /* the report's; known once the report is finished */
	size_t place_count;
};

struct run;

struct report {
	struct report_reason *
	        *reasons; /* when finished: denied before hidden, most frequent first */
	size_t reason_count, reason_capacity;
	struct report_place **places; /* when finished: reason by reason */
	size_t place_count, place_capacity;
	struct table reason_table, place_table, program_table, run_table;
	char **programs;
	size_t program_count, program_capacity;
	struct run *oldest_run, *newest_run; /* that have not ended yet */
	size_t place_bytes;
	struct buffer key; /* memory for the keys of tables */

	struct record_totals totals;
	unsigned long long answers[ANSWERED_COUNT];
	unsigned long long records;
	unsigned long long runs;
	unsigned long long unfinished;    /* without an `end` record */
	unsigned long long contradicted;  /* whose `end` says another sum than their records */
	unsigned long long beginningless; /* without a `start` record */
};

struct report *report_new(void);
void report_free(struct report *report);

#define cleanup_report __attribute__((cleanup(report_cleanup)))

static inline void report_cleanup(struct report **report)
{
	report_free(*report);
}

/* A reader_function; `data` is the report. */
int report_add(void *data, const struct entry *entry, struct error *err);

/* Counts the runs that did not end, sorts, and gives each reason its places. Nothing may be added
 * afterwards. */
int report_finish(struct report *report, struct error *err);

/* True where the targets of the effect are paths, which folders hold. */
bool report_has_paths(size_t effect);

/* Adds what `from` counts to `to`. */
void report_add_programs(struct report_programs *to, const struct report_programs *from);

/* Makes the table of places anew, after places changed. */
int report_index_places(struct report *report, struct error *err);

#endif
