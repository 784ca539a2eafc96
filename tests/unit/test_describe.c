/* A plan as text and as JSON: a small one, made by hand. */
#include "plan/describe.h"
#include "plan/landlock_rights.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A string that may be changed, as the structures want it. */
#define TEXT(text) ((char[]){text})

static char empty[] = "";
static char because[] = "agent.md:4 Write";

static struct plan_mount mounts[] = {
        {.kind = MOUNT_BIND,
         .path = TEXT("/w"),
         .source = TEXT("/w"),
         .writable = true,
         .because = because},
        {.kind = MOUNT_BIND, .path = TEXT("/x"), .source = TEXT("/y\033[31m"), .because = empty},
        {.kind = MOUNT_LINK, .path = TEXT("/bin"), .source = TEXT("usr/bin"), .because = empty},
        {.kind = MOUNT_SCRATCH, .path = TEXT("/tmp"), .because = empty},
        {.kind = MOUNT_CONTENT,
         .path = TEXT("/etc/passwd"),
         .source = TEXT("root"),
         .because = empty},
        {.kind = MOUNT_MASK, .path = TEXT("/etc/shadow"), .because = empty},
        {.kind = MOUNT_COVER, .path = TEXT("/w/.git/hooks"), .because = empty},
        {.kind = MOUNT_PIN, .path = TEXT("/w/.git"), .writable = true, .because = empty},
        {.kind = MOUNT_EMPTY, .path = TEXT("/e"), .because = empty},
};

static struct plan_right rights[] = {
        {.path = TEXT("/tmp"), .rights = 0x2 | 0x100},
        {.path = TEXT("/opt/x"), .rights = 0x1, .optional = true},
};
static struct plan_limit limits[] = {{RLIMIT_NPROC, 64}, {RLIMIT_CORE, 1}};
static char *environment[] = {TEXT("HOME=/home/secret"), TEXT("PATH=/bin"), NULL};
static char *dropped[] = {TEXT("TOKEN"), NULL};
static char *command[] = {TEXT("ls"), TEXT("-l\n"), NULL};
static struct plan_note notes[] = {{"at-launch", TEXT("a note")}};
static struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, 0x7fff0000)};
static const struct table_mode mode = {.name = "acceptEdits"};

static const struct plan example = {
        .identity = {true, 1000, 1000, 1900000000, 1900000001},
        .mounts = mounts,
        .mount_count = sizeof(mounts) / sizeof(*mounts),
        .scratch_size = "50%",
        .landlock_abi = 6,
        .landlock_handled = 0x1 | 0x2 | 0x100,
        .landlock_scoped = 0x2,
        .rights = rights,
        .right_count = 2,
        .filter = filter,
        .filter_count = 1,
        .limits = limits,
        .limit_count = 2,
        .wall_seconds = 90,
        .environment = environment,
        .dropped = dropped,
        .command = command,
        .directory = TEXT("/w"),
        .notes = notes,
        .note_count = 1,
};
static const struct policy policy = {
        .agent_name = TEXT("tester"),
        .agent_file = TEXT("agent.md"),
        .workspace = TEXT("/w"),
        .mode = &mode,
        .mode_because = TEXT("absent"),
};

static const char text_before_filters[] =
        "agent        tester (agent.md)\n"
        "workspace    /w\n"
        "mode         acceptEdits (absent)\n"
        "command      ls -l\\n\n"
        "starts in    /w\n"
        "level        namespaces\n"
        "identity     user 1000, group 1000 inside; user 1900000000, group 1900000001 outside\n"
        "\n"
        "mounts, in order\n"
        "  bind     write  /w   # agent.md:4 Write\n"
        "  bind     read   /x from /y\\x1b[31m\n"
        "  link            /bin -> usr/bin\n"
        "  scratch  write  /tmp\n"
        "  content  read   /etc/passwd (4 bytes of remit's making)\n"
        "  mask     none   /etc/shadow\n"
        "  cover    read   /w/.git/hooks\n"
        "  pin      write  /w/.git\n"
        "  empty    read   /e\n"
        "  /dev and /proc are always remit's own\n"
        "  all scratch together holds 50% at most\n"
        "\n"
        "Landlock     ABI 6\n"
        "  refuses, except as below: execute, write-file, make-reg\n"
        "  refuses towards the outside: signal\n"
        "  below /tmp: write-file, make-reg\n"
        "  below /opt/x (where it exists): execute\n"
        "\n"
        "limits\n"
        "  processes  64\n"
        "  core       1\n"
        "  wall       90 s\n"
        "\n"
        "environment  HOME PATH\n"
        "dropped      TOKEN\n"
        "note         a note\n"
        "\n"
        "filter of every run: ";

START_TEST(as_text)
{
	struct buffer out = {0};

	ck_assert_int_eq(describe_text(&example, &policy, false, &out), 0);
	size_t size = strlen(text_before_filters);
	ck_assert_uint_gt(out.size, size);
	out.data[size] = '\0';
	ck_assert_str_eq(out.data, text_before_filters);
	ck_assert_ptr_nonnull(strstr(out.data + size + 1, "return allow\n"));
	buffer_free(&out);
}
END_TEST

