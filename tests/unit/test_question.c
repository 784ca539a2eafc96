/* Questions and answers on their way: what is sent arrives whole, what is none is refused. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/message.h"
#include "watch/question.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int ends[2];
static char memory[QUESTION_MOST];

static const struct question whole = {
        .id = UINT64_C(0xFEDCBA9876543210),
        .effect = EFFECT_WRITE,
        .protected = true,
        .pid = 4711,
        .comm = "sh",
        .exe = "/usr/bin/dash",
        .operation = "open",
        .target = "/w/\xff\n\x1b[2Jname",
        .because = "agent.md:4 mode default",
};

static void setup(void)
{
	struct error err = {0};

	ck_assert(message_pair(ends, &err) == 0);
}

static void teardown(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void same_text(const char *left, const char *right)
{
	ck_assert((left == NULL) == (right == NULL));
	if (left)
		ck_assert_str_eq(left, right);
}

static void same(const struct question *left, const struct question *right)
{
	ck_assert(left->id == right->id && left->effect == right->effect &&
	          left->protected == right->protected && left->pid == right->pid);
	same_text(left->comm, right->comm);
	same_text(left->exe, right->exe);
	same_text(left->operation, right->operation);
	same_text(left->target, right->target);
	same_text(left->because, right->because);
}

START_TEST(carries_questions_as_they_are)
{
	struct question sent = whole;
	struct question got;
	struct error err = {0};

	if (_i & 1)
		sent.comm = NULL;
	if (_i & 2)
		sent.exe = NULL;
	if (_i & 4)
		sent.because = NULL;
	if (_i & 8) {
		sent.effect = EFFECT_CONNECT;
		sent.protected = false;
		sent.comm = "";
	}
	ck_assert(question_send(ends[0], &sent, &err) == 0);
	ck_assert_msg(question_receive(ends[1], memory, &got, &err) == 0, "%s",
	              error_message(&err));
	same(&sent, &got);
}
END_TEST

/* A target of the largest size that fits arrives; one byte more is an error, and nothing is sent.
 */
START_TEST(never_cuts_a_target)
{
	struct question sent = {.operation = "open", .effect = EFFECT_WRITE};
	struct question got;
	cleanup_error struct error err = {0};
	cleanup_free char *target = malloc(QUESTION_MOST + 1);
	size_t size = QUESTION_MOST;

	ck_assert(target);
	memset(target, 'x', QUESTION_MOST);
	target[QUESTION_MOST] = '\0';
	sent.target = target;
	while (question_send(ends[0], &sent, &err) < 0)
		target[--size] = '\0';
	ck_assert(size > QUESTION_MOST - 100 && size < QUESTION_MOST);
	ck_assert(question_receive(ends[1], memory, &got, &err) == 0);
	ck_assert_uint_eq(strlen(got.target), size);
	ck_assert(recv(ends[1], memory, 1, MSG_DONTWAIT) < 0);
}
END_TEST

START_TEST(needs_an_operation_and_a_target)
{
	cleanup_error struct error err = {0};
	struct question sent = whole;

	ck_assert(question_send(ends[0], &sent, &err) == 0);
	sent.target = NULL;
	ck_assert(question_send(ends[0], &sent, &err) < 0);
	sent = whole;
	sent.operation = NULL;
	ck_assert(question_send(ends[0], &sent, &err) < 0);
}
END_TEST

/* Whole datagrams with one byte changed, and what must be made of each. */
static const struct damage {
	const char *name;
	size_t offset;
	char value;
	bool taken;
} damages[] = {
        {"another id", 0, 'x', true},
        {"another version", 8, 2, false},
        {"read, which nobody asks for", 12, EFFECT_READ, false},
        {"connect", 12, EFFECT_CONNECT, true},
        {"no effect", 12, 'x', false},
        {"protected in another way", 16, 2, false},
        {"a negative pid", 23, (char)0x80, false},
        {"a text more than there is", 24, 0x3f, false},
        {"a text less than there is", 24, 0x0f, false},
        {"no target", 24, 0x17, false},
        {"no operation", 24, 0x1b, false},
        {"room that is not used", 28, 1, false},
        {"a text split in two", 33, '\0', false},
};

START_TEST(takes_nothing_else_for_a_question)
{
	const struct damage *damage = &damages[_i];
	struct question got;
	cleanup_error struct error err = {0};

	ck_assert(question_send(ends[0], &whole, &err) == 0);
	ssize_t size = recv(ends[1], memory, sizeof(memory), 0);
	ck_assert(size > 40);
	memory[damage->offset] = damage->value;
	ck_assert(send(ends[0], memory, (size_t)size, 0) == size);
	bool taken = question_receive(ends[1], memory, &got, &err) == 0;
	ck_assert_msg(taken == damage->taken, "%s", damage->name);
	ck_assert(taken || (!got.target && err.message));
}
END_TEST

