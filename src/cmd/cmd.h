/* The subcommands. Each takes its own argv (argv[0] is its name) and returns an exit status. */
#ifndef REMIT_CMD_CMD_H
#define REMIT_CMD_CMD_H

#include "base/error.h"
#include "remit.h"

int cmd_run(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_why(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_learn(int argc, char **argv);
int cmd_policies(int argc, char **argv);
int cmd_completions(int argc, char **argv);

/* One row of the table of commands. The texts are static. */
struct cmd_row {
	const char *name;
	int (*run)(int argc, char **argv);
	int options; /* its bit in the table of options, or 0 */
	const char *usage;
	const char *help;
};

/* Command `number`, from 0; NULL behind the last one. */
const struct cmd_row *cmd_row(size_t number);

/* Prints one line "remit: KINDTEXT" to standard error, escaped for a terminal. */
void cmd_say(const char *kind, const char *text);

/* Says what went wrong and what would help. Returns 125. */
int cmd_fail(const struct remit_error *error);
int cmd_fail_inner(struct error *err);

/* Prints the plan for `command` (NULL: for every command), in the format that the options name.
 * Returns the exit status. */
struct options;
int cmd_show_plan(struct options *options, char *const *command);

/* Writes text to standard output. Returns 0, or 125 where that, or what was written there before,
 * failed. */
int cmd_print(const char *text);

/* The whole command line in memory, for options.arguments. Set by main. */
extern char *cmd_arguments;
extern size_t cmd_arguments_size;

#endif
