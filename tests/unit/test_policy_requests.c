/* What a policy says besides the verdict: class and origin, refusals of requests, settings and
 * warnings, commands, peers and names. */
#include "policy_scene.h"

#include "base/cleanup.h"
#include "policy/grammar.h"
#include "policy/names.h"
#include "policy/peer.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Refused by name, or merely not granted. */
static const struct {
	const char *head;
	const char *option;
	enum effect effect;
	const char *target;
	enum decision_class class;
	const char *because; /* part of it */
} classes[] = {
        {"tools: Write\n", NULL, R, "/data/x", DECISION_HIDDEN, "not granted"},
        {"tools: Read\n", NULL, W, "/srv/w/x", DECISION_DENIED, "a.md:4"},
        {"tools: Read\n", NULL, W, "/data/x", DECISION_DENIED, "a.md:4"},
        {"tools: Read\n", NULL, R, "/home/u/.ssh/id", DECISION_DENIED, "secrets.yaml:"},
        {"tools: Read\n", "deny=read:x", R, "/srv/w/x", DECISION_DENIED, "--deny read:x"},
        {"tools: Write\npermissionMode: default\n", NULL, W, "/srv/w/x", DECISION_DENIED,
         "a.md:4 Write"},
        {"tools: Read\n", NULL, X, "make", DECISION_DENIED, "not granted"},
        {"tools: Read\n", NULL, C, "h", DECISION_DENIED, "not granted"},
        {"tools: Read\n", "ceiling=version: 1\ngrant: {read: []}\n", R, "/srv/w/x", DECISION_HIDDEN,
         "not on the ceiling's list"},
        {"disallowedTools: Read\n", NULL, R, "/srv/w/x", DECISION_DENIED, "a.md:4 forbidden Read"},
        {"tools: Write\n", NULL, W, "/srv/w/.git/hooks/x", DECISION_DENIED, "protected.yaml:"},
        {"tools: Read\n", NULL, W, "/usr/x", DECISION_DENIED, "trees.yaml:"},
};

START_TEST(class_and_origin)
{
	struct scene scene;
	struct decision decision;
	struct setup setup = {classes[_i].head, {classes[_i].option}};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	policy_decide(scene.policy, classes[_i].effect, classes[_i].target, &decision);
	ck_assert_int_eq(decision.class, classes[_i].class);
	ck_assert_msg(strstr(decision.because, classes[_i].because) != NULL, "%s",
	              decision.because);
	strike(&scene);
}
END_TEST

START_TEST(mode_says_why)
{
	struct scene scene;
	struct decision decision;
	struct setup setup = {"tools: Write, WebFetch\npermissionMode: bypassPermissions\n"};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	ck_assert_str_eq(scene.policy->mode_because,
	                 "a.md:5 permissionMode bypassPermissions, capped at acceptEdits: the file "
	                 "is not trusted");
	ck_assert_str_eq(scene.policy->mode->name, "acceptEdits");
	policy_decide(scene.policy, C, "h:443", &decision);
	ck_assert_ptr_eq(decision.mode_because, scene.policy->mode_because);
	policy_decide(scene.policy, W, "/srv/w/x", &decision);
	ck_assert_ptr_null(decision.mode_because);
	policy_decide(scene.policy, W, "/srv/w/.envrc", &decision);
	ck_assert(decision.at_launch);
	strike(&scene);
}
END_TEST

