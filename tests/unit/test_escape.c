/* The escapes of each output, and what else base/ has for the writing of logs. */
#include "base/base64.h"
#include "base/escape.h"
#include "base/table.h"
#include "base/writer.h"

#include <check.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum output {
	TERMINAL,
	JSON,
	MARKDOWN,
	SARIF,
	YAML,
	URI,
};

static void escape(enum output output, struct buffer *out, const char *text, size_t size)
{
	switch (output) {
	case TERMINAL:
		escape_terminal(out, text, size);
		break;
	case JSON:
		escape_json(out, text, size);
		break;
	case MARKDOWN:
		escape_markdown(out, text, size, SIZE_MAX);
		break;
	case SARIF:
		escape_sarif(out, text, size, SIZE_MAX);
		break;
	case YAML:
		escape_yaml(out, text, size);
		break;
	case URI:
		escape_uri(out, text, size);
		break;
	}
}

static const struct {
	enum output output;
	const char *text;
	const char *escaped;
} escapes[] = {
        {TERMINAL, "::add-mask::x", "\\x3a:add-mask::x"},
        {TERMINAL, "[::1]:443 a::b :", "[::1]:443 a::b :"},
        {TERMINAL, "##[error] ###", "#\\x23[error] #\\x23\\x23"},
        {TERMINAL, "# one #", "# one #"},
        {JSON, "a\"b\\c/d", "a\\\"b\\\\c/d"},
        {JSON, "\n\x1B\x7F", "\\u000a\\u001b\\u007f"},
        {JSON, "\xE2\x80\xAE", "\\u202e"},
        {JSON, "\xF3\xA0\x80\xA1", "\\udb40\\udc21"},
        {JSON, "\xC3\xA9\xF0\x9F\x98\x80", "\xC3\xA9\xF0\x9F\x98\x80"},
        {JSON, "a\xFFz", "a\\ufffdz"},
        {JSON, "##vso", "#\\u0023vso"},
        {MARKDOWN, "a/b-c, d", "a/b-c, d"},
        {MARKDOWN, "**b** `c` | d", "&#42;&#42;b&#42;&#42; &#96;c&#96; &#124; d"},
        {MARKDOWN, "<b>&amp;\"'", "&#60;b&#62;&#38;amp&#59;&#34;&#39;"},
        {MARKDOWN, "www.a.org @me x@y.z", "www&#46;a&#46;org &#64;me x&#64;y&#46;z"},
        {MARKDOWN, "\n", "&#92;n"},
        {MARKDOWN, "\xC3\xA9", "\xC3\xA9"},
        {SARIF, "[a](0) {0} \\", "\\[a\\](0) {{0}} \\\\\\\\"},
        {SARIF, "\xE2\x80\xAE", "\\\\u{{202e}}"},
        {YAML, "a\"b\\c # d", "a\\\"b\\\\c # d"},
        {YAML, "\n\xE2\x80\xAE\xF0\x9F\x98\x80", "\\U0000000a\\U0000202e\\U0001f600"},
        {YAML, "##[x]", "#\\U00000023[x]"},
        {URI, "a b/c:d%", "a%20b/c%3Ad%25"},
        {URI, "\xFF?#~-._", "%FF%3F%23~-._"},
};

START_TEST(escapes_for_each_output)
{
	struct buffer out = {0};

	escape(escapes[_i].output, &out, escapes[_i].text, strlen(escapes[_i].text));
	char *text = buffer_steal(&out);
	ck_assert_str_eq(text, escapes[_i].escaped);
	free(text);
}
END_TEST

static const struct {
	const char *text;
	size_t columns;
	const char *shown;
} shortened[] = {
        {"short", 10, "short"},
        {"exactly-10", 10, "exactly-10"},
        {"/a/long/path/name", 12, "/a/...h/name"},
        {"\xE6\x96\x87\xE6\x96\x87\xE6\x96\x87\xE6\x96\x87\xE6\x96\x87\xE6\x96\x87", 9,
         "\xE6\x96\x87...\xE6\x96\x87\xE6\x96\x87"},
        {"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 8,
         "\xC3\xA9...\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"},
        {"", 8, ""},
};

START_TEST(shortens)
{
	struct buffer out = {0};

	escape_terminal_short(&out, shortened[_i].text, strlen(shortened[_i].text),
	                      shortened[_i].columns);
	ck_assert_uint_le(text_columns(out.data ? out.data : "", out.size), shortened[_i].columns);
	char *text = buffer_steal(&out);
	ck_assert_str_eq(text, shortened[_i].shown);
	free(text);
}
END_TEST

static void fill(char *noise, size_t size, unsigned *state)
{
	for (size_t i = 0; i < size; i++) {
		*state = *state * 1103515245u + 12345u;
		noise[i] = (char)(*state >> 16);
	}
}

/* Whatever goes in: JSON is read back by jansson, base 64 gives the bytes again, and no output has
 * a control character. */
