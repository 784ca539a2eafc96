/* The base filter: both architectures' programs judged by the simulator against the golden tables
 * of tests/filter, swept as a whole, and this machine's loaded into the kernel. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "both.h"
#include "golden.h"
#include "plan/filter.h"
#include "simulator.h"

#include <asm/ioctls.h>
#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	/* Fewer rows mean that a table was not read. */
	ROWS_EXPECTED = 300,
	/* System calls with small numbers: all that exist, and room. */
	SWEEP_NUMBERS = 1024,
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t rubbish = 0xdeadbeef00000000;

static const char *const answers[] = {"allow", "EPERM", "ENOSYS", "kill"};

START_TEST(answers_as_the_golden_table)
{
	ck_assert_uint_ge(golden_check(&architectures[_i]), ROWS_EXPECTED);
}
END_TEST

/* --- Sweeps ---------------------------------------------------------------------------------- */

START_TEST(is_a_program_that_the_kernel_accepts)
{
	cleanup_error struct error err = {0};
	const struct architecture *architecture = &architectures[_i];

	ck_assert_msg(simulator_check(architecture->program, *architecture->count, &err) == 0, "%s",
	              error_message(&err));
}
END_TEST

START_TEST(knows_three_answers_and_kills_foreigners)
{
	const struct architecture *architecture = &architectures[_i];
	size_t seen[COUNT(answers)] = {0};

	for (int number = 0; number < SWEEP_NUMBERS; number++) {
		struct seccomp_data call = {.arch = architecture->audit, .nr = number};
		const char *answer = golden_verdict(golden_judge(architecture, &call));

		for (size_t i = 0; i < COUNT(answers); i++)
			seen[i] += strcmp(answers[i], answer) == 0;
		call.arch = AUDIT_ARCH_I386;
		ck_assert_uint_eq(golden_judge(architecture, &call), SECCOMP_RET_KILL_PROCESS);
		call.arch = architectures[ARCHITECTURES - 1 - _i].audit;
		ck_assert_uint_eq(golden_judge(architecture, &call), SECCOMP_RET_KILL_PROCESS);
		call.arch = architecture->audit;
		call.nr = (int)(0x40000000u | (unsigned)number);
		ck_assert_uint_eq(golden_judge(architecture, &call),
		                  architecture->audit == AUDIT_ARCH_X86_64
		                          ? SECCOMP_RET_KILL_PROCESS
		                          : (SECCOMP_RET_ERRNO | ENOSYS));
	}
	ck_assert_uint_eq(seen[0] + seen[1] + seen[2], SWEEP_NUMBERS); /* allow, EPERM, ENOSYS */
	ck_assert_uint_gt(seen[0], 200);
	ck_assert_uint_gt(seen[1], 40);
	ck_assert_uint_gt(seen[2], 500);
}
END_TEST

static int resolve(const struct architecture *architecture, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(architecture->token, name);

	ck_assert_int_ge(number, 0);
	return number;
}

static bool socket_is_allowed(unsigned domain, unsigned type, unsigned protocol)
{
	if (domain == AF_UNIX)
		return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET;
	if (domain != AF_INET && domain != AF_INET6)
		return false;
	return (type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP)) ||
	       (type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP));
}

START_TEST(allows_sockets_of_three_kinds)
{
	const struct architecture *architecture = &architectures[_i];
	struct seccomp_data call = {
	        .arch = architecture->audit,
	        .nr = resolve(architecture, "socket"),
	};

	for (unsigned domain = 0; domain < 64; domain++) {
		for (unsigned type = 0; type < 16; type++) {
			for (unsigned protocol = 0; protocol < 300; protocol++) {
				bool allowed = socket_is_allowed(domain, type, protocol);

				call.args[0] = domain;
				call.args[1] = type | (protocol % 2 ? SOCK_CLOEXEC : 0);
				call.args[2] = protocol | (type % 2 ? rubbish : 0);
				ck_assert_uint_eq(golden_judge(architecture, &call),
				                  allowed ? SECCOMP_RET_ALLOW
				                          : (SECCOMP_RET_ERRNO | EPERM));
			}
		}
	}
}
END_TEST