/* Every beginning of a question, and a question with something behind it. */
START_TEST(takes_whole_questions_only)
{
	static char copy[QUESTION_MOST + 1];
	struct question got;
	cleanup_error struct error err = {0};

	ck_assert(question_send(ends[0], &whole, &err) == 0);
	ssize_t size = recv(ends[1], copy, sizeof(copy), 0);
	for (size_t cut = 1; cut < (size_t)size; cut++) {
		ck_assert(send(ends[0], copy, cut, 0) == (ssize_t)cut);
		ck_assert(question_receive(ends[1], memory, &got, &err) < 0);
	}
	for (size_t more = (size_t)size + 1; more <= sizeof(copy); more += 1000) {
		ck_assert(send(ends[0], copy, more, 0) == (ssize_t)more);
		ck_assert(question_receive(ends[1], memory, &got, &err) < 0);
	}
	ck_assert(send(ends[0], copy, sizeof(copy), 0) == (ssize_t)sizeof(copy));
	ck_assert(question_receive(ends[1], memory, &got, &err) < 0);
	ck_assert(send(ends[0], copy, (size_t)size, 0) == size);
	ck_assert(question_receive(ends[1], memory, &got, &err) == 0);
	same(&whole, &got);
}
END_TEST

/* A descriptor sent along stays nowhere. */
START_TEST(keeps_no_descriptor)
{
	cleanup_error struct error err = {0};
	struct question got;
	cleanup_close int probe = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert(message_send(ends[0], 'x', ends[0], &err) == 0);
	ck_assert(question_receive(ends[1], memory, &got, &err) < 0);
	cleanup_close int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(next, probe + 1);
}
END_TEST

START_TEST(carries_answers_as_they_are)
{
	struct answer sent = {.id = 7, .scope = (enum answer_scope)_i, .microseconds = 1234567};
	struct answer got;
	cleanup_error struct error err = {0};

	memset(sent.who, 'w', ANSWER_WHO - 1);
	ck_assert(answer_send(ends[0], &sent, &err) == 0);
	ck_assert(answer_receive(ends[1], &got, &err) == 0);
	ck_assert(got.id == 7 && got.scope == sent.scope && got.microseconds == 1234567);
	ck_assert_str_eq(got.who, sent.who);
}
END_TEST

START_TEST(takes_nothing_else_for_an_answer)
{
	struct answer sent = {.id = 7, .scope = ANSWER_EFFECT, .who = "tty"};
	struct answer got;
	cleanup_error struct error err = {0};
	char wire[256];

	ck_assert(answer_send(ends[0], &sent, &err) == 0);
	ssize_t size = recv(ends[1], wire, sizeof(wire), 0);
	ck_assert_int_eq(size, 24 + ANSWER_WHO);
	for (size_t cut = 1; cut < sizeof(wire); cut++) {
		ck_assert(send(ends[0], wire, cut, 0) == (ssize_t)cut);
		bool taken = answer_receive(ends[1], &got, &err) == 0;
		ck_assert(taken == (cut == (size_t)size));
		ck_assert(taken || got.scope == ANSWER_NO);
	}
	wire[20] = ANSWER_EFFECT + 1;
	ck_assert(send(ends[0], wire, (size_t)size, 0) == size);
	ck_assert(answer_receive(ends[1], &got, &err) < 0);
	wire[20] = ANSWER_ONCE;
	memset(wire + 24, 'x', ANSWER_WHO);
	ck_assert(send(ends[0], wire, (size_t)size, 0) == size);
	ck_assert(answer_receive(ends[1], &got, &err) < 0);
	wire[24 + 3] = '\0';
	ck_assert(send(ends[0], wire, (size_t)size, 0) == size);
	ck_assert(answer_receive(ends[1], &got, &err) == 0 && got.scope == ANSWER_ONCE);
	ck_assert_str_eq(got.who, "xxx");
}
END_TEST

START_TEST(says_when_the_other_side_is_gone)
{
	struct answer answer = {.id = 7};
	struct question got;
	cleanup_error struct error err = {0};

	close(ends[1]);
	ck_assert(answer_send(ends[0], &answer, &err) < 0);
	ck_assert(question_send(ends[0], &whole, &err) < 0);
	ck_assert(question_receive(ends[0], memory, &got, &err) < 0);
	ck_assert(answer_receive(ends[0], &answer, &err) < 0);
	ends[1] = -1;
}
END_TEST

/* Nobody reads: sending ends with an error, it does not wait. */
START_TEST(does_not_wait_for_a_reader)
{
	struct answer answer = {.id = 7};
	cleanup_error struct error err = {0};
	int sent = 0;

	while (sent < 100000 && answer_send(ends[0], &answer, &err) == 0)
		sent++;
	ck_assert_int_gt(sent, 100);
	ck_assert_int_lt(sent, 100000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("question");
	TCase *tests = tcase_create("question");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, carries_questions_as_they_are, 0, 16);
	tcase_add_test(tests, never_cuts_a_target);
	tcase_add_test(tests, needs_an_operation_and_a_target);
	tcase_add_loop_test(tests, takes_nothing_else_for_a_question, 0, COUNT(damages));
	tcase_add_test(tests, takes_whole_questions_only);
	tcase_add_test(tests, keeps_no_descriptor);
	tcase_add_loop_test(tests, carries_answers_as_they_are, ANSWER_NO, ANSWER_EFFECT + 1);
	tcase_add_test(tests, takes_nothing_else_for_an_answer);
	tcase_add_test(tests, says_when_the_other_side_is_gone);
	tcase_add_test(tests, does_not_wait_for_a_reader);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