/* What must be refused, and what the message must say. */
static const struct {
	struct setup setup;
	const char *message;
} refusals[] = {
        {{"tools: Read\npermissionMode: acceptedits\n"},
         "a.md:5: unknown mode `acceptedits`; did "
         "you mean `acceptEdits`?"},
        {{"tools: Read\n", {"mode=yolo"}}, "--mode yolo: unknown mode"},
        {{"tools: Read\n", {"policy=version: 1\nmodes: {max: x}\n"}}, ":2: unknown mode"},
        {{"tools: Read\n", {"tool=Wriet"}}, "unknown tool; did you mean Write?"},
        {{"tools: Read\n", {"tool=Write"}}, "not among the tools"},
        {{"tools: Read, Write\ndisallowedTools: Write\n", {"tool=Write"}}, "forbidden by a.md:5"},
        {{"disallowedTools: mcp__g\n", {"tool=mcp__g__x"}}, "forbidden by a.md:4"},
        {{"tools: Read, WebSearch\n", {"tool=WebSearch"}}, "no effects"},
        {{"tools: Read\ndisallowedTools: Wriet\n", {"strict=1"}},
         "a.md:5: unknown forbidden tool "
         "Wriet; did you mean Write?"},
        {{"disallowedTools: Wriet\n", {"ceiling=version: 1\nstrict: true\n"}}, "unknown forbidden"},
        {{"tools: Read({a,b})\n"}, "a.md:4 Read({a,b}): braces"},
        {{"tools: Read(../x)\n"}, "`..`"},
        {{"tools: BashOutput(x)\n"}, "takes no specifier"},
        {{"tools: mcp__a__b(x)\n"}, "takes no specifier"},
        {{"tools: WebFetch(example.com)\n"}, "domain:"},
        {{"tools: WebFetch(domain:a b)\n"}, "not a host name"},
        {{"tools: NotebookEdit(src/*.py)\n"}, "NotebookEdit"},
        {{"tools: Read\n", {"grant=reed:/x"}}, "--grant reed:/x: not understood"},
        {{"tools: Read\n", {"grant=read"}}, "not understood"},
        {{"tools: Read\n", {"grant=read:"}}, "empty"},
        {{"tools: Read\n", {"deny=connect:h:99999"}}, "ports up to 65535"},
        {{"tools: Read\n", {"grant=connect:@x"}}, "no such group"},
        {{"tools: Read\n", {"limit=proceses=3"}}, "did you mean `processes`?"},
        {{"tools: Read\n", {"limit=processes=0"}}, "out of range"},
        {{"tools: Read\n", {"limit=processes=4X"}}, "write 512 or 4K"},
        {{"tools: Read\n", {"limit=processes=99999999999999999999"}}, "out of range"},
        {{"tools: Read\n", {"limit=processes"}}, "limit processes: write"},
        {{"tools: Read\n", {"env=1A"}}, "no name of a variable"},
        {{"tools: Read\n", {"limit=memory=50%", "ceiling=version: 1\nlimits: {memory: 4G}\n"}},
         "cannot be compared"},
        {{"tools: Read\n", {"workspace=w"}}, "absolute"},
        {{"tools: Read\n", {"repository=/other"}}, "does not lie in the repository"},
        {{"tools: Read\n", {"policy=grant: {}\n"}}, "`version: 1` is missing"},
        {{"tools: Read\n", {"policy=version: 2\n"}}, ":1:10: only `version: 1`"},
        {{"tools: Read\n", {"policy=version: 1\ngrnat: {}\n"}},
         ":2:1: unknown key `grnat`; did you mean `grant`?"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {raed: []}\n"}}, "did you mean `read`?"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: x}\n"}}, "expected a list"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: [[x]]}\n"}}, "expected a text"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: [a]}\ngrant: {}\n"}}, "stands twice"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: &a [x], write: *a}\n"}}, "anchors"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: !!seq [x]}\n"}}, "tags"},
        {{"tools: Read\n", {"policy="}}, "empty"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: ['**x']}\n"}}, ":2: `**x`:"},
        {{"tools: Read\n", {"ceiling=version: 1\nenv: {keep: [A]}\n"}}, "no place in a ceiling"},
        {{"tools: Read\n", {"ceiling=version: 1\nenv: {set: {A: b}}\n"}}, "no place in a ceiling"},
        {{"tools: Read\n", {"ceiling=version: 1\ngroups: {}\n"}}, "no place in a ceiling"},
        {{"tools: Read\n", {"ceiling=version: 1\nservers: {}\n"}}, "no place in a ceiling"},
};

START_TEST(refusal)
{
	struct scene scene;

	ck_assert_msg(stage(&scene, &refusals[_i].setup) < 0, "permitted: %s",
	              refusals[_i].message);
	ck_assert_msg(strstr(error_message(&scene.err), refusals[_i].message) != NULL, "%s",
	              error_message(&scene.err));
	strike(&scene);
}
END_TEST

