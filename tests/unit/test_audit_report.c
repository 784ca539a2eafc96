/* What is read from logs, how it is put together, and that none of it grows without bound. */
#include "audit/folders.h"
#include "audit/formats.h"
#include "audit/reader.h"
#include "audit/report.h"
#include "audit/unsuggested.h"

#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- One line --------------------------------------------------------------------------------- */

#define HEAD    "{\"v\":1,\"run\":\"R\",\"record\":\"refusal\","
#define REFUSAL HEAD "\"effect\":\"read\",\"class\":\"denied\",\"verdict\":\"deny\","

#define ANSWER "{\"v\":1,\"run\":\"R\",\"record\":\"answer\",\"effect\":\"write\","

static const struct {
	const char *line;
	const char *error; /* a part of it; NULL: the line is a record */
} lines[] = {
        {REFUSAL "\"target\":\"/x\",\"count\":1}", NULL},
        {REFUSAL "\"target\":\"/x\",\"count\":4294967295}", NULL},
        {REFUSAL "\"target\":\"/x\",\"count\":1,\"new\":{\"a\":[1]}}", NULL},
        {REFUSAL "\"target\":\"a\\u0000b\",\"count\":1}", NULL},
        {REFUSAL "\"target\":\"?\",\"target_b64\":\"/w==\",\"count\":1}", NULL},
        {REFUSAL "\"target\":\"/x\",\"because\":null,\"count\":1}", NULL},
        {ANSWER "\"answer\":\"once\",\"by\":\"tty\"}", NULL},
        {ANSWER "\"answer\":\"no-all\",\"new\":1}", NULL},
        {ANSWER "\"answer\":\"perhaps\"}", "`answer` is not known"},
        {ANSWER "\"answer\":1}", "`answer` is not a text"},
        {ANSWER "\"by\":\"tty\"}", "`answer` is missing"},
        {"{\"v\":1,\"run\":\"R\",\"record\":\"answer\",\"answer\":\"no\"}", "`effect` is missing"},
        {"{\"v\":1,\"run\":\"R\",\"record\":\"start\"}", NULL},
        {"{\"v\":1,\"run\":\"R\",\"record\":\"end\",\"status\":-1}", NULL},
        {"{\"v\":2,\"run\":\"R\",\"record\":\"weather\"}", NULL},
        {"{\"v\":2,\"run\":\"R\"}", NULL},
        {"", "not JSON"},
        {"{", "not JSON"},
        {"[]", "not an object"},
        {"{}", "`v` is missing"},
        {"{\"v\":0}", "`v` is missing"},
        {"{\"v\":\"1\"}", "`v` is not"},
        {"{\"v\":1}", "`run` is missing"},
        {"{\"v\":1,\"run\":7}", "`run` is not a text"},
        {"{\"v\":1,\"run\":\"R\"}", "`record` is missing"},
        {"{\"v\":1,\"run\":\"R\",\"record\":\"weather\"}", "`record` is not known"},
        {"{\"v\":1,\"run\":\"R\",\"record\":\"end\"}", "`status` is not"},
        {"{\"v\":1,\"run\":\"R\",\"record\":\"end\",\"status\":0,\"denied\":-1}",
         "`denied` is not"},
        {HEAD "\"effect\":\"fly\"}", "`effect` is not known"},
        {HEAD "\"effect\":\"read\"}", "`class` is missing"},
        {HEAD "\"effect\":\"read\",\"class\":\"denied\",\"verdict\":\"allow\"}",
         "`verdict` is not known"},
        {REFUSAL "\"count\":1}", "`target` is missing"},
        {REFUSAL "\"target\":\"/x\"}", "`count` is not"},
        {REFUSAL "\"target\":\"/x\",\"count\":0}", "`count` is not"},
        {REFUSAL "\"target\":\"/x\",\"count\":1.5}", "`count` is not"},
        {REFUSAL "\"target\":\"/x\",\"count\":4294967296}", "`count` is not"},
        {REFUSAL "\"target\":\"?\",\"target_b64\":\"/w=\",\"count\":1}", "`target_b64` is not"},
        {REFUSAL "\"target\":\"/x\",\"target\":\"/y\",\"count\":1}", "duplicate"},
        {REFUSAL "\"target\":\"\xFF\",\"count\":1}", "not JSON"},
};

