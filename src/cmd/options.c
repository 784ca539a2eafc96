#include "cmd/options.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind {
	KIND_TEXT,
	KIND_LIST,  /* may be repeated, as may flags */
	KIND_NAMED, /* the same, of NAME=VALUE: each name once */
	KIND_FLAG,
	KIND_COUNT,
	KIND_USER,
	KIND_TIME,
	KIND_WEAKER,
	KIND_LEVEL,
};

struct row {
	const char *name;
	char letter; /* or 0 */
	int commands;
	enum kind kind;
	size_t offset; /* in struct options */
	const char *argument;
	const char *help;
};

#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
        {"agent", 'a', CMD_RUN | CMD_LEARN, KIND_TEXT, AT(remit.agent), "FILE",
         "the agent's definition"},
        {"tool", 't', CMD_ALL, KIND_TEXT, AT(remit.tool), "NAME",
         "one tool of the agent; without it, all of them"},
        {"workspace", 'w', CMD_ALL, KIND_TEXT, AT(remit.workspace), "DIR",
         "the folder that the agent works in (default: the current one, or REMIT_WORKSPACE)"},
        {"mode", 'm', CMD_ALL, KIND_TEXT, AT(remit.mode), "MODE",
         "replaces the definition's permissionMode"},
        {"policy", 'p', CMD_ALL, KIND_LIST, AT(policies), "FILE", "the operator's policy"},
        {"ceiling", 'C', CMD_ALL, KIND_LIST, AT(ceilings), "FILE", "what nothing may go beyond"},
        {"grant", 0, CMD_ALL, KIND_LIST, AT(grants), "EFFECT:TARGET",
         "permits more, within the ceilings"},
        {"deny", 0, CMD_ALL, KIND_LIST, AT(denies), "EFFECT:TARGET", "refuses by name"},
        {"env", 0, CMD_RUN | CMD_LEARN | CMD_COMPILE, KIND_NAMED, AT(environment), "NAME[=VALUE]",
         "keeps or sets a variable"},
        {"limit", 0, CMD_RUN | CMD_LEARN | CMD_COMPILE, KIND_NAMED, AT(limits), "NAME=VALUE",
         "processes, files, file-size, cpu, wall, scratch"},
        {"publish", 0, CMD_RUN | CMD_LEARN | CMD_COMPILE, KIND_LIST, AT(publish), "HOSTPORT:PORT",
         "makes a port of the sandbox reachable on the host's 127.0.0.1"},
        {"timeout", 0, CMD_RUN | CMD_LEARN | CMD_COMPILE, KIND_TIME, AT(remit.timeout), "TIME",
         "ends the command after 90, 90s, 5m, 2h or 1d"},
        {"user", 0, CMD_RUN | CMD_LEARN | CMD_COMPILE, KIND_USER, AT(remit.user), "UID",
         "the id of the tool, where remit is started by root"},
        {"layers", 0, CMD_RUN | CMD_COMPILE, KIND_LEVEL, AT(remit.level), "LEVEL",
         "auto, namespaces+decoy, or namespaces: refusals are neither seen nor recorded"},
        {"audit", 0, CMD_RUN, KIND_TEXT, AT(remit.audit), "FILE|fd:N",
         "writes a line of JSON for each refusal (see remit audit)"},
        {"allow-weaker", 0, CMD_RUN | CMD_LEARN | CMD_COMPILE, KIND_WEAKER,
         AT(remit.allow_weaker_workspace), "WHAT",
         "workspace: a home or system folder may be the workspace"},
        {"strict", 0, CMD_ALL, KIND_FLAG, AT(remit.strict), NULL,
         "what is understood or held only in part is an error"},
        {"dry-run", 0, CMD_RUN, KIND_FLAG, AT(dry_run), NULL,
         "executes nothing, shows what `compile` shows"},
        {"raw", 0, CMD_RUN | CMD_COMPILE, KIND_FLAG, AT(raw), NULL,
         "filters as numbers (run: with --dry-run)"},
        {"markdown", 0, CMD_AUDIT, KIND_FLAG, AT(markdown), NULL, "for the summary of a CI job"},
        {"sarif", 0, CMD_AUDIT, KIND_FLAG, AT(sarif), NULL, "SARIF 2.1.0"},
        {"suggest", 0, CMD_AUDIT, KIND_FLAG, AT(suggest), NULL,
         "a policy that would permit what was refused"},
        {"approve", 0, CMD_RUN, KIND_TEXT, AT(remit.approve), "WHO",
         "answers where the policy asks: tty, deny, allow, or exec:PROGRAM"},
        {"approve-timeout", 0, CMD_RUN, KIND_TIME, AT(remit.approve_timeout), "TIME",
         "after which no answer is no (default: 5m)"},
        {"remember", 0, CMD_RUN, KIND_TEXT, AT(remit.remember), "FILE",
         "keeps what was permitted, as a policy for -p"},
        {"fail-on-denial", 0, CMD_RUN | CMD_AUDIT, KIND_FLAG, AT(fail_on_denial), NULL,
         "exit status 120 where something was denied"},
        {"json", 0, (CMD_ALL & ~CMD_LEARN) | CMD_DOCTOR | CMD_AUDIT, KIND_FLAG, AT(json), NULL,
         "for programs (run: with --dry-run)"},
        {"timing", 0, CMD_RUN, KIND_FLAG, AT(remit.timing), NULL,
         "says at the end where the time went, in microseconds"},
        {"quiet", 'q', CMD_RUN | CMD_LEARN | CMD_COMPILE, KIND_FLAG, AT(quiet), NULL, "no notes"},
        {"verbose", 'v', CMD_RUN | CMD_LEARN | CMD_COMPILE, KIND_COUNT, AT(verbose), NULL,
         "says what was decided"},
        {"help", 'h', CMD_ALL | CMD_DOCTOR | CMD_AUDIT, KIND_FLAG, AT(help), NULL, "this text"},
};

