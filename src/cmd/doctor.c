#include "cmd/cmd.h"
#include "cmd/options.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
        "Usage: remit doctor [--json]\n"
        "Tries what this kernel lets this user enforce, and says what mends what is missing.\n"
        "Exit status: 0 the level `namespaces` can be had, 1 it cannot, 125 error.\n\n";

enum {
	STATUS_NOT_ENFORCEABLE = 1,
};

static int examine(const struct options *options)
{
	enum remit_format format = options->json ? REMIT_FORMAT_JSON : REMIT_FORMAT_TABLE;
	struct remit_error error = {0};
	bool enforceable = false;
	char *text = NULL;
	int status;

	if (remit_doctor(format, &text, &enforceable, &error) < 0)
		status = cmd_fail(&error);
	else
		status = cmd_print(text);
	if (status == 0 && !enforceable)
		status = STATUS_NOT_ENFORCEABLE;
	free(text);
	remit_error_clear(&error);
	return status;
}

int cmd_doctor(int argc, char **argv)
{
	struct error err = {0};
	struct options options;
	int status;

	if (options_parse(CMD_DOCTOR, argc, argv, &options, &err) < 0) {
		status = cmd_fail_inner(&err);
	} else if (options.help) {
		fputs(usage, stdout);
		options_help(CMD_DOCTOR, stdout);
		status = cmd_print("");
	} else if (options.rest[0]) {
		error_set(&err, "doctor takes no arguments");
		error_help(&err, "remit compile FILE shows what holds for a definition");
		status = cmd_fail_inner(&err);
	} else {
		status = examine(&options);
	}
	options_clear(&options);
	return status;
}
