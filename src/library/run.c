#include "library/confine.h"
#include "library/launch.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static void say_plan(const struct plan *plan, const struct policy *policy,
                     const struct notices *notices)
{
	for (size_t i = 0; i < plan->note_count; i++)
		notices_say(notices,
		            strcmp(plan->notes[i].code, "names") == 0 ? REMIT_NOTICE_DETAIL
		                                                      : REMIT_NOTICE_NOTE,
		            text_copy(plan->notes[i].message));
	struct buffer dropped = {0};
	for (size_t i = 0; plan->dropped && plan->dropped[i]; i++)
		buffer_printf(&dropped, " %s", plan->dropped[i]);
	if (dropped.size)
		notices_say(notices, REMIT_NOTICE_DETAIL,
		            text_printf("dropped from the environment:%s",
		                        buffer_failed(&dropped) ? "" : dropped.data));
	buffer_free(&dropped);
	notices_say(notices, REMIT_NOTICE_DETAIL,
	            text_printf("level %s, Landlock ABI %d; mode %s (%s)",
	                        plan->decoy ? "namespaces+decoy" : "namespaces", plan->landlock_abi,
	                        policy->mode->name, policy->mode_because));
}

/* What was refused was not seen: said where it may be why the command failed. Nobody can answer a
 * question yet, so what asks is refused. */
static void say_blind(const struct launch *launch, const struct notices *notices)
{
	const struct policy *policy = launch->prepared.policy;
	struct decision decision;

	notices_say(notices, REMIT_NOTICE_NOTE,
	            text_printf("what was refused was not seen (%s)", launch->blind));
	policy_decide(policy, EFFECT_WRITE, policy->workspace, &decision);
	if (decision.verdict != VERDICT_ASK)
		return;
	notices_say(notices, REMIT_NOTICE_NOTE,
	            text_printf("writing was refused: mode `%s` asks, and nobody can answer; "
	                        "--mode acceptEdits permits it",
	                        policy->mode->name));
}

/* A standard stream that is closed is taken by /dev/null, before any other descriptor gets its
 * number. */
static int open_streams(struct error *err)
{
	for (int stream = 0; stream < 3; stream++)
		if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_NOCTTY) != stream)
			return error_system(err, errno, "/dev/null");
	return 0;
}

static void say_timing(const struct notices *notices)
{
	const struct timing *timing = notices->timing;
	size_t count = timing ? timing_count(timing) : 0;

	for (size_t i = 0; i < count; i++) {
		struct timing_row row = timing_row(timing, i);
		notices_say(notices, REMIT_NOTICE_TIMING,
		            text_printf("%8.1f us  %s: %s", (double)row.nanoseconds / 1000,
		                        row.part, row.stage));
	}
	if (timing)
		notices_say(notices, REMIT_NOTICE_TIMING,
		            text_printf("%8.1f us  total", (double)timing_total(timing) / 1000));
}

static int run(const struct remit_options *options, char *const *command, char *const *environment,
               const struct notices *notices, int *status, struct error *err)
{
	cleanup_launch struct launch launch = {0};

	if (open_streams(err) < 0 ||
	    launch_prepare(options, command, environment, notices, &launch, err) < 0)
		return -1;
	say_plan(launch.plan, launch.prepared.policy, notices);
	timing_mark(notices->timing, "launch", "notices");
	if (confine_run(options, &launch, environment, notices, status, err) < 0)
		return -1;
	if (*status != 0 && launch.blind)
		say_blind(&launch, notices);
	return 0;
}

int remit_run(const struct remit_options *options, char *const *command, char *const *environment,
              remit_notice_function *notice, void *data, int *status, struct remit_error *error)
{
	cleanup_error struct error err = {0};
	cleanup_timing struct timing *timing = NULL;

	if (!command || !command[0]) {
		error_set(&err, "no command");
		error_help(&err, "remit run --agent FILE -- COMMAND [ARGUMENT...]");
		return export_error(&err, error);
	}
	if (options->timing && timing_begin(&timing, &err) < 0)
		return export_error(&err, error);
	const struct notices notices = {.function = notice, .data = data, .timing = timing};
	int result = run(options, command, environment, &notices, status, &err);
	timing_mark(timing, "end", "release");
	say_timing(&notices);
	if (err.message)
		export_error(&err, error);
	return result;
}
