/* Patterns: a golden table of (text, anchors) -> form, and of (pattern, path) -> match. */
#include "base/cleanup.h"
#include "policy/glob.h"
#include "policy/pattern.h"
#include "policy/rule.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum origin {
	AGENT,
	AGENT_DENY,
	OPERATOR,
	OPERATOR_DENY,
};

static struct pattern_base base_of(enum origin origin)
{
	return (struct pattern_base){
	        .project = "/w",
	        .home = "/home/u",
	        .directory = "/w/sub",
	        .claude = origin == AGENT || origin == AGENT_DENY,
	        .deny = origin == AGENT_DENY || origin == OPERATOR_DENY,
	        .deep = "/w",
	};
}

static const struct {
	const char *text;
	enum origin origin;
	enum pattern_kind kind;
	const char *root;
	const char *glob;
} forms[] = {
        {"src/**", AGENT, PATTERN_TREE, "/w/sub/src", NULL},
        {"./src/", AGENT, PATTERN_TREE, "/w/sub/src", NULL},
        {"/src", AGENT, PATTERN_TREE, "/w/src", NULL},
        {"//etc/passwd", AGENT, PATTERN_TREE, "/etc/passwd", NULL},
        {"//", AGENT, PATTERN_TREE, "/", NULL},
        {"/", AGENT, PATTERN_TREE, "/w", NULL},
        {"~/x/**", AGENT, PATTERN_TREE, "/home/u/x", NULL},
        {"~", AGENT, PATTERN_TREE, "/home/u", NULL},
        {"**", AGENT, PATTERN_TREE, "/w/sub", NULL},
        {"*", AGENT, PATTERN_TREE, "/w/sub", NULL},
        {"**/*", AGENT, PATTERN_TREE, "/w/sub", NULL},
        {"./**/*", AGENT, PATTERN_TREE, "/w/sub", NULL},
        {"./*", AGENT, PATTERN_GLOB, "/w/sub", "*"},
        {".env", AGENT, PATTERN_ANY_DEPTH, "/w/sub", ".env"},
        {"*.md", AGENT, PATTERN_ANY_DEPTH, "/w/sub", "*.md"},
        {"src/*.c", AGENT, PATTERN_GLOB, "/w/sub/src", "*.c"},
        {"src/**/*.c", AGENT, PATTERN_GLOB, "/w/sub/src", "**/*.c"},
        {"a/../b/**", AGENT, PATTERN_TREE, "/w/sub/b", NULL},
        {"//srv//x/./y/", AGENT, PATTERN_TREE, "/srv/x/y", NULL},
        {"lit\\*eral/x", AGENT, PATTERN_TREE, "/w/sub/lit*eral/x", NULL},
        {"migrations/**", AGENT_DENY, PATTERN_ANY_DEPTH, "/w", "migrations"},
        {"migrations/", OPERATOR_DENY, PATTERN_ANY_DEPTH, "/w", "migrations"},
        {".env", OPERATOR_DENY, PATTERN_ANY_DEPTH, "/w", ".env"},
        {"**/secret/**", OPERATOR_DENY, PATTERN_ANY_DEPTH, "/w", "secret"},
        {"**/*.pem", OPERATOR_DENY, PATTERN_ANY_DEPTH, "/w", "*.pem"},
        {"./.env", OPERATOR_DENY, PATTERN_TREE, "/w/sub/.env", NULL},
        {"/srv/x", OPERATOR_DENY, PATTERN_TREE, "/srv/x", NULL},
        {"a/b/**", OPERATOR_DENY, PATTERN_TREE, "/w/sub/a/b", NULL},
        {"build/", OPERATOR, PATTERN_TREE, "/w/sub/build", NULL},
        {"build", OPERATOR, PATTERN_TREE, "/w/sub/build", NULL},
        {".", OPERATOR, PATTERN_TREE, "/w/sub", NULL},
        {"/", OPERATOR, PATTERN_TREE, "/", NULL},
        {"~/data/*.csv", OPERATOR, PATTERN_GLOB, "/home/u/data", "*.csv"},
        {"/srv/*/logs/**", OPERATOR, PATTERN_GLOB, "/srv", "*/logs"},
};

