/* What clients say first, of which a name is read: TLS and HTTP. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "network/hello.h"
#include "network/http.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- TLS -------------------------------------------------------------------------------------- */

#define EXTENSION_NAME "\0\0\0\x0f\0\x0d\0\0\x0aok.example"
#define RANDOM         "................................"

/* A client's first message with these extensions, in records of `piece` bytes. */
static size_t hello_of(const char *extensions, size_t size, size_t piece, unsigned char *out)
{
	unsigned char message[1024];
	size_t at = 4;
	size_t written = 0;

	memcpy(message + at, "\3\3" RANDOM "\0\0\2\x13\x01\1\0", 34 + 1 + 4 + 2);
	at += 34 + 1 + 4 + 2;
	message[at++] = (unsigned char)(size >> 8);
	message[at++] = (unsigned char)size;
	memcpy(message + at, extensions, size);
	at += size;
	memcpy(message, "\1\0", 2);
	message[2] = (unsigned char)((at - 4) >> 8);
	message[3] = (unsigned char)(at - 4);
	for (size_t done = 0; done < at; done += piece) {
		size_t length = at - done < piece ? at - done : piece;
		memcpy(out + written, "\x16\3\1", 3);
		out[written + 3] = (unsigned char)(length >> 8);
		out[written + 4] = (unsigned char)length;
		memcpy(out + written + 5, message + done, length);
		written += 5 + length;
	}
	return written;
}

static const struct hello_row {
	const char *extensions;
	size_t size;
	enum hello result;
	const char *name;
} hello_rows[] = {
#define EXTENSIONS(text) text, sizeof(text) - 1
        {EXTENSIONS(EXTENSION_NAME), HELLO_NAME, "ok.example"},
        {EXTENSIONS("\0\x0b\0\1\0" EXTENSION_NAME), HELLO_NAME, "ok.example"},
        {EXTENSIONS("\0\0\0\x0f\0\x0d\0\0\x0aOK.eXampLe"), HELLO_NAME, "ok.example"},
        {EXTENSIONS("\0\x0b\0\1\0"), HELLO_NONE, ""},
        {EXTENSIONS(""), HELLO_NONE, ""},
        {EXTENSIONS(EXTENSION_NAME EXTENSION_NAME), HELLO_BAD, ""},
        {EXTENSIONS(EXTENSION_NAME "\xfe\x0d\0\1\0"), HELLO_HIDDEN, ""},
        {EXTENSIONS("\0\0\0\x0f\0\x0d\0\0\x0aok.exam\0le"), HELLO_BAD, ""},
        {EXTENSIONS("\0\0\0\x0f\0\x0d\1\0\x0aok.example"), HELLO_BAD, ""},
        {EXTENSIONS("\0\0\0\x0f\0\x0d\0\0\x09ok.example"), HELLO_BAD, ""},
        {EXTENSIONS("\0\0\0\x20\0\x0d\0\0\x0aok.example"), HELLO_BAD, ""},
};

START_TEST(hellos)
{
	static const size_t pieces[] = {1024, 50, 7, 1};
	const struct hello_row *row = &hello_rows[_i];
	char name[NETWORK_NAME_MOST + 1];
	unsigned char bytes[8192];
	size_t used;

	for (size_t p = 0; p < COUNT(pieces); p++) {
		size_t size = hello_of(row->extensions, row->size, pieces[p], bytes);
		enum hello result = hello_read(bytes, size, &used, name);
		ck_assert_msg(result == row->result, "%d, pieces of %zu: %d", _i, pieces[p],
		              (int)result);
		if (result == HELLO_NAME)
			ck_assert_str_eq(name, row->name);
		if (result == HELLO_NAME)
			ck_assert_uint_eq(used, size);
		/* What comes behind it is another's. */
		memcpy(bytes + size, "\x14\3\3\0\1\1", 6);
		ck_assert_int_eq(hello_read(bytes, size + 6, &used, name), result);
		/* Every beginning of it wants more. */
		for (size_t part = 0; part < size; part++)
			ck_assert_msg(hello_read(bytes, part, &used, name) == HELLO_MORE,
			              "%d: %zu of %zu", _i, part, size);
	}
}
END_TEST

