#include "cmd/cmd.h"
#include "cmd/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char usage[] =
        "Usage: remit compile [OPTION...] FILE [-- COMMAND [ARGUMENT...]]\n"
        "Shows how a run would be confined: mounts in order, Landlock rules, identity, limits,\n"
        "names of the environment, system-call filters. Executes nothing.\n\n";

static void notice(void *data, enum remit_notice kind, const char *text)
{
	const struct options *options = data;

	if (options->quiet || (kind == REMIT_NOTICE_DETAIL && !options->verbose))
		return;
	cmd_say(kind == REMIT_NOTICE_WARNING ? "warning: " : "", text);
}

int cmd_show_plan(struct options *options, char *const *command)
{
	enum remit_format format = options->json  ? REMIT_FORMAT_JSON
	                           : options->raw ? REMIT_FORMAT_RAW
	                                          : REMIT_FORMAT_TABLE;
	struct remit_error error = {0};
	char *text = NULL;
	int status;

	if (remit_compile(&options->remit, command, environ, notice, options, format, &text,
	                  &error) < 0)
		status = cmd_fail(&error);
	else
		status = cmd_print(text);
	free(text);
	remit_error_clear(&error);
	return status;
}

int cmd_compile(int argc, char **argv)
{
	struct error err = {0};
	struct options options;
	int status;

	if (options_parse(CMD_COMPILE, argc, argv, &options, &err) < 0) {
		status = cmd_fail_inner(&err);
	} else if (options.help) {
		fputs(usage, stdout);
		options_help(CMD_COMPILE, stdout);
		status = cmd_print("");
	} else if (!options.rest[0]) {
		error_set(&err, "compile takes a definition");
		error_help(&err, "remit compile FILE");
		status = cmd_fail_inner(&err);
	} else {
		options.remit.agent = options.rest[0];
		status = cmd_show_plan(&options, options.rest[1] ? options.rest + 1 : NULL);
	}
	options_clear(&options);
	return status;
}
