/* The log's writer: whole lines, exact counts, bounded memory, errors that are errors. */
#include "audit_scene.h"

#include "audit/origin.h"
#include "base/base64.h"
#include "base/buffer.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
START_TEST(records_have_every_member)
{
	int file = memory_file();
	struct audit_log *log = new_log(file);

	start(log);
	refuse(log, &sample);
	end(log);
	struct written written = read_back(file);
	ck_assert_uint_eq(written.count, 3);
	const json_t *record = written.lines[1];
	ck_assert_int_eq(number_of(record, "v"), 1);
	ck_assert_int_eq(number_of(record, "seq"), 2);
	ck_assert_uint_eq(strlen(text_of(record, "run")), 26);
	ck_assert_str_eq(text_of(record, "run"), audit_log_run(log));
	/* 2026-11-20T09:02:00.123456Z */
	ck_assert_uint_eq(strlen(text_of(record, "time")), 27);
	ck_assert_str_eq(text_of(record, "record"), "refusal");
	ck_assert_str_eq(text_of(record, "agent"), "backend-engineer");
	ck_assert_str_eq(text_of(record, "tool"), "Bash");
	ck_assert_int_eq(number_of(record, "pid"), 4711);
	ck_assert_int_eq(number_of(record, "pid_inside"), 7);
	ck_assert_int_eq(number_of(record, "ppid"), 4710);
	ck_assert_str_eq(text_of(record, "comm"), "cat");
	ck_assert_str_eq(text_of(record, "exe"), "/usr/bin/cat");
	ck_assert_str_eq(text_of(record, "effect"), "read");
	ck_assert_str_eq(text_of(record, "op"), "open");
	ck_assert_str_eq(text_of(record, "target"), "/home/u/.ssh/id_ed25519");
	ck_assert_str_eq(text_of(record, "class"), "denied");
	ck_assert_str_eq(text_of(record, "verdict"), "deny");
	ck_assert_str_eq(text_of(record, "errno"), "EACCES");
	ck_assert_str_eq(text_of(record, "layer"), "decoy");
	ck_assert_str_eq(text_of(record, "because"), "secrets.yaml:12 ~/.ssh");
	ck_assert_str_eq(text_of(record, "because_file"), "secrets.yaml");
	ck_assert_int_eq(number_of(record, "because_line"), 12);
	ck_assert_int_eq(number_of(record, "count"), 1);
	ck_assert_ptr_null(json_object_get(record, "remedy"));
	ck_assert_ptr_null(json_object_get(record, "target_b64"));
	const json_t *first = written.lines[0];
	ck_assert_str_eq(text_of(first, "record"), "start");
	ck_assert_str_eq(text_of(first, "level"), "namespaces+decoy");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(first, "dropped"), 0)),
	                 "AWS_SECRET_ACCESS_KEY");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(first, "command"), 1)),
	                 "te\xEF\xBF\xBDst");
	const json_t *last = written.lines[2];
	ck_assert_str_eq(text_of(last, "record"), "end");
	ck_assert_int_eq(number_of(last, "status"), 3);
	ck_assert_int_eq(number_of(last, "denied"), 1);
	ck_assert_int_eq(number_of(last, "hidden"), 0);
	const json_t *reads = json_object_get(json_object_get(last, "effects"), "read");
	ck_assert_int_eq(number_of(reads, "denied"), 1);
	release(&written);
	audit_log_free(log);
	close(file);
}
END_TEST

/* The time of a record is that of the clock. */
START_TEST(time_is_right)
{
	int file = memory_file();
	struct audit_log *log = new_log(file);
	time_t before = time(NULL);
	struct tm parts = {0};

	refuse(log, &sample);
	time_t after = time(NULL);
	struct written written = read_back(file);
	const char *rest = strptime(text_of(written.lines[0], "time"), "%Y-%m-%dT%H:%M:%S", &parts);
	ck_assert_ptr_nonnull(rest);
	ck_assert_int_eq(*rest, '.');
	time_t there = timegm(&parts);
	ck_assert_msg(there >= before && there <= after, "%ld", (long)(there - before));
	release(&written);
	audit_log_free(log);
	close(file);
}
END_TEST

