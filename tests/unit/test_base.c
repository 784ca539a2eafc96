/* Escaping of text for terminals; the kernel's table of mounts. */
#include "base/escape.h"
#include "base/mount_table.h"
#include "base/sha256.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct escape_case {
	const char *text;
	size_t size; /* 0: up to the NUL */
	const char *escaped;
};

static const struct escape_case escape_cases[] = {
        /* What can be seen stands. */
        {"plain text, 'quotes' & <marks>", 0, "plain text, 'quotes' & <marks>"},
        {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 0, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"\xF4\x8F\xBF\xBD", 0, "\xF4\x8F\xBF\xBD"},
        /* Controls and the backslash. */
        {"a\nb\tc\\d\re", 0, "a\\nb\\tc\\\\d\\x0de"},
        {"\x1B[31mred\x1B]0;title\x07", 0, "\\x1b[31mred\\x1b]0;title\\x07"},
        {"a\0b", 3, "a\\x00b"},
        {"\x7F", 0, "\\x7f"},
        {"\xC2\x80\xC2\x9B\xC2\x85", 0, "\\u{80}\\u{9b}\\u{85}"},
        /* Direction, zero width, tags and other invisible characters, at the edges of ranges. */
        {"\xD8\x9C", 0, "\\u{61c}"},
        {"\xE2\x80\x8B\xE2\x80\x8F", 0, "\\u{200b}\\u{200f}"},
        {"\xE2\x80\x8A\xE2\x80\x90", 0, "\xE2\x80\x8A\xE2\x80\x90"},
        {"\xE2\x80\xA8\xE2\x80\xA9", 0, "\\u{2028}\\u{2029}"},
        {"\xE2\x80\xAA\xE2\x80\xAE", 0, "\\u{202a}\\u{202e}"},
        {"\xE2\x81\xA0\xE2\x81\xA4\xE2\x81\xA6\xE2\x81\xA9", 0,
         "\\u{2060}\\u{2064}\\u{2066}\\u{2069}"},
        {"\xEF\xBB\xBF\xC2\xAD\xE1\xA0\x8E", 0, "\\u{feff}\\u{ad}\\u{180e}"},
        {"\xEF\xB8\x80\xEF\xB8\x8F\xEF\xBF\xB9\xEF\xBF\xBB", 0,
         "\\u{fe00}\\u{fe0f}\\u{fff9}\\u{fffb}"},
        {"\xF3\xA0\x80\x80\xF3\xA0\x80\xA1\xF3\xA0\xBF\xBF", 0, "\\u{e0000}\\u{e0021}\\u{e0fff}"},
        /* Bytes that are not UTF-8: alone, cut off, overlong, surrogates, beyond the last. */
        {"\x80", 0, "\\x80"},
        {"a\xFF\xFE", 0, "a\\xff\\xfe"},
        {"\xE2\x82", 0, "\\xe2\\x82"},
        {"\xE2\x82z", 0, "\\xe2\\x82z"},
        {"\xC0\xAF\xC1\xBF", 0, "\\xc0\\xaf\\xc1\\xbf"},
        {"\xE0\x80\xAF", 0, "\\xe0\\x80\\xaf"},
        {"\xF0\x80\x80\xAF", 0, "\\xf0\\x80\\x80\\xaf"},
        {"\xED\xA0\x80\xED\xBF\xBF", 0, "\\xed\\xa0\\x80\\xed\\xbf\\xbf"},
        {"\xED\x9F\xBB\xEE\x80\x80", 0, "\xED\x9F\xBB\xEE\x80\x80"},
        {"\xF4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80"},
        {"\xF8\x88\x80\x80\x80", 0, "\\xf8\\x88\\x80\\x80\\x80"},
        {"", 0, ""},
};

START_TEST(escapes)
{
	const struct escape_case *row = &escape_cases[_i];
	struct buffer out = {0};

	escape_terminal(&out, row->text, row->size ? row->size : strlen(row->text));
	char *text = buffer_steal(&out);
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, row->escaped);
	free(text);
}
END_TEST

START_TEST(escape_copy_appends_nothing_else)
{
	char *text = escape_terminal_copy("x\ny");

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, "x\\ny");
	free(text);
}
END_TEST

/* Whatever goes in, what comes out has no byte below 0x20 and no delete. */
START_TEST(escape_leaves_no_control)
{
	unsigned int state = 12345;

	for (int round = 0; round < 2000; round++) {
		char noise[64];
		for (size_t i = 0; i < sizeof(noise); i++) {
			state = state * 1103515245u + 12345u;
			noise[i] = (char)(state >> 16);
		}
		struct buffer out = {0};
		escape_terminal(&out, noise, sizeof(noise));
		ck_assert(!buffer_failed(&out));
		for (size_t i = 0; i < out.size; i++) {
			unsigned char c = (unsigned char)out.data[i];
			ck_assert_msg(c >= 0x20 && c != 0x7F, "byte %02x stands", c);
		}
		buffer_free(&out);
	}
}
END_TEST

struct mount_case {
	const char *text;
	const char *entries; /* "PATH TYPE;" of each, "!LINE" where one is not understood */
};