START_TEST(line_is_read)
{
	struct entry entry;
	struct error err = {0};
	int result = entry_read(lines[_i].line, strlen(lines[_i].line), &entry, &err);

	if (lines[_i].error) {
		ck_assert_int_lt(result, 0);
		ck_assert_msg(strstr(error_message(&err), lines[_i].error) != NULL, "%s",
		              error_message(&err));
		error_clear(&err);
		return;
	}
	ck_assert_msg(result == 0, "%s: %s", lines[_i].line, error_message(&err));
	entry_clear(&entry);
}
END_TEST

START_TEST(bytes_are_decoded)
{
	static const char line[] =
	        REFUSAL "\"target\":\"?\",\"target_b64\":\"L/8AeA==\",\"comm\":\"c\",\"count\":3,"
	                "\"because_file\":\"a.md\",\"because_line\":4}";
	struct entry entry;
	struct error err = {0};

	ck_assert_int_eq(entry_read(line, strlen(line), &entry, &err), 0);
	ck_assert_uint_eq(entry.target.size, 4);
	ck_assert_mem_eq(entry.target.data, "/\xFF\0x", 4);
	ck_assert_str_eq(entry.comm.data, "c");
	ck_assert_str_eq(entry.because_file.data, "a.md");
	ck_assert_uint_eq(entry.because_line, 4);
	ck_assert_uint_eq(entry.count, 3);
	entry_clear(&entry);
}
END_TEST

/* --- Putting together ------------------------------------------------------------------------- */

static void refuse(struct report *report, const char *effect, const char *target,
                   const char *because, unsigned count)
{
	struct error err = {0};
	char *line = NULL;
	struct entry entry;

	ck_assert_int_gt(asprintf(&line,
	                          HEAD "\"effect\":\"%s\",\"class\":\"denied\",\"verdict\":"
	                               "\"deny\",\"comm\":\"cc\",\"target\":\"%s\",\"because\":"
	                               "\"%s\",\"count\":%u}",
	                          effect, target, because, count),
	                 0);
	ck_assert_msg(entry_read(line, strlen(line), &entry, &err) == 0, "%s", error_message(&err));
	ck_assert_msg(report_add(report, &entry, &err) == 0, "%s", error_message(&err));
	entry_clear(&entry);
	free(line);
}

static void finish(struct report *report)
{
	struct error err = {0};

	ck_assert_int_eq(report_finish(report, &err), 0);
}

/* What is in the places, counted again. */
static unsigned long long sum(const struct report *report)
{
	unsigned long long all = 0;

	for (size_t i = 0; i < report->reason_count; i++)
		for (size_t k = 0; k < report->reasons[i]->place_count; k++)
			all += report->reasons[i]->places[k]->count;
	return all;
}

static struct folders shown(const struct report_reason *reason, size_t siblings, size_t depth,
                            size_t most)
{
	struct folders folders;
	struct error err = {0};

	ck_assert_int_eq(folders_shown(reason, siblings, depth, most, &folders, &err), 0);
	return folders;
}

static void is_place(const struct report_place *place, const char *target, size_t names,
                     unsigned long long count)
{
	ck_assert_uint_eq(place->target.size, strlen(target));
	ck_assert_mem_eq(place->target.data, target, place->target.size);
	ck_assert_uint_eq(place->names, names);
	ck_assert_uint_eq(place->count, count);
	ck_assert_int_eq(place->folder, names > 1);
}

