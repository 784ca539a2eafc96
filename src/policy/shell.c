#include "policy/shell.h"

#include "base/buffer.h"
#include "base/path.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const shells[] = {"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "rbash"};

/* Words that make of what follows something else than a simple command. */
static const char *const reserved[] = {
        "if",       "then",   "else",    "elif", "fi",        "for",    "while",
        "until",    "do",     "done",    "case", "esac",      "select", "in",
        "function", "coproc", "time",    "{",    "}",         "!",      "[[",
        "]]",       "repeat", "foreach", "end",  "nocorrect", "noglob", "-",
};

static bool is_listed(const char *word, size_t size, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(list[i]) == size && memcmp(list[i], word, size) == 0)
			return true;
	}
	return false;
}

#define IS_LISTED(word, size, list) is_listed(word, size, list, sizeof(list) / sizeof(*(list)))

/* --- argv ------------------------------------------------------------------------------------- */

/* Options of shells that take the next word. */
static bool takes_word(const char *option)
{
	static const char *const options[] = {"-o", "+o", "-O", "+O"};

	return IS_LISTED(option, strlen(option), options);
}

static bool is_long_option(const char *option)
{
	/* Not --rcfile and --init-file: they execute a file before the string. Those of the home
	 * folder, for -i and -l, are not there inside. */
	static const char *const options[] = {"--norc",  "--noprofile",  "--posix",
	                                      "--login", "--restricted", "--verbose"};

	return IS_LISTED(option, strlen(option), options);
}

static bool is_cluster(const char *option)
{
	static const char letters[] = "abcdefghiklmnpqrstuvxBCDEHPT";

	return option[1] && strspn(option + 1, letters) == strlen(option + 1);
}

int shell_string(char *const *argv, const char **out, struct error *err)
{
	const char *name = argv[0] ? path_name(argv[0]) : "";
	bool string = false;
	size_t i = 1;

	*out = NULL;
	if (!IS_LISTED(name, strlen(name), shells))
		return 0;
	for (; argv[i] && (argv[i][0] == '-' || argv[i][0] == '+'); i++) {
		if (strcmp(argv[i], "--") == 0 || strcmp(argv[i], "-") == 0) {
			i++;
			break;
		}
		if (takes_word(argv[i])) {
			if (!argv[++i])
				return error_set(err, "an option of %s lacks its word", name);
		} else if (argv[i][1] != '-' && is_cluster(argv[i])) {
			string |= argv[i][0] == '-' && strchr(argv[i], 'c');
		} else if (!is_long_option(argv[i])) {
			return error_set(err, "an option of %s is not understood", name);
		}
	}
	if (string && !argv[i])
		return error_set(err, "%s -c lacks its string", name);
	if (string)
		*out = argv[i];
	return 0;
}

/* --- Splitting -------------------------------------------------------------------------------- */

/* The part that is being read. */
struct splitter {
	const char *at;
	const char *start;   /* of the part's raw text */
	struct buffer plain; /* its words so far, quotes removed, one blank between them */
	size_t word;         /* where in `plain` the word begins that is being read */
	size_t odd;  /* where in `plain` the word is first quoted or expanded, or SIZE_MAX */
	size_t bare; /* where in `plain` the command's name begins */
	bool in_word;
	bool target; /* the next word is the target of a redirection */
	bool named;  /* the command's name has been read */
	struct shell_parts *parts;
	struct error *err;
};

static int not_understood(const struct splitter *splitter, const char *what)
{
	return error_set(splitter->err, "%s cannot be checked against the patterns", what);
}

static void begin_part(struct splitter *splitter)
{
	splitter->start = splitter->at;
	splitter->word = 0;
	splitter->odd = SIZE_MAX;
	splitter->bare = 0;
	splitter->in_word = false;
	splitter->target = false;
	splitter->named = false;
}

/* Begins a word if none is being read. */
static void begin_word(struct splitter *splitter)
{
	if (splitter->in_word)
		return;
	if (splitter->plain.size)
		buffer_append(&splitter->plain, " ", 1);
	splitter->word = splitter->plain.size;
	splitter->odd = SIZE_MAX;
	splitter->in_word = true;
}

