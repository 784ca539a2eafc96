/* What the watch knows without a sandbox: the decoy's names, addresses of peers, filters. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "watch/nodes.h"
#include "watch/peer.h"
#include "watch/program.h"
#include "watch/target.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- Names of the decoy ---------------------------------------------------------------------- */

static char path_usr[] = "/usr", path_lib[] = "/lib", path_secret[] = "/home/u/.ssh",
            path_below[] = "/etc/shadow", path_etc[] = "/etc", path_work[] = "/home/u/work",
            text_lib[] = "usr/lib";

static struct plan_mount steps[] = {
        {.kind = MOUNT_BIND, .path = path_usr, .directory = true},
        {.kind = MOUNT_LINK, .path = path_lib, .source = text_lib},
        {.kind = MOUNT_BIND, .path = path_etc, .directory = true},
        {.kind = MOUNT_MASK, .path = path_below},
        {.kind = MOUNT_DECOY, .path = path_secret, .directory = true},
        {.kind = MOUNT_BIND, .path = path_work, .directory = true},
};

static struct nodes *made(void)
{
	const struct plan plan = {.mounts = steps, .mount_count = COUNT(steps)};
	struct nodes *nodes = NULL;
	struct error err = {0};

	ck_assert_msg(nodes_new(&plan, &nodes, &err) == 0, "%s", error_message(&err));
	return nodes;
}

static const struct node_row {
	const char *path;
	enum node_kind kind;
	mode_t type;
	bool listed;
} node_rows[] = {
        {"/", NODE_FOLDER, S_IFDIR, true},
        {"/usr", NODE_FOLDER, S_IFDIR, true},
        {"/lib", NODE_LINK, S_IFLNK, true},
        {"/etc/shadow", NODE_PHANTOM, S_IFREG, false},
        {"/home", NODE_FOLDER, S_IFDIR, true},
        {"/home/u", NODE_FOLDER, S_IFDIR, true},
        {"/home/u/.ssh", NODE_PHANTOM, S_IFDIR, false},
        {"/home/u/work", NODE_FOLDER, S_IFDIR, true},
        {"/proc", NODE_FOLDER, S_IFDIR, true},
};

START_TEST(makes_a_skeleton_of_the_plan)
{
	struct nodes *nodes = made();

	for (size_t i = 0; i < COUNT(node_rows); i++) {
		const struct node_row *row = &node_rows[i];
		const struct node *node = nodes_find(nodes, row->path);
		ck_assert_msg(node != NULL, "%s is missing", row->path);
		ck_assert_msg(node->kind == row->kind && node->type == row->type &&
		                      node->listed == row->listed,
		              "%s: kind %d, type %o, listed %d", row->path, node->kind, node->type,
		              node->listed);
		ck_assert(node->fixed);
	}
	ck_assert_str_eq(nodes_find(nodes, "/lib")->text, "usr/lib");
	ck_assert_ptr_eq(nodes_find(nodes, "/home/u/.ssh")->step, &steps[4]);
	ck_assert_ptr_null(nodes_find(nodes, "/home/u/.ss"));
	ck_assert_ptr_null(nodes_find(nodes, "/var/lib"));
	nodes_free(nodes);
}
END_TEST

START_TEST(forgets_a_phantom_with_its_last_lookup)
{
	struct nodes *nodes = made();
	struct node *node = nodes_add_phantom(nodes, text_copy("/root/x"), S_IFREG);
	struct node *fixed = nodes_find(nodes, "/etc/shadow");

	ck_assert_ptr_nonnull(node);
	node->lookups = 3;
	nodes_forget(nodes, node, 2);
	ck_assert_ptr_eq(nodes_find(nodes, "/root/x"), node);
	nodes_forget(nodes, node, 5); /* more than there are */
	ck_assert_ptr_null(nodes_find(nodes, "/root/x"));
	fixed->lookups = 1;
	nodes_forget(nodes, fixed, 1);
	ck_assert_ptr_eq(nodes_find(nodes, "/etc/shadow"), fixed);
	nodes_free(nodes);
}
END_TEST

/* By what they take: long names are fewer. */
START_TEST(bounds_the_phantoms)
{
	enum {
		MOST_BYTES = 512 * 1024,
		LONG = 4000, /* bytes of a name */
	};
	struct nodes *nodes = made();
	struct node *last = NULL;
	size_t count = 0;

	for (;; count++) {
		struct node *node =
		        nodes_add_phantom(nodes, text_printf("/root/%0*zu", LONG, count), S_IFREG);
		if (!node)
			break;
		last = node;
	}
	ck_assert_uint_lt(count, MOST_BYTES / LONG);
	ck_assert_uint_gt(count, MOST_BYTES / LONG * 9 / 10);
	nodes_forget(nodes, last, 0); /* what nobody asked for goes at once, and leaves its room */
	for (count = 0; nodes_add_phantom(nodes, text_printf("/root/%zu", count), S_IFREG); count++)
		;
	ck_assert_uint_gt(count, LONG / 200);
	ck_assert_uint_lt(count, 2 * LONG / 100);
	ck_assert_ptr_null(nodes_add_phantom(nodes, NULL, S_IFREG));
	nodes_free(nodes);
}
END_TEST

