#include "cmd/options.h"

#include "base/buffer.h"
#include "base/text.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind {
	KIND_TEXT, /* the last one counts, a second one is an error */
	KIND_LIST,
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
        {"agent", 'a', CMD_RUN, KIND_TEXT, AT(remit.agent), "FILE", "the agent's definition"},
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
        {"env", 0, CMD_RUN, KIND_LIST, AT(environment), "NAME[=VALUE]", "keeps or sets a variable"},
        {"limit", 0, CMD_RUN, KIND_LIST, AT(limits), "NAME=VALUE",
         "processes, files, file-size, cpu, wall, scratch"},
        {"timeout", 0, CMD_RUN, KIND_TIME, AT(remit.timeout), "TIME",
         "ends the command after 90, 90s, 5m or 2h"},
        {"user", 0, CMD_RUN, KIND_USER, AT(remit.user), "UID",
         "the id of the tool, where remit is started by root"},
        {"layers", 0, CMD_RUN, KIND_LEVEL, 0, "LEVEL", "auto or namespaces"},
        {"allow-weaker", 0, CMD_RUN, KIND_WEAKER, AT(remit.allow_weaker_workspace), "WHAT",
         "workspace: a home or system folder may be the workspace"},
        {"strict", 0, CMD_ALL, KIND_FLAG, AT(remit.strict), NULL,
         "what is understood or held only in part is an error"},
        {"json", 0, CMD_EXPLAIN | CMD_WHY, KIND_FLAG, AT(json), NULL, "for programs"},
        {"quiet", 'q', CMD_RUN, KIND_FLAG, AT(quiet), NULL, "no notes"},
        {"verbose", 'v', CMD_RUN, KIND_COUNT, AT(verbose), NULL, "says what was decided"},
        {"help", 'h', CMD_ALL, KIND_FLAG, AT(help), NULL, "this text"},
};

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

static int parse_time(const char *text, unsigned *out, struct error *err)
{
	static const struct {
		const char *suffix;
		unsigned seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	char *end;

	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (end == text || *text == '-' || strcmp(end, units[i].suffix) != 0)
			continue;
		if (errno || value == 0 || value > UINT_MAX / units[i].seconds)
			break;
		*out = (unsigned)value * units[i].seconds;
		return 0;
	}
	error_set(err, "--timeout %s: no time", text);
	return error_help(err, "a number of seconds from 1, or with s, m, h: 90s, 5m");
}

static int parse_user(const char *text, long long *out, struct error *err)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (errno || end == text || *end || *out < 0 || *out >= (long long)UINT_MAX)
		return error_set(err, "--user %s: not a user id", text);
	return 0;
}

static int set_option(const struct row *row, const char *value, struct options *out,
                      struct error *err)
{
	char *place = (char *)out + row->offset;

	switch (row->kind) {
	case KIND_TEXT: {
		const char **text = (const char **)(void *)place;
		if (*text)
			return error_set(err, "--%s is given twice", row->name);
		*text = value;
		return 0;
	}
	case KIND_LIST:
		return add_text((struct text_array *)(void *)place, value, err);
	case KIND_FLAG:
		*(bool *)place = true;
		return 0;
	case KIND_COUNT:
		++*(int *)(void *)place;
		return 0;
	case KIND_USER:
		return parse_user(value, (long long *)(void *)place, err);
	case KIND_TIME:
		return parse_time(value, (unsigned *)(void *)place, err);
	case KIND_WEAKER:
		if (strcmp(value, "workspace") != 0)
			return error_set(err, "--allow-weaker %s: only `workspace` is known",
			                 value);
		*(bool *)place = true;
		return 0;
	case KIND_LEVEL:
		if (strcmp(value, "auto") != 0 && strcmp(value, "namespaces") != 0) {
			error_set(err, "--layers %s: not a level that remit has", value);
			return error_help(err, "auto or namespaces");
		}
		return 0;
	}
	return error_set(err, "--%s is not understood", row->name);
}

static int unknown(int command, const char *word, struct error *err)
{
	const char *names[ROWS];
	size_t count = 0;
	char name[64] = "";

	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].commands & command)
			names[count++] = rows[i].name;
	if (strncmp(word, "--", 2) == 0)
		strncat(name, word + 2,
		        strcspn(word + 2, "=") < sizeof(name) - 1 ? strcspn(word + 2, "=")
		                                                  : sizeof(name) - 1);
	error_set(err, "unknown option %s", word);
	const char *nearest = *name ? text_nearest(name, names, count) : NULL;
	if (nearest)
		return error_help(err, "did you mean --%s?", nearest);
	return error_help(err, "--help lists the options");
}

/* The tables that getopt_long(3) wants. */
static void make_tables(int command, struct option *options, char *letters)
{
	/* "+": stop at the first word that is no option; ":": tell what is missing. */
	char *letter = letters;

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

static int parse(int command, int argc, char **argv, struct options *out, struct error *err)
{
	struct option table[ROWS + 1];
	char letters[2 * ROWS + 3];
	int code;

	make_tables(command, table, letters);
	opterr = 0;
	optind = 1;
	for (;;) {
		int before = optind;
		code = getopt_long(argc, argv, letters, table, NULL);
		if (code == -1)
			break;
		if (code == ':') {
			const struct row *row = row_of(optopt);
			return error_set(err, "--%s needs a value: %s", row ? row->name : "option",
			                 row && row->argument ? row->argument : "VALUE");
		}
		const struct row *row = code == '?' ? NULL : row_of(code);
		if (!row)
			return unknown(command, argv[before], err);
		if (set_option(row, optarg, out, err) < 0)
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
	if (!out->remit.workspace)
		out->remit.workspace = getenv("REMIT_WORKSPACE");
	if (out->remit.workspace && !*out->remit.workspace)
		return error_set(err, "the workspace is an empty name");
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
