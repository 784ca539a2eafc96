#include "library/launch.h"

#include "base/cleanup.h"
#include "plan/describe.h"
#include "plan/probe.h"
#include "sandbox/sandbox.h"

/* A plan says what would be held; with a command, the question is whether it would run. */
static int check_machine(char *const *command, struct error *err)
{
	if (!command || !command[0])
		return 0;
	return sandbox_check_streams(err) < 0 ? -1 : probe_level(err);
}

int remit_compile(const struct remit_options *options, char *const *command,
                  char *const *environment, remit_notice_function *notice, void *data,
                  enum remit_format format, char **text, struct remit_error *error)
{
	const struct notices notices = {.function = notice, .data = data};
	char *const nothing[] = {NULL};
	cleanup_error struct error err = {0};
	cleanup_launch struct launch launch = {0};
	cleanup_buffer struct buffer out = {0};

	*text = NULL;
	if (launch_prepare(options, command ? command : nothing, environment, &notices, &launch,
	                   &err) < 0 ||
	    check_machine(command, &err) < 0)
		return export_error(&err, error);
	const struct policy *policy = launch.prepared.policy;
	int result = format == REMIT_FORMAT_JSON
	                     ? describe_json(launch.plan, policy, &out)
	                     : describe_text(launch.plan, policy, format == REMIT_FORMAT_RAW, &out);
	*text = result < 0 ? NULL : buffer_steal(&out);
	if (!*text) {
		error_memory(&err);
		return export_error(&err, error);
	}
	return 0;
}
