/* One run: the sandbox, and where there is a decoy, the watch beside it. */
#include "library/confine.h"

#include "base/cleanup.h"
#include "base/message.h"
#include "base/text.h"
#include "library/output.h"
#include "library/start_record.h"
#include "library/supervise.h"
#include "sandbox/sandbox.h"
#include "watch/watch.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One run, and what is held for it until it is over. */
struct run {
	const struct remit_options *options;
	const struct launch *launch;
	const struct notices *notices;
	int audit;     /* or -1 */
	int processor; /* that pid 1 and the watch share while the sandbox is built, or -1 */
	int gates[2];  /* between pid 1 and the watch, or -1 */
	struct sandbox sandbox;
	struct watch watch;
};

static int start_watch(struct run *run, struct error *err)
{
	cleanup_start_record struct start_record record = {0};

	/* Without a log nobody reads it. */
	if (run->audit >= 0 &&
	    start_record_make(run->launch, run->options->learn, &record, err) < 0)
		return -1;
	const struct watch_request request = {
	        .policy = run->launch->prepared.policy,
	        .plan = run->launch->plan,
	        .start = &record.start,
	        .audit = run->audit,
	        .learn = run->options->learn,
	        .verbose = run->options->verbose,
	        .processor = run->processor,
	        .process = run->sandbox.process,
	        .gate = run->gates[1],
	};
	int result = watch_start(&request, &run->watch, err);
	close(steal_descriptor(&run->gates[0]));
	close(steal_descriptor(&run->gates[1]));
	return result;
}

enum {
	/* Milliseconds. Who ended a run wants its end, also where nobody reads the log. */
	PATIENCE = 5000,
};

/* The last record, and what it comes to. */
static int end_watch(struct run *run, int *status, struct error *err)
{
	struct watch_report report;
	char *next = NULL;

	bool ended = *status == REMIT_STATUS_TIMED_OUT || *status > 128;
	if (watch_end(&run->watch, *status, ended ? PATIENCE : -1, run->sandbox.arriving, &report,
	              err) < 0)
		return -1;
	for (char *line = strtok_r(report.summary, "\n", &next); line;
	     line = strtok_r(NULL, "\n", &next))
		notices_say(run->notices, REMIT_NOTICE_NOTE, text_copy(line));
	if (run->options->fail_on_denial && report.totals.denied &&
	    *status != REMIT_STATUS_TIMED_OUT)
		*status = REMIT_STATUS_DENIED;
	watch_report_clear(&report);
	return 0;
}

static int confine(struct run *run, int *status, struct error *err)
{
	const struct plan *plan = run->launch->plan;
	bool watched = plan->decoy;

	if (watched && message_pair(run->gates, err) < 0)
		return -1;
	run->processor = watched ? sched_getcpu() : -1;
	const struct sandbox_request start = {
	        .plan = plan,
	        .processor = run->processor,
	        .gate = run->gates[0],
	        .arguments = run->options->arguments,
	        .arguments_size = run->options->arguments_size,
	        .timing = run->notices->timing,
	};
	if (sandbox_start(&start, &run->sandbox, err) < 0)
		return -1;
	int result = watched ? start_watch(run, err) : 0;
	if (result == 0)
		result = supervise(&run->sandbox, watched ? &run->watch : NULL, plan,
		                   plan->wall_seconds, status, err);
	timing_mark(run->notices->timing, "end", "status");
	if (result == 0 && watched)
		result = end_watch(run, status, err);
	if (watched)
		watch_close(&run->watch);
	timing_mark(run->notices->timing, "end", "watch");
	sandbox_close(&run->sandbox);
	timing_mark(run->notices->timing, "end", "teardown");
	return result;
}

int confine_run(const struct remit_options *options, const struct launch *launch,
                const struct notices *notices, int *status, struct error *err)
{
	cleanup_close int audit = -1;
	struct run run = {
	        .options = options,
	        .launch = launch,
	        .notices = notices,
	        .gates = {-1, -1},
	        .watch = {.pid = -1, .process = -1, .channel = -1},
	};

	if (!launch->plan->decoy && (options->audit || options->fail_on_denial)) {
		error_set(err, "at level namespaces no refusal is seen, let alone recorded");
		return error_help(err, "--layers auto, or neither --audit nor --fail-on-denial");
	}
	if (options->audit) {
		audit = output_open("--audit", options->audit, launch->prepared.policy, err);
		if (audit < 0)
			return -1;
	}
	struct stat before = {0};
	if (audit >= 0 && fstat(audit, &before) < 0)
		return error_system(err, errno, "--audit");
	run.audit = audit;
	int result = confine(&run, status, err);
	if (result < 0 && audit >= 0)
		output_mend(audit, before.st_size);
	return result;
}