START_TEST(siblings_become_their_folder)
{
	static const char *const targets[] = {"/w/a/1", "/w/a/2", "/w/a/3", "/w/a/4",
	                                      "/w/b/1", "/w/b/2", "/w/c",   "/x"};
	struct report *report = report_new();

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		refuse(report, "write", targets[i], "a.md:4", 1);
	refuse(report, "write", "/w/c", "a.md:4", 9);
	finish(report);
	ck_assert_uint_eq(report->reason_count, 1);
	ck_assert_uint_eq(report->reasons[0]->place_count, 8);
	struct folders folders = shown(report->reasons[0], 4, 1, 10);
	ck_assert_uint_eq(folders.count, 5);
	is_place(&folders.places[0], "/w/c", 1, 10);
	is_place(&folders.places[1], "/w/a", 4, 4);
	folders_clear(&folders);
	/* Deeper only. */
	folders = shown(report->reasons[0], 4, 3, 10);
	ck_assert_uint_eq(folders.count, 8);
	folders_clear(&folders);
	report_free(report);
}
END_TEST

START_TEST(few_places_are_left)
{
	struct report *report = report_new();
	char target[64];

	for (int i = 0; i < 500; i++) {
		snprintf(target, sizeof(target), "/w/m/%d/%d/x", i % 100, i);
		refuse(report, "write", target, "a.md:4", 1);
	}
	finish(report);
	struct folders folders = shown(report->reasons[0], 4, 1, 5);
	ck_assert_uint_eq(folders.count, 1);
	is_place(&folders.places[0], "/w/m", 500, 500);
	folders_clear(&folders);
	report_free(report);
}
END_TEST

START_TEST(addresses_have_no_folders)
{
	struct report *report = report_new();
	char target[64];

	for (int i = 0; i < 20; i++) {
		snprintf(target, sizeof(target), "192.0.2.%d:443", i);
		refuse(report, "connect", target, "a.md:4", 1);
	}
	finish(report);
	struct folders folders = shown(report->reasons[0], 4, 1, 10);
	ck_assert_uint_eq(folders.count, 20);
	folders_clear(&folders);
	report_free(report);
}
END_TEST

/* One row a way to make a report large. */
static const struct {
	const char *effect, *target, *because; /* printf formats of one number */
	unsigned count;
} floods[] = {
        {"read", "/srv/name-%u", "a.md:4", 60000},
        {"read", "/srv/%1$u/%1$u/%1$u/name", "a.md:4", 30000},
        {"connect", "host-%u.example.org:443", "a.md:4", 30000},
        {"write", "/w/x", "policy.yaml:%u deny x", 20000},
        {"write", "/w/%u", "policy.yaml:%1$u deny x", 20000},
        {"call", "call-%u", "a.md:4", 20000},
        {"read", "relative-%u", "a.md:4", 20000},
};

START_TEST(flood_is_bounded)
{
	struct report *report = report_new();
	size_t before = mallinfo2().uordblks;
	char target[128];
	char because[128];

	for (unsigned i = 0; i < floods[_i].count; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(target, sizeof(target), floods[_i].target, i);
		snprintf(because, sizeof(because), floods[_i].because, i);
#pragma GCC diagnostic pop
		refuse(report, floods[_i].effect, target, because, 2);
	}
	size_t grown = mallinfo2().uordblks - before;
	ck_assert_msg(grown < 8 * 1024 * 1024, "%zu bytes", grown);
	finish(report);
	ck_assert_uint_le(report->place_count, REPORT_PLACES_MOST);
	ck_assert_uint_le(report->reason_count, REPORT_REASONS_MOST + 1);
	ck_assert_uint_eq(sum(report), 2ULL * floods[_i].count);
	ck_assert_uint_eq(record_sum(report->totals.denied), 2ULL * floods[_i].count);
	report_free(report);
}
END_TEST

START_TEST(long_names_are_bounded)
{
	struct report *report = report_new();
	size_t before = mallinfo2().uordblks;
	char *target = malloc(500001);

	ck_assert_ptr_nonnull(target);
	for (int i = 0; i < 60; i++) {
		memset(target, 'x', 500000);
		target[500000] = '\0';
		snprintf(target, 16, "/w/%08d", i);
		target[11] = 'y';
		refuse(report, i % 2 ? "connect" : "read", target, "a.md:4", 1);
	}
	free(target);
	size_t grown = mallinfo2().uordblks - before;
	ck_assert_msg(grown < 12 * 1024 * 1024, "%zu bytes", grown);
	finish(report);
	ck_assert_uint_eq(sum(report), 60);
	report_free(report);
}
END_TEST

