#include "cmd/cmd.h"
#include "cmd/options.h"

#include <stdio.h>
#include <unistd.h>

static const char usage[] = "Usage: remit run --agent FILE [OPTION...] -- COMMAND [ARGUMENT...]\n"
                            "Executes COMMAND confined to what the agent's definition permits.\n\n";

struct voice {
	bool quiet;
	int verbose;
};

static void notice(void *data, enum remit_notice kind, const char *text)
{
	const struct voice *voice = data;

	if (kind == REMIT_NOTICE_TIMING) {
		cmd_say("timing: ", text);
		return;
	}
	if (voice->quiet || (kind == REMIT_NOTICE_DETAIL && !voice->verbose))
		return;
	cmd_say(kind == REMIT_NOTICE_WARNING ? "warning: " : "", text);
}

static int execute(struct options *options)
{
	struct voice voice = {.quiet = options->quiet, .verbose = options->verbose};
	struct remit_error error = {0};
	int status = REMIT_STATUS_FAILED;

	options->remit.verbose = options->verbose > 0;
	options->remit.fail_on_denial = options->fail_on_denial;
	options->remit.arguments = cmd_arguments;
	options->remit.arguments_size = cmd_arguments_size;
	if (remit_run(&options->remit, options->rest, environ, notice, &voice, &status, &error) < 0)
		status = cmd_fail(&error);
	else if (error.message)
		cmd_fail(&error);
	remit_error_clear(&error);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct error err = {0};
	struct options options;
	int status;

	if (options_parse(CMD_RUN, argc, argv, &options, &err) < 0) {
		status = cmd_fail_inner(&err);
	} else if (options.help) {
		fputs(usage, stdout);
		options_help(CMD_RUN, stdout);
		status =
		        cmd_print("\nExit status: 125 nothing was executed; 124 timed out; 126 not "
		                  "executable;\n127 not found; 128+N killed by signal N; "
		                  "else the command's own.\n");
	} else if (!options.dry_run && (options.json || options.raw)) {
		error_set(&err, "--%s goes with --dry-run only", options.json ? "json" : "raw");
		error_help(&err, "COMMAND's output is its own; add --dry-run to see the plan");
		status = cmd_fail_inner(&err);
	} else if (options.dry_run && options.remit.timing) {
		error_set(&err, "--timing and --dry-run do not go together");
		error_help(&err, "nothing is launched whose time could be measured");
		status = cmd_fail_inner(&err);
	} else if (options.dry_run && options.rest[0]) {
		status = cmd_show_plan(&options, options.rest);
	} else {
		status = execute(&options);
	}
	options_clear(&options);
	return status;
}