/* Every single bit of the flags, in both halves. */
START_TEST(refuses_exactly_the_namespace_bits)
{
	const struct architecture *architecture = &architectures[_i];
	const uint64_t kinds = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
	                       CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	struct seccomp_data call = {.arch = architecture->audit};

	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t flag = (uint64_t)1 << bit;

		call.args[0] = flag;
		call.nr = resolve(architecture, "clone");
		ck_assert_uint_eq(golden_judge(architecture, &call),
		                  flag & kinds ? (SECCOMP_RET_ERRNO | EPERM) : SECCOMP_RET_ALLOW);
		call.nr = resolve(architecture, "unshare");
		ck_assert_uint_eq(golden_judge(architecture, &call),
		                  flag & (kinds | CLONE_NEWTIME) ? (SECCOMP_RET_ERRNO | EPERM)
		                                                 : SECCOMP_RET_ALLOW);
	}
}
END_TEST

START_TEST(refuses_exactly_four_requests)
{
	const struct architecture *architecture = &architectures[_i];
	struct seccomp_data call = {
	        .arch = architecture->audit,
	        .nr = resolve(architecture, "ioctl"),
	};

	for (uint64_t request = 0; request < 0x20000; request++) {
		bool refused = request == TIOCSTI || request == TIOCLINUX || request == TIOCCONS ||
		               request == TIOCSETD;

		call.args[1] = request | (request % 3 ? 0 : rubbish);
		ck_assert_uint_eq(golden_judge(architecture, &call),
		                  refused ? (SECCOMP_RET_ERRNO | EPERM) : SECCOMP_RET_ALLOW);
	}
}
END_TEST

/* --- The second filter ----------------------------------------------------------------------- */

