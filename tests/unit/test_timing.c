/* The chain of marks: where time goes, also in another process. */
#include "base/cleanup.h"
#include "base/timing.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void rest(long milliseconds)
{
	const struct timespec time = {.tv_nsec = milliseconds * 1000000};

	nanosleep(&time, NULL);
}

/* What a child marks is part of the chain, and no time is lost or counted twice. */
START_TEST(marks_of_two_processes_add_up)
{
	cleanup_timing struct timing *timing = NULL;
	struct error err = {0};
	uint64_t sum = 0;

	ck_assert_int_eq(timing_begin(&timing, &err), 0);
	rest(2);
	timing_mark(timing, "one", "parent");
	pid_t child = fork();
	if (child == 0) {
		rest(20);
		timing_mark(timing, "two", "child");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	timing_mark(timing, "three", "parent again");
	ck_assert_uint_eq(timing_count(timing), 3);
	struct timing_row row = timing_row(timing, 1);
	ck_assert_str_eq(row.part, "two");
	ck_assert_str_eq(row.stage, "child");
	ck_assert_uint_ge(row.nanoseconds, 20000000);
	for (size_t i = 0; i < 3; i++)
		sum += timing_row(timing, i).nanoseconds;
	ck_assert_uint_eq(sum, timing_total(timing));
	ck_assert_uint_ge(sum, 22000000);
}
END_TEST

START_TEST(names_and_number_are_bounded)
{
	cleanup_timing struct timing *timing = NULL;
	struct error err = {0};

	ck_assert_int_eq(timing_begin(&timing, &err), 0);
	for (int i = 0; i < 1000; i++)
		timing_mark(timing, "a part with a long name", "a stage with a very long name");
	size_t count = timing_count(timing);
	ck_assert_uint_ge(count, 50);
	ck_assert_uint_lt(count, 1000);
	struct timing_row row = timing_row(timing, count - 1);
	ck_assert_str_eq(row.part, "a part with a l");
	ck_assert_str_eq(row.stage, "a stage with a very lon");
}
END_TEST

START_TEST(nothing_is_measured_without_memory)
{
	timing_mark(NULL, "any", "any");
	timing_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timing");
	TCase *tests = tcase_create("timing");

	tcase_add_test(tests, marks_of_two_processes_add_up);
	tcase_add_test(tests, names_and_number_are_bounded);
	tcase_add_test(tests, nothing_is_measured_without_memory);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