_Static_assert(sizeof(rows) / sizeof(*rows) <= OPTIONS_MOST, "struct options: given");

enum {
	ROWS = sizeof(rows) / sizeof(*rows),
	FIRST_CODE = 256, /* getopt codes of rows: beyond every letter */
};

static int add_text(struct text_array *array, const char *text, struct error *err)
{
	void *items = array->items;

	if (array_reserve(&items, &array->capacity, array->count + 1, sizeof(*array->items)) < 0)
		return error_memory(err);
	array->items = items;
	array->items[array->count++] = text;
	array->items[array->count] = NULL;
	return 0;
}

static int add_named(const struct row *row, struct text_array *array, const char *text,
                     struct error *err)
{
	size_t length = strcspn(text, "=");

	for (size_t i = 0; i < array->count; i++) {
		if (strncmp(array->items[i], text, length) != 0 ||
		    strcspn(array->items[i], "=") != length)
			continue;
		error_set(err, "--%s %.*s is given twice", row->name, (int)length, text);
		return error_help(err, "keep one of the two");
	}
	return add_text(array, text, err);
}

static int parse_time(const char *name, const char *text, unsigned *out, struct error *err)
{
	static const struct {
		const char *suffix;
		unsigned seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	char *end;

	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!isdigit((unsigned char)*text) || strcmp(end, units[i].suffix) != 0)
			continue;
		if (errno || value == 0 || value > UINT_MAX / units[i].seconds)
			break;
		*out = (unsigned)value * units[i].seconds;
		return 0;
	}
	error_set(err, "--%s %s: not a time", name, text);
	return error_help(
	        err, "a number of seconds from 1, or with s, m, h or d behind it: 90, 90s, 5m");
}

static int parse_user(const char *text, long long *out, struct error *err)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (!errno && isdigit((unsigned char)*text) && !*end && *out < (long long)UINT_MAX)
		return 0;
	error_set(err, "--user %s: not a user id", text);
	return error_help(err, "a number, as `id -u NAME` prints it");
}

