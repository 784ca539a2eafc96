/* Filters as pseudo code: small programs and what they must read as, and the real ones. */
#include "plan/filter.h"
#include "plan/pseudo.h"

#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define LOAD(offset)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define EQUAL(k, yes, no)   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, yes, no)
#define GREATER(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, k, yes, no)
#define JUMP(k)             BPF_STMT(BPF_JMP | BPF_JA, k)
#define RETURN(k)           BPF_STMT(BPF_RET | BPF_K, k)
#define ALLOW               RETURN(SECCOMP_RET_ALLOW)
#define REFUSE              RETURN(SECCOMP_RET_ERRNO | EPERM)
#define KILL                RETURN(SECCOMP_RET_KILL_PROCESS)

enum {
	NUMBER = offsetof(struct seccomp_data, nr),
	ARCHITECTURE = offsetof(struct seccomp_data, arch),
	ARGUMENT0 = offsetof(struct seccomp_data, args),
};

static const struct pseudo_case {
	const char *name;
	size_t count;
	struct sock_filter program[12];
	const char *text;
} pseudo_cases[] = {
        {"a return", 1, {ALLOW}, "return allow\n"},
        {"each verdict",
         9,
         {LOAD(NUMBER), EQUAL(0, 0, 1), RETURN(SECCOMP_RET_KILL_THREAD), EQUAL(1, 0, 1),
          RETURN(SECCOMP_RET_TRAP), EQUAL(2, 0, 1), RETURN(SECCOMP_RET_USER_NOTIF), EQUAL(3, 0, 0),
          RETURN(SECCOMP_RET_LOG)},
         "if call != read: goto L3\nreturn kill the thread\nL3:\nif call != write: goto L5\n"
         "return trap\nL5:\nif call != open: goto L7\nreturn ask the supervisor\nL7:\n"
         "if call != close: return log and allow\nreturn log and allow\n"},
        {"a call is refused by name",
         4,
         {LOAD(NUMBER), EQUAL(0, 0, 1), REFUSE, ALLOW},
         "if call != read: return allow\nreturn EPERM\n"},
        {"both ways jump",
         5,
         {LOAD(NUMBER), EQUAL(0, 2, 1), KILL, ALLOW, REFUSE},
         "if call == read: return EPERM, else return allow\n"},
        {"numbers beside names where order counts",
         4,
         {LOAD(NUMBER), GREATER(1, 0, 1), REFUSE, ALLOW},
         "if call <= write (1): return allow\nreturn EPERM\n"},
        {"a call that no table knows",
         4,
         {LOAD(NUMBER), EQUAL(0x3fff, 0, 1), REFUSE, ALLOW},
         "if call != 0x3fff: return allow\nreturn EPERM\n"},
        {"names follow the architecture that was compared",
         8,
         {LOAD(ARCHITECTURE), EQUAL(AUDIT_ARCH_I386, 0, 3), LOAD(NUMBER), EQUAL(1, 0, 3), REFUSE,
          LOAD(NUMBER), EQUAL(1, 0, 0), ALLOW},
         "if architecture != i386: goto L5\nif call != exit: return allow\nreturn EPERM\nL5:\n"
         "if call != write: return allow\nreturn allow\n"},
        {"halves of arguments, masked",
         6,
         {LOAD(ARGUMENT0 + 12), EQUAL(7, 0, 2), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
          EQUAL(5, 1, 0), REFUSE, ALLOW},
         "if argument1.high != 0x7: return EPERM\nif (argument1.high & 0xff) == 0x5: return "
         "allow\nreturn EPERM\n"},
        {"bits",
         4,
         {LOAD(ARGUMENT0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x10, 0, 1), REFUSE, ALLOW},
         "if argument0.low lacks 0x10: return allow\nreturn EPERM\n"},
        {"jumps over jumps to a return",
         5,
         {LOAD(NUMBER), EQUAL(0, 0, 1), JUMP(1), REFUSE, ALLOW},
         "if call != read: return EPERM\nreturn allow\n"},
        {"what nothing leads to is left out", 3, {JUMP(1), KILL, ALLOW}, "return allow\n"},
        {"loads are written where ways meet that differ",
         7,
         {LOAD(NUMBER), EQUAL(0, 1, 0), LOAD(ARGUMENT0), EQUAL(9, 1, 0), KILL, ALLOW, ALLOW},
         "a = call\nif call == read: goto L3\na = argument0.low\nL3:\nif a == 0x9: return allow\n"
         "return kill the process\n"},
        {"memory, index, arithmetic",
         8,
         {LOAD(NUMBER), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_MISC | BPF_TAX, 0),
          BPF_STMT(BPF_LD | BPF_MEM, 3), BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
          BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2), BPF_STMT(BPF_ALU | BPF_NEG, 0),
          BPF_STMT(BPF_RET | BPF_A, 0)},
         "a = call\nmemory[3] = a\nx = a\na = memory[3]\na = a + x\na = a << 0x2\na = -a\n"
         "return a\n"},
        {"a jump out of the program", 2, {JUMP(7), ALLOW}, "jump out of the program\n"},
        {"no return at the end", 1, {LOAD(NUMBER)}, "no return: behind the end of the program\n"},
};