static const struct {
	const char *bytes;
	size_t size;
} not_hellos[] = {
#define BYTES(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}
        BYTES("\x16\3\1\0\0"),                 /* an empty record */
        BYTES("\x16\3\1\x40\1\1"),             /* one that is too long */
        BYTES("\x17\3\1\0\5hello"),            /* another kind */
        BYTES("\x16\3\1\0\4\2\0\0\1"),         /* another message */
        BYTES("\x16\3\1\0\4\1\xff\xff\xff"),   /* one without end */
        BYTES("\x16\3\1\0\1\1\x17\3\1\0\1\0"), /* two kinds */
        BYTES("\x16\2\1\0\4\1\0\0\1"),         /* another protocol */
        BYTES("\x16\3\1\0\6\1\0\0\1x\1"),      /* more than one message in a record */
        BYTES("\x16\3\1\0\6\1\0\0\1x"),        /* the same, as soon as it is certain */
};

START_TEST(no_hellos)
{
	char name[NETWORK_NAME_MOST + 1];
	size_t used;

	ck_assert_int_eq(hello_read((const unsigned char *)not_hellos[_i].bytes,
	                            not_hellos[_i].size, &used, name),
	                 HELLO_BAD);
}
END_TEST

#define RETRY                                                                                      \
	"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb" \
	"\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

/* Whether a server's answer may be one to a hello, and asks for another. */
static const struct {
	const char *bytes;
	size_t size;
	bool may, retry;
} answers[] = {
#define ANSWER(text) text, sizeof(text) - 1
        {ANSWER("\x16\3\3\0\x58\2\0\0\x54\3\3" RETRY), true, true},
        {ANSWER("\x16\3\3\0\x58\2\0\0\x54\3\3" RANDOM), true, false},
        {ANSWER("\x16\3\3\0\x58\2\0\0\x54\3\3\xcf\x21"), true, false},
        {ANSWER("\x15\3\3\0\2\2\x28"), false, false},
        {ANSWER("\x16\3\3\0\x58\4\0\0\x54\3\3" RETRY), false, false},
        {ANSWER(""), true, false},
};

START_TEST(server_answers)
{
	const unsigned char *bytes = (const unsigned char *)answers[_i].bytes;

	ck_assert(hello_may_answer(bytes, answers[_i].size) == answers[_i].may);
	ck_assert(hello_is_retry(bytes, answers[_i].size) == answers[_i].retry);
}
END_TEST

/* --- HTTP ------------------------------------------------------------------------------------- */

/* What is read of `text`: "head(NAME) body more bad", in order, neighbours once. */
static char *read_all(const char *text, size_t size)
{
	struct http http = {0};
	struct buffer out = {0};
	size_t at = 0;
	bool body = false;

	while (at < size) {
		size_t used = 0;
		enum http_step step = http_read(&http, text + at, size - at, &used);
		if (step == HTTP_HEAD)
			buffer_printf(&out, "head(%s)%s%s%s ", http.name, http.tunnel ? "T" : "",
			              http.websocket ? "W" : "", http.upgrade ? "U" : "");
		else if (step == HTTP_BODY && !body)
			buffer_append_text(&out, "body ");
		body = step == HTTP_BODY;
		if (step == HTTP_MORE || step == HTTP_BAD) {
			buffer_append_text(&out, step == HTTP_MORE ? "more" : "bad");
			break;
		}
		ck_assert_uint_gt(used, 0);
		at += used;
	}
	return buffer_steal(&out);
}

#define HOST    "Host: ok.example\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"
#define NEXT    "GET / HTTP/1.1\r\n" HOST "\r\n"

