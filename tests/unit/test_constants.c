/* The numbers that policies/syscalls.yaml and supervisor.yaml give to names are those of this
 * architecture's headers: the files hold one number for every architecture. */
#include "base/cleanup.h"
#include "base/yaml_tree.h"
#include "policy/tables.h"

#include <asm/ioctls.h>
#include <check.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ROW(name)                       \
	{                               \
#name, (uint64_t)(name) \
	}

static const struct constant {
	const char *name;
	uint64_t value;
} constants[] = {
        ROW(W_OK),
        ROW(CLONE_FS),
        {"NOTIF_ADDFD", SECCOMP_IOCTL_NOTIF_ADDFD},
        {"FS_GETFLAGS", FS_IOC_GETFLAGS},
        ROW(O_WRONLY),
        ROW(O_RDWR),
        ROW(O_CREAT),
        ROW(O_TRUNC),
        ROW(O_PATH),
        ROW(PROT_EXEC),
        ROW(CLONE_THREAD),
        ROW(SECCOMP_GET_NOTIF_SIZES),
        ROW(PR_SET_NAME),
        ROW(PR_SET_VMA),
        {"NOTIF_RECV", SECCOMP_IOCTL_NOTIF_RECV},
        {"NOTIF_SEND", SECCOMP_IOCTL_NOTIF_SEND},
        {"NOTIF_ID_VALID", SECCOMP_IOCTL_NOTIF_ID_VALID},
        /* Linux 6.6 */
        {"NOTIF_SET_FLAGS", SECCOMP_IOW(4, uint64_t)},
        /* O_TMPFILE is this bit and O_DIRECTORY, which differs between architectures. */
        {"O_TMPFILE_BIT", (O_TMPFILE & ~O_DIRECTORY)},
        ROW(S_ISUID),
        ROW(S_ISGID),
        ROW(PRIO_PROCESS),
        ROW(IOPRIO_WHO_PROCESS),
        ROW(CLONE_NEWTIME),
        ROW(CLONE_NEWNS),
        ROW(CLONE_NEWCGROUP),
        ROW(CLONE_NEWUTS),
        ROW(CLONE_NEWIPC),
        ROW(CLONE_NEWUSER),
        ROW(CLONE_NEWPID),
        ROW(CLONE_NEWNET),
        {"PERSONALITY_ASK", 0xffffffff}, /* personality(2); no header names it */
        ROW(ADDR_NO_RANDOMIZE),
        ROW(SECCOMP_FILTER_FLAG_NEW_LISTENER),
        ROW(TIOCSTI),
        ROW(TIOCLINUX),
        ROW(TIOCCONS),
        ROW(TIOCSETD),
        {"SOCK_TYPE_MASK", 0xf}, /* the kernel's own, in include/linux/net.h */
        ROW(SOCK_STREAM),
        ROW(SOCK_DGRAM),
        ROW(SOCK_SEQPACKET),
        ROW(AF_UNIX),
        ROW(AF_INET),
        ROW(AF_INET6),
        ROW(IPPROTO_TCP),
        ROW(IPPROTO_UDP),
        ROW(SOL_SOCKET),
        ROW(SO_SNDBUF),
        ROW(SO_RCVBUF),
        ROW(SO_LINGER),
        ROW(SO_OOBINLINE),
        ROW(SO_REUSEADDR),
        ROW(SO_REUSEPORT),
        ROW(SO_KEEPALIVE),
        ROW(SO_SNDTIMEO),
        ROW(TCP_NODELAY),
        ROW(FIONBIO),
        ROW(MSG_FASTOPEN),
        ROW(RENAME_WHITEOUT),
};

static const struct constant *find(const char *name)
{
	for (size_t i = 0; i < COUNT(constants); i++)
		if (strcmp(constants[i].name, name) == 0)
			return &constants[i];
	return NULL;
}

static const char *policy_text(const char *name)
{
	for (size_t i = 0; i < table_files_count; i++)
		if (strcmp(table_files[i].name, name) == 0)
			return table_files[i].text;
	return NULL;
}

static const char *const files[] = {"syscalls.yaml", "supervisor.yaml", "broker.yaml", "relay.yaml",
                                    "resolver.yaml"};

START_TEST(constants_are_those_of_the_headers)
{
	cleanup_error struct error err = {0};
	cleanup_yaml_tree struct yaml_tree *root = NULL;
	const char *text = policy_text(files[_i]);

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(yaml_tree_parse(text, strlen(text), 1, &root, NULL, NULL, &err), 0);
	const struct yaml_tree *given = yaml_tree_get(root, "constants");
	ck_assert_ptr_nonnull(given);
	for (size_t i = 0; i < given->count; i += 2) {
		const char *name = given->items[i]->value;
		const struct constant *constant = find(name);

		ck_assert_msg(constant, "no row for %s", name);
		ck_assert_msg(strtoull(given->items[i + 1]->value, NULL, 0) == constant->value,
		              "%s is 0x%llx here", name, (unsigned long long)constant->value);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("constants");
	TCase *numbers = tcase_create("numbers");

	tcase_add_loop_test(numbers, constants_are_those_of_the_headers, 0, COUNT(files));
	suite_add_tcase(suite, numbers);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
