#include "library/launch.h"

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/path.h"
#include "base/text.h"
#include "library/approve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void notices_say(const struct notices *notices, enum remit_notice notice, char *text)
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
		notices_say(notices, REMIT_NOTICE_DETAIL,
		            text_printf("%s:%zu: %s", prepared->agent->file, warning->line,
		                        warning->message));
	}
	for (size_t i = 0; i < prepared->policy->warning_count; i++) {
		const struct policy_warning *warning = &prepared->policy->warnings[i];
		notices_say(notices, REMIT_NOTICE_WARNING,
		            text_printf("%s%s%s", warning->where, *warning->where ? ": " : "",
		                        warning->message));
	}
}

static void free_command(char **command)
{
	for (size_t i = 0; command && command[i]; i++)
		free(command[i]);
	free(command);
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
			free_command(copy);
			return NULL;
		}
	}
	return copy;
}

/* COMMAND by a relative path means the caller's file. Where the caller does not stand in the
 * workspace, COMMAND may start in another folder. */
static int anchor_command(const struct place *place, char **command, struct error *err)
{
	if (!command[0] || command[0][0] == '/' || !strchr(command[0], '/') ||
	    path_within(place->directory, place->workspace))
		return 0;
	char *path = path_absolute(place->directory, command[0]);
	if (!path)
		return error_memory(err);
	free(command[0]);
	command[0] = path;
	return 0;
}

/* Whether the error of opening a device says that this user of this machine does not have it;
 * others say nothing. */
static bool says_absent(int number)
{
	static const int numbers[] = {ENOENT, EACCES, EPERM, ENODEV, ENXIO};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i] == number)
			return true;
	return false;
}

/* True where somebody is to hear what is asked. */
static bool asks(const struct remit_options *options)
{
	return options->approve && strcmp(options->approve, "deny") != 0;
}

/* Whether refusals can be seen here, and must be. `blind` says why they cannot. */
static int find_level(const struct remit_options *options, struct launch *launch, struct error *err)
{
	cleanup_close int device = -1;

	if (options->level == REMIT_LEVEL_NAMESPACES) {
		launch->blind = text_copy("--layers namespaces");
		return launch->blind ? 0 : error_memory(err);
	}
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device >= 0)
		return 0;
	int number = errno;
	if (!says_absent(number) || options->level == REMIT_LEVEL_WATCHED || options->audit ||
	    options->fail_on_denial || options->remember || asks(options)) {
		error_system(err, number, "level namespaces+decoy cannot be had: /dev/fuse");
		return error_help(err, "chmod 0666 /dev/fuse (modprobe fuse, where it is absent); "
		                       "remit doctor says more");
	}
	launch->blind = text_printf("/dev/fuse: %s", strerrordesc_np(number));
	return launch->blind ? 0 : error_memory(err);
}

static int build_plan(const struct remit_options *options, char *const *environment,
                      struct timing *timing, struct launch *launch, struct error *err)
{
	const struct approve_request approve = {
	        .way = options->learn ? "deny" : options->approve,
	        .watched = launch->blind == NULL,
	        .policy = launch->prepared.policy,
	};
	const struct plan_request request = {
	        .policy = launch->prepared.policy,
	        .place = &launch->prepared.place,
	        .command = launch->command,
	        .environment = environment,
	        .user = options->user,
	        .decoy = launch->blind == NULL,
	        .asks = approve_answers(&approve),
	        .publish = options->publish && options->publish[0],
	        .strict = options->strict,
	        .timeout = options->timeout,
	        .timing = timing,
	};

	return plan_build(&request, &launch->plan, err);
}

int launch_prepare(const struct remit_options *options, char *const *command,
                   char *const *environment, const struct notices *notices, struct launch *out,
                   struct error *err)
{
	struct prepared *prepared = &out->prepared;

	*out = (struct launch){0};
	/* The command must not lie in memory that is overwritten inside. */
	out->command = copy_command(command);
	if (!out->command)
		return error_memory(err);
	if (approve_check(options->approve, err) < 0 ||
	    prepare(options, false, notices->timing, prepared, err) < 0)
		return -1;
	say_warnings(prepared, notices);
	if (policy_permits_nothing(prepared->policy)) {
		error_set(err, "%s: the agent may use no tool at all", options->agent);
		return error_help(err, "an empty list permits nothing; leave `tools` out to permit "
		                       "what the ceiling permits");
	}
	if (policy_check_command(prepared->policy, out->command, err) < 0 ||
	    anchor_command(&prepared->place, out->command, err) < 0 ||
	    find_level(options, out, err) < 0)
		return -1;
	timing_mark(notices->timing, "decide", "command");
	return build_plan(options, environment, notices->timing, out, err);
}

void launch_clear(struct launch *launch)
{
	free_command(launch->command);
	free(launch->blind);
	plan_free(launch->plan);
	prepared_clear(&launch->prepared);
	*launch = (struct launch){0};
}