/* What distinguishes kinds, one row a difference; repeats of each are one record more. */
START_TEST(kinds_are_told_apart)
{
	struct refusal kinds[] = {sample, sample, sample, sample, sample, sample, sample, sample};
	int file = memory_file();
	struct audit_log *log = new_log(file);
	json_int_t sum = 0;

	kinds[1].pid = 4712;
	kinds[2].target = "/home/u/.ssh/id_ed25510";
	kinds[3].target_size = 22;
	kinds[4].operation = "stat";
	kinds[5].because = "secrets.yaml:13 ~/.ssh";
	kinds[6].hidden = true;
	kinds[7].exe = "/usr/bin/less";
	for (size_t i = 0; i < 8; i++)
		for (size_t repeat = 0; repeat <= i; repeat++)
			refuse(log, &kinds[i]);
	struct written before = read_back(file);
	ck_assert_uint_eq(before.count, 8);
	release(&before);
	end(log);
	struct written written = read_back(file);
	ck_assert_uint_eq(written.count, 8 + 7 + 1);
	for (size_t i = 0; i + 1 < written.count; i++)
		sum += number_of(written.lines[i], "count");
	ck_assert_int_eq(sum, 36);
	ck_assert_int_eq(number_of(written.lines[15], "denied"), 29);
	ck_assert_int_eq(number_of(written.lines[15], "hidden"), 7);
	release(&written);
	audit_log_free(log);
	close(file);
}
END_TEST

/* Twenty thousand targets, the first of which comes back all the time: memory stays bounded, and
 * nothing is lost or counted twice. */
START_TEST(flood_is_counted_and_bounded)
{
	enum {
		TARGETS = 20000,
	};
	int file = memory_file();
	struct audit_log *log = new_log(file);
	struct error err = {0};
	struct refusal flood = sample;
	char target[600];
	size_t before = mallinfo2().uordblks;

	for (size_t i = 0; i < TARGETS; i++) {
		flood.target_size =
		        (size_t)snprintf(target, sizeof(target), "/w/%0*zu", (int)(i % 500) + 5, i);
		flood.target = target;
		refuse(log, &flood);
		refuse(log, &sample);
		refuse(log, &flood);
	}
	size_t grown = mallinfo2().uordblks - before;
	ck_assert_msg(grown < 900 * 1024, "%zu bytes", grown);
	end(log);
	struct written written = read_back(file);
	json_int_t all = 0;
	json_int_t of_sample = 0;
	for (size_t i = 0; i + 1 < written.count; i++) {
		json_int_t here = number_of(written.lines[i], "count");
		all += here;
		if (strcmp(text_of(written.lines[i], "target"), sample.target) == 0)
			of_sample += here;
		ck_assert_int_eq(number_of(written.lines[i], "seq"), (json_int_t)i + 1);
	}
	ck_assert_int_eq(all, 3 * TARGETS);
	ck_assert_int_eq(of_sample, TARGETS);
	ck_assert_int_eq(number_of(written.lines[written.count - 1], "denied"), 3 * TARGETS);
	struct audit_totals totals;
	audit_log_totals(log, &totals);
	ck_assert_uint_eq(totals.denied, 3 * TARGETS);
	ck_assert_uint_eq(totals.records, written.count);
	release(&written);
	audit_log_free(log);
	error_clear(&err);
	close(file);
}
END_TEST

static const struct {
	const char *bytes;
	size_t size;
} hostile[] = {
        {"a\nb", 3},
        {"\x1B[31mred\x1B]0;t\x07", 12},
        {"::add-mask::x", 13},
        {"##[error]##vso[x]", 17},
        {"\xE2\x80\xAEgnp.exe", 10},
        {"</table><script>", 16},
        {"**`|\\\"'{}[](){{", 15},
        {"\xFF\xFE\x80", 3},
        {"a\0b", 3},
        {"\xF3\xA0\x80\xA1\xF0\x9F\x98\x80", 8},
        {"", 0},
};

/* What comes out of a reader is what went in; the bytes that are not UTF-8 come out of target_b64.
 * The line itself has nothing in it that a terminal or a CI system acts upon. */
