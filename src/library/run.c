#include "library/prepare.h"
#include "library/supervise.h"

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/plan.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct notices {
	remit_notice_function *function;
	void *data;
};

/* Takes over `text`; text that memory did not suffice for is left out. */
static void say(const struct notices *notices, enum remit_notice notice, char *text)
{
	cleanup_free char *escaped = text && notices->function ? escape_message_copy(text) : NULL;

	if (escaped)
		notices->function(notices->data, notice, escaped);
	free(text);
}

static void say_warnings(const struct prepared *prepared, const struct notices *notices)
{
	for (size_t i = 0; i < prepared->agent->warning_count; i++) {
		const struct agent_warning *warning = &prepared->agent->warnings[i];
		say(notices, REMIT_NOTICE_DETAIL,
		    text_printf("%s:%zu: %s", prepared->agent->file, warning->line,
		                warning->message));
	}
	for (size_t i = 0; i < prepared->policy->warning_count; i++) {
		const struct policy_warning *warning = &prepared->policy->warnings[i];
		say(notices, REMIT_NOTICE_WARNING,
		    text_printf("%s%s%s", warning->where, *warning->where ? ": " : "",
		                warning->message));
	}
}

static void say_plan(const struct plan *plan, const struct policy *policy,
                     const struct notices *notices)
{
	for (size_t i = 0; i < plan->note_count; i++)
		say(notices,
		    strcmp(plan->notes[i].code, "names") == 0 ? REMIT_NOTICE_DETAIL
		                                              : REMIT_NOTICE_NOTE,
		    text_copy(plan->notes[i].message));
	struct buffer dropped = {0};
	for (size_t i = 0; plan->dropped && plan->dropped[i]; i++)
		buffer_printf(&dropped, " %s", plan->dropped[i]);
	if (dropped.size)
		say(notices, REMIT_NOTICE_DETAIL,
		    text_printf("dropped from the environment:%s",
		                buffer_failed(&dropped) ? "" : dropped.data));
	buffer_free(&dropped);
	say(notices, REMIT_NOTICE_DETAIL,
	    text_printf("level namespaces, Landlock ABI %d; mode %s (%s)", plan->landlock_abi,
	                policy->mode->name, policy->mode_because));
}

/* Nobody can answer a question yet, so what asks is refused: said where it may be why the command
 * failed. */
static void say_asks(const struct policy *policy, const struct notices *notices)
{
	struct decision decision;

	policy_decide(policy, EFFECT_WRITE, policy->workspace, &decision);
	if (decision.verdict != VERDICT_ASK)
		return;
	say(notices, REMIT_NOTICE_NOTE,
	    text_printf("writing was refused: mode `%s` asks, and nobody can answer; "
	                "--mode acceptEdits permits it",
	                policy->mode->name));
}

static void free_command(char ***command)
{
	for (size_t i = 0; *command && (*command)[i]; i++)
		free((*command)[i]);
	free(*command);
}

static char **copy_command(char *const *command)
{
	size_t count = 0;

	while (command[count])
		count++;
	char **copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < count; i++) {
		copy[i] = text_copy(command[i]);
		if (!copy[i]) {
			free_command(&copy);
			return NULL;
		}
	}
	return copy;
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

/* COMMAND by a relative path means the caller's file. Where the caller does not stand in the
 * workspace, COMMAND may start in another folder. */
static int anchor_command(const struct place *place, char **command, struct error *err)
{
	if (command[0][0] == '/' || !strchr(command[0], '/') ||
	    path_within(place->directory, place->workspace))
		return 0;
	char *path = path_absolute(place->directory, command[0]);
	if (!path)
		return error_memory(err);
	free(command[0]);
	command[0] = path;
	return 0;
}

/* Pointers of the environment are copied by the plan; the command must not lie in memory that is
 * overwritten inside. */
static int confine(const struct remit_options *options, const struct prepared *prepared,
                   char **command, char *const *environment, const struct notices *notices,
                   int *status, struct error *err)
{
	cleanup_plan struct plan *plan = NULL;
	struct sandbox sandbox;
	const struct plan_request request = {
	        .policy = prepared->policy,
	        .place = &prepared->place,
	        .command = command,
	        .environment = environment,
	        .user = options->user,
	        .strict = options->strict,
	        .timeout = options->timeout,
	};

	if (plan_build(&request, &plan, err) < 0)
		return -1;
	say_plan(plan, prepared->policy, notices);
	const struct sandbox_request start = {
	        .plan = plan,
	        .arguments = options->arguments,
	        .arguments_size = options->arguments_size,
	};
	if (sandbox_start(&start, &sandbox, err) < 0)
		return -1;
	int result = supervise(&sandbox, plan, plan->wall_seconds, status, err);
	sandbox_close(&sandbox);
	return result;
}

int remit_run(const struct remit_options *options, char *const *command, char *const *environment,
              remit_notice_function *notice, void *data, int *status, struct remit_error *error)
{
	const struct notices notices = {.function = notice, .data = data};
	cleanup_error struct error err = {0};
	cleanup_prepared struct prepared prepared = {0};
	__attribute__((cleanup(free_command))) char **copy = NULL;

	if (!command || !command[0]) {
		error_set(&err, "no command");
		error_help(&err, "remit run --agent FILE -- COMMAND [ARGUMENT...]");
		return export_error(&err, error);
	}
	copy = copy_command(command);
	if (!copy)
		error_memory(&err);
	if (!copy || open_streams(&err) < 0 || prepare(options, false, &prepared, &err) < 0)
		return export_error(&err, error);
	say_warnings(&prepared, &notices);
	if (policy_permits_nothing(prepared.policy)) {
		error_set(&err, "%s: the agent may use no tool at all", options->agent);
		error_help(&err, "an empty list permits nothing; leave `tools` out to permit what "
		                 "the ceiling permits");
		return export_error(&err, error);
	}
	if (policy_check_command(prepared.policy, copy, &err) < 0 ||
	    anchor_command(&prepared.place, copy, &err) < 0 ||
	    confine(options, &prepared, copy, environment, &notices, status, &err) < 0)
		return export_error(&err, error);
	if (*status != 0)
		say_asks(prepared.policy, &notices);
	if (err.message)
		export_error(&err, error);
	return 0;
}
