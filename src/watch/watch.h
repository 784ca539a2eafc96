/* The watch: a process of its own that hears what is refused inside, answers, and records it.
 *
 * It has the tool's id and, in the tool's user namespace, the one capability to look into
 * processes; its view of the files is read-only, and a filter of its own limits its calls. When it
 * ends, what it watches is ended, too; when the caller ends, it does. */
#ifndef REMIT_WATCH_WATCH_H
#define REMIT_WATCH_WATCH_H

#include "audit/log.h"
#include "base/error.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "watch/ask.h"

#include <stdbool.h>
#include <sys/types.h>

struct watch_request {
	const struct policy *policy;
	const struct plan *plan;
	const struct audit_start *start; /* of the log */
	int audit;                       /* where records go, or -1: they are counted only */
	bool learn;                      /* what is merely hidden is recorded, and shown */
	bool verbose;                    /* the summary speaks of hidden operations, too */
	enum watch_approve approve;      /* who answers where the policy asks */
	int network;                     /* socket to the network's process, or -1 */
	int questions;                   /* socket to who answers, or -1 */
	int processor;                   /* to share while the sandbox is built, or -1 */
	int process;                     /* pidfd of the sandbox's first process */
	int gate;                        /* socket to it */
};

struct watch {
	pid_t pid;
	int process; /* pidfd; readable when the watch is gone */
	int channel; /* socket to it; readable where it is over before its time */
};

struct watch_report {
	struct audit_totals totals;
	char *summary; /* for a person, lines with newlines, escaped; owned; may be empty */
};

/* Starts the watch; the caller's signals should be blocked. Returns 0 and a watch to be released
 * with watch_close; negative where there is no process. What fails later shows in watch_failure. */
int watch_start(const struct watch_request *request, struct watch *out, struct error *err);

/* Whether the watch has said why it is over before its time; sets `err` then. */
bool watch_failure(struct watch *watch, struct error *err);

/* Writes the last record, with `status` as remit_run gives it. To be called when nothing of the
 * sandbox is left. Waits for `patience` milliseconds (-1: for good), since a log may be a pipe that
 * nobody reads; signals at `arriving` (a signalfd) that would end the caller end the
 * waiting. Returns 0 and a report; negative where records could not be written. */
int watch_end(struct watch *watch, int status, int patience, int arriving, struct watch_report *out,
              struct error *err);

void watch_report_clear(struct watch_report *report);

/* Kills what is left of the watch, and waits for it; a second at the most. */
void watch_close(struct watch *watch);

#endif
