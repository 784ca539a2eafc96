/* The strict reader of git's configuration beside git itself: what it reads, git reads so; what git
 * refuses, it refuses. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/git_config.h"
#include "base/text.h"

#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* As `git config -z --list` prints it: NAME\nVALUE\0, or NAME\0 where there is no value. */
static int collect(void *data, const char *name, const char *value, struct error *err)
{
	struct buffer *out = data;

	(void)err;
	buffer_append_text(out, name);
	if (value) {
		buffer_append_text(out, "\n");
		buffer_append_text(out, value);
	}
	buffer_append(out, "", 1);
	return 0;
}

/* Whether git reads the text, and what it makes of it. */
static bool ask_git(const char *path, const char *text, size_t size, struct buffer *out)
{
	cleanup_free char *command =
	        text_printf("GIT_CONFIG_NOSYSTEM=1 git config -f %s -z --list 2>/dev/null", path);
	char part[4096];
	size_t got;

	FILE *file = fopen(path, "we");
	ck_assert(file && fwrite(text, 1, size, file) == size && fclose(file) == 0);
	FILE *git = popen(command, "re");
	ck_assert_ptr_nonnull(git);
	while ((got = fread(part, 1, sizeof(part), git)) > 0)
		buffer_append(out, part, got);
	return pclose(git) == 0;
}

/* --- Texts of known meaning ------------------------------------------------------------------ */

static const struct text_case {
	const char *text;
	const char *read; /* names and values, joined by `=` and `|`; NULL: refused */
} text_cases[] = {
        {"", ""},
        {"\n\n# x\n ; y\n", ""},
        {"[a]\nb=c\n", "a.b=c|"},
        {"[a] b = c", "a.b=c|"},
        {"[a]\n\tb\n", "a.b|"},
        {"[a]\nb=\n", "a.b=|"},
        {"[A]\nB-1=C\n", "a.b-1=C|"},
        {"[a \"B.c\"]\nd=e\n", "a.B.c.d=e|"},
        {"[a.B]\nd=e\n", "a.b.d=e|"},
        {"[a \"\\\"\\\\\\x\"]\nd=e\n", "a.\"\\x.d=e|"},
        {"[a]\nb=c # d\n", "a.b=c|"},
        {"[a]\nb=\"c # d\" ; e\n", "a.b=c # d|"},
        {"[a]\nb= c  d \n", "a.b=c  d|"},
        {"[a]\nb=c\\\nd\n", "a.b=cd|"},
        {"[a]\nb=\\t\\\\\\\"\n", "a.b=\t\\\"|"},
        {"[a]\r\nb=c\r\n", "a.b=c|"},
        {"\xEF\xBB\xBF[a]\nb=c\n", "a.b=c|"},
        {"[a]\nb=c\n[d]\ne=f\nb=g\n", "a.b=c|d.e=f|d.b=g|"},
        /* Refused, and git does, too. */
        {"b=c\n", NULL},
        {"[a\nb=c\n", NULL},
        {"[a \"b]\nc=d\n", NULL},
        {"[a \"b\nc\"]\nd=e\n", NULL},
        {"[a]\n1=c\n", NULL},
        {"[a]\nb c\n", NULL},
        {"[a]\nb=\"c\n", NULL},
        {"[a]\nb=\\c\n", NULL},
        {"[a b]\nc=d\n", NULL},
        {"[a] ]\n", NULL},
        /* Refused for certainty's sake. */
        {"[]\nb=c\n", NULL},
        {"[.a]\nb=c\n", NULL},
        {"[a]\nb=c\td\n", NULL},
        {"[a]\nb=c\rd\n", NULL},
        {"[a]\nb=\001\n", NULL},
        {"[a]\nb=c\\", NULL},
};

START_TEST(texts_are_read)
{
	const struct text_case *row = &text_cases[_i];
	cleanup_buffer struct buffer read = {0};
	cleanup_error struct error err = {0};

	int result = git_config_read(row->text, strlen(row->text), collect, &read, &err);
	ck_assert_msg((result == 0) == (row->read != NULL), "%s: %s", row->text,
	              error_message(&err));
	if (!row->read)
		return;
	for (size_t i = 0; i < read.size; i++)
		read.data[i] = read.data[i] == '\n'   ? '='
		               : read.data[i] == '\0' ? '|'
		                                      : read.data[i];
	ck_assert_str_eq(read.data ? read.data : "", row->read);
}
END_TEST

/* What git obeys though no version of it writes it so; and what it stops at, behind what it read.
 */
START_TEST(all_that_git_reads_is_read)
{
	static const struct {
		const char *text, *read;
		int result;
	} rows[] = {
	        {"[core]\n\ta = b\t c\n", "core.a=b  c|", 0},
	        {"[core]\n\ta = b\tc\n", "core.a=b c|", 0},
	        {"[core]\n\ta = b\001c\n", "core.a=b\001c|", 0},
	        {"[core]\n\ta = b\n[core\n\ta = c\n", "core.a=b|", -1},
	        {"[core]\n\ta = \"b\n", "", -1},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		cleanup_buffer struct buffer strict = {0};
		cleanup_buffer struct buffer read = {0};
		cleanup_error struct error err = {0};
		cleanup_error struct error refused = {0};
		size_t size = strlen(rows[i].text);

		ck_assert_int_lt(git_config_read(rows[i].text, size, collect, &strict, &refused),
		                 0);
		ck_assert_int_eq(git_config_read_all(rows[i].text, size, collect, &read, &err),
		                 rows[i].result);
		for (size_t k = 0; k < read.size; k++)
			read.data[k] = read.data[k] == '\n'   ? '='
			               : read.data[k] == '\0' ? '|'
			                                      : read.data[k];
		ck_assert_str_eq(read.data ? read.data : "", rows[i].read);
	}
}
END_TEST