START_TEST(form)
{
	struct pattern_base base = base_of(forms[_i].origin);
	struct pattern pattern;
	cleanup_error struct error err = {0};

	ck_assert_msg(pattern_parse(forms[_i].text, &base, &pattern, &err) == 0, "%s: %s",
	              forms[_i].text, error_message(&err));
	ck_assert_msg(pattern.kind == forms[_i].kind, "%s: kind %d", forms[_i].text, pattern.kind);
	ck_assert_str_eq(pattern.root, forms[_i].root);
	ck_assert_pstr_eq(pattern.glob, forms[_i].glob);
	ck_assert_str_eq(pattern.text, forms[_i].text);
	pattern_clear(&pattern);
}
END_TEST

static const struct {
	const char *text;
	enum origin origin;
	const char *path;
	size_t length; /* of the deepest match; 0: no match */
} matches[] = {
        {"src/**", AGENT, "/w/sub/src", 10},
        {"src/**", AGENT, "/w/sub/src/a/b", 10},
        {"src/**", AGENT, "/w/sub/srcs", 0},
        {"src/**", AGENT, "/w/sub", 0},
        {"src/*.c", AGENT, "/w/sub/src/a.c", 14},
        {"src/*.c", AGENT, "/w/sub/src/d/a.c", 0},
        {"src/*.c", AGENT, "/w/sub/src/a.c/x", 0},
        {"src/*.c", OPERATOR_DENY, "/w/sub/src/a.c/x", 14},
        {"src/**/*.c", AGENT, "/w/sub/src/a.c", 14},
        {"src/**/*.c", AGENT, "/w/sub/src/d/e/a.c", 18},
        {"src/**/x/**/*.c", AGENT, "/w/sub/src/d/x/e/x/a.c", 22},
        {"src/**/x/**/*.c", AGENT, "/w/sub/src/d/e/a.c", 0},
        {".env", AGENT_DENY, "/w/.env", 7},
        {".env", AGENT_DENY, "/w/a/b/.env", 11},
        {".env", AGENT_DENY, "/w/a/.env/b", 9},
        {".env", AGENT_DENY, "/w/a/.envrc", 0},
        {".env", AGENT_DENY, "/other/.env", 0},
        {".git/.env", OPERATOR_DENY, "/w/sub/.git/.env", 16},
        {"x", AGENT_DENY, "/w/x/y/x/z", 8},
        {"?.c", AGENT, "/w/sub/\xc3\xa9.c", 11},
        {"?.c", AGENT, "/w/sub/\xff.c", 10},
        {"[a-c]x", AGENT, "/w/sub/bx", 9},
        {"[!a-c]x", AGENT, "/w/sub/bx", 0},
        {"[!a-c]x", AGENT, "/w/sub/dx", 9},
        {"[]]", AGENT, "/w/sub/]", 8},
        {"\\[x", AGENT, "/w/sub/[x", 9},
        {"/srv/*/logs/**", OPERATOR, "/srv/a/logs/today/x", 11},
        {"/srv/*/logs/**", OPERATOR, "/srv/a/b/logs", 0},
        {"/", OPERATOR, "/", 1},
        {"/", OPERATOR, "/anything", 1},
};

START_TEST(match)
{
	struct pattern_base base = base_of(matches[_i].origin);
	struct pattern pattern;
	cleanup_error struct error err = {0};

	ck_assert_int_eq(pattern_parse(matches[_i].text, &base, &pattern, &err), 0);
	ck_assert_msg(pattern_match_length(&pattern, matches[_i].path) == matches[_i].length,
	              "%s on %s: %zu", matches[_i].text, matches[_i].path,
	              pattern_match_length(&pattern, matches[_i].path));
	ck_assert(pattern_matches(&pattern, matches[_i].path) == (matches[_i].length > 0));
	pattern_clear(&pattern);
}
END_TEST

static const struct {
	const char *text;
	enum origin origin;
} refused[] = {
        {"", AGENT},
        {"../x", AGENT},
        {"a/../../x", OPERATOR},
        {"*/../x", OPERATOR},
        {"[a", AGENT},
        {"a[b/c]", AGENT},
        {"{a,b}", OPERATOR_DENY},
        {"!x", AGENT_DENY},
        {"**.env", AGENT_DENY},
        {"a**", OPERATOR},
        {"x\\", AGENT},
        {"~root/x", OPERATOR},
        {"a/.\\./b", AGENT},
        {"\\../x", OPERATOR},
        {"[[:alpha:]]", AGENT},
        {"***", OPERATOR},
        {"/..", AGENT},
};

START_TEST(refuse)
{
	struct pattern_base base = base_of(refused[_i].origin);
	struct pattern pattern;
	cleanup_error struct error err = {0};

	ck_assert_msg(pattern_parse(refused[_i].text, &base, &pattern, &err) < 0, "%s",
	              refused[_i].text);
	ck_assert_ptr_nonnull(err.message);
}
END_TEST

