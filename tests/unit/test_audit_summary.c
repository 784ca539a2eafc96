/* What a run says at its end of what it refused. */
#include "audit_scene.h"

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
	        "answer; --mode acceptEdits permits them; --approve tty or exec:PROGRAM asks "
	        "somebody\n";
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
	Suite *suite = suite_create("audit summary");
	TCase *cases = tcase_create("summary");

	tcase_add_test(cases, summary_says_first_what_helps_most);
	tcase_add_test(cases, summary_of_nothing_is_empty);
	tcase_add_test(cases, summary_is_bounded);
	suite_add_tcase(suite, cases);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