START_TEST(a_long_text_is_refused)
{
	cleanup_free char *text = malloc(GIT_CONFIG_LONGEST + 1);
	cleanup_error struct error err = {0};
	cleanup_buffer struct buffer read = {0};

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', GIT_CONFIG_LONGEST + 1);
	ck_assert_int_eq(git_config_read(text, GIT_CONFIG_LONGEST, collect, &read, &err), 0);
	ck_assert_int_lt(git_config_read(text, GIT_CONFIG_LONGEST + 1, collect, &read, &err), 0);
}
END_TEST

/* --- Texts by chance ------------------------------------------------------------------------- */

/* Pieces of which a text is put together: more often than not it can be read. */
static const char *const pieces[] = {
        "[core]",
        "[remote \"o\"]",
        "[a \"b\\\"c\"]",
        "[x.Y]",
        "[",
        "]",
        "\"",
        "\n",
        "\n\t",
        "\r\n",
        " ",
        "\t",
        "=",
        " = ",
        "bare",
        "Url",
        "b-1",
        "true",
        "../x",
        "\\",
        "\\\n",
        "\\t",
        "\\\"",
        "\\n",
        "\\b",
        "# ",
        ";",
        "\"a b\"",
        "#\"",
        "a  b",
        "\xC3\xA9",
        ".",
        "1",
        "-",
        "\r",
        "\n[core]\n\tbare = false\n",
        "\n\tkey = value\n",
        "\n\tkey\n",
        "\n\tk = \"v;\" ; c\n",
};

static uint64_t next_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* What may stand in a value. */
static const char *const value_pieces[] = {
        "a", " ", "  ", "\"", "\\\"", "\\\\",     "\\t", "\\\n",
        "#", ";", "=",  "[",  "]",    "\xC3\xA9", "\t",  "'",
};

static void add_line(struct buffer *text, uint64_t *state)
{
	size_t count = next_number(state) % 6;

	buffer_append_text(text, next_number(state) % 3 ? "\n\tkey =" : "\n\tkey=");
	for (size_t i = 0; i < count; i++)
		buffer_append_text(text, value_pieces[next_number(state) % COUNT(value_pieces)]);
}

static char *chance_text(uint64_t *state, size_t *size)
{
	struct buffer text = {0};
	size_t count = next_number(state) % 6;

	if (next_number(state) % 8)
		buffer_append_text(&text, "[core]\n");
	for (size_t i = 0; i < count; i++)
		if (next_number(state) % 3)
			add_line(&text, state);
		else
			buffer_append_text(&text, pieces[next_number(state) % COUNT(pieces)]);
	*size = text.size;
	return buffer_steal(&text);
}

START_TEST(git_reads_the_same)
{
	char path[] = "/tmp/remit-config-XXXXXX";
	const char *wanted = getenv("CONFIG_ROUNDS");
	size_t rounds = wanted ? strtoul(wanted, NULL, 10) : 300;
	uint64_t state = 20261121;
	size_t read_count = 0;
	size_t variables = 0;
	int descriptor = mkstemp(path);

	ck_assert_int_ge(descriptor, 0);
	close(descriptor);
	for (size_t i = 0; i < rounds; i++) {
		cleanup_buffer struct buffer ours = {0};
		cleanup_buffer struct buffer gits = {0};
		cleanup_error struct error err = {0};
		size_t size;
		cleanup_free char *text = chance_text(&state, &size);

		if (git_config_read(text, size, collect, &ours, &err) < 0)
			continue;
		bool read = ask_git(path, text, size, &gits);
		ck_assert_msg(read, "git refuses: %s", text);
		ck_assert_msg(gits.size == ours.size &&
		                      (!ours.size || memcmp(gits.data, ours.data, ours.size) == 0),
		              "read differently: %s", text);
		read_count++;
		variables += ours.size != 0;
	}
	unlink(path);
	/* Else nothing was compared. */
	ck_assert_uint_gt(read_count, rounds / 5);
	ck_assert_uint_gt(variables, rounds / 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("git config");
	TCase *config = tcase_create("config");
	bool present = system("git --version >/dev/null 2>&1") == 0;

	if (!present)
		printf("skipped: git's own reading of its configuration: there is no git\n");
	tcase_set_timeout(config, 600);
	tcase_add_loop_test(config, texts_are_read, 0, (int)COUNT(text_cases));
	tcase_add_test(config, all_that_git_reads_is_read);
	tcase_add_test(config, a_long_text_is_refused);
	if (present)
		tcase_add_test(config, git_reads_the_same);
	suite_add_tcase(suite, config);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
