/* The rail of Bash(pattern): COMMAND is held against the patterns before it is executed. It holds
 * an honest agent to its word; what a command may do to files and peers is held by the walls. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/policy.h"
#include "policy/shell.h"

#include <stdlib.h>
#include <string.h>

/* `*` takes anything, blanks and slashes too; `\*` is the character. */
static bool matches_wildcard(const char *pattern, size_t pattern_size, const char *text)
{
	size_t p = 0;
	const char *star_text = NULL;
	size_t star = 0;

	for (;;) {
		if (p < pattern_size && pattern[p] == '*') {
			star = ++p;
			star_text = text;
			continue;
		}
		if (!*text && p == pattern_size)
			return true;
		size_t escape = p + 1 < pattern_size && pattern[p] == '\\' && pattern[p + 1] == '*';
		if (*text && p < pattern_size && pattern[p + escape] == *text) {
			p += 1 + escape;
			text++;
			continue;
		}
		if (!star_text || !*star_text)
			return false;
		text = ++star_text;
		p = star;
	}
}

/* `git status`, `git add:*`, `git *`. The last two take the bare word as well. */
static bool matches(const char *pattern, const char *text)
{
	size_t size = strlen(pattern);
	bool prefix = size >= 2 && (strcmp(pattern + size - 2, ":*") == 0 ||
	                            strcmp(pattern + size - 2, " *") == 0);

	if (!prefix)
		return matches_wildcard(pattern, size, text);
	cleanup_free char *longer = text_printf("%.*s *", (int)(size - 2), pattern);
	return (longer && matches_wildcard(longer, strlen(longer), text)) ||
	       matches_wildcard(pattern, size - 2, text) || size == 2;
}

/* The part with the program's path taken off: a pattern that forbids `rm` means /bin/rm too. */
static char *without_folder(const char *bare)
{
	size_t word = strcspn(bare, " ");
	const char *name = bare + word;

	while (name > bare && name[-1] != '/')
		name--;
	return text_copy(name);
}

static bool is_forbidden_by(const struct command_rule *rule, const struct shell_part *part)
{
	cleanup_free char *name = without_folder(part->bare);

	return matches(rule->pattern, part->raw) || matches(rule->pattern, part->plain) ||
	       matches(rule->pattern, part->bare) || (name && matches(rule->pattern, name));
}

static bool is_allowed_by(const struct command_rule *rule, const struct shell_part *part)
{
	return matches(rule->pattern, part->plain) || matches(rule->pattern, part->raw);
}

/* Programs that run what their arguments say: a pattern that forbids cannot see through them. */
static bool runs_others(const struct shell_part *part)
{
	static const char *const names[] = {
	        "eval",   "exec",  "command", "builtin", "source",  ".",
	        "alias",  "trap",  "env",     "nohup",   "nice",    "timeout",
	        "time",   "xargs", "sudo",    "doas",    "stdbuf",  "setsid",
	        "ionice", "chrt",  "taskset", "unshare", "busybox", "parallel",
	        "watch",  "sh",    "bash",    "dash",    "ash",     "ksh",
	        "mksh",   "zsh",   "fish",    "rbash",   "script",  "strace",
	};
	cleanup_free char *name = without_folder(part->bare);
	size_t size = name ? strcspn(name, " ") : 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strlen(names[i]) == size && strncmp(names[i], name, size) == 0)
			return true;
	}
	return !name;
}

static int refuse(const struct shell_part *part, const char *reason, struct error *err)
{
	cleanup_free char *escaped = escape_terminal_copy(part->raw);

	return error_set(err, "the command `%s` is refused: %s", escaped ? escaped : "", reason);
}

static int check_part(const struct policy *policy, const struct shell_part *part, struct error *err)
{
	const struct command_rule *limit = NULL;
	const struct command_rule *forbidding = NULL;
	bool allowed = false;

	for (size_t i = 0; i < policy->command_count; i++) {
		const struct command_rule *rule = &policy->commands[i];
		if (rule->forbidden && is_forbidden_by(rule, part))
			return refuse(part, rule->because, err);
		if (rule->forbidden) {
			forbidding = rule;
		} else {
			limit = rule;
			allowed |= is_allowed_by(rule, part);
		}
	}
	if (limit && !allowed) {
		refuse(part, "no pattern of the agent's tools allows it", err);
		return error_help(err, "%s is one that stands", limit->because);
	}
	/* A pattern that allows exactly such a command has seen it. */
	if (forbidding && !allowed && runs_others(part)) {
		refuse(part, "it runs what its arguments say, where a pattern cannot look", err);
		return error_help(err, "%s is in force", forbidding->because);
	}
	return 0;
}

/* A command that no shell interprets: its words are what they are. */
static int single_part(char *const *argv, struct shell_parts *out, struct error *err)
{
	cleanup_buffer struct buffer text = {0};
	struct shell_part part = {0};

	for (size_t i = 0; argv[i]; i++)
		buffer_printf(&text, "%s%s", i ? " " : "", argv[i]);
	part.raw = buffer_steal(&text);
	part.plain = part.raw ? text_copy(part.raw) : NULL;
	part.bare = part.raw ? text_copy(part.raw) : NULL;
	if (!part.raw || !part.plain || !part.bare ||
	    array_reserve((void **)&out->items, &out->capacity, out->count, sizeof(part)) < 0) {
		free(part.raw);
		free(part.plain);
		free(part.bare);
		return error_memory(err);
	}
	out->items[out->count++] = part;
	return 0;
}

int policy_check_command(const struct policy *policy, char *const *argv, struct error *err)
{
	struct shell_parts parts = {0};
	const char *string = NULL;

	if (!policy->tool || policy->command_count == 0 || !argv[0])
		return 0;
	int result = shell_string(argv, &string, err);
	if (result == 0)
		result = string ? shell_split(string, &parts, err) : single_part(argv, &parts, err);
	if (result < 0)
		error_help(err, "%s is in force", policy->commands[0].because);
	for (size_t i = 0; i < parts.count && result == 0; i++)
		result = check_part(policy, &parts.items[i], err);
	shell_parts_clear(&parts);
	return result;
}
