/* The simulator of tests/simulator: it accepts the programs that the kernel accepts, and computes.
 */
#include "base/error.h"
#include "simulator.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int load(const struct sock_filter *program, size_t count)
{
	struct sock_fprog fprog = {(unsigned short)count, (struct sock_filter *)program};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &fprog);
}

#define RETURN(k) BPF_STMT(BPF_RET | BPF_K, k)

static const struct program_case {
	const char *name;
	bool good;
	size_t count;
	struct sock_filter program[4];
} program_cases[] = {
        {"a return", true, 1, {RETURN(0)}},
        {"nothing", false, 0, {RETURN(0)}},
        {"a load and a return", true, 2, {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60), RETURN(0)}},
        {"a load behind the data", false, 2, {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), RETURN(0)}},
        {"a load askew", false, 2, {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RETURN(0)}},
        {"a load of a byte", false, 2, {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RETURN(0)}},
        {"a load through the index", false, 2, {BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), RETURN(0)}},
        {"a jump to the end", true, 2, {BPF_STMT(BPF_JMP | BPF_JA, 0), RETURN(0)}},
        {"a jump behind the end", false, 2, {BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(0)}},
        {"a branch to the end",
         true,
         3,
         {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), RETURN(0), RETURN(1)}},
        {"a branch behind the end",
         false,
         3,
         {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0), RETURN(0), RETURN(1)}},
        {"no return", false, 1, {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)}},
        {"a division by zero", false, 2, {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN(0)}},
        {"a shift by 32", false, 2, {BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RETURN(0)}},
        {"a word written and read",
         true,
         3,
         {BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), RETURN(0)}},
        {"a word read unwritten", false, 2, {BPF_STMT(BPF_LD | BPF_MEM, 3), RETURN(0)}},
        {"a word out of range",
         false,
         3,
         {BPF_STMT(BPF_ST, 16), BPF_STMT(BPF_LD | BPF_IMM, 0), RETURN(0)}},
        {"an unknown code", false, 2, {BPF_STMT(0xff, 0), RETURN(0)}},
};

/* The kernel is asked the same question, so that the simulator cannot be kinder than it. */
static void load_case(const struct program_case *row)
{
	_exit(load(row->program, row->count) < 0 ? 1 : 0);
}

START_TEST(simulator_accepts_what_the_kernel_accepts)
{
	const struct program_case *row = &program_cases[_i];
	cleanup_error struct error err = {0};
	int status = -1;

	ck_assert_msg((simulator_check(row->program, row->count, &err) == 0) == row->good, "%s: %s",
	              row->name, error_message(&err));
	/* A program that returns 0 for exit_group kills: that, too, says that it was accepted. */
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		load_case(row);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	bool accepted = !WIFEXITED(status) || WEXITSTATUS(status) == 0;
	ck_assert_msg(accepted == row->good, "%s: the kernel says otherwise", row->name);
}
END_TEST

START_TEST(simulator_computes)
{
	/* ((arg0 & 0xf0) >> 4) + 2, times itself through the index register */
	static const struct sock_filter program[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
	        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	        BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
	        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 2),
	        BPF_STMT(BPF_MISC | BPF_TAX, 0),
	        BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0),
	        BPF_STMT(BPF_RET | BPF_A, 0),
	};
	cleanup_error struct error err = {0};
	struct seccomp_data call = {.args = {0xdead003f}};

	ck_assert_int_eq(simulator_check(program, COUNT(program), &err), 0);
	ck_assert_uint_eq(simulator_run(program, COUNT(program), &call), 25);
	ck_assert_uint_eq(simulator_steps(program, COUNT(program), &call), COUNT(program));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("simulator");
	TCase *simulator = tcase_create("simulator");
	TCase *kernel = tcase_create("kernel");

	tcase_set_tags(kernel, "kernel"); /* left out where a kernel is only emulated */
	tcase_add_loop_test(kernel, simulator_accepts_what_the_kernel_accepts, 0,
	                    (int)COUNT(program_cases));
	suite_add_tcase(suite, kernel);
	tcase_add_test(simulator, simulator_computes);
	suite_add_tcase(suite, simulator);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