START_TEST(adds_nothing_without_a_reason)
{
	cleanup_error struct error err = {0};
	struct filter_options options = {0};
	struct sock_filter *program = (struct sock_filter *)&options;
	size_t count = 1;

	ck_assert_int_eq(filter_extra(&options, &program, &count, &err), 0);
	ck_assert_ptr_null(program);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(refuses_signals_to_the_group)
{
	static const struct {
		int number;
		uint64_t first;
		uint32_t answer;
	} rows[] = {
	        {SYS_kill, 0, SECCOMP_RET_ERRNO | EPERM},
	        {SYS_kill, UINT64_C(0xdead00000000), SECCOMP_RET_ERRNO | EPERM},
	        {SYS_kill, 2, SECCOMP_RET_ALLOW},
	        {SYS_kill, (uint64_t)-1, SECCOMP_RET_ALLOW},
	        {SYS_tgkill, 0, SECCOMP_RET_ALLOW},
	        {SYS_execveat, 0, SECCOMP_RET_ALLOW},
	};
	cleanup_error struct error err = {0};
	cleanup_free struct sock_filter *program = NULL;
	size_t count = 0;
	const struct filter_options options = {.refuse_group_signals = true};

	ck_assert_int_eq(filter_extra(&options, &program, &count, &err), 0);
	ck_assert_int_eq(simulator_check(program, count, &err), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seccomp_data call = {
		        .arch = seccomp_arch_native() == SCMP_ARCH_X86_64 ? AUDIT_ARCH_X86_64
		                                                          : AUDIT_ARCH_AARCH64,
		        .nr = rows[i].number,
		        .args = {rows[i].first},
		};
		ck_assert_uint_eq(simulator_run(program, count, &call), rows[i].answer);
	}
}
END_TEST

START_TEST(refuses_the_ways_around_limited_execution)
{
	static const struct {
		int number;
		uint32_t answer;
	} rows[] = {
	        {SYS_memfd_create, SECCOMP_RET_ERRNO | EPERM},
	        {SYS_execveat, SECCOMP_RET_ERRNO | EPERM},
	        {SYS_execve, SECCOMP_RET_ALLOW},
	        {SYS_openat, SECCOMP_RET_ALLOW},
	        {SYS_mmap, SECCOMP_RET_ALLOW},
	};
	cleanup_error struct error err = {0};
	cleanup_free struct sock_filter *program = NULL;
	size_t count = 0;
	const struct filter_options options = {.limited_exec = true};
	int before = dup(STDERR_FILENO);

	close(before);
	ck_assert_int_eq(filter_extra(&options, &program, &count, &err), 0);
	ck_assert_int_eq(simulator_check(program, count, &err), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seccomp_data call = {
		        .arch = seccomp_arch_native() == SCMP_ARCH_X86_64 ? AUDIT_ARCH_X86_64
		                                                          : AUDIT_ARCH_AARCH64,
		        .nr = rows[i].number,
		};

		ck_assert_uint_eq(simulator_run(program, count, &call), rows[i].answer);
	}
	int after = dup(STDERR_FILENO);
	close(after);
	ck_assert_int_eq(before, after); /* no descriptor is left open */
}
END_TEST

/* --- In the kernel --------------------------------------------------------------------------- */

static long probe_netlink(void)
{
	return syscall(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static long probe_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

static long probe_terminal(void)
{
	return syscall(SYS_ioctl, -1, 0xdeadbeef00000000 | TIOCSTI, "x");
}

static long probe_keyring(void)
{
	return syscall(SYS_keyctl, 0xffff, 0, 0, 0, 0);
}

static long probe_fast_open(void)
{
	return syscall(SYS_sendto, -1, "x", 1, MSG_FASTOPEN, NULL, 0);
}

static long probe_socketpair(void)
{
	int pair[2];

	return syscall(SYS_socketpair, AF_INET, SOCK_STREAM, 0, pair);
}

static long probe_getpid(void)
{
	return syscall(SYS_getpid);
}

static long probe_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
}

/* errno without the filter, and with it; 0 is success. */
static const struct probe {
	const char *name;
	long (*call)(void);
	int before;
	int after;
} probes[] = {
        {"netlink socket", probe_netlink, 0, EPERM},
        {"clone3", probe_clone3, EINVAL, ENOSYS},
        {"TIOCSTI with a dirty upper half", probe_terminal, EBADF, EPERM},
        {"keyctl", probe_keyring, EOPNOTSUPP, EPERM},
        {"sendto with MSG_FASTOPEN", probe_fast_open, EBADF, EPERM},
        {"socketpair of internet sockets", probe_socketpair, EOPNOTSUPP, EPERM},
        {"getpid", probe_getpid, 0, 0},
        {"TCP socket", probe_socket, 0, 0},
};

static int errno_of(const struct probe *probe)
{
	return probe->call() < 0 ? errno : 0;
}

static int load(const struct sock_filter *program, size_t count)
{
	struct sock_fprog fprog = {(unsigned short)count, (struct sock_filter *)program};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &fprog);
}

/* Exits with 0, or 1 + the probe that came out otherwise. */
static void probe_child(void)
{
	for (size_t i = 0; i < COUNT(probes); i++) {
		if (errno_of(&probes[i]) != probes[i].before) {
			fprintf(stderr, "%s without the filter: %m\n", probes[i].name);
			_exit((int)i + 1);
		}
	}
	if (load(filter_base, filter_base_count) < 0) {
		perror("seccomp");
		_exit(100);
	}
	for (size_t i = 0; i < COUNT(probes); i++) {
		if (errno_of(&probes[i]) != probes[i].after) {
			fprintf(stderr, "%s with the filter: %m\n", probes[i].name);
			_exit((int)i + 1);
		}
	}
	_exit(0);
}

static int status_of(void (*child)(void))
{
	int status = -1;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		child();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(holds_in_the_kernel)
{
	int status = status_of(probe_child);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status 0x%x", status);
}
END_TEST

#ifdef __x86_64__
static int call_i386(void)
{
	int result = 20; /* getpid in that table */

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static void i386_freely(void)
{
	_exit(call_i386() > 0 ? 0 : 1);
}

static void i386_filtered(void)
{
	if (load(filter_base, filter_base_count) < 0)
		_exit(100);
	i386_freely();
}

START_TEST(kills_i386_in_the_kernel)
{
	if (status_of(i386_freely) != 0) {
		/* Nor is there anything to hold: what the filter says of them was simulated above.
		 */
		fprintf(stderr, "absent: this kernel has no i386 calls\n");
		return;
	}
	int status = status_of(i386_filtered);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("filter");
	TCase *filter = tcase_create("base");
	TCase *kernel = tcase_create("kernel");
	TCase *extra = tcase_create("extra");

	tcase_add_loop_test(filter, is_a_program_that_the_kernel_accepts, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, answers_as_the_golden_table, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, knows_three_answers_and_kills_foreigners, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, allows_sockets_of_three_kinds, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, refuses_exactly_the_namespace_bits, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, refuses_exactly_four_requests, 0, ARCHITECTURES);
	tcase_set_timeout(filter, 60);
	suite_add_tcase(suite, filter);
	tcase_set_tags(kernel, "kernel"); /* left out where a kernel is only emulated */
	tcase_add_test(kernel, holds_in_the_kernel);
#ifdef __x86_64__
	tcase_add_test(kernel, kills_i386_in_the_kernel);
#endif
	suite_add_tcase(suite, kernel);
	tcase_add_test(extra, adds_nothing_without_a_reason);
	tcase_add_test(extra, refuses_the_ways_around_limited_execution);
	tcase_add_test(extra, refuses_signals_to_the_group);
	suite_add_tcase(suite, extra);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
