#include "cmd/cmd.h"
#include "cmd/options.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
        "Usage: remit learn --agent FILE [OPTION...] -- COMMAND [ARGUMENT...]\n"
        "Executes COMMAND with everything readable that is merely not granted, and prints the\n"
        "policy that it would have needed. What is refused by name stays refused, and so does\n"
        "every write and connection that is not permitted: the policy names them, too.\n"
        "COMMAND's output goes to standard error.\n\n";

static void notice(void *data, enum remit_notice kind, const char *text)
{
	const struct options *options = data;

	if (options->quiet || (kind == REMIT_NOTICE_DETAIL && !options->verbose))
		return;
	cmd_say(kind == REMIT_NOTICE_WARNING ? "warning: " : "", text);
}

/* COMMAND's output goes to standard error: standard output is the policy, and nothing else. Returns
 * a descriptor that leads to standard output, or -1. */
static int divert_output(void)
{
	int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	return output >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 ? output : -1;
}

static int learn(struct options *options)
{
	struct remit_error error = {0};
	char *policy = NULL;
	int status = REMIT_STATUS_FAILED;

	options->remit.arguments = cmd_arguments;
	options->remit.arguments_size = cmd_arguments_size;
	if (!options->quiet)
		cmd_say("", "learning: what is merely not granted can be read during this run, "
		            "except in the private home and scratch folders");
	int output = divert_output();
	if (output < 0) {
		perror("remit: standard output");
		return REMIT_STATUS_FAILED;
	}
	if (remit_learn(&options->remit, options->rest, environ, notice, options, &status, &policy,
	                &error) < 0)
		status = cmd_fail(&error);
	else if (error.message)
		cmd_fail(&error);
	if (dup2(output, STDOUT_FILENO) < 0 || (policy && cmd_print(policy) != 0))
		status = REMIT_STATUS_FAILED;
	close(output);
	free(policy);
	remit_error_clear(&error);
	return status;
}

int cmd_learn(int argc, char **argv)
{
	struct error err = {0};
	struct options options;
	int status;

	if (options_parse(CMD_LEARN, argc, argv, &options, &err) < 0) {
		status = cmd_fail_inner(&err);
	} else if (options.help) {
		fputs(usage, stdout);
		options_help(CMD_LEARN, stdout);
		status = cmd_print("\nExit status: as of `remit run`.\n");
	} else {
		status = learn(&options);
	}
	options_clear(&options);
	return status;
}