START_TEST(nothing_is_permitted)
{
	static const struct {
		const char *head;
		bool nothing;
	} cases[] = {
	        {"tools: []\n", true},
	        {"tools: Reed\n", true},
	        {"tools: Read\ndisallowedTools: Read\n", true},
	        {"disallowedTools: '*'\n", true},
	        {"tools: Read\n", false},
	        {"", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene scene;
		struct setup setup = {cases[i].head};
		ck_assert_int_eq(stage(&scene, &setup), 0);
		ck_assert_msg(policy_permits_nothing(scene.policy) == cases[i].nothing, "%s",
		              cases[i].head);
		strike(&scene);
	}
}
END_TEST

START_TEST(shell_in_effect)
{
	static const struct {
		struct setup setup;
		bool shell;
	} cases[] = {
	        {{"tools: Read, Bash\n"}, true},
	        {{"tools: Read, Bash\n", {"tool=Read"}}, false},
	        {{"tools: Read, Bash\n", {"tool=bash"}}, true},
	        {{"tools: Read\n"}, false},
	        {{""}, true},
	        {{"disallowedTools: Bash\n"}, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene scene;
		ck_assert_int_eq(stage(&scene, &cases[i].setup), 0);
		ck_assert_msg(scene.policy->shell == cases[i].shell, "%zu", i);
		strike(&scene);
	}
}
END_TEST

START_TEST(settings)
{
	struct scene scene;
	struct setup setup = {
	        "tools: Read\n",
	        {"env=A=1", "env=B", "limit=processes=4K",
	         "policy=version: 1\nenv: {keep: ['NODE_*'], set: {A: '0', C: x}}\n"
	         "limits: {wall: 30m, memory: 4G}\n",
	         "ceiling=version: 1\nlimits: {processes: 512, wall: 2h, cpu: 10}\n"}};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	const struct policy *policy = scene.policy;
	ck_assert_uint_eq(policy->keep_count, 2);
	ck_assert_str_eq(policy->keep[0].name, "NODE_*");
	ck_assert_uint_eq(policy->set_count, 2);
	ck_assert_str_eq(policy->set[0].name, "A");
	ck_assert_str_eq(policy->set[0].value, "1");
	for (size_t i = 0; i < policy->limit_count; i++) {
		const struct policy_limit *limit = &policy->limits[i];
		const char *name = limit->limit->name;
		if (strcmp(name, "processes") == 0)
			ck_assert_uint_eq(limit->value, 512);
		if (strcmp(name, "wall") == 0)
			ck_assert_uint_eq(limit->value, 1800);
		if (strcmp(name, "cpu") == 0)
			ck_assert_uint_eq(limit->value, 10);
		if (strcmp(name, "memory") == 0)
			ck_assert(limit->named && limit->value == 4ull << 30);
		if (strcmp(name, "files") == 0)
			ck_assert(!limit->set);
	}
	strike(&scene);
}
END_TEST

START_TEST(warnings)
{
	struct scene scene;
	struct setup setup = {"tools: Read, Wirte, Read(//etc/**)\ndisallowedTools: Bsah\n"};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	ck_assert_uint_eq(scene.policy->warning_count, 3);
	ck_assert_str_eq(scene.policy->warnings[0].code, "unknown-tool");
	ck_assert_uint_eq(scene.policy->warnings[0].line, 4);
	ck_assert_ptr_nonnull(strstr(scene.policy->warnings[0].message, "did you mean Write?"));
	ck_assert_str_eq(scene.policy->warnings[1].code, "outside-workspace");
	ck_assert_uint_eq(scene.policy->warnings[2].line, 5);
	strike(&scene);
}
END_TEST

/* Command lines against the patterns of `tools` and `disallowedTools`. */
static const struct {
	const char *head;
	const char *string; /* of sh -c; or words, where `words` is set */
	bool words;
	bool runs;
} commands[] = {
        {"tools: Bash\n", "rm -rf x", false, true},
        {"tools: Bash(git status)\n", "git status", false, true},
        {"tools: Bash(git status)\n", "git status -s", false, false},
        {"tools: Bash(git add:*)\n", "git add .", false, true},
        {"tools: Bash(git add:*)\n", "git add", false, true},
        {"tools: Bash(git add:*)\n", "git addx", false, false},
        {"tools: Bash(git *)\n", "git log --oneline", false, true},
        {"tools: Bash(git *)\n", "git log && rm x", false, false},
        {"tools: Bash(git *)\n", "git log; rm x", false, false},
        {"tools: Bash(git *)\n", "git log | rm x", false, false},
        {"tools: Bash(git *)\n", "git log & rm x", false, false},
        {"tools: Bash(git *)\n", "git log\nrm x", false, false},
        {"tools: Bash(git *)\n", "git log || rm x", false, false},
        {"tools: Bash(git *)\n", "git log && git diff", false, true},
        {"tools: Bash(git *)\n", "git commit -m 'a; rm x'", false, true},
        {"tools: Bash(git *)\n", "git commit -m \"a && b\"", false, true},
        {"tools: Bash(git *)\n", "git log 2>&1", false, true},
        {"tools: Bash(git *)\n", "git log > out", false, true},
        {"tools: Bash(git *)\n", "git log > $X", false, false},
        {"tools: Bash(git *)\n", "git log $(rm x)", false, false},
        {"tools: Bash(git *)\n", "git log \"$(rm x)\"", false, false},
        {"tools: Bash(git *)\n", "git log `rm x`", false, false},
        {"tools: Bash(git *)\n", "git log <(rm x)", false, false},
        {"tools: Bash(git *)\n", "git apply <<E\nx\nE", false, false},
        {"tools: Bash(git *)\n", "git log # '\nrm x\n# '", false, false},
        {"tools: Bash(git *)\n", "git log 'x", false, false},
        {"tools: Bash(git *)\n", "$X log", false, false},
        {"tools: Bash(git *)\n", "(git log)", false, false},
        {"tools: Bash(git *)\n", "GIT_PAGER=rm git log", false, false},
        {"tools: Bash(git *)\n", "git log", true, true},
        {"tools: Bash(git *)\n", "git log;rm", true, true},
        {"tools: Bash(git *)\n", "rm x", true, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "ls", false, true},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "ls -l && ls", false, true},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "ls && rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "/bin/rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "'rm' x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "r\\m x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "A=1 rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "A=1 ls x", false, true},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "if true; then rm x; fi", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "{ rm x; }", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "eval rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "/usr/bin/env rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "rm x", true, false},
        {"tools: Bash(git add:*, git commit:*)\n", "git add x && git commit", false, true},
        {"tools: Bash(git add:*, git commit:*)\n", "git push", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*, mv:*)\n", "mv a b", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*, mv:*)\n", "rm a", false, false},
        {"tools: Bash\ndisallowedTools: Bash(git push *)\n", "git  push origin", false, false},
        {"tools: Bash\ndisallowedTools: Bash(git push *)\n", "git 'push' origin", false, false},
        {"tools: Bash\ndisallowedTools: Bash(git push *)\n", "git pull origin", false, true},
        {"tools: Bash\ndisallowedTools: Bash(git push *)\n", "git pu\\\nsh origin", false, false},
};