START_TEST(noise_survives)
{
	unsigned state = 4711;

	for (int round = 0; round < 1000; round++) {
		char noise[48];
		struct buffer out = {0};
		struct buffer decoded = {0};
		struct writer writer = {.out = &out};
		json_error_t error;
		fill(noise, sizeof(noise), &state);
		writer_open(&writer, NULL, '{');
		writer_bytes(&writer, "x", noise, sizeof(noise));
		writer_signed(&writer, "n", -round);
		writer_flag(&writer, "f", false);
		writer_null(&writer, "z");
		writer_close(&writer, '}');
		json_t *root = json_loadb(out.data, out.size, JSON_ALLOW_NUL, &error);
		ck_assert_msg(root != NULL, "%s: %s", error.text, out.data);
		const char *encoded = json_string_value(json_object_get(root, "x_b64"));
		if (encoded) {
			ck_assert_int_eq(base64_decode(&decoded, encoded, strlen(encoded)), 0);
			ck_assert_uint_eq(decoded.size, sizeof(noise));
			ck_assert_mem_eq(decoded.data, noise, sizeof(noise));
		}
		ck_assert_int_eq(json_integer_value(json_object_get(root, "n")), -round);
		json_decref(root);
		for (int output = MARKDOWN; output <= URI; output++)
			escape((enum output)output, &out, noise, sizeof(noise));
		for (size_t i = 0; i < out.size; i++) {
			unsigned char c = (unsigned char)out.data[i];
			ck_assert_msg(c >= 0x20 && c != 0x7F, "byte %02x stands", c);
		}
		buffer_free(&out);
		buffer_free(&decoded);
	}
}
END_TEST

/* RFC 4648, 10. */
static const struct {
	const char *text, *encoded;
} base64[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
};

START_TEST(base64_as_the_standard_says)
{
	struct buffer out = {0};
	struct buffer back = {0};

	base64_encode(&out, base64[_i].text, strlen(base64[_i].text));
	ck_assert_uint_eq(out.size, strlen(base64[_i].encoded));
	ck_assert_mem_eq(out.data ? out.data : "", base64[_i].encoded, out.size);
	ck_assert_int_eq(base64_decode(&back, base64[_i].encoded, strlen(base64[_i].encoded)), 0);
	ck_assert_uint_eq(back.size, strlen(base64[_i].text));
	buffer_free(&out);
	buffer_free(&back);
}
END_TEST

START_TEST(base64_refuses)
{
	static const char *const wrong[] = {"Z", "Zg=", "Zg", "Zm=v", "Z===", "Zg==Zg==", "Zm9*"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct buffer out = {0};
		ck_assert_msg(base64_decode(&out, wrong[i], strlen(wrong[i])) < 0, "%s", wrong[i]);
		buffer_free(&out);
	}
}
END_TEST

START_TEST(table_keeps_and_gives_back)
{
	enum {
		KEYS = 5000,
	};
	static int values[KEYS];
	struct table table = {0};
	char key[32];

	ck_assert_ptr_null(table_find(&table, "x", 1));
	ck_assert_ptr_null(table_remove(&table, "x", 1));
	for (int i = 0; i < KEYS; i++) {
		int size = snprintf(key, sizeof(key), "key %d", i);
		ck_assert_int_eq(table_add(&table, key, (size_t)size, &values[i]), 0);
	}
	ck_assert_uint_eq(table.count, KEYS);
	for (int i = 0; i < KEYS; i += 2) {
		int size = snprintf(key, sizeof(key), "key %d", i);
		ck_assert_ptr_eq(table_remove(&table, key, (size_t)size), &values[i]);
	}
	for (int i = 0; i < KEYS; i++) {
		int size = snprintf(key, sizeof(key), "key %d", i);
		ck_assert_ptr_eq(table_find(&table, key, (size_t)size), i % 2 ? &values[i] : NULL);
	}
	/* Keys of other lengths are other keys. */
	ck_assert_ptr_null(table_find(&table, "key 1", 6));
	table_clear(&table);
	ck_assert_uint_eq(table.count, 0);
}
END_TEST

#define COUNT(tests) ((int)(sizeof(tests) / sizeof((tests)[0])))

int main(void)
{
	Suite *suite = suite_create("escape");
	TCase *outputs = tcase_create("outputs");

	tcase_set_timeout(outputs, 60);
	tcase_add_loop_test(outputs, escapes_for_each_output, 0, COUNT(escapes));
	tcase_add_loop_test(outputs, shortens, 0, COUNT(shortened));
	tcase_add_test(outputs, noise_survives);
	tcase_add_loop_test(outputs, base64_as_the_standard_says, 0, COUNT(base64));
	tcase_add_test(outputs, base64_refuses);
	tcase_add_test(outputs, table_keeps_and_gives_back);
	suite_add_tcase(suite, outputs);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
