/* Targets, specifiers, peers and command lines of any shape. The first byte chooses the reader, a
 * newline separates a pattern from what it is held against. */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/glob.h"
#include "policy/peer.h"
#include "policy/rule.h"
#include "policy/shell.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* A pattern that parses is normal, copies to the same, and matches what it says it matches. */
static void check_pattern(const char *text, const char *other, const struct pattern_base *base)
{
	struct pattern pattern;
	struct pattern copy;
	cleanup_error struct error err = {0};
	cleanup_free char *path = path_absolute("/w", other);

	demand(path != NULL);
	if (pattern_parse(text, base, &pattern, &err) < 0) {
		demand(!pattern.root && err.message);
		return;
	}
	cleanup_free char *normal = path_absolute("/", pattern.root);
	demand(normal && strcmp(normal, pattern.root) == 0);
	demand((pattern.kind == PATTERN_TREE) == !pattern.glob);
	size_t length = pattern_match_length(&pattern, path);
	demand(length <= strlen(path));
	demand(!length || path_within(path, pattern.root));
	demand(!length || pattern_may_match(&pattern, path, strlen(path)));
	/* What lies below a match matches, where the pattern says so. */
	if (length && pattern.below) {
		cleanup_free char *below = path_join(path, "x");
		demand(below && pattern_matches(&pattern, below));
	}
	demand(pattern_copy(&pattern, pattern.root, &copy, &err) == 0);
	demand(pattern_match_length(&copy, path) == length);
	pattern_clear(&copy);
	pattern_clear(&pattern);
}

static void check_rule(const char *text, const char *other, enum effect effect)
{
	struct pattern_base base = {.home = "/home/u", .directory = "/w"};
	struct rule rule = {.effect = effect};
	cleanup_error struct error err = {0};

	if (rule_target(&rule, text, &base, &err) == 0) {
		bool covers = rule_covers(&rule, effect, other);
		demand(!covers || rule_touches(&rule, effect, other));
		demand(rule.kind != TARGET_NAME || rule_covers(&rule, effect, rule.name));
		free(rule_target_text(&rule));
	}
	rule_clear(&rule);
}

/* Whether a shell would substitute a command: in single quotes it does not. */
static bool substitutes(const char *text)
{
	bool single = false;
	bool in_double = false;

	for (; *text; text++) {
		if (single)
			single = *text != '\'';
		else if (*text == '\\' && text[1])
			text++;
		else if (*text == '\'' && !in_double)
			single = true;
		else if (*text == '"')
			in_double = !in_double;
		else if (text[0] == '$' && text[1] == '(')
			return true;
	}
	return false;
}

static void check_shell(const char *text)
{
	struct shell_parts parts;
	cleanup_error struct error err = {0};

	if (shell_split(text, &parts, &err) < 0) {
		demand(!parts.items && err.message);
		return;
	}
	for (size_t i = 0; i < parts.count; i++) {
		demand(*parts.items[i].raw && strstr(text, parts.items[i].raw));
		demand(!substitutes(parts.items[i].raw));
		demand(strstr(parts.items[i].plain, parts.items[i].bare) != NULL);
	}
	shell_parts_clear(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || memchr(data, '\0', size))
		return 0;
	cleanup_free char *text = text_copy_size((const char *)data + 1, size - 1);
	struct pattern_base base = {.project = "/w",
	                            .home = "/home/u",
	                            .directory = "/w/d",
	                            .deep = "/w",
	                            .claude = data[0] & 8,
	                            .deny = data[0] & 16};

	demand(text != NULL);
	if ((data[0] & 7) == 7) {
		check_shell(text);
		return 0;
	}
	char *other = strchr(text, '\n');
	if (!other)
		return 0;
	*other++ = '\0';
	if ((data[0] & 7) < EFFECT_COUNT)
		check_rule(text, other, (enum effect)(data[0] & 7));
	else
		check_pattern(text, other, &base);
	return 0;
}