START_TEST(command)
{
	struct scene scene;
	struct setup setup = {commands[_i].head, {"tool=Bash"}};
	cleanup_free char *text = strdup(commands[_i].string);
	char shell[] = "/bin/bash";
	char option[] = "-lc";
	char *words[8] = {shell, option, text, NULL};
	cleanup_error struct error err = {0};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	if (commands[_i].words) {
		char *rest = text;
		size_t count = 0;
		while (count < 7 && (words[count] = strsep(&rest, " ")))
			count++;
	}
	int result = policy_check_command(scene.policy, words, &err);
	ck_assert_msg((result == 0) == commands[_i].runs, "%s: %s: %s", commands[_i].head,
	              commands[_i].string, error_message(&err));
	strike(&scene);
}
END_TEST

START_TEST(peers)
{
	static const struct {
		const char *pattern;
		const char *target;
		bool covers;
	} cases[] = {
	        {"example.com", "example.com:443", true},
	        {"example.com", "EXAMPLE.com.", true},
	        {"example.com", "xexample.com", false},
	        {"*.example.com", "a.b.example.com", true},
	        {"*.example.com", "example.com", false},
	        {"h:443", "h:443", true},
	        {"h:443", "h:80", false},
	        {"h:443", "h", false},
	        {"h:400-500", "h:443", true},
	        {"h:400-500", "h:399", false},
	        {"h:*", "h:1", true},
	        {"[2001:db8::1]:443", "[2001:DB8:0::1]:443", true},
	        {"2001:db8::1", "[2001:db8::1]:443", true},
	        {"[2001:db8::/32]", "[2001:db8:1::1]:443", true},
	        {"[2001:db8::/32]", "[2001:db9::1]:443", false},
	        {"10.0.0.0/9", "10.127.255.255", true},
	        {"10.0.0.0/9", "10.128.0.0", false},
	        {"10.0.0.0/9", "10.0.0.0/8", false},
	        {"0.0.0.0/0", "1.2.3.4", true},
	        {"0.0.0.0/0", "example.com", false},
	        {"45.0.0.1", "[64:ff9b::2d00:1]:443", true},
	        {"45.0.0.1", "[64:ff9b::2d00:2]:443", false},
	        {"45.0.0.1", "[2600::2d00:1]:443", false},
	        {"*:443", "h:443", true},
	        {"*:443", "h:80", false},
	};
	static const char *const wrong[] = {
	        "",     "h:",  "h:0x1", "h:5-4",      "http://h",        "a..b", "a.*.b",
	        "[::1", "[h]", "h/8",   "1.2.3",      "1.2.3.4/33",      "u@h",  "b\xc3\xbc",
	        "*.",   "h:0", "h:0-5", "10.0.0.7/8", "[2001:db8::1/32]"};

	for (size_t i = 0; i < COUNT(cases); i++) {
		cleanup_error struct error err = {0};
		ck_assert_msg(peer_check(cases[i].pattern, &err) == 0, "%s", cases[i].pattern);
		ck_assert_msg(peer_covers(cases[i].pattern, cases[i].target) == cases[i].covers,
		              "%s %s", cases[i].pattern, cases[i].target);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		cleanup_error struct error err = {0};
		ck_assert_msg(peer_check(wrong[i], &err) < 0, "%s", wrong[i]);
	}
	ck_assert(peer_touches("h:443", "h"));
	ck_assert(!peer_touches("h:443", "h:80"));
}
END_TEST