START_TEST(home_may_be_absent)
{
	struct pattern_base base = {.directory = "/w"};
	struct pattern pattern;
	cleanup_error struct error err = {0};

	ck_assert_int_lt(pattern_parse("~/x", &base, &pattern, &err), 0);
	ck_assert_int_eq(pattern_parse("x", &base, &pattern, &err), 0);
	pattern_clear(&pattern);
}
END_TEST

START_TEST(names_within)
{
	struct pattern_base base = base_of(OPERATOR);
	struct pattern pattern;
	cleanup_error struct error err = {0};

	ck_assert_int_eq(pattern_parse("~/.ssh/known_hosts", &base, &pattern, &err), 0);
	ck_assert(pattern_names_within(&pattern, "/home/u/.ssh"));
	ck_assert(pattern_names_within(&pattern, "/home/u/.ssh/known_hosts"));
	ck_assert(!pattern_names_within(&pattern, "/home/u/.ssh/known_hosts/x"));
	ck_assert(!pattern_names_within(&pattern, "/home/u/.ss"));
	pattern_clear(&pattern);
	ck_assert_int_eq(pattern_parse("~", &base, &pattern, &err), 0);
	ck_assert(!pattern_names_within(&pattern, "/home/u/.ssh"));
	pattern_clear(&pattern);
}
END_TEST

/* Many stars must not take exponential time: this ends at once or hangs the test. */
START_TEST(stars_are_bounded)
{
	char glob[512] = "";
	char path[2048] = "";

	for (int i = 0; i < 100; i++)
		strcat(glob, "**/a/");
	strcat(glob, "b");
	for (int i = 0; i < 800; i++)
		strcat(path, "a/");
	strcat(path, "c");
	ck_assert(!glob_match_path(glob, path, strlen(path)));
	path[strlen(path) - 1] = 'b';
	ck_assert(glob_match_path(glob, path, strlen(path)));
}
END_TEST

static const struct {
	enum effect effect;
	const char *target;
	const char *other; /* would be matched if wildcards were not escaped; NULL: it has none */
	const char *text;  /* NULL: no policy can say it */
} literals[] = {
        {EFFECT_WRITE, "/w/a*b", "/w/axb", "/w/a\\*b"},
        {EFFECT_WRITE, "/w/[ab]", "/w/a", "/w/\\[ab\\]"},
        {EFFECT_READ, "/w/a?", "/w/ab", "/w/a\\?"},
        {EFFECT_READ, "/w/a\\b", "/w/ab", "/w/a\\\\b"},
        {EFFECT_WRITE, "/w/plain", NULL, "/w/plain"},
        {EFFECT_CONNECT, "[::1]:443", "[::2]:443", "[::1]:443"},
        {EFFECT_CONNECT, "*.example.org:443", NULL, NULL},
        {EFFECT_WRITE, "", NULL, NULL},
};

START_TEST(literal)
{
	struct pattern_base base = {.home = "/", .directory = "/"};
	struct rule rule = {.layer = RULE_GRANT, .effect = literals[_i].effect};
	cleanup_error struct error err = {0};
	char *text = NULL;

	ck_assert_int_eq(rule_target_literal(rule.effect, literals[_i].target, &text), 0);
	if (!literals[_i].text) {
		ck_assert_ptr_null(text);
		return;
	}
	ck_assert_str_eq(text, literals[_i].text);
	ck_assert_int_eq(rule_target(&rule, text, &base, &err), 0);
	ck_assert(rule_covers(&rule, rule.effect, literals[_i].target));
	ck_assert(!literals[_i].other || !rule_covers(&rule, rule.effect, literals[_i].other));
	rule_clear(&rule);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pattern");
	TCase *cases = tcase_create("pattern");

	tcase_add_loop_test(cases, form, 0, sizeof(forms) / sizeof(*forms));
	tcase_add_loop_test(cases, match, 0, sizeof(matches) / sizeof(*matches));
	tcase_add_loop_test(cases, refuse, 0, sizeof(refused) / sizeof(*refused));
	tcase_add_loop_test(cases, literal, 0, sizeof(literals) / sizeof(*literals));
	tcase_add_test(cases, home_may_be_absent);
	tcase_add_test(cases, names_within);
	tcase_add_test(cases, stars_are_bounded);
	suite_add_tcase(suite, cases);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
