/* The log's writer: whole lines, exact counts, bounded memory, errors that are errors. */
#include "audit/log.h"
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

struct written {
	json_t **lines;
	size_t count;
	char *text;
	size_t size;
};

static int memory_file(void)
{
	int file = memfd_create("log", 0);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(fcntl(file, F_SETFL, O_APPEND), 0);
	return file;
}

/* Every line as JSON: one that is none, or cut off, fails the test. */
static struct written read_back(int file)
{
	struct written written = {0};
	off_t size = lseek(file, 0, SEEK_END);
	size_t newlines = 0;

	written.text = malloc((size_t)size + 1);
	ck_assert_ptr_nonnull(written.text);
	ck_assert_int_eq(pread(file, written.text, (size_t)size, 0), size);
	for (off_t i = 0; i < size; i++)
		newlines += written.text[i] == '\n';
	written.lines = calloc(newlines + 1, sizeof(json_t *));
	ck_assert_ptr_nonnull(written.lines);
	written.size = (size_t)size;
	written.text[size] = '\0';
	for (char *line = written.text; *line;) {
		char *end = strchr(line, '\n');
		json_error_t error;
		ck_assert_msg(end != NULL, "cut off: %s", line);
		json_t *object = json_loadb(line, (size_t)(end - line), JSON_ALLOW_NUL, &error);
		ck_assert_msg(object != NULL, "%s: %.*s", error.text, (int)(end - line), line);
		written.lines[written.count++] = object;
		line = end + 1;
	}
	return written;
}

static void release(struct written *written)
{
	for (size_t i = 0; i < written->count; i++)
		json_decref(written->lines[i]);
	free(written->lines);
	free(written->text);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "(absent)";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static struct audit_log *new_log(int file)
{
	struct error err = {0};
	struct audit_log *log;

	ck_assert_int_eq(audit_log_new(file, &log, &err), 0);
	return log;
}

static const struct refusal sample = {
        .pid = 4711,
        .pid_inside = 7,
        .parent = 4710,
        .comm = "cat",
        .exe = "/usr/bin/cat",
        .effect = EFFECT_READ,
        .operation = "open",
        .target = "/home/u/.ssh/id_ed25519",
        .target_size = 23,
        .verdict = VERDICT_DENY,
        .error = EACCES,
        .layer = AUDIT_LAYER_DECOY,
        .because = "secrets.yaml:12 ~/.ssh",
};

static void refuse(struct audit_log *log, const struct refusal *refusal)
{
	struct error err = {0};

	ck_assert_msg(audit_log_refusal(log, refusal, &err) == 0, "%s", error_message(&err));
}

static void start(struct audit_log *log)
{
	static const char *const layers[] = {"mounts", "landlock", NULL};
	static const char *const dropped[] = {"AWS_SECRET_ACCESS_KEY", NULL};
	char *const command[] = {(char[]){"make"}, (char[]){"te\xFFst"}, NULL};
	struct audit_start about = {
	        .agent = "backend-engineer",
	        .agent_file = "agents/back:3 end.md",
	        .tool = "Bash",
	        .workspace = "/w",
	        .kernel = "6.18.0",
	        .level = "namespaces+decoy",
	        .layers = layers,
	        .dropped = dropped,
	        .command = command,
	};
	struct error err = {0};

	ck_assert_int_eq(audit_log_start(log, &about, &err), 0);
}

static void end(struct audit_log *log)
{
	struct error err = {0};

	ck_assert_int_eq(audit_log_end(log, 3, &err), 0);
}

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

static char *summary_of(const struct audit_log *log, bool verbose)
{
	struct buffer out = {0};
	struct error err = {0};

	ck_assert_int_eq(audit_log_summary(log, verbose, &out, &err), 0);
	char *text = buffer_steal(&out);
	ck_assert_ptr_nonnull(text);
	return text;
}

START_TEST(summary_says_first_what_helps_most)
{
	struct audit_log *log = new_log(-1);
	struct refusal write = sample;
	struct refusal hidden = sample;

	for (int i = 0; i < 20; i++)
		refuse(log, &sample);
	write.effect = EFFECT_WRITE;
	write.verdict = VERDICT_ASK;
	write.because = "engineer.md:4 Write; mode default";
	write.remedy = "--mode acceptEdits";
	write.target = "/w/src/a\n\x1B[31m";
	write.target_size = strlen(write.target);
	for (write.pid = 1; write.pid <= 14; write.pid++)
		refuse(log, &write);
	hidden.hidden = true;
	hidden.target = "/opt/x";
	hidden.target_size = 6;
	refuse(log, &hidden);
	char *text = summary_of(log, false);
	static const char first[] =
	        "14 writes refused: engineer.md:4 Write; mode default: asks, and nobody could "
	        "answer; --mode acceptEdits permits them\n";
	ck_assert_msg(strncmp(text, first, strlen(first)) == 0, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "  20 reads: /home/u/.ssh (cat)\n"));
	ck_assert_ptr_nonnull(strstr(text, "  14 writes: /w/src (cat)\n"));
	ck_assert_ptr_null(strstr(text, "/opt"));
	ck_assert_ptr_null(strchr(text, '\x1B'));
	free(text);
	text = summary_of(log, true);
	ck_assert_ptr_nonnull(strstr(text, "1 read of what is not granted"));
	ck_assert_ptr_nonnull(strstr(text, "/opt"));
	free(text);
	audit_log_free(log);
}
END_TEST

START_TEST(summary_of_nothing_is_empty)
{
	struct audit_log *log = new_log(-1);
	struct refusal hidden = sample;

	hidden.hidden = true;
	refuse(log, &hidden);
	char *text = summary_of(log, false);
	ck_assert_str_eq(text, "");
	free(text);
	audit_log_free(log);
}
END_TEST

/* More places and reasons than are kept: the counts still add up. */
START_TEST(summary_is_bounded)
{
	struct audit_log *log = new_log(-1);
	struct refusal refusal = sample;
	char target[64];
	char because[64];
	unsigned long long sum = 0;

	for (int i = 0; i < 1000; i++) {
		snprintf(target, sizeof(target), "/w/%d/x", i);
		snprintf(because, sizeof(because), "policy.yaml:%d deny", i + 1);
		refusal.target = target;
		refusal.target_size = strlen(target);
		refusal.because = because;
		refuse(log, &refusal);
	}
	char *text = summary_of(log, true);
	ck_assert_uint_lt(strlen(text), 2000);
	for (char *line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n'))
		sum += strtoull(line + 1, NULL, 10);
	ck_assert_uint_eq(sum, 1000);
	free(text);
	audit_log_free(log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit_log");
	TCase *writer = tcase_create("writer");
	TCase *summary = tcase_create("summary");

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
	tcase_add_test(summary, summary_says_first_what_helps_most);
	tcase_add_test(summary, summary_of_nothing_is_empty);
	tcase_add_test(summary, summary_is_bounded);
	suite_add_tcase(suite, summary);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