/* --- Peers ----------------------------------------------------------------------------------- */

static const struct peer_row {
	const char *host, *text;
	bool inside;
} peer_rows[] = {
        {"192.0.2.1", "192.0.2.1:443", false},
        {"127.0.0.1", "127.0.0.1:443", true},
        {"127.255.0.9", "127.255.0.9:443", true},
        {"128.0.0.1", "128.0.0.1:443", false},
        {"0.0.0.0", "127.0.0.1:443", true},
        {"2001:db8::1", "[2001:db8::1]:443", false},
        {"::1", "[::1]:443", true},
        {"::", "[::1]:443", true},
        {"::ffff:0.0.0.0", "[::ffff:127.0.0.1]:443", true},
        {"::ffff:127.0.0.1", "[::ffff:127.0.0.1]:443", true},
        {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:443", false},
};

static int read_own(const void *address, size_t size, struct peer *out)
{
	return peer_read(getpid(), (uint64_t)(uintptr_t)address, size, out);
}

START_TEST(reads_network_addresses)
{
	const struct peer_row *row = &peer_rows[_i];
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(443)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
	cleanup_peer struct peer peer = {0};

	if (inet_pton(AF_INET, row->host, &four.sin_addr) == 1)
		ck_assert_int_eq(read_own(&four, sizeof(four), &peer), 0);
	else if (inet_pton(AF_INET6, row->host, &six.sin6_addr) == 1)
		ck_assert_int_eq(read_own(&six, sizeof(six), &peer), 0);
	ck_assert_str_eq(peer.text, row->text);
	ck_assert(peer.inside == row->inside);
	ck_assert_ptr_null(peer.path);
}
END_TEST

START_TEST(reads_names_of_local_sockets)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
	const size_t before = offsetof(struct sockaddr_un, sun_path);
	cleanup_peer struct peer whole = {0};
	cleanup_peer struct peer shorter = {0};
	cleanup_peer struct peer full = {0};
	cleanup_peer struct peer unnamed = {0};
	cleanup_peer struct peer abstract = {0};

	ck_assert_int_eq(read_own(&name, sizeof(name), &whole), 0);
	ck_assert_str_eq(whole.path, "/run/x");
	/* A name need not end with NUL. */
	ck_assert_int_eq(read_own(&name, before + 4, &shorter), 0);
	ck_assert_str_eq(shorter.path, "/run");
	ck_assert_int_eq(read_own(&name, before, &unnamed), 0);
	ck_assert_ptr_null(unnamed.path);
	memset(name.sun_path, 'a', sizeof(name.sun_path));
	ck_assert_int_eq(read_own(&name, sizeof(name), &full), 0);
	ck_assert_uint_eq(strlen(full.path), sizeof(name.sun_path));
	name.sun_path[0] = '\0';
	ck_assert_int_eq(read_own(&name, sizeof(name), &abstract), 0);
	ck_assert_ptr_null(abstract.path);
	ck_assert(abstract.inside);
}
END_TEST

START_TEST(says_nothing_of_other_addresses)
{
	struct sockaddr_storage any = {.ss_family = AF_NETLINK};
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct peer peer = {0};

	ck_assert_int_eq(read_own(&any, sizeof(any), &peer), -1);
	ck_assert_int_eq(read_own(&any, sizeof(any.ss_family), &peer), -1);
	ck_assert_int_eq(read_own(&four, sizeof(four) - 1, &peer), -1);
	ck_assert_int_eq(read_own(&four, 1, &peer), -1);
	ck_assert_int_eq(read_own(&four, (size_t)-1, &peer), -1);
	ck_assert_int_eq(read_own((const void *)8, sizeof(four), &peer), -1);
}
END_TEST

/* --- Targets --------------------------------------------------------------------------------- */

/* This process, in the place of a confined one. */
static int find(const char *path, int folder, bool follow, struct target *out)
{
	cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct target_request request = {
	        .thread = getpid(), .root = root, .folder = folder, .path = path, .follow = follow};

	return target_find(&request, out);
}

/* A fresh folder with `file`, `to` (a link to it), `gone` (a link to `missing`); the process stands
 * in it. Owned by the caller. */