START_TEST(any_bytes_survive)
{
	int file = memory_file();
	struct audit_log *log = new_log(file);
	struct refusal refusal = sample;

	refusal.target = hostile[_i].bytes;
	refusal.target_size = hostile[_i].size;
	refuse(log, &refusal);
	struct written written = read_back(file);
	ck_assert_uint_eq(written.count, 1);
	const json_t *target = json_object_get(written.lines[0], "target");
	const char *encoded = json_string_value(json_object_get(written.lines[0], "target_b64"));
	struct buffer bytes = {0};
	if (encoded)
		ck_assert_int_eq(base64_decode(&bytes, encoded, strlen(encoded)), 0);
	else
		buffer_append(&bytes, json_string_value(target), json_string_length(target));
	ck_assert_uint_eq(bytes.size, hostile[_i].size);
	ck_assert_mem_eq(bytes.data, hostile[_i].bytes, bytes.size);
	ck_assert_int_eq(encoded != NULL, _i == 7);
	for (size_t i = 0; i + 1 < written.size; i++) {
		unsigned char c = (unsigned char)written.text[i];
		ck_assert_msg(c >= 0x20 && c != 0x7F, "byte %02x", c);
	}
	ck_assert_ptr_null(strstr(written.text, "##"));
	ck_assert_ptr_null(strstr(written.text, "\xE2\x80\xAE"));
	buffer_free(&bytes);
	release(&written);
	audit_log_free(log);
	close(file);
}
END_TEST

/* A disk that is full in the middle of a line: an error, and what was written before stays whole.
 * The limit on the size of files stands for the disk: write(2) takes a part there, too. */
START_TEST(full_disk_leaves_whole_lines)
{
	char name[] = "/tmp/remit-test-log-XXXXXX";
	int file = mkostemp(name, O_APPEND);
	struct error err = {0};
	struct refusal refusal = sample;
	size_t whole = 0;

	ck_assert_int_ge(file, 0);
	unlink(name);
	signal(SIGXFSZ, SIG_IGN);
	struct audit_log *log = new_log(file);
	struct rlimit limit = {2000, 2000};
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (refusal.pid = 1;; refusal.pid++) {
		if (audit_log_refusal(log, &refusal, &err) < 0)
			break;
		whole++;
		ck_assert_uint_lt(whole, 100);
	}
	ck_assert_uint_gt(whole, 1);
	ck_assert_ptr_nonnull(strstr(error_message(&err), "File too large"));
	ck_assert_ptr_nonnull(err.help);
	struct written written = read_back(file);
	ck_assert_uint_eq(written.count, whole);
	struct audit_totals totals;
	audit_log_totals(log, &totals);
	ck_assert_uint_eq(totals.denied, whole);
	ck_assert_uint_eq(totals.records, whole);
	release(&written);
	error_clear(&err);
	audit_log_free(log);
	close(file);
}
END_TEST

START_TEST(no_space_is_an_error)
{
	int file = open("/dev/full", O_WRONLY);
	struct error err = {0};

	ck_assert_int_ge(file, 0);
	struct audit_log *log = new_log(file);
	ck_assert_int_lt(audit_log_refusal(log, &sample, &err), 0);
	ck_assert_ptr_nonnull(strstr(error_message(&err), "No space left"));
	error_clear(&err);
	audit_log_free(log);
	close(file);
}
END_TEST

START_TEST(closed_pipe_is_an_error)
{
	int ends[2];
	struct error err = {0};

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	struct audit_log *log = new_log(ends[1]);
	refuse(log, &sample);
	close(ends[0]);
	struct refusal other = sample;
	other.pid++;
	ck_assert_int_lt(audit_log_refusal(log, &other, &err), 0);
	ck_assert_ptr_nonnull(strstr(error_message(&err), "Broken pipe"));
	error_clear(&err);
	/* A repeat is only counted, and the error comes with its record. */
	refuse(log, &sample);
	ck_assert_int_lt(audit_log_flush(log, &err), 0);
	error_clear(&err);
	audit_log_free(log);
	close(ends[1]);
}
END_TEST

START_TEST(without_descriptor_counts)
{
	struct audit_log *log = new_log(-1);
	struct audit_totals totals;

	start(log);
	for (int i = 0; i < 5; i++)
		refuse(log, &sample);
	end(log);
	audit_log_totals(log, &totals);
	ck_assert_uint_eq(totals.denied, 5);
	audit_log_free(log);
}
END_TEST

