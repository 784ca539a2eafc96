#include "cmd/cmd.h"
#include "cmd/options.h"

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

char *cmd_arguments;
size_t cmd_arguments_size;

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

static const struct cmd_row commands[] = {
        {"run", cmd_run, CMD_RUN, "run --agent FILE [OPTION...] -- COMMAND [ARGUMENT...]",
         "executes COMMAND confined to what the definition permits"},
        {"explain", cmd_explain, CMD_EXPLAIN, "explain [OPTION...] FILE",
         "what the definition permits, effect by effect"},
        {"why", cmd_why, CMD_WHY, "why [OPTION...] FILE EFFECT TARGET",
         "the verdict on one operation, and the reasons"},
        {"compile", cmd_compile, CMD_COMPILE, "compile [OPTION...] FILE [-- COMMAND [ARGUMENT...]]",
         "how a run would be confined: mounts, rules, filters"},
        {"doctor", cmd_doctor, CMD_DOCTOR, "doctor [--json]",
         "what this kernel lets this user enforce, and what mends the rest"},
        {"audit", cmd_audit, CMD_AUDIT, "audit [OPTION...] LOG...",
         "what was refused, how often, by which program, because of which line"},
        {"learn", cmd_learn, CMD_LEARN, "learn --agent FILE [OPTION...] -- COMMAND [ARGUMENT...]",
         "executes COMMAND and prints the policy that it would have needed"},
        {"--print-policies", cmd_policies, 0, "--print-policies", "the built-in policies"},
        {"--print-options", cmd_completions, 0, "--print-options",
         "commands, options and their values, a line each, for completions"},
        {"--version", cmd_version, 0, "--version", "the version"},
        {"--help", cmd_help, 0, "--help", "this text; `remit COMMAND --help` tells more"},
};

enum {
	COMMANDS = sizeof(commands) / sizeof(*commands),
};

const struct cmd_row *cmd_row(size_t number)
{
	return number < COMMANDS ? &commands[number] : NULL;
}

void cmd_say(const char *kind, const char *text)
{
	cleanup_free char *escaped = escape_message_copy(text);

	fprintf(stderr, "remit: %s%s\n", kind, escaped ? escaped : "out of memory");
}

int cmd_print(const char *text)
{
	if (fputs(text, stdout) >= 0 && fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	perror("remit: standard output");
	return REMIT_STATUS_FAILED;
}

int cmd_fail(const struct remit_error *error)
{
	cmd_say("", error->message ? error->message : "out of memory");
	if (error->help)
		cmd_say("", error->help);
	return REMIT_STATUS_FAILED;
}

int cmd_fail_inner(struct error *err)
{
	cmd_say("", error_message(err));
	if (err->help)
		cmd_say("", err->help);
	error_clear(err);
	return REMIT_STATUS_FAILED;
}

static int cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("remit runs an AI agent's tool processes inside what the agent's own definition "
	     "permits.\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  remit %s\n      %s\n", commands[i].usage, commands[i].help);
	return cmd_print("");
}

static int cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("remit %s\n", remit_version());
	return cmd_print("");
}

static int unknown(const char *word)
{
	const char *names[COMMANDS];
	struct error err = {0};

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	error_set(&err, "unknown command %s", word);
	const char *nearest = text_nearest(word, names, COMMANDS);
	if (nearest)
		error_help(&err, "did you mean `remit %s`?", nearest);
	else
		error_help(&err, "remit --help lists the commands");
	return cmd_fail_inner(&err);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("remit: no command\nremit: remit --help lists the commands\n", stderr);
		return REMIT_STATUS_FAILED;
	}
	cmd_arguments = argv[0];
	cmd_arguments_size = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);
	const char *word = strcmp(argv[1], "-h") == 0 ? "--help" : argv[1];
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(word, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return unknown(argv[1]);
}
