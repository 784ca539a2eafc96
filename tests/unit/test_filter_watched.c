/* The filter of a watched run, of both architectures, against the base filter; the filter of the
 * watch itself. Both judged by the simulator. */
#include "base/cleanup.h"
#include "base/error.h"
#include "both.h"
#include "simulator.h"
#include "watch/calls.h"
#include "watch/program.h"

#include <asm/ioctls.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	SWEEP_NUMBERS = 1024,
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint64_t rubbish = 0xdeadbeef00000000;

/* --- The filter of a watched run ------------------------------------------------------------- */

static const struct {
	const struct sock_filter *program;
	const size_t *count;
} watched[ARCHITECTURES] = {
        {watched_x86_64, &watched_x86_64_count},
        {watched_aarch64, &watched_aarch64_count},
};

/* What a listener is told of whatever its arguments; policies/syscalls.yaml, `watch`, once more. */
static const char *const told[] = {
        "creat",
        "mkdir",
        "mkdirat",
        "mknod",
        "mknodat",
        "rmdir",
        "unlink",
        "unlinkat",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
        "symlink",
        "symlinkat",
        "chmod",
        "fchmod",
        "fchmodat",
        "chown",
        "fchown",
        "lchown",
        "fchownat",
        "truncate",
        "utime",
        "utimes",
        "futimesat",
        "utimensat",
        "setxattr",
        "lsetxattr",
        "fsetxattr",
        "removexattr",
        "lremovexattr",
        "fremovexattr",
        "connect",
        "bind",
        "execve",
        "inotify_add_watch",
        "name_to_handle_at",
        "umask",
};
/* Newer than libseccomp 2.5: fchmodat2, setxattrat, removexattrat. */
static const int told_numbers[] = {452, 463, 466};

static bool is_call(const struct architecture *architecture, int number, const char *name)
{
	return seccomp_syscall_resolve_name_arch(architecture->token, name) == number;
}

static bool is_told(const struct architecture *architecture, const struct seccomp_data *call)
{
	const uint32_t opens = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_PATH;

	for (size_t i = 0; i < COUNT(told); i++)
		if (is_call(architecture, call->nr, told[i]))
			return true;
	for (size_t i = 0; i < COUNT(told_numbers); i++)
		if (call->nr == told_numbers[i])
			return true;
	return (is_call(architecture, call->nr, "access") && call->args[1] & W_OK) ||
	       ((is_call(architecture, call->nr, "faccessat") ||
	         is_call(architecture, call->nr, "faccessat2")) &&
	        call->args[2] & W_OK) ||
	       (is_call(architecture, call->nr, "open") && call->args[1] & opens) ||
	       (is_call(architecture, call->nr, "openat") && call->args[2] & opens) ||
	       (is_call(architecture, call->nr, "sendto") && call->args[5] & 0xff);
}

/* Arguments that decide somewhere, with rubbish in the half that nobody looks at. */
static void draw_arguments(uint64_t *chance, struct seccomp_data *call)
{
	static const uint64_t values[] = {0,
	                                  1,
	                                  2,
	                                  3,
	                                  16,
	                                  O_CREAT,
	                                  O_TRUNC,
	                                  O_PATH,
	                                  TIOCSTI,
	                                  0xffffffff,
	                                  S_ISUID,
	                                  CLONE_NEWUSER,
	                                  MSG_FASTOPEN,
	                                  O_CREAT | O_WRONLY};

	for (size_t i = 0; i < COUNT(call->args); i++) {
		*chance = *chance * 6364136223846793005u + 1442695040888963407u;
		call->args[i] =
		        values[(*chance >> 33) % COUNT(values)] | (*chance >> 60 ? 0 : rubbish);
	}
}

START_TEST(tells_a_listener_of_what_is_refused_or_watched_and_of_nothing_else)
{
	enum {
		DRAWS = 48,
	};
	const struct architecture *architecture = &architectures[_i];
	cleanup_error struct error err = {0};
	uint64_t chance = 20261121;
	size_t notified = 0, same = 0;

	ck_assert_msg(simulator_check(watched[_i].program, *watched[_i].count, &err) == 0, "%s",
	              error_message(&err));
	for (int draw = 0; draw < SWEEP_NUMBERS * DRAWS; draw++) {
		struct seccomp_data call = {.arch = architecture->audit, .nr = draw / DRAWS};
		if (draw % DRAWS)
			draw_arguments(&chance, &call);
		uint32_t base = golden_judge(architecture, &call);
		uint32_t answer = simulator_run(watched[_i].program, *watched[_i].count, &call);
		bool tells = base == (SECCOMP_RET_ERRNO | EPERM) ||
		             (base == SECCOMP_RET_ALLOW && is_told(architecture, &call));
		ck_assert_msg(answer == (tells ? SECCOMP_RET_USER_NOTIF : base),
		              "%s: call %d answers %#x, base %#x", architecture->name, call.nr,
		              answer, base);
		notified += tells;
		same += !tells;
		/* What the listener works out itself is what the kernel worked out. */
		ck_assert_uint_eq(
		        program_evaluate(architecture->program, *architecture->count, &call), base);
		call.arch = AUDIT_ARCH_I386;
		ck_assert_uint_eq(simulator_run(watched[_i].program, *watched[_i].count, &call),
		                  SECCOMP_RET_KILL_PROCESS);
	}
	ck_assert_uint_gt(notified, 100 * DRAWS / 2);
	ck_assert_uint_gt(same, 300 * DRAWS);
}
END_TEST