static const struct {
	const char *because, *known;
	const char *file; /* NULL: none */
	unsigned long line;
} origins[] = {
        {"secrets.yaml:12 ~/.ssh", NULL, "secrets.yaml", 12},
        {"reviewer.md:4: not granted", NULL, "reviewer.md", 4},
        {"reviewer.md:4 Edit; mode default", "reviewer.md", "reviewer.md", 4},
        {"my policy.yaml:7", NULL, "my policy.yaml", 7},
        {"a:3 b.md:7 Write", "a:3 b.md", "a:3 b.md", 7},
        {"--grant connect:localhost:8080 x", NULL, NULL, 0},
        {"mode default", NULL, NULL, 0},
        {"reviewer.md: no permissionMode", "reviewer.md", NULL, 0},
        {"x:0 y", NULL, NULL, 0},
        {"x:12a y", NULL, NULL, 0},
        {"x:9999999999 y", NULL, NULL, 0},
        {":5 y", NULL, NULL, 0},
        {"", NULL, NULL, 0},
};

START_TEST(origin_is_split)
{
	size_t size = 0;
	unsigned long line = 0;
	bool found = origin_split(origins[_i].because, origins[_i].known, &size, &line);

	ck_assert_int_eq(found, origins[_i].file != NULL);
	if (!found)
		return;
	ck_assert_uint_eq(size, strlen(origins[_i].file));
	ck_assert_mem_eq(origins[_i].because, origins[_i].file, size);
	ck_assert_uint_eq(line, origins[_i].line);
}
END_TEST

/* What was answered is in the log, and is not counted among what was refused. */
START_TEST(answers_have_every_member)
{
	int file = memory_file();
	struct audit_log *log = new_log(file);
	struct error err = {0};
	struct answered answered = {
	        .pid = 4711,
	        .comm = "sh",
	        .exe = "/usr/bin/dash",
	        .effect = EFFECT_WRITE,
	        .operation = "rename",
	        .target = "/w/\xFF",
	        .target_size = 4,
	        .protected = true,
	        .because = "engineer.md:4 Write",
	        .how = (enum answered_how)_i,
	        .by = "tty",
	        .microseconds = 1234567,
	};
	static const char *const names[] = {"no", "no-all", "once", "folder", "effect"};
	struct audit_totals totals;

	ck_assert_int_eq(audit_log_answer(log, &answered, &err), 0);
	audit_log_totals(log, &totals);
	ck_assert(totals.denied == 0 && totals.hidden == 0 && totals.records == 1);
	struct written written = read_back(file);
	const json_t *line = written.lines[0];
	ck_assert_str_eq(text_of(line, "record"), "answer");
	ck_assert_str_eq(text_of(line, "answer"), names[_i]);
	ck_assert_str_eq(text_of(line, "by"), "tty");
	ck_assert_str_eq(text_of(line, "effect"), "write");
	ck_assert_str_eq(text_of(line, "op"), "rename");
	ck_assert_str_eq(text_of(line, "target_b64"), "L3cv/w==");
	ck_assert_str_eq(text_of(line, "comm"), "sh");
	ck_assert_str_eq(text_of(line, "exe"), "/usr/bin/dash");
	ck_assert_str_eq(text_of(line, "because_file"), "engineer.md");
	ck_assert(json_is_true(json_object_get(line, "protected")));
	ck_assert_int_eq(number_of(line, "pid"), 4711);
	ck_assert_int_eq(number_of(line, "microseconds"), 1234567);
	release(&written);
	char *text = summary_of(log, false);
	ck_assert_ptr_nonnull(strstr(text, "1 question answered: 1 "));
	free(text);
	audit_log_free(log);
	close(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit_log");
	TCase *writer = tcase_create("writer");

	tcase_set_timeout(writer, 60);
	tcase_add_test(writer, records_have_every_member);
	tcase_add_test(writer, time_is_right);
	tcase_add_test(writer, kinds_are_told_apart);
	tcase_add_test(writer, flood_is_counted_and_bounded);
	tcase_add_loop_test(writer, any_bytes_survive, 0,
	                    (int)(sizeof(hostile) / sizeof(hostile[0])));
	tcase_add_test(writer, full_disk_leaves_whole_lines);
	tcase_add_test(writer, no_space_is_an_error);
	tcase_add_test(writer, closed_pipe_is_an_error);
	tcase_add_test(writer, without_descriptor_counts);
	tcase_add_loop_test(writer, origin_is_split, 0,
	                    (int)(sizeof(origins) / sizeof(origins[0])));
	suite_add_tcase(suite, writer);
	tcase_add_loop_test(writer, answers_have_every_member, 0, ANSWERED_COUNT);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
