#include "golden.h"

#include "base/cleanup.h"
#include "simulator.h"

#include <asm/ioctls.h>
#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	ARGUMENTS = 6,
};
static const uint64_t rubbish = 0xdeadbeef00000000;

uint32_t golden_judge(const struct architecture *architecture, const struct seccomp_data *call)
{
	return simulator_run(architecture->program, *architecture->count, call);
}

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

const char *golden_verdict(uint32_t value)
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
	const char *answer = golden_verdict(golden_judge(architecture, &call));
	ck_assert_msg(strcmp(answer, words[0]) == 0, "%s:%zu: %s: %s, not %s", architecture->table,
	              number, name, answer, words[0]);
	return true;
}

size_t golden_check(const struct architecture *architecture)
{
	cleanup_fclose FILE *table = fopen(architecture->table, "re");
	cleanup_free char *line = NULL;
	size_t capacity = 0, rows = 0;

	ck_assert_msg(table, "%s: %s", architecture->table, strerror(errno));
	for (size_t number = 1; getline(&line, &capacity, table) > 0; number++) {
		line[strcspn(line, "\n")] = '\0';
		rows += check_row(architecture, number, line);
	}
	return rows;
}