/* A call that is told of and that nobody knows what to ask about would always go on, unseen. */
START_TEST(knows_what_to_ask_of_each_watched_call)
{
	const struct architecture *architecture = &architectures[NATIVE];
	size_t known = 0;

	for (int number = 0; number < SWEEP_NUMBERS; number++) {
		struct seccomp_data call = {.arch = architecture->audit,
		                            .nr = number,
		                            .args = {O_CREAT, O_CREAT, O_CREAT, 0, 0, 1}};
		call.args[2] = is_call(architecture, number, "openat") ? O_CREAT : W_OK;
		if (is_call(architecture, number, "access"))
			call.args[1] = W_OK;
		bool tells = is_told(architecture, &call);
		ck_assert_msg(tells == (watched_call(number) != NULL), "call %d", number);
		known += tells;
	}
	ck_assert_uint_gt(known, 20);
}
END_TEST

/* --- The filters of the watch and of the broker ---------------------------------------------- */

/* Numbers of this architecture; arguments from the first on. */
static const struct own_row {
	int call;
	uint64_t arguments[3];
	bool watch; /* whether the filter of the watch allows it */
	bool broker;
} own_rows[] = {
        {SYS_execve, {0}, false, false},
        {SYS_execveat, {0}, false, false},
        {SYS_clone, {SIGCHLD}, false, false},
        {SYS_clone, {CLONE_THREAD | CLONE_VM}, true, true},
        {SYS_clone3, {0}, false, false},
        {SYS_socket, {AF_UNIX, SOCK_STREAM}, false, false},
        {SYS_connect, {0}, false, false},
        {SYS_bind, {0}, false, true},
        {SYS_openat, {0, 0, O_RDONLY}, true, true},
        {SYS_openat, {0, 0, O_RDONLY | O_PATH | O_CLOEXEC}, true, true},
        {SYS_openat, {0, 0, O_WRONLY}, false, true},
        {SYS_openat, {0, 0, O_RDWR}, false, true},
        {SYS_openat, {0, 0, O_CREAT}, false, true},
        {SYS_openat, {0, 0, O_TRUNC}, false, true},
        {SYS_openat, {0, 0, O_TMPFILE}, false, true},
        {SYS_mkdirat, {0}, false, true},
        {SYS_unlinkat, {0}, false, true},
        {SYS_renameat2, {0}, false, true},
        {SYS_linkat, {0}, false, true},
        {SYS_symlinkat, {0}, false, true},
        {SYS_mknodat, {0}, false, true},
        {SYS_fchmod, {0}, false, true},
        {SYS_fchmodat, {0}, false, true},
        {SYS_fchownat, {0}, false, true},
        {SYS_truncate, {0}, false, true},
        {SYS_mount, {0}, false, false},
        {SYS_umount2, {0}, false, false},
        {SYS_setns, {0}, false, false},
        {SYS_unshare, {CLONE_NEWNS}, false, false},
        {SYS_unshare, {CLONE_FS}, false, true},
        {SYS_chroot, {0}, false, false},
        {SYS_ptrace, {0}, false, false},
        {SYS_process_vm_writev, {0}, false, false},
        {SYS_process_vm_readv, {0}, true, true},
        {SYS_pidfd_getfd, {0}, true, true}, /* of a process that waits for a connection */
        {SYS_kill, {0}, false, false},
        {SYS_setuid, {0}, false, false},
        {SYS_capset, {0}, false, true},
        {SYS_bpf, {0}, false, false},
        {SYS_io_uring_setup, {0}, false, false},
        {SYS_mmap, {0, 0, PROT_READ | PROT_WRITE}, true, true},
        {SYS_mmap, {0, 0, PROT_READ | PROT_EXEC}, false, false},
        {SYS_mprotect, {0, 0, PROT_READ | PROT_WRITE}, true, true},
        {SYS_mprotect, {0, 0, PROT_EXEC}, false, false},
        {SYS_ioctl, {0, SECCOMP_IOCTL_NOTIF_RECV}, true, true},
        {SYS_ioctl, {0, SECCOMP_IOCTL_NOTIF_SEND}, true, true},
        {SYS_ioctl, {0, SECCOMP_IOCTL_NOTIF_ADDFD}, false, true},
        {SYS_ioctl, {0, TIOCSTI}, false, false},
        {SYS_seccomp, {SECCOMP_GET_NOTIF_SIZES}, true, true},
        {SYS_seccomp, {SECCOMP_SET_MODE_FILTER}, false, false},
        {SYS_prctl, {PR_SET_NAME}, true, true},
        {SYS_prctl, {PR_SET_DUMPABLE}, false, false},
        {SYS_write, {0}, true, true},
        {SYS_exit_group, {0}, true, true},
};

