/* What `explain` prints: the JSON field by field, the table line by line, and the chain of `why`.
 */
#include "agent/agent.h"
#include "base/cleanup.h"
#include "policy/explain.h"
#include "policy/policy.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char definition[] = "---\n"
                                 "name: backend\n"
                                 "description: d\n"
                                 "tools: Read, write_file, Bash(make:*), mcp__g__x, Wirte\n"
                                 "disallowedTools: WebFetch, Bsah\n"
                                 "permissionMode: acceptEdits\n"
                                 "---\n"
                                 "Text.\n";

struct scene {
	struct agent *agent;
	struct policy *policy;
	struct buffer out;
};

static void stage(struct scene *scene, const char *text, const char *const *denies, size_t count)
{
	cleanup_error struct error err = {0};
	struct request request = {.workspace = "/srv/w",
	                          .home = "/home/u",
	                          .directory = "/srv/w",
	                          .denies = {denies, count}};

	*scene = (struct scene){0};
	ck_assert_msg(agent_parse("a.md", text, strlen(text), &scene->agent, &err) == 0, "%s",
	              error_message(&err));
	ck_assert_msg(policy_build(scene->agent, &request, &scene->policy, &err) == 0, "%s",
	              error_message(&err));
}

static void strike(struct scene *scene)
{
	buffer_free(&scene->out);
	policy_free(scene->policy);
	agent_free(scene->agent);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* The entry of `effects` for an effect and a target. */
static const json_t *find_effect(const json_t *root, const char *effect, const char *target)
{
	size_t index;
	const json_t *entry;
	const json_t *found = NULL;

	json_array_foreach(json_object_get(root, "effects"), index, entry)
	{
		if (strcmp(text_of(entry, "effect"), effect) == 0 &&
		    strcmp(text_of(entry, "target"), target) == 0) {
			ck_assert_msg(!found, "%s %s stands twice", effect, target);
			found = entry;
		}
	}
	return found;
}

static const struct {
	const char *effect;
	const char *target;
	const char *verdict;
	const char *because; /* its beginning */
	bool held;
} effects[] = {
        {"read", "/srv/w", "allow", "a.md:4 Read; mode acceptEdits", false},
        {"write", "/srv/w", "allow", "a.md:4 write_file; mode acceptEdits", false},
        {"exec", "*", "allow", "a.md:4 Bash(make:*); mode acceptEdits", false},
        {"connect", "*", "deny", "a.md:5 forbidden WebFetch", false},
        {"delegate", "*", "deny", "a.md:4: not granted", false},
        {"read", "/srv/w/**/secrets", "deny", "--deny read:secrets/", false},
        {"read", "/home/u/.ssh", "deny", "secrets.yaml:", false},
        {"write", "/srv/w/**/.git/hooks", "ask", "protected.yaml:", true},
        {"write", "/srv/w/.vscode", "ask", "protected.yaml:", true},
};

START_TEST(json)
{
	static const char *const denies[] = {"read:secrets/"};
	static const char beginning[] =
	        "{\"v\":1,\"name\":\"backend\",\"file\":\"a.md\",\"format\":\"claude\","
	        "\"mode\":\"acceptEdits\",\"mode_origin\":\"a.md:6\",\"parsed\":\"strict\","
	        "\"inherits\":false,\"allowed\":[{\"tool\":\"Read\",\"as\":\"Read\","
	        "\"specifier\":null,\"line\":4},{\"tool\":\"Write\",\"as\":\"write_file\","
	        "\"specifier\":null,\"line\":4},{\"tool\":\"Bash\",\"as\":\"Bash\","
	        "\"specifier\":\"make:*\",\"line\":4},{\"tool\":\"mcp__g__x\",\"as\":\"mcp__g__x\","
	        "\"specifier\":null,\"line\":4}],\"forbidden\":[{\"tool\":\"WebFetch\",\"as\":"
	        "\"WebFetch\",\"specifier\":null,\"line\":5}],\"unknown\":[{\"tool\":null,\"as\":"
	        "\"Wirte\",\"specifier\":null,\"line\":4},{\"tool\":null,\"as\":\"Bsah\","
	        "\"specifier\":null,\"line\":5}],\"warnings\":[{\"line\":4,\"code\":"
	        "\"unknown-tool\",\"message\":";
	struct scene scene;

	stage(&scene, definition, denies, 1);
	ck_assert_int_eq(explain_json(scene.agent, scene.policy, &scene.out), 0);
	ck_assert_msg(strncmp(scene.out.data, beginning, strlen(beginning)) == 0, "%s",
	              scene.out.data);
	ck_assert_ptr_eq(strchr(scene.out.data, '\n'), scene.out.data + scene.out.size - 1);

	json_t *root = json_loads(scene.out.data, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(root);
	for (size_t i = 0; i < sizeof(effects) / sizeof(*effects); i++) {
		const json_t *entry = find_effect(root, effects[i].effect, effects[i].target);
		ck_assert_msg(entry != NULL, "%s %s", effects[i].effect, effects[i].target);
		ck_assert_str_eq(text_of(entry, "verdict"), effects[i].verdict);
		ck_assert_msg(strncmp(text_of(entry, "because"), effects[i].because,
		                      strlen(effects[i].because)) == 0,
		              "%s", text_of(entry, "because"));
		ck_assert_pstr_eq(text_of(entry, "held"), effects[i].held ? "at launch" : NULL);
	}
	json_decref(root);
	strike(&scene);
}
END_TEST

START_TEST(json_of_little)
{
	struct scene scene;

	stage(&scene, "---\nname: a\ndescription: b\n---\nText.\n", NULL, 0);
	ck_assert_int_eq(explain_json(scene.agent, scene.policy, &scene.out), 0);
	ck_assert_ptr_nonnull(strstr(scene.out.data, "\"mode\":null,\"mode_origin\":null,"));
	ck_assert_ptr_nonnull(strstr(scene.out.data, "\"inherits\":true,\"allowed\":[],"));
	buffer_free(&scene.out);
	ck_assert_int_eq(explain_json(scene.agent, NULL, &scene.out), 0);
	ck_assert_ptr_null(strstr(scene.out.data, "\"effects\""));
	strike(&scene);
}
END_TEST

static void expect_line(const char *table, const char *const *words, size_t count)
{
	cleanup_free char *copy = strdup(table);
	char *rest = copy;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		size_t found = 0;
		for (size_t i = 0; i < count; i++)
			found += strstr(line, words[i]) != NULL;
		if (found == count)
			return;
	}
	ck_abort_msg("no line with %s ... %s in\n%s", words[0], words[count - 1], table);
}

START_TEST(table)
{
	static const char *const lines[][4] = {
	        {"agent", "backend", "backend", "backend"},
	        {"mode", "acceptEdits", "a.md:6", "permissionMode"},
	        {"allowed", "Read, Write, Bash(make:*)", "mcp__g__x", "Wirte (unknown)"},
	        {"forbidden", "WebFetch", "Bsah (unknown)", "Bsah"},
	        {"write", "allow", "/srv/w", "a.md:4 write_file; mode acceptEdits"},
	        {"read", "deny", "secret paths", "secrets.yaml"},
	        {"write", "ask", "protected paths", "held at launch"},
	        {"connect", "deny", "*", "a.md:5 forbidden WebFetch"},
	        {"allowed", "a.md:4 Bash(make:*)", "Bash", "make"},
	        {"a.md:4:", "unknown tool Wirte", "did you mean", "Write"},
	};
	struct scene scene;

	stage(&scene, definition, NULL, 0);
	ck_assert_int_eq(explain_table(scene.agent, scene.policy, &scene.out), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		expect_line(scene.out.data, lines[i], 4);
	ck_assert_ptr_null(strchr(scene.out.data, '\033'));
	/* Secrets are summed up, not listed. */
	ck_assert_ptr_null(strstr(scene.out.data, "/home/u/.ssh"));
	strike(&scene);
}
END_TEST

START_TEST(nothing_dangerous_on_the_terminal)
{
	struct scene scene;

	stage(&scene, "---\nname: \"a\\e[31m\"\ndescription: b\ntools: Read\n---\nText.\n", NULL,
	      0);
	ck_assert_ptr_nonnull(strchr(scene.agent->name, '\033'));
	ck_assert_int_eq(explain_table(scene.agent, scene.policy, &scene.out), 0);
	ck_assert_ptr_null(strchr(scene.out.data, '\033'));
	ck_assert_ptr_nonnull(strstr(scene.out.data, "a\\x1b[31m"));
	strike(&scene);
}
END_TEST

START_TEST(empty_agent)
{
	struct scene scene;

	stage(&scene, "---\nname: a\ndescription: b\ntools: []\n---\nText.\n", NULL, 0);
	ck_assert(policy_permits_nothing(scene.policy));
	ck_assert_int_eq(explain_table(scene.agent, scene.policy, &scene.out), 0);
	ck_assert_ptr_nonnull(strstr(scene.out.data, "may do nothing"));
	strike(&scene);
}
END_TEST

START_TEST(reasons)
{
	static const char *const lines[][3] = {
	        {"region", "the workspace", "project"},
	        {"tools", "allow", "a.md:4 write_file"},
	        {"mode", "allow", "a.md:6"},
	        {"grants", "-", "operator"},
	        {"ceilings", "-", "none named"},
	        {"denies", "-", "none"},
	        {"secrets", "-", "not a secret"},
	        {"protected", "ask", "protected.yaml:"},
	        {"verdict", "ask", "at launch"},
	};
	struct scene scene;

	stage(&scene, definition, NULL, 0);
	policy_reasons(scene.policy, EFFECT_WRITE, "/srv/w/.git/hooks/x", &scene.out);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		expect_line(scene.out.data, lines[i], 3);
	strike(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("explain");
	TCase *cases = tcase_create("explain");

	tcase_add_test(cases, json);
	tcase_add_test(cases, json_of_little);
	tcase_add_test(cases, table);
	tcase_add_test(cases, nothing_dangerous_on_the_terminal);
	tcase_add_test(cases, empty_agent);
	tcase_add_test(cases, reasons);
	suite_add_tcase(suite, cases);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