static const struct {
	const char *name;
	enum remit_level level;
} levels[] = {
        {"auto", REMIT_LEVEL_AUTO},
        {"namespaces", REMIT_LEVEL_NAMESPACES},
        {"namespaces+decoy", REMIT_LEVEL_WATCHED},
};

static int parse_level(const char *text, enum remit_level *out, struct error *err)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		if (strcmp(levels[i].name, text) == 0) {
			*out = levels[i].level;
			return 0;
		}
	}
	error_set(err, "--layers %s: not a level that remit has", text);
	return error_help(err, "auto, namespaces+decoy or namespaces");
}

static int set_option(const struct row *row, const char *value, struct options *out,
                      struct error *err)
{
	char *place = (char *)out + row->offset;

	switch (row->kind) {
	case KIND_TEXT:
		*(const char **)(void *)place = value;
		return 0;
	case KIND_LIST:
		return add_text((struct text_array *)(void *)place, value, err);
	case KIND_NAMED:
		return add_named(row, (struct text_array *)(void *)place, value, err);
	case KIND_FLAG:
		*(bool *)place = true;
		return 0;
	case KIND_COUNT:
		++*(int *)(void *)place;
		return 0;
	case KIND_USER:
		return parse_user(value, (long long *)(void *)place, err);
	case KIND_TIME:
		return parse_time(row->name, value, (unsigned *)(void *)place, err);
	case KIND_WEAKER:
		if (strcmp(value, "workspace") != 0) {
			error_set(err, "--allow-weaker %s: not a wall that may be weaker", value);
			return error_help(err, "only `workspace` is known");
		}
		*(bool *)place = true;
		return 0;
	case KIND_LEVEL:
		return parse_level(value, (enum remit_level *)(void *)place, err);
	}
	return error_set(err, "--%s is not understood", row->name);
}

static int unknown(int command, const char *word, struct error *err)
{
	const char *names[ROWS];
	size_t count = 0;

	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].commands & command)
			names[count++] = rows[i].name;
	error_set(err, "unknown option %s", word);
	cleanup_free char *name =
	        word[1] == '-' ? text_copy_size(word + 2, strcspn(word + 2, "=")) : NULL;
	const char *nearest = name ? text_nearest(name, names, count) : NULL;
	if (nearest)
		return error_help(err, "did you mean --%s?", nearest);
	return error_help(err, "--help lists the options");
}

/* The tables that getopt_long(3) wants. */
static void make_tables(int command, struct option *options, char *letters)
{
	/* "+": stop at the first word that is no option, behind which COMMAND has its own;
	 * ":": tell what is missing. */
	char *letter = letters;

	if (command & (CMD_RUN | CMD_LEARN))
		*letter++ = '+';
	*letter++ = ':';

	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].commands & command))
			continue;
		*options++ = (struct option){
		        .name = rows[i].name,
		        .has_arg = rows[i].argument ? required_argument : no_argument,
		        .val = FIRST_CODE + (int)i,
		};
		if (!rows[i].letter)
			continue;
		*letter++ = rows[i].letter;
		if (rows[i].argument)
			*letter++ = ':';
	}
	*letter = '\0';
	*options = (struct option){0};
}

static const struct row *row_of(int code)
{
	if (code >= FIRST_CODE && code < FIRST_CODE + ROWS)
		return &rows[code - FIRST_CODE];
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].letter && rows[i].letter == code)
			return &rows[i];
	return NULL;
}

/* What getopt_long(3) could not take: `code` is what it returned. */
static int refuse(int command, int code, char **argv, struct error *err)
{
	const struct row *row = optopt ? row_of(optopt) : NULL;
	char letter[] = {'-', (char)optopt, '\0'};

	if (code == ':' && row)
		return error_set(err, "--%s needs a value: %s", row->name, row->argument);
	if (optopt >= FIRST_CODE && row)
		return error_set(err, "--%s takes no value", row->name);
	return unknown(command, optopt ? letter : argv[optind - 1], err);
}

