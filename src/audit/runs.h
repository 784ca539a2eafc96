/* The runs of which logs tell, each from its `start` to its `end`. */
#ifndef REMIT_AUDIT_RUNS_H
#define REMIT_AUDIT_RUNS_H

#include "audit/report.h"

/* Counts a record for its run. Sets `*agent_file` to the definition of the run (data NULL where it
 * is not known), which lives until the next call. */
int runs_count(struct report *report, const struct entry *entry, struct report_text *agent_file,
               struct error *err);

/* Forgets the runs that are still open, and counts them as unfinished. */
void runs_close(struct report *report);

#endif
