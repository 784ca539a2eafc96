/* The base filter: both architectures' programs judged by the simulator against the golden tables
 * of tests/filter, swept as a whole, and this machine's loaded into the kernel. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
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

/* The programs of both architectures, under names of their own. */
#define filter_base       program_x86_64
#define filter_base_count program_x86_64_count
#include "filter-x86_64.c"
#undef filter_base
#undef filter_base_count
#define filter_base       program_aarch64
#define filter_base_count program_aarch64_count
#include "filter-aarch64.c"
#undef filter_base
#undef filter_base_count

enum {
	ARCHITECTURES = 2,
	ARGUMENTS = 6,
	/* Fewer rows mean that a table was not read. */
	ROWS_EXPECTED = 300,
	/* System calls with small numbers: all that exist, and room. */
	SWEEP_NUMBERS = 1024,
};
static const uint64_t rubbish = 0xdeadbeef00000000;

static const struct architecture {
	const char *name;
	uint32_t audit;
	uint32_t token; /* libseccomp's */
	const struct sock_filter *program;
	const size_t *count;
	const char *table;
} architectures[ARCHITECTURES] = {
        {"x86_64", AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, program_x86_64, &program_x86_64_count,
         "tests/filter/x86_64.table"},
        {"aarch64", AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, program_aarch64, &program_aarch64_count,
         "tests/filter/aarch64.table"},
};

static uint32_t judge(const struct architecture *architecture, const struct seccomp_data *call)
{
	return simulator_run(architecture->program, *architecture->count, call);
}

/* --- Golden tables --------------------------------------------------------------------------- */

