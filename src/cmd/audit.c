#include "cmd/cmd.h"
#include "cmd/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char usage[] =
        "Usage: remit audit [OPTION...] LOG...\n"
        "Says what was refused, where, how often, by which program, and because of which line.\n"
        "LOG is what `remit run --audit` wrote; - is standard input.\n\n";

static const char statuses[] = "\nExit status: 0; 120 with --fail-on-denial where something was "
                               "denied; 125 error.\n";

enum {
	USUAL_WIDTH = 80,
	WIDEST = 1000,
};

/* COLUMNS, else the terminal's; 80 where there is none. */
static unsigned terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	char *end = NULL;
	unsigned long width = columns ? strtoul(columns, &end, 10) : 0;
	struct winsize size;

	if (width > 0 && width <= WIDEST && !*end)
		return (unsigned)width;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return USUAL_WIDTH;
}

static void notice(void *data, enum remit_notice kind, const char *text)
{
	(void)data;
	cmd_say(kind == REMIT_NOTICE_WARNING ? "warning: " : "", text);
}

/* The one format that was asked for. */
static int find_format(const struct options *options, enum remit_audit_format *out,
                       struct error *err)
{
	const struct {
		bool given;
		enum remit_audit_format format;
	} formats[] = {
	        {options->json, REMIT_AUDIT_JSON},
	        {options->markdown, REMIT_AUDIT_MARKDOWN},
	        {options->sarif, REMIT_AUDIT_SARIF},
	        {options->suggest, REMIT_AUDIT_POLICY},
	};
	int count = 0;

	*out = REMIT_AUDIT_TEXT;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (formats[i].given) {
			*out = formats[i].format;
			count++;
		}
	}
	if (count <= 1)
		return 0;
	error_set(err, "--json, --markdown, --sarif and --suggest exclude each other");
	return error_help(err, "one of them a call; a log can be read again");
}

static int report(const struct options *options, enum remit_audit_format format)
{
	const char *const *logs = (const char *const *)options->rest;
	struct remit_audit_counts counts = {0};
	struct remit_error error = {0};
	char *text = NULL;
	int status;

	if (remit_audit(logs, format, terminal_width(), notice, NULL, &text, &counts, &error) < 0)
		status = cmd_fail(&error);
	else
		status = cmd_print(text);
	if (status == 0 && options->fail_on_denial && counts.denied)
		status = REMIT_STATUS_DENIED;
	free(text);
	remit_error_clear(&error);
	return status;
}

int cmd_audit(int argc, char **argv)
{
	enum remit_audit_format format;
	struct error err = {0};
	struct options options;
	int status;

	if (options_parse(CMD_AUDIT, argc, argv, &options, &err) < 0 ||
	    find_format(&options, &format, &err) < 0) {
		status = cmd_fail_inner(&err);
	} else if (options.help) {
		fputs(usage, stdout);
		options_help(CMD_AUDIT, stdout);
		status = cmd_print(statuses);
	} else if (!options.rest[0]) {
		error_set(&err, "audit takes the logs to report on");
		error_help(&err, "remit audit LOG...");
		status = cmd_fail_inner(&err);
	} else {
		status = report(&options, format);
	}
	options_clear(&options);
	return status;
}