/* The tables themselves: every name finds its own row, no alias stands twice. */
START_TEST(names)
{
	for (size_t i = 0; i < table_tools_count; i++) {
		const struct table_tool *tool = &table_tools[i];
		ck_assert_ptr_eq(tool_find(tool->name), tool);
		for (const char *const *alias = tool->aliases; alias && *alias; alias++)
			ck_assert_msg(tool_find(*alias) == tool, "%s", *alias);
	}
	ck_assert_ptr_eq(tool_find("mcp__a__b"), &table_tool_mcp);
	ck_assert_ptr_null(tool_find("mcp__"));
	ck_assert_ptr_null(tool_find("Nothing"));
	ck_assert_ptr_nonnull(mode_find(table_mode_untrusted_max));
	ck_assert_ptr_nonnull(mode_find(table_mode_absent_writes));
	ck_assert_ptr_nonnull(mode_find(table_mode_absent_default));
}
END_TEST
int main(void)
{
	Suite *suite = suite_create("policy requests");
	TCase *cases = tcase_create("policy requests");

	tcase_add_loop_test(cases, class_and_origin, 0, COUNT(classes));
	tcase_add_loop_test(cases, refusal, 0, COUNT(refusals));
	tcase_add_loop_test(cases, command, 0, COUNT(commands));
	tcase_add_test(cases, mode_says_why);
	tcase_add_test(cases, nothing_is_permitted);
	tcase_add_test(cases, shell_in_effect);
	tcase_add_test(cases, settings);
	tcase_add_test(cases, warnings);
	tcase_add_test(cases, peers);
	tcase_add_test(cases, names);
	suite_add_tcase(suite, cases);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