static const struct {
	const char *word;
	uint32_t value;
} verdicts[] = {
        {"allow", SECCOMP_RET_ALLOW},
        {"EPERM", SECCOMP_RET_ERRNO | EPERM},
        {"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
        {"kill", SECCOMP_RET_KILL_PROCESS},
};

static const struct {
	const char *word;
	uint32_t value;
} machines[] = {
        {"x86_64", AUDIT_ARCH_X86_64}, {"aarch64", AUDIT_ARCH_AARCH64},
        {"i386", AUDIT_ARCH_I386},     {"arm", AUDIT_ARCH_ARM},
        {"s390x", AUDIT_ARCH_S390X},   {"riscv64", AUDIT_ARCH_RISCV64},
};

static const struct constant {
	const char *word;
	uint64_t value;
} constants[] = {
#define C(name)                         \
	{                               \
#name, (uint64_t)(name) \
	}
        C(SIGCHLD),
        C(CLONE_VM),
        C(CLONE_FS),
        C(CLONE_FILES),
        C(CLONE_SIGHAND),
        C(CLONE_PIDFD),
        C(CLONE_VFORK),
        C(CLONE_PARENT),
        C(CLONE_THREAD),
        C(CLONE_SYSVSEM),
        C(CLONE_SETTLS),
        C(CLONE_PARENT_SETTID),
        C(CLONE_CHILD_CLEARTID),
        C(CLONE_CHILD_SETTID),
        C(CLONE_NEWTIME),
        C(CLONE_NEWNS),
        C(CLONE_NEWCGROUP),
        C(CLONE_NEWUTS),
        C(CLONE_NEWIPC),
        C(CLONE_NEWUSER),
        C(CLONE_NEWPID),
        C(CLONE_NEWNET),
        C(TCGETS),
        C(TCSETSW),
        C(TIOCGWINSZ),
        C(TIOCSWINSZ),
        C(TIOCSPGRP),
        C(TIOCSCTTY),
        C(TIOCGPTN),
        C(TIOCSTI),
        C(TIOCLINUX),
        C(TIOCCONS),
        C(TIOCSETD),
        C(FIONREAD),
        C(FIONBIO),
        C(FIOCLEX),
        C(AF_UNSPEC),
        C(AF_UNIX),
        C(AF_INET),
        C(AF_INET6),
        C(AF_PACKET),
        C(AF_NETLINK),
        C(AF_VSOCK),
        C(AF_ALG),
        C(AF_BLUETOOTH),
        C(AF_CAN),
        C(AF_TIPC),
        C(AF_SMC),
        C(AF_XDP),
        C(AF_KEY),
        C(AF_RDS),
        C(AF_QIPCRTR),
        C(SOCK_STREAM),
        C(SOCK_DGRAM),
        C(SOCK_RAW),
        C(SOCK_RDM),
        C(SOCK_SEQPACKET),
        C(SOCK_DCCP),
        C(SOCK_PACKET),
        C(SOCK_CLOEXEC),
        C(SOCK_NONBLOCK),
        C(IPPROTO_TCP),
        C(IPPROTO_UDP),
        C(IPPROTO_ICMP),
        C(IPPROTO_ICMPV6),
        C(IPPROTO_RAW),
        C(IPPROTO_SCTP),
        C(IPPROTO_DCCP),
        C(IPPROTO_UDPLITE),
        C(IPPROTO_MPTCP),
        C(MSG_FASTOPEN),
        C(MSG_NOSIGNAL),
        C(MSG_DONTWAIT),
        C(MSG_MORE),
        C(RENAME_NOREPLACE),
        C(RENAME_EXCHANGE),
        C(RENAME_WHITEOUT),
        C(ADDR_NO_RANDOMIZE),
        C(READ_IMPLIES_EXEC),
        C(MMAP_PAGE_ZERO),
        C(PER_LINUX32),
        C(SECCOMP_SET_MODE_STRICT),
        C(SECCOMP_SET_MODE_FILTER),
        C(SECCOMP_GET_ACTION_AVAIL),
        C(SECCOMP_FILTER_FLAG_TSYNC),
        C(SECCOMP_FILTER_FLAG_NEW_LISTENER),
#undef C
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool read_number(const char *word, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(word, &end, 0);
	return word[0] >= '0' && word[0] <= '9' && !*end && !errno;
}

static bool read_constant(const char *word, uint64_t *out)
{
	if (read_number(word, out))
		return true;
	for (size_t i = 0; i < COUNT(constants); i++) {
		if (strcmp(constants[i].word, word) == 0) {
			*out = constants[i].value;
			return true;
		}
	}
	return false;
}

/* `^A|B`: see the head of the tables. */
static bool read_argument(char *word, uint64_t *out)
{
	bool dirty = word[0] == '^';
	char *rest = word + dirty;

	*out = 0;
	for (char *part; (part = strsep(&rest, "|"));) {
		uint64_t value;

		if (!read_constant(part, &value))
			return false;
		*out |= value;
	}
	*out |= dirty ? rubbish : 0;
	return true;
}

static bool read_machine(const char *word, uint32_t *out)
{
	uint64_t number;

	for (size_t i = 0; i < COUNT(machines); i++) {
		if (strcmp(machines[i].word, word) == 0) {
			*out = machines[i].value;
			return true;
		}
	}
	if (!read_number(word, &number) || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool read_call(const struct architecture *architecture, const char *word, int *out)
{
	uint64_t number;

	if (word[0] != '#') {
		*out = seccomp_syscall_resolve_name_arch(architecture->token, word);
		return *out >= 0;
	}
	if (!read_number(word + 1, &number) || number > UINT32_MAX)
		return false;
	*out = (int)(uint32_t)number;
	return true;
}

/* Splits at blanks; a `#` followed by a blank begins a comment. */
static size_t split(char *line, char *words[], size_t room)
{
	char *comment =
	        strncmp(line, "# ", 2) == 0 || strcmp(line, "#") == 0 ? line : strstr(line, " # ");
	size_t count = 0;

	if (comment)
		*comment = '\0';
	for (char *word; (word = strsep(&line, " \t"));)
		if (*word && count < room)
			words[count++] = word;
	return count;
}

static const char *verdict_word(uint32_t value)
{
	for (size_t i = 0; i < COUNT(verdicts); i++)
		if (verdicts[i].value == value)
			return verdicts[i].word;
	return "another verdict";
}

/* Judges one row. Returns whether it held any. */
static bool check_row(const struct architecture *architecture, size_t number, char *line)
{
	char *words[3 + ARGUMENTS + 1];
	size_t count = split(line, words, COUNT(words)), at = 1;
	struct seccomp_data call = {.arch = architecture->audit};

	if (count == 0)
		return false;
	ck_assert_msg(count >= 2 && count < COUNT(words), "%s:%zu: not a row", architecture->table,
	              number);
	if (words[at][0] == '@')
		ck_assert_msg(read_machine(words[at++] + 1, &call.arch), "%s:%zu: unknown machine",
		              architecture->table, number);
	const char *name = at < count ? words[at++] : "";
	ck_assert_msg(read_call(architecture, name, &call.nr), "%s:%zu: no call `%s` here",
	              architecture->table, number, name);
	for (size_t i = 0; at < count; i++, at++) {
		ck_assert_uint_lt(i, ARGUMENTS);
		ck_assert_msg(read_argument(words[at], (uint64_t *)&call.args[i]),
		              "%s:%zu: unknown value `%s`", architecture->table, number, words[at]);
	}
	const char *answer = verdict_word(judge(architecture, &call));
	ck_assert_msg(strcmp(answer, words[0]) == 0, "%s:%zu: %s: %s, not %s", architecture->table,
	              number, name, answer, words[0]);
	return true;
}

START_TEST(answers_as_the_golden_table)
{
	const struct architecture *architecture = &architectures[_i];
	cleanup_fclose FILE *table = fopen(architecture->table, "re");
	cleanup_free char *line = NULL;
	size_t capacity = 0, rows = 0;

	ck_assert_msg(table, "%s: %s", architecture->table, strerror(errno));
	for (size_t number = 1; getline(&line, &capacity, table) > 0; number++) {
		line[strcspn(line, "\n")] = '\0';
		rows += check_row(architecture, number, line);
	}
	ck_assert_uint_ge(rows, ROWS_EXPECTED);
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
	size_t seen[COUNT(verdicts)] = {0};

	for (int number = 0; number < SWEEP_NUMBERS; number++) {
		struct seccomp_data call = {.arch = architecture->audit, .nr = number};
		const char *answer = verdict_word(judge(architecture, &call));

		for (size_t i = 0; i < COUNT(verdicts); i++)
			seen[i] += strcmp(verdicts[i].word, answer) == 0;
		call.arch = AUDIT_ARCH_I386;
		ck_assert_uint_eq(judge(architecture, &call), SECCOMP_RET_KILL_PROCESS);
		call.arch = architectures[ARCHITECTURES - 1 - _i].audit;
		ck_assert_uint_eq(judge(architecture, &call), SECCOMP_RET_KILL_PROCESS);
		call.arch = architecture->audit;
		call.nr = (int)(0x40000000u | (unsigned)number);
		ck_assert_uint_eq(judge(architecture, &call),
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
				ck_assert_uint_eq(judge(architecture, &call),
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
		ck_assert_uint_eq(judge(architecture, &call),
		                  flag & kinds ? (SECCOMP_RET_ERRNO | EPERM) : SECCOMP_RET_ALLOW);
		call.nr = resolve(architecture, "unshare");
		ck_assert_uint_eq(judge(architecture, &call), flag & (kinds | CLONE_NEWTIME)
		                                                      ? (SECCOMP_RET_ERRNO | EPERM)
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
		ck_assert_uint_eq(judge(architecture, &call),
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
		fprintf(stderr, "skipped: this kernel has no i386 calls\n");
		return;
	}
	int status = status_of(i386_filtered);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST
#endif

/* --- The simulator itself -------------------------------------------------------------------- */

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
	Suite *suite = suite_create("filter");
	TCase *filter = tcase_create("base");
	TCase *extra = tcase_create("extra");
	TCase *simulator = tcase_create("simulator");

	tcase_add_loop_test(filter, is_a_program_that_the_kernel_accepts, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, answers_as_the_golden_table, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, knows_three_answers_and_kills_foreigners, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, allows_sockets_of_three_kinds, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, refuses_exactly_the_namespace_bits, 0, ARCHITECTURES);
	tcase_add_loop_test(filter, refuses_exactly_four_requests, 0, ARCHITECTURES);
	tcase_add_test(filter, holds_in_the_kernel);
#ifdef __x86_64__
	tcase_add_test(filter, kills_i386_in_the_kernel);
#endif
	tcase_set_timeout(filter, 60);
	suite_add_tcase(suite, filter);
	tcase_add_test(extra, adds_nothing_without_a_reason);
	tcase_add_test(extra, refuses_the_ways_around_limited_execution);
	suite_add_tcase(suite, extra);
	tcase_add_loop_test(simulator, simulator_accepts_what_the_kernel_accepts, 0,
	                    (int)COUNT(program_cases));
	tcase_add_test(simulator, simulator_computes);
	suite_add_tcase(suite, simulator);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