/* The text without the indentation. */
static char *plain(struct buffer *out)
{
	char *text = buffer_steal(out);
	char *to = text;

	ck_assert_ptr_nonnull(text);
	for (const char *from = text; *from;) {
		from += strspn(from, " ");
		while (*from && *from != '\n')
			*to++ = *from++;
		if (*from)
			*to++ = *from++;
	}
	*to = '\0';
	return text;
}

START_TEST(reads_as)
{
	const struct pseudo_case *row = &pseudo_cases[_i];
	struct buffer out = {0};

	pseudo_append(&out, row->program, row->count, AUDIT_ARCH_X86_64);
	char *text = plain(&out);
	ck_assert_msg(strcmp(text, row->text) == 0, "%s: is\n%snot\n%s", row->name, text,
	              row->text);
	free(text);
}
END_TEST

START_TEST(raw)
{
	const struct sock_filter program[] = {LOAD(4), EQUAL(AUDIT_ARCH_X86_64, 1, 0), KILL, ALLOW};
	struct buffer out = {0};

	pseudo_append_raw(&out, program, COUNT(program));
	ck_assert_str_eq(out.data, "    0  0x20   0   0 0x00000004\n"
	                           "    1  0x15   1   0 0xc000003e\n"
	                           "    2  0x06   0   0 0x80000000\n"
	                           "    3  0x06   0   0 0x7fff0000\n");
	buffer_free(&out);
}
END_TEST

/* Every label that is jumped to is there, once. */
static void check_labels(const char *text)
{
	for (const char *jump = strstr(text, "goto L"); jump; jump = strstr(jump + 1, "goto L")) {
		char label[32];
		char *end;
		unsigned long number = strtoul(jump + 6, &end, 10);
		snprintf(label, sizeof(label), "\nL%lu:\n", number);
		const char *place = strstr(text, label);
		ck_assert_msg(place && place > jump, "%s is not behind its jump", label);
		ck_assert_ptr_null(strstr(place + 1, label));
	}
}

/* The filter of every run: nothing in it is beyond words, and it speaks of names. */
START_TEST(base_filter)
{
	static const char *const absent[] = {"no instruction", "out of the program",
	                                     "behind the end", "unknown verdict"};
	static const char *const present[] = {"return allow", "return EPERM", "return ENOSYS",
	                                      "return kill the process", " clone ("};
	struct buffer out = {0};

	pseudo_append(&out, filter_base, filter_base_count, pseudo_native());
	ck_assert(!buffer_failed(&out));
	for (size_t i = 0; i < COUNT(absent); i++)
		ck_assert_msg(!strstr(out.data, absent[i]), "%s", absent[i]);
	for (size_t i = 0; i < COUNT(present); i++)
		ck_assert_msg(strstr(out.data, present[i]), "%s", present[i]);
	check_labels(out.data);
	buffer_free(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pseudo");
	TCase *tests = tcase_create("pseudo");

	tcase_add_loop_test(tests, reads_as, 0, COUNT(pseudo_cases));
	tcase_add_test(tests, raw);
	tcase_add_test(tests, base_filter);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
