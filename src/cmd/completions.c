/* `--print-options`: what the completions of shells are made of (scripts/completions), from the
 * tables of commands, options and policies. Tabs stand between fields, `-` for an empty one:
 *
 *   command   NAME  USAGE  HELP
 *   option    COMMAND  LETTER  NAME  WORD  KIND  HELP    WORD as in --help, `-` where it takes none
 *   argument  COMMAND  NUMBER  WORD  KIND                `+` for NUMBER: any number from here on
 *   value     KIND  TEXT
 *
 * A KIND is one of `kinds` below: its values, or file, directory, program (with what follows it),
 * variable, rule (an effect, a colon, a target), approver (a word, or one, a colon, a program),
 * free. */
#include "cmd/cmd.h"
#include "cmd/options.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "policy/tables.h"

#include <stdio.h>
#include <string.h>

/* The words that stand for a value in --help. A word that is not here completes to nothing, which
 * the tests do not let pass. */
static const struct {
	const char *word;
	const char *kind;
} kinds[] = {
        {"COMMAND", "program"},
        {"DIR", "directory"},
        {"EFFECT", "effect"},
        {"EFFECT:TARGET", "rule"},
        {"FILE", "file"},
        {"FILE|fd:N", "file"},
        {"HOSTPORT:PORT", "free"},
        {"LEVEL", "level"},
        {"LOG", "file"},
        {"MODE", "mode"},
        {"NAME", "tool"},
        {"NAME=VALUE", "limit"},
        {"NAME[=VALUE]", "variable"},
        {"TARGET", "file"},
        {"TIME", "free"},
        {"UID", "free"},
        {"WHO", "approver"},
        {"WHAT", "weaker"},
};

static const char *kind_of(const char *word)
{
	if (!word)
		return "-";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].word, word) == 0)
			return kinds[i].kind;
	return "unknown";
}

static void print_options(const struct cmd_row *command)
{
	struct option_row row;

	for (size_t i = 0; options_row(command->options, i, &row); i++)
		printf("option\t%s\t%c\t%s\t%s\t%s\t%s\n", command->name,
		       row.letter ? row.letter : '-', row.name, row.argument ? row.argument : "-",
		       kind_of(row.argument), row.help);
}

/* The arguments, which the usage has behind its options, as in "explain [OPTION...] FILE". What
 * follows COMMAND is COMMAND's own. Returns 0 or negative when memory is exhausted. */
static int print_arguments(const struct cmd_row *command)
{
	const char *at = strstr(command->usage, "[OPTION...]");
	int number = 1;

	at = at ? at + strlen("[OPTION...]") : command->usage + strcspn(command->usage, " ");
	for (at += strspn(at, " ["); *at; at += strspn(at, " [")) {
		size_t size = strcspn(at, " ]");
		bool more = size > 3 && strncmp(at + size - 3, "...", 3) == 0;
		cleanup_free char *word = text_copy_size(at, more ? size - 3 : size);

		if (!word)
			return -1;
		at += size + strspn(at + size, "].");
		if (word[0] == '-')
			continue;
		if (more)
			printf("argument\t%s\t+\t%s\t%s\n", command->name, word, kind_of(word));
		else
			printf("argument\t%s\t%d\t%s\t%s\n", command->name, number++, word,
			       kind_of(word));
		if (more || strcmp(word, "COMMAND") == 0)
			break;
	}
	return 0;
}

/* --tool refuses a tool without effects. */
static bool has_effects(const struct table_tool *tool)
{
	bool any = false;

	for (int effect = 0; effect < EFFECT_COUNT; effect++)
		any |= tool->gives[effect].scope != TABLE_NONE;
	return any;
}

static void print_values(void)
{
	for (size_t i = 0; i < table_modes_count; i++)
		printf("value\tmode\t%s\n", table_modes[i].name);
	for (size_t i = 0; i < table_tools_count; i++)
		if (has_effects(&table_tools[i]))
			printf("value\ttool\t%s\n", table_tools[i].name);
	for (size_t i = 0; i < table_limits_count; i++)
		printf("value\tlimit\t%s=\n", table_limits[i].name);
	for (int effect = 0; effect < EFFECT_COUNT; effect++) {
		printf("value\teffect\t%s\n", effect_name((enum effect)effect));
		printf("value\trule\t%s:\n", effect_name((enum effect)effect));
	}
	for (size_t i = 0; options_level_name(i); i++)
		printf("value\tlevel\t%s\n", options_level_name(i));
	for (size_t i = 0; options_approver_name(i); i++)
		printf("value\tapprover\t%s\n", options_approver_name(i));
	puts("value\tweaker\tworkspace");
}

int cmd_completions(int argc, char **argv)
{
	const struct cmd_row *row;

	(void)argc;
	(void)argv;
	for (size_t i = 0; (row = cmd_row(i)); i++)
		printf("command\t%s\t%s\t%s\n", row->name, row->usage, row->help);
	for (size_t i = 0; (row = cmd_row(i)); i++) {
		if (!row->options)
			continue;
		print_options(row);
		if (print_arguments(row) < 0) {
			cmd_say("", "out of memory");
			return REMIT_STATUS_FAILED;
		}
	}
	print_values();
	return cmd_print("");
}