START_TEST(programs_are_counted)
{
	static const char format[] =
	        REFUSAL "\"target\":\"/x\",\"comm\":\"program-%d\",\"count\":%d}";
	struct report *report = report_new();
	struct error err = {0};
	struct entry entry;
	char line[256];

	for (int i = 0; i < 6; i++) {
		int size = snprintf(line, sizeof(line), format, i, i + 1);
		ck_assert_int_eq(entry_read(line, (size_t)size, &entry, &err), 0);
		ck_assert_int_eq(report_add(report, &entry, &err), 0);
		entry_clear(&entry);
	}
	finish(report);
	const struct report_program *programs = report->reasons[0]->programs.items;
	ck_assert_str_eq(programs[0].name, "program-0");
	ck_assert_uint_eq(programs[0].count, 1);
	ck_assert_str_eq(programs[2].name, "program-2");
	ck_assert_ptr_null(programs[3].name);
	ck_assert_uint_eq(programs[3].count, 4 + 5 + 6);
	report_free(report);
}
END_TEST

/* --- Runs ------------------------------------------------------------------------------------- */

static void read_text(struct report *report, const char *text, struct reader_result *result)
{
	int file = memfd_create("log", 0);
	struct error err = {0};

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	lseek(file, 0, SEEK_SET);
	ck_assert_msg(reader_descriptor(file, "log", report_add, report, result, &err) == 0, "%s",
	              error_message(&err));
	close(file);
	finish(report);
}

#define START(run) \
	"{\"v\":1,\"run\":\"" run "\",\"record\":\"start\",\"agent_file\":\"" run ".md\"}\n"
#define ONE(run)                                                                             \
	"{\"v\":1,\"run\":\"" run "\",\"record\":\"refusal\",\"effect\":\"read\",\"class\":" \
	"\"denied\",\"verdict\":\"deny\",\"target\":\"/x\",\"count\":1}\n"
#define END(run, denied)                                                                  \
	"{\"v\":1,\"run\":\"" run "\",\"record\":\"end\",\"status\":0,\"denied\":" denied \
	",\"hidden\":0}\n"

static const struct {
	const char *text;
	unsigned runs, unfinished, contradicted, beginningless;
} runs[] = {
        {START("A") ONE("A") END("A", "1"), 1, 0, 0, 0},
        {START("A") START("B") ONE("A") ONE("B") ONE("A") END("B", "1") END("A", "2"), 2, 0, 0, 0},
        {START("A") ONE("A") START("B") END("B", "0"), 2, 1, 0, 0},
        {START("A") ONE("A") ONE("A") END("A", "1"), 1, 0, 1, 0},
        {ONE("A") END("A", "5"), 1, 0, 0, 1},
        {"\n \r\n" START("A") "\n" END("A", "0"), 1, 0, 0, 0},
        {"", 0, 0, 0, 0},
};

START_TEST(runs_are_told_apart)
{
	struct report *report = report_new();
	struct reader_result result;

	read_text(report, runs[_i].text, &result);
	ck_assert_uint_eq(report->runs, runs[_i].runs);
	ck_assert_uint_eq(report->unfinished, runs[_i].unfinished);
	ck_assert_uint_eq(report->contradicted, runs[_i].contradicted);
	ck_assert_uint_eq(report->beginningless, runs[_i].beginningless);
	ck_assert_uint_eq(result.cut_off, 0);
	report_free(report);
}
END_TEST

/* The reason belongs to the definition of its run. */
START_TEST(definitions_are_told_apart)
{
	struct report *report = report_new();
	struct reader_result result;

	read_text(report, START("A") START("B") ONE("A") ONE("B") ONE("B"), &result);
	ck_assert_uint_eq(report->reason_count, 2);
	ck_assert_str_eq(report->reasons[0]->agent_file.data, "B.md");
	ck_assert_str_eq(report->reasons[1]->agent_file.data, "A.md");
	report_free(report);
}
END_TEST

