#include "cmd/cmd.h"
#include "cmd/options.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "Usage: remit explain [OPTION...] FILE\n"
                            "Says what the agent's definition permits, effect by effect.\n\n";

static int explain(struct options *options)
{
	enum remit_format format = options->json ? REMIT_FORMAT_JSON : REMIT_FORMAT_TABLE;
	struct remit_error error = {0};
	char *text = NULL;
	int status;

	options->remit.agent = options->rest[0];
	if (remit_explain(&options->remit, format, &text, &error) < 0)
		status = cmd_fail(&error);
	else
		status = cmd_print(text);
	free(text);
	remit_error_clear(&error);
	return status;
}

int cmd_explain(int argc, char **argv)
{
	struct error err = {0};
	struct options options;
	int status;

	if (options_parse(CMD_EXPLAIN, argc, argv, &options, &err) < 0) {
		status = cmd_fail_inner(&err);
	} else if (options.help) {
		fputs(usage, stdout);
		options_help(CMD_EXPLAIN, stdout);
		status = cmd_print("");
	} else if (!options.rest[0] || options.rest[1]) {
		error_set(&err, "explain takes one definition");
		error_help(&err, "remit explain FILE");
		status = cmd_fail_inner(&err);
	} else {
		status = explain(&options);
	}
	options_clear(&options);
	return status;
}
