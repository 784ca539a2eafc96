#include "cmd/cmd.h"
#include "cmd/options.h"

#include "base/cleanup.h"
#include "base/escape.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
        "Usage: remit why [OPTION...] FILE EFFECT TARGET\n"
        "Says whether an operation is permitted, and why. EFFECT is read, write, exec,\n"
        "connect or delegate. Exit status: 0 allow, 1 deny, 2 ask, 125 error.\n\n";

static const struct {
	const char *name;
	int status;
} verdicts[] = {
        [REMIT_DENY] = {"deny", 1},
        [REMIT_ASK] = {"ask", 2},
        [REMIT_ALLOW] = {"allow", 0},
};

/* The reasons as a list of lines. NULL when memory is exhausted. */
static json_t *reason_lines(const char *reasons)
{
	json_t *lines = json_array();

	while (lines && *reasons) {
		size_t length = strcspn(reasons, "\n");
		if (length && json_array_append_new(lines, json_stringn(reasons, length)) < 0) {
			json_decref(lines);
			return NULL;
		}
		reasons += length + (reasons[length] == '\n');
	}
	return lines;
}

static int print_json(const struct options *options, enum remit_verdict verdict,
                      const char *reasons)
{
	/* JSON holds only UTF-8: any other bytes of a path are escaped as on a terminal. */
	json_t *target = json_string(options->rest[2]);
	cleanup_free char *escaped = target ? NULL : escape_terminal_copy(options->rest[2]);
	json_t *answer = json_pack("{s:i, s:s, s:o, s:s, s:o}", "v", 1, "effect", options->rest[1],
	                           "target", target ? target : json_string(escaped), "verdict",
	                           verdicts[verdict].name, "reasons", reason_lines(reasons));
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
	int status = REMIT_STATUS_FAILED;

	json_decref(answer);
	if (text && cmd_print(text) == 0)
		status = cmd_print("\n");
	else if (!text)
		cmd_say("", "out of memory");
	free(text);
	return status == 0 ? verdicts[verdict].status : REMIT_STATUS_FAILED;
}

static int why(struct options *options)
{
	struct remit_error error = {0};
	enum remit_verdict verdict;
	char *reasons = NULL;
	int status;

	options->remit.agent = options->rest[0];
	if (remit_why(&options->remit, options->rest[1], options->rest[2], &verdict, &reasons,
	              &error) < 0) {
		status = cmd_fail(&error);
	} else if (options->json) {
		status = print_json(options, verdict, reasons);
	} else {
		status = cmd_print(reasons);
		if (status == 0)
			status = verdicts[verdict].status;
	}
	free(reasons);
	remit_error_clear(&error);
	return status;
}

int cmd_why(int argc, char **argv)
{
	struct error err = {0};
	struct options options;
	int status;
	int count = 0;

	if (options_parse(CMD_WHY, argc, argv, &options, &err) < 0) {
		status = cmd_fail_inner(&err);
		options_clear(&options);
		return status;
	}
	while (options.rest[count])
		count++;
	if (options.help) {
		fputs(usage, stdout);
		options_help(CMD_WHY, stdout);
		status = cmd_print("");
	} else if (count != 3) {
		error_set(&err, "why takes a definition, an effect and a target");
		error_help(&err, "remit why FILE write src/main.c");
		status = cmd_fail_inner(&err);
	} else {
		status = why(&options);
	}
	options_clear(&options);
	return status;
}
