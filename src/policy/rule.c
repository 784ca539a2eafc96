#include "policy/rule.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/glob.h"
#include "policy/peer.h"

#include <stdlib.h>
#include <string.h>

static int take_name(struct rule *rule, const char *text, struct error *err)
{
	rule->kind = TARGET_NAME;
	rule->name = text_copy(text);
	return rule->name ? 0 : error_memory(err);
}

static int take_path(struct rule *rule, const char *text, const struct pattern_base *base,
                     struct error *err)
{
	rule->kind = TARGET_PATH;
	return pattern_parse(text, base, &rule->pattern, err);
}

static int take_program(struct rule *rule, const char *text, const struct pattern_base *base,
                        struct error *err)
{
	if (strchr(text, '/') || text[0] == '~')
		return take_path(rule, text, base, err);
	return glob_check(text, err) < 0 ? -1 : take_name(rule, text, err);
}

static int take_peer(struct rule *rule, const char *text, const struct pattern_base *base,
                     struct error *err)
{
	(void)base;
	return peer_check(text, err) < 0 ? -1 : take_name(rule, text, err);
}

static int take_agent(struct rule *rule, const char *text, const struct pattern_base *base,
                      struct error *err)
{
	(void)base;
	return glob_check(text, err) < 0 ? -1 : take_name(rule, text, err);
}

static int (*const readers[EFFECT_COUNT])(struct rule *, const char *, const struct pattern_base *,
                                          struct error *) = {
        [EFFECT_READ] = take_path,    [EFFECT_WRITE] = take_path,     [EFFECT_EXEC] = take_program,
        [EFFECT_CONNECT] = take_peer, [EFFECT_DELEGATE] = take_agent,
};

int rule_target(struct rule *rule, const char *text, const struct pattern_base *base,
                struct error *err)
{
	if (!*text)
		return error_set(err, "an empty target");
	bool files = rule->effect == EFFECT_READ || rule->effect == EFFECT_WRITE;
	if (!files && strcmp(text, "*") == 0) {
		rule->kind = TARGET_ANY;
		return 0;
	}
	return readers[rule->effect](rule, text, base, err);
}

static bool name_covers(const struct rule *rule, const char *target)
{
	size_t size = strlen(rule->name);

	if (strcmp(rule->name, target) == 0)
		return true;
	if (rule->effect == EFFECT_CONNECT)
		return peer_covers(rule->name, target);
	if (rule->effect == EFFECT_EXEC)
		target = path_name(target);
	return glob_match_name(rule->name, size, target, strlen(target));
}

bool rule_covers(const struct rule *rule, enum effect effect, const char *target)
{
	if (rule->effect != effect)
		return false;
	switch (rule->kind) {
	case TARGET_ANY:
		return true;
	case TARGET_NAME:
		return name_covers(rule, target);
	case TARGET_PATH:
		return target[0] == '/' && pattern_matches(&rule->pattern, target);
	}
	return false;
}

bool rule_touches(const struct rule *rule, enum effect effect, const char *target)
{
	if (rule_covers(rule, effect, target))
		return true;
	/* "*" speaks of everything at once; a refusal of a part is no refusal of the whole. */
	if (strcmp(target, "*") == 0)
		return false;
	return rule->effect == effect && effect == EFFECT_CONNECT && rule->kind == TARGET_NAME &&
	       peer_touches(rule->name, target);
}

static bool text_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool rule_same(const struct rule *a, const struct rule *b)
{
	return a->layer == b->layer && a->effect == b->effect && a->kind == b->kind &&
	       a->ceiling == b->ceiling && a->unless_named == b->unless_named &&
	       a->pattern.kind == b->pattern.kind && a->pattern.below == b->pattern.below &&
	       text_same(a->pattern.root, b->pattern.root) &&
	       text_same(a->pattern.glob, b->pattern.glob) && text_same(a->name, b->name);
}

char *rule_target_text(const struct rule *rule)
{
	const struct pattern *pattern = &rule->pattern;
	const char *root = pattern->root && strcmp(pattern->root, "/") != 0 ? pattern->root : "";

	switch (rule->kind) {
	case TARGET_ANY:
		return text_copy("*");
	case TARGET_NAME:
		return text_copy(rule->name);
	case TARGET_PATH:
		break;
	}
	if (pattern->kind == PATTERN_TREE)
		return text_copy(pattern->root);
	return text_printf("%s/%s%s", root, pattern->kind == PATTERN_ANY_DEPTH ? "**/" : "",
	                   pattern->glob);
}

/* Peers have no wildcards that could be escaped; their brackets are those of addresses. */
static char *literal_text(enum effect effect, const char *target)
{
	struct buffer out = {0};

	for (const char *p = target; *p; p++) {
		if (effect != EFFECT_CONNECT && strchr("*?[]{}\\", *p))
			buffer_append(&out, "\\", 1);
		buffer_append(&out, p, 1);
	}
	return buffer_steal(&out);
}

int rule_target_literal(enum effect effect, const char *target, char **out)
{
	struct pattern_base base = {.home = "/", .directory = "/"};
	struct rule rule = {.layer = RULE_GRANT, .effect = effect};
	cleanup_error struct error err = {0};
	cleanup_free char *text = literal_text(effect, target);

	*out = NULL;
	if (!text)
		return -1;
	if (effect == EFFECT_CONNECT && strchr(text, '*'))
		return 0;
	if (rule_target(&rule, text, &base, &err) == 0)
		*out = steal_pointer(&text);
	rule_clear(&rule);
	return 0;
}

void rule_clear(struct rule *rule)
{
	pattern_clear(&rule->pattern);
	free(rule->name);
	free(rule->because);
	*rule = (struct rule){0};
}
