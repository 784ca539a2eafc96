/* The command line: one table of options, from which parsing and --help follow. */
#ifndef REMIT_CMD_OPTIONS_H
#define REMIT_CMD_OPTIONS_H

#include "base/error.h"
#include "remit.h"

#include <stdbool.h>
#include <stdio.h>

/* Subcommands, as bits of the options that each takes. */
enum {
	CMD_RUN = 1,
	CMD_EXPLAIN = 2,
	CMD_WHY = 4,
	CMD_COMPILE = 8,
	CMD_DOCTOR = 16,
	CMD_AUDIT = 32,
	CMD_LEARN = 64,
	CMD_ALL = 15 | CMD_LEARN, /* all that have a definition */
};

enum {
	OPTIONS_MOST = 48,
};

struct text_array {
	const char **items; /* NULL-terminated once anything is in it */
	size_t count, capacity;
};

struct options {
	struct remit_options remit; /* points into the arrays below */
	struct text_array policies, ceilings, grants, denies, environment, limits, publish;
	bool json, raw, dry_run, quiet, help;
	bool markdown, sarif, suggest, fail_on_denial;
	int verbose;
	bool given[OPTIONS_MOST]; /* which rows of the table were */
	char *const *rest;        /* what follows the options; NULL-terminated */
};

/* Parses argv[1...] (argv[0] is the subcommand) for the subcommand `command`. Returns 0, or
 * negative with what is wrong and the nearest option. */
int options_parse(int command, int argc, char **argv, struct options *out, struct error *err);

void options_clear(struct options *options);

/* Prints the options of `command`, one a line. */
void options_help(int command, FILE *out);

/* One option, for whoever lists them. The texts are static. */
struct option_row {
	const char *name;
	char letter;          /* or 0 */
	const char *argument; /* the word that --help has for it, or NULL */
	const char *help;
};

/* Option `number` of `command`, from 0. False behind the last one. */
bool options_row(int command, size_t number, struct option_row *out);

/* What --layers takes; NULL behind the last one. Static. */
const char *options_level_name(size_t number);

/* The same of --approve; what ends with a colon goes on. */
const char *options_approver_name(size_t number);

#endif