static char *enter_folder(void)
{
	char template[] = "/tmp/remit-test.XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(template));
	ck_assert_int_eq(chdir(template), 0);
	cleanup_close int file = open("file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(symlink("file", "to"), 0);
	ck_assert_int_eq(symlink("missing", "gone"), 0);
	return realpath(".", NULL);
}

static void leave_folder(const char *folder)
{
	ck_assert(unlink("file") == 0 && unlink("to") == 0 && unlink("gone") == 0);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static const struct target_row {
	const char *path;
	bool follow, exists;
	const char *name; /* in the folder; NULL: nothing is found */
} target_rows[] = {
        {"file", true, true, "file"},
        {"./file", true, true, "file"},
        {"to", true, true, "file"},
        {"to", false, true, "to"},
        {"gone", true, false, "missing"},
        {"gone", false, true, "gone"},
        {"new", true, false, "new"},
        {"new/", true, false, "new"},
        {"new/below", true, false, NULL},
        {"file/below", true, false, NULL},
        {"", true, false, NULL},
        {"/proc/self/cwd/file", true, true, "file"},
        {"/proc/self/cwd/to", true, true, "file"},
        {"/proc/self/cwd/new", true, false, "new"},
        {"/proc/thread-self/cwd/./file", false, true, "file"},
        {"/proc/self/root/proc/self/cwd/file", true, true, "file"},
};

START_TEST(finds_what_a_path_means)
{
	cleanup_free char *folder = enter_folder();
	const struct target_row *row = &target_rows[_i];
	cleanup_target struct target target = {.holder = -1};
	cleanup_free char *expected = row->name ? text_printf("%s/%s", folder, row->name) : NULL;
	int result = find(row->path, AT_FDCWD, row->follow, &target);

	leave_folder(folder);
	ck_assert_int_eq(result, row->name ? 0 : -1);
	if (!expected)
		return;
	ck_assert_str_eq(target.path, expected);
	ck_assert(target.exists == row->exists);
	ck_assert(!target_read_only(&target) && !target_phantom(&target));
}
END_TEST

START_TEST(finds_what_a_descriptor_holds)
{
	cleanup_free char *folder = enter_folder();
	cleanup_close int file = open("file", O_RDONLY | O_CLOEXEC);
	cleanup_close int place = open(".", O_PATH | O_CLOEXEC);
	cleanup_target struct target opened = {.holder = -1};
	cleanup_target struct target below = {.holder = -1};
	cleanup_target struct target none = {.holder = -1};
	cleanup_free char *expected = text_printf("%s/file", folder);

	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(target_opened(getpid(), file, &opened), 0);
	ck_assert_int_eq(find("file", place, true, &below), 0);
	ck_assert_int_eq(target_opened(getpid(), 1 << 20, &none), -1);
	ck_assert_int_eq(chdir(folder), 0);
	leave_folder(folder);
	ck_assert_str_eq(opened.path, expected);
	ck_assert_str_eq(below.path, expected);
}
END_TEST

/* --- Filters --------------------------------------------------------------------------------- */

START_TEST(evaluates_instructions)
{
	const struct sock_filter program[] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, 1),
	        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 100, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, 2),
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
	        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x30, 1, 0),
	        BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
	        BPF_STMT(BPF_RET | BPF_K, 3),
	        BPF_STMT(BPF_RET | BPF_K, 4),
	};
	static const struct {
		int number;
		uint64_t argument;
		uint32_t answer;
	} rows[] = {{7, 0, 1}, {100, 0, 2}, {8, 0x10, 3}, {8, 0x0f, 4}, {8, 0x1000000c0, 4}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct seccomp_data call = {.nr = rows[i].number, .args = {rows[i].argument}};
		ck_assert_uint_eq(program_evaluate(program, COUNT(program), &call), rows[i].answer);
	}
}
END_TEST

START_TEST(kills_where_it_does_not_know)
{
	const struct seccomp_data call = {0};
	const struct sock_filter unknown[] = {
	        BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 1),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_filter far[] = {
	        BPF_JUMP(BPF_JMP | BPF_JA, 100, 0, 0),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	ck_assert_uint_eq(program_evaluate(unknown, 2, &call), SECCOMP_RET_KILL_PROCESS);
	ck_assert_uint_eq(program_evaluate(far, 2, &call), SECCOMP_RET_KILL_PROCESS);
	ck_assert_uint_eq(program_evaluate(far, 0, &call), SECCOMP_RET_KILL_PROCESS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("watch");
	TCase *watch = tcase_create("watch");
	TCase *kernel = tcase_create("kernel");

	tcase_add_test(watch, makes_a_skeleton_of_the_plan);
	tcase_add_test(watch, forgets_a_phantom_with_its_last_lookup);
	tcase_add_test(watch, bounds_the_phantoms);
	tcase_add_test(watch, says_nothing_of_other_addresses);
	tcase_add_test(watch, evaluates_instructions);
	tcase_add_test(watch, kills_where_it_does_not_know);
	tcase_add_loop_test(kernel, reads_network_addresses, 0, COUNT(peer_rows));
	tcase_add_test(kernel, reads_names_of_local_sockets);
	tcase_add_loop_test(kernel, finds_what_a_path_means, 0, COUNT(target_rows));
	tcase_add_test(kernel, finds_what_a_descriptor_holds);
	/* openat2 and process_vm_readv: left out where a kernel is only emulated */
	tcase_set_tags(kernel, "kernel");
	suite_add_tcase(suite, watch);
	suite_add_tcase(suite, kernel);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
