/* One run: the sandbox, and where there is a decoy, the watch beside it. */
#include "library/confine.h"

#include "base/cleanup.h"
#include "base/message.h"
#include "base/text.h"
#include "library/approve.h"
#include "library/output.h"
#include "library/publish.h"
#include "library/start_record.h"
#include "library/supervise.h"
#include "network/network.h"
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
	struct approver *approver;
	int questions[2]; /* between the approver and the watch, or -1 */
	struct sandbox sandbox;
	struct watch watch;
	int network_gates[2]; /* between pid 1 and the network's process, or -1 */
	int network_ends[2];  /* between the watch and the network's process, or -1 */
	struct network network;
	struct publish publish;
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
	        .approve = approver_kind(run->approver),
	        .questions = run->questions[1],
	        .network = run->network_ends[0],
	};
	return watch_start(&request, &run->watch, err);
}

/* What pid 1 and the watch have of it is theirs: kept here, neither would hear the other's end. */
static void close_gates(struct run *run)
{
	int *places[] = {&run->gates[0],         &run->gates[1],         &run->questions[1],
	                 &run->network_gates[0], &run->network_gates[1], &run->network_ends[0],
	                 &run->network_ends[1]};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (*places[i] >= 0)
			close(steal_descriptor(places[i]));
}

static int open_gates(struct run *run, struct error *err)
{
	if (message_pair(run->gates, err) < 0)
		return -1;
	if (run->launch->plan->network &&
	    (message_pair(run->network_gates, err) < 0 || message_pair(run->network_ends, err) < 0))
		return -1;
	return approver_kind(run->approver) == WATCH_APPROVE_ASK ? message_pair(run->questions, err)
	                                                         : 0;
}

static int start_network(struct run *run, struct error *err)
{
	const struct network_request request = {
	        .policy = run->launch->prepared.policy,
	        .plan = run->launch->plan,
	        .gate = run->network_gates[1],
	        .channel = run->network_ends[1],
	        .publish = run->publish.items,
	        .publish_count = run->publish.count,
	};

	return network_start(&request, &run->network, err);
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

/* Before anything is said: the terminal is the caller's again. */
static void end_approver(struct run *run)
{
	cleanup_error struct error err = {0};

	if (approver_end(run->approver, &err) < 0)
		notices_say(run->notices, REMIT_NOTICE_WARNING, text_copy(error_message(&err)));
}

static int confine(struct run *run, int *status, struct error *err)
{
	const struct plan *plan = run->launch->plan;
	bool watched = plan->decoy;

	if (watched && open_gates(run, err) < 0) {
		close_gates(run);
		return -1;
	}
	run->processor = watched ? sched_getcpu() : -1;
	unsigned streams;
	int terminal = approver_terminal(run->approver, &streams);
	const struct sandbox_request start = {
	        .plan = plan,
	        .processor = run->processor,
	        .gate = run->gates[0],
	        .network = run->network_gates[0],
	        .arguments = run->options->arguments,
	        .arguments_size = run->options->arguments_size,
	        .timing = run->notices->timing,
	        .terminal = terminal,
	        .terminal_streams = streams,
	};
	int result = sandbox_start(&start, &run->sandbox, err);
	if (result < 0) {
		close_gates(run);
		return -1;
	}
	result = plan->network ? start_network(run, err) : 0;
	if (result == 0 && watched)
		result = start_watch(run, err);
	close_gates(run);
	approver_begin(run->approver, steal_descriptor(&run->questions[0]));
	if (result == 0)
		result = supervise(&run->sandbox, watched ? &run->watch : NULL, run->approver, plan,
		                   plan->wall_seconds, status, err);
	end_approver(run);
	timing_mark(run->notices->timing, "end", "status");
	if (result == 0 && watched)
		result = end_watch(run, status, err);
	if (watched)
		watch_close(&run->watch);
	network_close(&run->network);
	timing_mark(run->notices->timing, "end", "watch");
	sandbox_close(&run->sandbox);
	timing_mark(run->notices->timing, "end", "teardown");
	return result;
}

static int run_with(struct run *run, int *status, struct error *err)
{
	struct stat before = {0};

	if (run->audit >= 0 && fstat(run->audit, &before) < 0)
		return error_system(err, errno, "--audit");
	int result = publish_open(run->options->publish, &run->publish, err);
	if (result == 0)
		result = confine(run, status, err);
	publish_close(&run->publish);
	if (result < 0 && run->audit >= 0)
		output_mend(run->audit, before.st_size);
	return result;
}

int confine_run(const struct remit_options *options, const struct launch *launch,
                char *const *environment, const struct notices *notices, int *status,
                struct error *err)
{
	cleanup_close int audit = -1;
	const struct approve_request approve = {
	        .way = options->learn ? "deny" : options->approve,
	        .remember = options->remember,
	        .seconds = options->approve_timeout,
	        .watched = launch->plan->decoy,
	        .policy = launch->prepared.policy,
	        .tool = options->tool,
	        .environment = environment,
	};
	struct run run = {
	        .options = options,
	        .launch = launch,
	        .notices = notices,
	        .gates = {-1, -1},
	        .questions = {-1, -1},
	        .network_gates = {-1, -1},
	        .network_ends = {-1, -1},
	        .network = {.pid = -1},
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
	if (approver_new(&approve, &run.approver, err) < 0)
		return -1;
	run.audit = audit;
	int result = run_with(&run, status, err);
	cleanup_close_function(&run.questions[0]);
	approver_free(run.approver);
	return result;
}