static const struct http_row {
	const char *text;
	const char *read;
} http_rows[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", "head(ok.example) "},
        {"GET / HTTP/1.1\r\nHost: OK.Example:8080\r\n\r\n", "head(ok.example) "},
        {"GET / HTTP/1.1\r\nhost:ok.example.\r\n\r\n", "head(ok.example) "},
        {"GET / HTTP/1.1\r\nHost: 45.0.0.1:80\r\n\r\n", "head(45.0.0.1) "},
        {"GET / HTTP/1.1\r\nHost: [2600::1]:80\r\n\r\n", "head(2600::1) "},
        {"GET / HTTP/1.0\r\n\r\n", "head() "},
        {"GET / HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\nHost: b.example\r\n\r\n",
         "head(ok.example) head(b.example) "},
        {"GET http://b.example/x HTTP/1.1\r\nHost: b.example\r\n\r\n", "head(b.example) "},
        {"GET http://b.example?x HTTP/1.0\r\n\r\n", "head(b.example) "},
        {"GET http://b.example/x HTTP/1.1\r\n" HOST "\r\n", "bad"},
        {"GET http://ok.example@b.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n", "bad"},
        {"GET ftp://b.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n", "bad"},
        {"CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n", "head(b.example)T "},
        {"CONNECT b.example HTTP/1.1\r\nHost: b.example\r\n\r\n", "bad"},
        {"CONNECT b.example:0 HTTP/1.1\r\nHost: b.example\r\n\r\n", "bad"},
        {"CONNECT b.example:65979 HTTP/1.1\r\nHost: b.example\r\n\r\n", "bad"},
        /* Who ignores such a body reads a request in it. */
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", "bad"},
        {"HEAD / HTTP/1.1\r\n" HOST CHUNKED "0\r\n\r\n", "bad"},
        {"GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", "head(ok.example) "},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n" HOST "\r\n",
         "head(ok.example) body head(ok.example) "},
        {"POST / HTTP/1.1\r\n" HOST CHUNKED "5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n" NEXT,
         "head(ok.example) body head(ok.example) "},
        {"GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\n\r\n", "head(ok.example)W "},
        {"GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\n\r\n", "head(ok.example)U "},
        {"GET / HTTP/1.1\r\n" HOST, "more"},
        /* What can be read in two ways. */
        {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", "bad"},
        {"GET / HTTP/1.1\r\nHost: ok.example, b.example\r\n\r\n", "bad"},
        {"GET / HTTP/1.1\r\nHost : ok.example\r\n\r\n", "bad"},
        {"GET / HTTP/1.1\r\nHost: ok.example\r\n b.example\r\n\r\n", "bad"},
        {"GET / HTTP/1.1\nHost: ok.example\n\n", "bad"},
        {"GET / HTTP/1.1\r\nHost: ok.example\rX: b\r\n\r\n", "bad"},
        {"GET / HTTP/1.1\r\nHost: \r\n\r\n", "bad"},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", "bad"},
        {"GET  / HTTP/1.1\r\n" HOST "\r\n", "bad"},
        {"\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "bad"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "bad"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nhello", "bad"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
         "bad"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", "bad"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\nhello",
         "head(ok.example) bad"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
         "head(ok.example) body bad"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello",
         "head(ok.example) bad"},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5 ;x\r\nhello",
         "head(ok.example) bad"},
        {"POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello", "bad"},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nUpgrade: websocket\r\n\r\nhello", "bad"},
        {"GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\nUpgrade: websocket\r\n\r\n", "bad"},
};

START_TEST(requests)
{
	const struct http_row *row = &http_rows[_i];
	cleanup_free char *read = read_all(row->text, strlen(row->text));

	ck_assert_msg(strcmp(read, row->read) == 0, "%s\nis read as: %s\nexpected:   %s", row->text,
	              read, row->read);
}
END_TEST

START_TEST(looks)
{
	ck_assert(http_looks_like("G", 1));
	ck_assert(http_looks_like("POST /x", 7));
	ck_assert(!http_looks_like("SSH-2.0", 7));
	ck_assert(!http_looks_like("GETX", 4));
	ck_assert(http_looks_like_two("PRI * HT", 8));
	ck_assert(!http_looks_like_two("POST /", 6));
}
END_TEST
int main(void)
{
	Suite *suite = suite_create("network speech");
	TCase *tests = tcase_create("network speech");

	tcase_add_loop_test(tests, hellos, 0, COUNT(hello_rows));
	tcase_add_loop_test(tests, no_hellos, 0, COUNT(not_hellos));
	tcase_add_loop_test(tests, server_answers, 0, COUNT(answers));
	tcase_add_loop_test(tests, requests, 0, COUNT(http_rows));
	tcase_add_test(tests, looks);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