static const struct mount_case mount_cases[] = {
        {"", ""},
        {"1 2 0:1 / /proc rw - proc proc rw\n", "/proc proc;"},
        {"1 2 0:1 / /proc rw - proc", "/proc proc;"},
        {"1 2 0:1 /a /b\\040c rw,x shared:1 master:2 - fuse.x h:/y rw\n1 0 0:2 / / rw - ext4 x "
         "rw\n",
         "/b c fuse.x;/ ext4;"},
        {"1 2 0:1 / /\\011\\012\\134\\377 rw - tmpfs x rw\n", "/\t\n\\\xFF tmpfs;"},
        {"1 2 0:1 / /-/x - rw - tmpfs x rw\n", "/-/x rw;"},
        {"1 2 0:1 / /x rw\n", "!1"},
        {"1 2 0:1 / /x rw -\n", "!1"},
        {"1 2 0:1 / /x rw - \n", "!1"},
        {"1 2 0:1 / x rw - proc proc rw\n", "!1"},
        {"1 2 0:1 / / rw - proc proc rw\n\n", "/ proc;!2"},
        {"1 2 0:1 / /\\04 rw - proc proc rw\n", "!1"},
        {"1 2 0:1 / /\\000 rw - proc proc rw\n", "!1"},
        {"1 2 0:1 / /\\400 rw - proc proc rw\n", "!1"},
        {"1 2 0:1 / /\\ rw - proc proc rw\n", "!1"},
};

START_TEST(mounts_are_read)
{
	const struct mount_case *row = &mount_cases[_i];
	struct mount_table table = {0};
	struct mount_entry entry;
	struct error err = {0};
	struct buffer out = {0};
	int found;

	buffer_append_text(&table.text, row->text);
	while ((found = mount_table_next(&table, &entry, &err)) > 0)
		buffer_printf(&out, "%s %s;", entry.path, entry.type);
	if (found < 0)
		buffer_printf(&out, "!%zu", table.line);
	ck_assert_int_eq(found < 0, err.message != NULL);
	char *text = buffer_steal(&out);
	ck_assert_str_eq(text, row->entries);
	free(text);
	error_clear(&err);
	mount_table_clear(&table);
}
END_TEST

/* Lines are of any length: here one of some 400,000 bytes. */
START_TEST(mounts_of_any_length)
{
	struct mount_table table = {0};
	struct mount_entry entry;
	struct error err = {0};

	buffer_append_text(&table.text, "1 2 0:1 / ");
	for (int i = 0; i < 100000; i++)
		buffer_append_text(&table.text, i % 200 ? "\\040" : "/");
	buffer_append_text(&table.text, " rw - proc proc rw\n1 2 0:1 / /z rw - sysfs x rw\n");
	ck_assert_int_eq(mount_table_next(&table, &entry, &err), 1);
	ck_assert_uint_eq(strlen(entry.path), 100000);
	ck_assert_str_eq(entry.type, "proc");
	ck_assert_int_eq(mount_table_next(&table, &entry, &err), 1);
	ck_assert_str_eq(entry.path, "/z");
	ck_assert_int_eq(mount_table_next(&table, &entry, &err), 0);
	mount_table_clear(&table);
}
END_TEST

/* The table of this machine, whatever it is. */
/* The examples of FIPS 180-4, and lengths around the ends of blocks, from sha256sum(1). */
static const struct {
	const char *text; /* repeated */
	size_t count;
	const char *digest;
} digests[] = {
        {"", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {"a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {"a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {"a", 119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"},
        {"a", 1000, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"},
};

START_TEST(sha256_as_published)
{
	cleanup_buffer struct buffer text = {0};
	char digest[SHA256_TEXT];

	for (size_t i = 0; i < digests[_i].count; i++)
		buffer_append_text(&text, digests[_i].text);
	sha256_text(text.data, text.size, digest);
	ck_assert_str_eq(digest, digests[_i].digest);
}
END_TEST

START_TEST(own_mounts_are_read)
{
	struct mount_table table;
	struct mount_entry entry;
	struct error err = {0};
	bool proc = false;
	int found;

	ck_assert_msg(mount_table_read(&table, &err) == 0, "%s", error_message(&err));
	while ((found = mount_table_next(&table, &entry, &err)) > 0)
		proc |= strcmp(entry.path, "/proc") == 0 && strcmp(entry.type, "proc") == 0;
	ck_assert_msg(found == 0, "%s", error_message(&err));
	ck_assert(proc);
	mount_table_clear(&table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *escape = tcase_create("escape");

	tcase_add_loop_test(escape, escapes, 0,
	                    (int)(sizeof(escape_cases) / sizeof(escape_cases[0])));
	tcase_add_test(escape, escape_copy_appends_nothing_else);
	tcase_add_test(escape, escape_leaves_no_control);
	suite_add_tcase(suite, escape);
	TCase *mounts = tcase_create("mounts");
	tcase_add_loop_test(mounts, mounts_are_read, 0,
	                    (int)(sizeof(mount_cases) / sizeof(mount_cases[0])));
	tcase_add_test(mounts, mounts_of_any_length);
	tcase_add_test(mounts, own_mounts_are_read);
	tcase_add_loop_test(mounts, sha256_as_published, 0, sizeof(digests) / sizeof(*digests));
	suite_add_tcase(suite, mounts);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
