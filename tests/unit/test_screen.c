/* What a program's output does to a terminal is followed, wherever it is cut, and undone. */
#include "base/buffer.h"
#include "library/screen.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char reset[] = "\x1b[?1000l";

static const struct row {
	const char *output;
	const char
	        *back; /* what must be sent to give the terminal back; NULL: nothing but the end */
	bool full;
} rows[] = {
        {"plain text\r\n", NULL, false},
        {"\x1b[?1049h", NULL, true},
        {"\x1b[?1049h\x1b[?1049l", NULL, false},
        {"\x1b[?47h", NULL, true},
        {"\x1b[?25;1049h", NULL, true},
        {"\x1b[?25l", "\x1b[?25l", false},
        {"\x1b[?25l\x1b[?25h", NULL, false},
        {"\x1b[?1000;1006h", "\x1b[?1000h\x1b[?1006h", false},
        {"\x1b[?2004h text \x1b[31m", "\x1b[?2004h", false},
        {"\x1b[3;20r", "\x1b[3;20r", false},
        {"\x1b[3;20r\x1b[r", NULL, false},
        {"\x1b[?1000h\x1b"
         "c",
         NULL, false},
        {"\x1b[?1000h\x1b[!p", NULL, false},
        /* In a string it is none. */
        {"\x1b]0;\x1b[?1000h", "\x1b[?1000h", false}, /* ESC ends a string */
        {"\x1b]0;[?1000h\x07", NULL, false},
        {"\x1bP[?1000h\x1b\\", NULL, false},
        {"\x1b]0;title\x1b\\\x1b[?1000h", "\x1b[?1000h", false},
        /* Broken off, or begun anew. */
        {"\x1b[?1000\x18h", NULL, false},
        {"\x1b[?10\x1b[?1000h", "\x1b[?1000h", false},
        {"\x1b\x1b[?1000h", "\x1b[?1000h", false},
        {"\x1b(B\x1b[?1000h", "\x1b[?1000h", false},
        /* Controls in a sequence are executed, the sequence goes on. */
        {"\x1b[?10\r00h", "\x1b[?1000h", false},
        /* Not private, not known, too long, no number. */
        {"\x1b[1000h", NULL, false},
        {"\x1b[?4711h", NULL, false},
        {"\x1b[?0000000000000000000000000000000000001000h", NULL, false},
        {"\x1b[?1000;99999999999999999999h", "\x1b[?1000h", false},
        {"\x1b[?x1000h", NULL, false},
        {"\x1b[?4294968296h", NULL, false},
};

static char *returned(const struct screen *screen)
{
	struct buffer out = {0};

	screen_return(screen, &out);
	char *text = buffer_steal(&out);
	ck_assert_ptr_nonnull(text);
	return text;
}

/* What stands between the empty screen and the end. */
static void check(const struct row *row, const struct screen *screen)
{
	char expected[256];
	char *text = returned(screen);

	snprintf(expected, sizeof(expected), "\x1b[<1u\x1b[0m\x1b[2J\x1b[H%s%s",
	         row->back ? row->back : "", row->full ? "\x1b\x38" : "\x1b[?1049l");
	ck_assert_str_eq(text, expected);
	ck_assert(screen_is_full(screen) == row->full);
	free(text);
}

START_TEST(follows_modes)
{
	const struct row *row = &rows[_i];
	size_t size = strlen(row->output);

	for (size_t cut = 0; cut <= size; cut++) {
		struct screen screen = {0};
		screen_follow(&screen, row->output, cut);
		screen_follow(&screen, row->output + cut, size - cut);
		check(row, &screen);
	}
}
END_TEST

/* Whatever came before: a sequence is broken off first, and every mode is reset. */
START_TEST(leaves_whatever_was_believed)
{
	struct screen screen = {0};
	struct buffer out = {0};

	screen_follow(&screen, rows[_i].output, strlen(rows[_i].output));
	screen_leave(&screen, &out);
	char *text = buffer_steal(&out);
	ck_assert(strncmp(text, "\x18\x1b\\", 3) == 0);
	ck_assert_ptr_nonnull(strstr(text, reset));
	ck_assert_ptr_nonnull(strstr(text, "\x1b[?2004l"));
	/* What would have it drawn elsewhere, or not at all, comes before all that is drawn. */
	static const char *const first[] = {"\x1b<", "\x1b[4i", "\x1b[0$}", "\x1bW", "\x1b[0\"q"};
	for (size_t i = 0; i < COUNT(first); i++) {
		const char *found = strstr(text, first[i]);
		ck_assert_ptr_nonnull(found);
		ck_assert(found < strstr(text, "\x1b[?69l"));
		ck_assert(found < strstr(text, "\x1b[2J"));
	}
	ck_assert_ptr_nonnull(strstr(text, "\x1b[?25h"));
	ck_assert((strstr(text, "\x1b[?1049h") == NULL) == rows[_i].full);
	/* And what was sent leaves nothing open itself. */
	struct screen after = {0};
	screen_follow(&after, text, strlen(text));
	ck_assert_int_eq(after.state, 0);
	free(text);
}
END_TEST

START_TEST(survives_any_bytes)
{
	struct screen screen = {0};
	char bytes[4096];

	srand((unsigned)_i);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = rand() % 4 ? "\x1b[]?;h\\0123456789"[rand() % 17] : (char)rand();
	screen_follow(&screen, bytes, sizeof(bytes));
	ck_assert_uint_lt(strlen(screen.region), sizeof(screen.region));
	free(returned(&screen));
	/* One that is broken off is over. */
	screen_follow(&screen, "\x18\x1b[?1000h\x1b[5;6r", 15);
	char *text = returned(&screen);
	ck_assert_ptr_nonnull(strstr(text, "\x1b[?1000h"));
	ck_assert_ptr_nonnull(strstr(text, "\x1b[5;6r"));
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("screen");
	TCase *tests = tcase_create("screen");

	tcase_add_loop_test(tests, follows_modes, 0, COUNT(rows));
	tcase_add_loop_test(tests, leaves_whatever_was_believed, 0, COUNT(rows));
	tcase_add_loop_test(tests, survives_any_bytes, 0, 200);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