static void mark_odd(struct splitter *splitter)
{
	if (splitter->odd == SIZE_MAX)
		splitter->odd = splitter->plain.size;
}

/* True for NAME=value and NAME+=value whose name stands unquoted. */
static bool is_assignment(const char *word, size_t odd)
{
	static const char names[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
	                            "0123456789";
	size_t size = strspn(word, names);

	if (!size || (word[0] >= '0' && word[0] <= '9'))
		return false;
	return odd > size && (word[size] == '=' || strncmp(word + size, "+=", 2) == 0);
}

static int end_word(struct splitter *splitter)
{
	if (!splitter->in_word)
		return 0;
	splitter->in_word = false;
	buffer_append(&splitter->plain, "", 0);
	if (buffer_failed(&splitter->plain))
		return error_memory(splitter->err);

	const char *word = splitter->plain.data + splitter->word;
	size_t odd = splitter->odd == SIZE_MAX ? SIZE_MAX : splitter->odd - splitter->word;
	if (splitter->target) {
		splitter->target = false;
		return 0;
	}
	if (splitter->named || is_assignment(word, odd))
		return 0;
	if (odd != SIZE_MAX)
		return not_understood(splitter, "a command whose name is quoted or expanded");
	if (IS_LISTED(word, strlen(word), reserved))
		return not_understood(splitter, "a compound command (if, for, { ... }, ...)");
	splitter->named = true;
	splitter->bare = splitter->word;
	return 0;
}

static int add_part(struct splitter *splitter, const char *start, const char *end)
{
	struct shell_parts *parts = splitter->parts;
	size_t bare = splitter->named ? splitter->bare : splitter->plain.size;
	struct shell_part part = {.raw = text_copy_size(start, (size_t)(end - start)),
	                          .plain = buffer_steal(&splitter->plain)};

	part.bare = part.plain ? text_copy(part.plain + bare) : NULL;
	if (!part.raw || !part.plain || !part.bare ||
	    array_reserve((void **)&parts->items, &parts->capacity, parts->count, sizeof(part)) <
	            0) {
		free(part.raw);
		free(part.plain);
		free(part.bare);
		return error_memory(splitter->err);
	}
	parts->items[parts->count++] = part;
	return 0;
}

static int end_part(struct splitter *splitter)
{
	const char *end = splitter->at;
	const char *start = splitter->start + strspn(splitter->start, " \t");

	if (end_word(splitter) < 0)
		return -1;
	if (splitter->target)
		return not_understood(splitter, "a redirection without a target");
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return end > start ? add_part(splitter, start, end) : 0;
}

/* An expansion that may run or make something else than it shows, or NULL. */
static const char *substitution(const char *at)
{
	if (at[0] == '`')
		return "a command substitution (`...`)";
	if (at[0] == '$' && (at[1] == '(' || at[1] == '['))
		return "a command substitution or arithmetic ($(...))";
	if (at[0] == '$' && at[1] == '{')
		return "an expansion in braces (${...})";
	return NULL;
}

/* One character that is or begins an expansion, in double quotes or outside. */
static int check_expansion(const struct splitter *splitter)
{
	const char *what = substitution(splitter->at);

	if (what)
		return not_understood(splitter, what);
	if (splitter->at[0] == '$' && splitter->target)
		return not_understood(splitter, "a redirection into a variable");
	return 0;
}

static int take_double_quotes(struct splitter *splitter)
{
	for (splitter->at++; *splitter->at != '"'; splitter->at++) {
		if (!*splitter->at)
			return not_understood(splitter, "a quote that is not closed");
		if (check_expansion(splitter) < 0)
			return -1;
		if (splitter->at[0] == '\\' && splitter->at[1] &&
		    strchr("\\\"$`\n", splitter->at[1])) {
			splitter->at++;
			if (*splitter->at == '\n')
				continue;
		}
		buffer_append(&splitter->plain, splitter->at, 1);
	}
	splitter->at++;
	return 0;
}

static int take_single_quotes(struct splitter *splitter)
{
	const char *end = strchr(splitter->at + 1, '\'');

	if (!end)
		return not_understood(splitter, "a quote that is not closed");
	buffer_append(&splitter->plain, splitter->at + 1, (size_t)(end - splitter->at) - 1);
	splitter->at = end + 1;
	return 0;
}

static int take_backslash(struct splitter *splitter)
{
	if (!splitter->at[1])
		return not_understood(splitter, "a backslash at the end");
	if (splitter->at[1] != '\n')
		buffer_append(&splitter->plain, splitter->at + 1, 1);
	splitter->at += 2;
	return 0;
}

/* `>`, `>>`, `>&`, `<`, ...; here-documents and process substitutions are not understood. */
static int take_redirection(struct splitter *splitter)
{
	const char *at = splitter->at;
	size_t size = at[1] == '>' || at[1] == '&' || at[1] == '|' ? 2 : 1;

	if (at[0] == '<' && at[1] == '<')
		return not_understood(splitter, "a here-document");
	if (at[1] == '(')
		return not_understood(splitter, "a process substitution");
	if (end_word(splitter) < 0)
		return -1;
	if (!splitter->named || splitter->target)
		return not_understood(splitter, "a redirection before the command");
	begin_word(splitter);
	buffer_append(&splitter->plain, at, size);
	splitter->in_word = false;
	splitter->at += size;
	splitter->target = true;
	return 0;
}

/* Any character of a word. */
static int take_character(struct splitter *splitter)
{
	const char *at = splitter->at;

	if (check_expansion(splitter) < 0)
		return -1;
	if (at[0] == '(' || at[0] == ')')
		return not_understood(splitter, "a subshell or function ( ... )");
	if (at[0] == '#' && !splitter->in_word)
		return not_understood(splitter, "a comment");
	if (at[0] == '$' && (at[1] == '\'' || at[1] == '"'))
		return not_understood(splitter, "a quote of the form $'...'");
	begin_word(splitter);
	if (strchr("$\\*?[]~\"'{}!", at[0]) && !(strchr("[]", at[0]) && (!at[1] || at[1] == ' ')))
		mark_odd(splitter);
	switch (at[0]) {
	case '"':
		return take_double_quotes(splitter);
	case '\'':
		return take_single_quotes(splitter);
	case '\\':
		return take_backslash(splitter);
	default:
		buffer_append(&splitter->plain, at, 1);
		splitter->at++;
		return 0;
	}
}

/* Length of the separator of commands at `at`, 0 where there is none. */
static size_t separator_size(const char *at)
{
	static const char *const separators[] = {"&&", "||", "|&", ";", "|", "&", "\n", "\r"};

	for (size_t i = 0; i < sizeof(separators) / sizeof(*separators); i++) {
		if (strncmp(at, separators[i], strlen(separators[i])) == 0)
			return strlen(separators[i]);
	}
	return 0;
}

static int take(struct splitter *splitter)
{
	size_t separator = separator_size(splitter->at);

	if (splitter->at[0] == '&' && splitter->at[1] == '>')
		return not_understood(splitter, "a redirection with `&>`");
	if (separator) {
		if (end_part(splitter) < 0)
			return -1;
		splitter->at += separator;
		begin_part(splitter);
		return 0;
	}
	switch (*splitter->at) {
	case ' ':
	case '\t':
		splitter->at++;
		return end_word(splitter);
	case '>':
	case '<':
		return take_redirection(splitter);
	default:
		return take_character(splitter);
	}
}

int shell_split(const char *text, struct shell_parts *out, struct error *err)
{
	struct splitter splitter = {.at = text, .parts = out, .err = err};
	int result = 0;

	*out = (struct shell_parts){0};
	begin_part(&splitter);
	while (result == 0 && *splitter.at)
		result = take(&splitter);
	if (result == 0)
		result = end_part(&splitter);
	buffer_free(&splitter.plain);
	if (result < 0)
		shell_parts_clear(out);
	return result;
}

void shell_parts_clear(struct shell_parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		free(parts->items[i].raw);
		free(parts->items[i].plain);
		free(parts->items[i].bare);
	}
	free(parts->items);
	*parts = (struct shell_parts){0};
}