static void judge_own(const struct sock_filter *filter, size_t count, const struct own_row *row,
                      bool allowed)
{
	const struct architecture *architecture = &architectures[NATIVE];
	struct seccomp_data call = {.arch = architecture->audit, .nr = row->call};

	memcpy(call.args, row->arguments, sizeof(row->arguments));
	uint32_t answer = simulator_run(filter, count, &call);
	ck_assert_msg((answer == SECCOMP_RET_ALLOW) == allowed, "row %td answers %#x",
	              row - own_rows, answer);
	call.arch = AUDIT_ARCH_I386;
	ck_assert_uint_eq(simulator_run(filter, count, &call), SECCOMP_RET_KILL_PROCESS);
}

START_TEST(keeps_the_watch_from_doing_what_it_need_not)
{
	for (size_t i = 0; i < COUNT(own_rows); i++)
		judge_own(filter_supervisor, filter_supervisor_count, &own_rows[i],
		          own_rows[i].watch);
}
END_TEST

/* It executes, connects and signals as little. */
START_TEST(keeps_the_broker_from_doing_more_than_files)
{
	for (size_t i = 0; i < COUNT(own_rows); i++)
		judge_own(filter_broker, filter_broker_count, &own_rows[i], own_rows[i].broker);
}
END_TEST

/* Of the network's processes: what they may do with sockets, and that they do nothing else. */
static const struct network_row {
	int call;
	uint64_t arguments[6];
	bool relay, resolver;
} network_rows[] = {
        {SYS_socket, {AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0}, true, true},
        {SYS_socket, {AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0}, true, true},
        {SYS_socket, {AF_INET, SOCK_RAW, 0}, false, false},
        {SYS_socket, {AF_UNIX, SOCK_STREAM, 0}, false, false},
        {SYS_socket, {AF_NETLINK, SOCK_RAW, 0}, false, false},
        {SYS_socket, {AF_INET, SOCK_STREAM, 262}, false, false},
        {SYS_connect, {0}, true, true},
        {SYS_accept4, {0}, true, false},
        {SYS_listen, {0}, false, false},
        {SYS_splice, {0}, true, false},
        {SYS_setsockopt, {0, SOL_SOCKET, SO_LINGER}, true, false},
        {SYS_setsockopt, {0, SOL_SOCKET, SO_ATTACH_FILTER}, false, false},
        {SYS_setsockopt, {0, SOL_SOCKET, SO_BINDTODEVICE}, false, false},
        {SYS_openat, {0, 0, O_RDONLY}, false, false},
        {SYS_openat, {0, 0, O_WRONLY}, false, false},
        {SYS_execve, {0}, false, false},
        {SYS_clone, {0}, false, false},
        {SYS_setns, {0}, false, false},
        {SYS_kill, {0}, false, false},
        {SYS_ptrace, {0}, false, false},
        {SYS_pidfd_getfd, {0}, false, false},
        {SYS_process_vm_readv, {0}, false, false},
        {SYS_mmap, {0, 0, PROT_READ | PROT_EXEC}, false, false},
        {SYS_mmap, {0, 0, PROT_READ | PROT_WRITE}, true, true},
};

START_TEST(keeps_the_network_to_sockets)
{
	const struct architecture *architecture = &architectures[NATIVE];

	for (size_t i = 0; i < COUNT(network_rows); i++) {
		const struct network_row *row = &network_rows[i];
		struct seccomp_data call = {.arch = architecture->audit, .nr = row->call};
		memcpy(call.args, row->arguments, sizeof(row->arguments));
		uint32_t relay = simulator_run(filter_relay, filter_relay_count, &call);
		uint32_t resolver = simulator_run(filter_resolver, filter_resolver_count, &call);
		ck_assert_msg((relay == SECCOMP_RET_ALLOW) == row->relay, "row %zu answers %#x", i,
		              relay);
		ck_assert_msg((resolver == SECCOMP_RET_ALLOW) == row->resolver,
		              "row %zu answers %#x", i, resolver);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("filter of a watched run");
	TCase *filter = tcase_create("watched");

	tcase_add_loop_test(filter,
	                    tells_a_listener_of_what_is_refused_or_watched_and_of_nothing_else, 0,
	                    ARCHITECTURES);
	tcase_add_test(filter, knows_what_to_ask_of_each_watched_call);
	tcase_add_test(filter, keeps_the_watch_from_doing_what_it_need_not);
	tcase_add_test(filter, keeps_the_broker_from_doing_more_than_files);
	tcase_add_test(filter, keeps_the_network_to_sockets);
	tcase_set_timeout(filter, 60);
	suite_add_tcase(suite, filter);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