START_TEST(open_runs_are_bounded)
{
	struct report *report = report_new();
	struct error err = {0};
	struct entry entry;
	char line[128];

	for (int i = 0; i < 3 * REPORT_RUNS_MOST; i++) {
		int size = snprintf(line, sizeof(line),
		                    "{\"v\":1,\"run\":\"R%d\",\"record\":\"start\"}", i);
		ck_assert_int_eq(entry_read(line, (size_t)size, &entry, &err), 0);
		ck_assert_int_eq(report_add(report, &entry, &err), 0);
		entry_clear(&entry);
	}
	ck_assert_uint_le(report->run_table.count, REPORT_RUNS_MOST);
	finish(report);
	ck_assert_uint_eq(report->runs, 3 * REPORT_RUNS_MOST);
	ck_assert_uint_eq(report->unfinished, 3 * REPORT_RUNS_MOST);
	report_free(report);
}
END_TEST

/* A line may begin in one block and end in another, and be as long as it likes up to the limit. */
START_TEST(lines_cross_blocks)
{
	struct report *report = report_new();
	struct reader_result result;
	size_t pad = 150000;
	char *text = malloc(4 * pad);

	ck_assert_ptr_nonnull(text);
	char *place = text;
	for (int i = 0; i < 3; i++) {
		place += sprintf(place, "%s", REFUSAL "\"target\":\"/");
		memset(place, 'a' + i, pad);
		place += pad;
		place += sprintf(place, "\",\"count\":1}\n");
	}
	read_text(report, text, &result);
	ck_assert_uint_eq(result.records, 3);
	ck_assert_uint_eq(report->place_count, 3);
	free(text);
	report_free(report);
}
END_TEST

/* --- Suggestions ------------------------------------------------------------------------------ */

static const struct {
	enum effect effect;
	const char *path;
	bool unsuggested;
} paths[] = {
        {EFFECT_READ, "/home/u/.ssh/id_ed25519", true},
        {EFFECT_READ, "/root/.ssh", true},
        {EFFECT_READ, "/etc/shadow", true},
        {EFFECT_WRITE, "/w/.git/hooks/pre-commit", true},
        {EFFECT_WRITE, "/w/.git", true},
        {EFFECT_WRITE, "/w/deep/.claude/settings.json", true},
        {EFFECT_WRITE, "/w/.mcp.json", true},
        {EFFECT_READ, "/w/.git/hooks/pre-commit", false},
        {EFFECT_READ, "/home/u/.sshx/id", false},
        {EFFECT_READ, "/home/u/x.ssh/id", false},
        {EFFECT_READ, "/etc/shadow.txt", false},
        {EFFECT_WRITE, "/w/.github-pages/x", false},
        {EFFECT_WRITE, "/w/src/main.c", false},
        {EFFECT_WRITE, "/w/x.git/y", false},
};

START_TEST(secrets_are_not_suggested)
{
	bool found = unsuggested_path(paths[_i].effect, paths[_i].path, strlen(paths[_i].path));

	ck_assert_msg(found == paths[_i].unsuggested, "%s", paths[_i].path);
}
END_TEST

#define COUNT(tests) ((int)(sizeof(tests) / sizeof((tests)[0])))

int main(void)
{
	Suite *suite = suite_create("audit_report");
	TCase *reading = tcase_create("reading");
	TCase *together = tcase_create("putting together");

	tcase_add_loop_test(reading, line_is_read, 0, COUNT(lines));
	tcase_add_test(reading, bytes_are_decoded);
	tcase_add_loop_test(reading, runs_are_told_apart, 0, COUNT(runs));
	tcase_add_test(reading, definitions_are_told_apart);
	tcase_add_test(reading, open_runs_are_bounded);
	tcase_add_test(reading, lines_cross_blocks);
	suite_add_tcase(suite, reading);
	tcase_set_timeout(together, 60);
	tcase_add_test(together, siblings_become_their_folder);
	tcase_add_test(together, few_places_are_left);
	tcase_add_test(together, addresses_have_no_folders);
	tcase_add_loop_test(together, flood_is_bounded, 0, COUNT(floods));
	tcase_add_test(together, long_names_are_bounded);
	tcase_add_test(together, programs_are_counted);
	tcase_add_loop_test(together, secrets_are_not_suggested, 0, COUNT(paths));
	suite_add_tcase(suite, together);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