/* The word in which the option stood that was read last. */
static const char *last_word(char **argv)
{
	return argv[optarg && optarg == argv[optind - 1] ? optind - 2 : optind - 1];
}

static int take(int command, const struct row *row, bool long_name, char **argv,
                struct options *out, struct error *err)
{
	static const int repeated = 1 << KIND_LIST | 1 << KIND_NAMED | 1 << KIND_FLAG |
	                            1 << KIND_COUNT | 1 << KIND_WEAKER;
	bool *given = &out->given[row - rows];

	/* getopt_long(3) takes an unambiguous beginning for the name. What it means would change
	 * with the next option. */
	if (long_name && strcspn(last_word(argv) + 2, "=") != strlen(row->name))
		return unknown(command, last_word(argv), err);
	if (*given && !(repeated & 1 << row->kind)) {
		error_set(err, "--%s is given twice", row->name);
		return error_help(err, "keep one of the two");
	}
	*given = true;
	if (row->argument && strcmp(optarg, "--") == 0)
		return error_set(err, "--%s needs a value: %s", row->name, row->argument);
	if (row->kind == KIND_TEXT && !*optarg)
		return error_set(err, "--%s needs a value: %s is empty", row->name, row->argument);
	return set_option(row, optarg, out, err);
}

static int parse(int command, int argc, char **argv, struct options *out, struct error *err)
{
	struct option table[ROWS + 1];
	char letters[2 * ROWS + 3];
	int code;

	make_tables(command, table, letters);
	opterr = 0;
	optind = 1;
	while ((code = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		const struct row *row = code == '?' || code == ':' ? NULL : row_of(code);
		if (!row)
			return refuse(command, code, argv, err);
		if (take(command, row, code >= FIRST_CODE, argv, out, err) < 0)
			return -1;
	}
	out->rest = argv + optind;
	return 0;
}

int options_parse(int command, int argc, char **argv, struct options *out, struct error *err)
{
	*out = (struct options){0};
	remit_options_init(&out->remit);
	if (parse(command, argc, argv, out, err) < 0)
		return -1;
	out->remit.policies = out->policies.items;
	out->remit.ceilings = out->ceilings.items;
	out->remit.grants = out->grants.items;
	out->remit.denies = out->denies.items;
	out->remit.environment = out->environment.items;
	out->remit.limits = out->limits.items;
	out->remit.publish = out->publish.items;
	if (!out->remit.workspace)
		out->remit.workspace = getenv("REMIT_WORKSPACE");
	if (out->remit.workspace && !*out->remit.workspace)
		return error_set(err, "REMIT_WORKSPACE is empty");
	out->remit.must_name_workspace = out->remit.tool != NULL;
	return 0;
}

void options_clear(struct options *options)
{
	free(options->policies.items);
	free(options->ceilings.items);
	free(options->grants.items);
	free(options->denies.items);
	free(options->environment.items);
	free(options->limits.items);
	free(options->publish.items);
}

void options_help(int command, FILE *out)
{
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];
		if (!(rows[i].commands & command))
			continue;
		snprintf(left, sizeof(left), "%c%c%c --%s%s%s", rows[i].letter ? '-' : ' ',
		         rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ',' : ' ',
		         rows[i].name, rows[i].argument ? " " : "",
		         rows[i].argument ? rows[i].argument : "");
		fprintf(out, "  %-28s %s\n", left, rows[i].help);
	}
}

bool options_row(int command, size_t number, struct option_row *out)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].commands & command) || number-- > 0)
			continue;
		*out = (struct option_row){
		        .name = rows[i].name,
		        .letter = rows[i].letter,
		        .argument = rows[i].argument,
		        .help = rows[i].help,
		};
		return true;
	}
	return false;
}

const char *options_level_name(size_t number)
{
	return number < sizeof(levels) / sizeof(*levels) ? levels[number].name : NULL;
}

const char *options_approver_name(size_t number)
{
	static const char *const names[] = {"tty", "deny", "allow", "exec:"};

	return number < sizeof(names) / sizeof(*names) ? names[number] : NULL;
}