START_TEST(filters_end_it)
{
	static const char *const ends[] = {
	        "\nfilter of this plan: 1 instructions\n      return allow\n",
	        "\nfilter of this plan: 1 instructions\n    0  0x06   0   0 0x7fff0000\n",
	};

	for (int raw = 0; raw < 2; raw++) {
		struct buffer out = {0};
		ck_assert_int_eq(describe_text(&example, &policy, raw, &out), 0);
		ck_assert_uint_gt(out.size, strlen(ends[raw]));
		ck_assert_str_eq(out.data + out.size - strlen(ends[raw]), ends[raw]);
		buffer_free(&out);
	}
}
END_TEST

START_TEST(without_landlock)
{
	struct plan plan = example;
	struct buffer out = {0};

	plan.landlock_abi = 0;
	ck_assert_int_eq(describe_text(&plan, &policy, true, &out), 0);
	ck_assert_ptr_nonnull(strstr(out.data, "\nLandlock     none on this kernel\n"));
	ck_assert_ptr_null(strstr(out.data, "below /tmp"));
	buffer_free(&out);
}
END_TEST

/* Parts of the object, as compact JSON. */
static const struct {
	const char *key;
	const char *value;
} json_parts[] = {
        {"v", "1"},
        {"agent", "\"tester\""},
        {"command", "[\"ls\",\"-l\\n\"]"},
        {"identity", "{\"inner_user\":1000,\"inner_group\":1000,\"outer_user\":1900000000,"
                     "\"outer_group\":1900000001,\"mapped_by_root\":true}"},
        {"landlock", "{\"abi\":6,\"handled\":[\"execute\",\"write-file\",\"make-reg\"],"
                     "\"scoped\":[\"signal\"],\"rules\":[{\"path\":\"/tmp\",\"optional\":false,"
                     "\"rights\":[\"write-file\",\"make-reg\"]},{\"path\":\"/opt/x\","
                     "\"optional\":true,\"rights\":[\"execute\"]}]}"},
        {"limits", "{\"processes\":64,\"core\":1,\"wall\":90,\"scratch\":\"50%\"}"},
        {"environment", "[\"HOME\",\"PATH\"]"},
        {"dropped", "[\"TOKEN\"]"},
        {"notes", "[{\"code\":\"at-launch\",\"message\":\"a note\"}]"},
};

static json_t *parse(void)
{
	struct buffer out = {0};
	json_error_t error;

	ck_assert_int_eq(describe_json(&example, &policy, &out), 0);
	ck_assert_int_eq(out.data[out.size - 1], '\n');
	ck_assert_ptr_eq(strchr(out.data, '\n'), out.data + out.size - 1);
	json_t *object = json_loads(out.data, 0, &error);
	ck_assert_msg(object, "%s", error.text);
	buffer_free(&out);
	return object;
}

START_TEST(as_json)
{
	json_t *object = parse();
	char *value = json_dumps(json_object_get(object, json_parts[_i].key),
	                         JSON_COMPACT | JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(value);
	ck_assert_str_eq(value, json_parts[_i].value);
	free(value);
	json_decref(object);
}
END_TEST

START_TEST(mounts_as_json)
{
	static const char *const lines[] = {
	        "{\"kind\":\"bind\",\"access\":\"write\",\"path\":\"/w\",\"source\":\"/w\","
	        "\"because\":\"agent.md:4 Write\"}",
	        "{\"kind\":\"bind\",\"access\":\"read\",\"path\":\"/x\",\"source\":\"/"
	        "y\\u001B[31m\",\"because\":\"\"}",
	        "{\"kind\":\"link\",\"access\":null,\"path\":\"/bin\",\"source\":\"usr/bin\","
	        "\"because\":\"\"}",
	};
	json_t *object = parse();
	json_t *array = json_object_get(object, "mounts");

	ck_assert_uint_eq(json_array_size(array), example.mount_count);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char *line = json_dumps(json_array_get(array, i), JSON_COMPACT);
		ck_assert_str_eq(line, lines[i]);
		free(line);
	}
	json_decref(object);
}
END_TEST

/* Both ways of a filter are the same program. */
START_TEST(filters_as_json)
{
	json_t *object = parse();
	json_t *last = json_array_get(json_object_get(object, "filters"), 1);
	char *line = json_dumps(last, JSON_COMPACT);

	ck_assert_str_eq(line, "{\"name\":\"plan\",\"pseudo\":[\"return allow\"],"
	                       "\"raw\":[[6,0,0,2147418112]]}");
	free(line);
	json_decref(object);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("describe");
	TCase *tests = tcase_create("describe");

	tcase_add_test(tests, as_text);
	tcase_add_test(tests, filters_end_it);
	tcase_add_test(tests, without_landlock);
	tcase_add_loop_test(tests, as_json, 0, sizeof(json_parts) / sizeof(*json_parts));
	tcase_add_test(tests, mounts_as_json);
	tcase_add_test(tests, filters_as_json);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
