/* The guard of names where a file system takes differently written names for one: a file system of
 * the test's own (FUSE), which holds a few folders and compares names without regard to case. */
#define FUSE_USE_VERSION 35

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fuse_mount.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/guard.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- The file system ------------------------------------------------------------------------- */

/* Row i is inode i + 1; the first is the root, and its own parent. */
static const struct node {
	fuse_ino_t parent;
	const char *name;
	bool file;
} nodes[] = {
        {1, "", false},
        /* a repository */
        {1, "r", false},
        {2, ".GIT", false},
        {3, "HOOKS", false},
        {3, "Modules", false},
        /* a bare one */
        {1, "x", false},
        {6, "OBJECTS", false},
        {6, "REFS", false},
        /* one that is nearly complete, and another, with a hook */
        {1, "y", false},
        {9, "refs", false},
        {1, "z", false},
        {11, "Refs", false},
        {11, "Hooks", false},
        {13, "pre-commit", true},
        /* names of the workspace */
        {1, ".GitHub", false},
        {15, "WorkFlows", false},
};

static void fill(fuse_ino_t number, struct stat *out)
{
	*out = (struct stat){.st_ino = number,
	                     .st_mode = nodes[number - 1].file ? S_IFREG | 0644 : S_IFDIR | 0755,
	                     .st_nlink = 1};
}

static void answer_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {0};

	if (strcmp(name, "..") == 0)
		entry.ino = nodes[parent - 1].parent;
	for (fuse_ino_t i = 2; !entry.ino && i <= COUNT(nodes); i++)
		if (nodes[i - 1].parent == parent && strcasecmp(nodes[i - 1].name, name) == 0)
			entry.ino = i;
	if (!entry.ino) {
		fuse_reply_err(request, ENOENT);
		return;
	}
	fill(entry.ino, &entry.attr);
	fuse_reply_entry(request, &entry);
}

static void answer_attributes(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
	struct stat status;

	(void)file;
	fill(number, &status);
	fuse_reply_attr(request, &status, 0);
}

static void answer_list(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset,
                        struct fuse_file_info *file)
{
	char text[4096];
	size_t used = 0;

	(void)file;
	for (size_t i = (size_t)offset + 1; i < COUNT(nodes) && size >= sizeof(text); i++) {
		struct stat status;
		if (nodes[i].parent != number)
			continue;
		fill(i + 1, &status);
		used += fuse_add_direntry(request, text + used, sizeof(text) - used, nodes[i].name,
		                          &status, (off_t)i);
	}
	fuse_reply_buf(request, text, used);
}

static ssize_t write_answer(int device, struct iovec *parts, int count, void *data)
{
	(void)data;
	return writev(device, parts, count);
}

static ssize_t read_question(int device, void *memory, size_t size, void *data)
{
	(void)data;
	return read(device, memory, size);
}

static void *serve(void *data)
{
	static const struct fuse_lowlevel_ops operations = {
	        .lookup = answer_lookup, .getattr = answer_attributes, .readdir = answer_list};
	static const struct fuse_custom_io calls = {.writev = write_answer, .read = read_question};
	char name[] = "folding";
	char *arguments[] = {name, NULL};
	struct fuse_args list = FUSE_ARGS_INIT(1, arguments);
	struct fuse_session *session =
	        fuse_session_new(&list, &operations, sizeof(operations), NULL);
	struct fuse_buf buffer = {0};

	if (session && fuse_session_custom_io(session, &calls, *(int *)data) == 0)
		while (fuse_session_receive_buf(session, &buffer) > 0)
			fuse_session_process_buf(session, &buffer);
	return NULL;
}

/* --- A user namespace that may mount it ------------------------------------------------------ */

static bool write_text(const char *path, const char *text)
{
	cleanup_close int file = open(path, O_WRONLY | O_CLOEXEC);

	return file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);
}

static int mounted = -1; /* the root of the file system */
static int device = -1;

/* Returns false, with a reason, where this machine has none. */
static bool mount_folding(struct error *err)
{
	cleanup_free char *users = text_printf("0 %u 1", (unsigned)geteuid());
	cleanup_free char *groups = text_printf("0 %u 1", (unsigned)getegid());

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		error_system(err, errno, "a user namespace");
		return false;
	}
	if (!write_text("/proc/self/setgroups", "deny") ||
	    !write_text("/proc/self/uid_map", users) || !write_text("/proc/self/gid_map", groups)) {
		error_system(err, errno, "mapping ids");
		return false;
	}
	pthread_t thread;
	return mount_fuse(0, 0, &device, &mounted, err) == 0 &&
	       pthread_create(&thread, NULL, serve, &device) == 0;
}

/* --- Rows ------------------------------------------------------------------------------------ */

#define F GUARD_FREE
#define P GUARD_PROTECTED
#define H GUARD_HARMLESS
#define C GUARD_CONTENT

static const struct folding_case {
	enum guard_deed deed;
	const char *path; /* as the tool wrote it */
	enum guard_verdict verdict;
} folding_cases[] = {
        {GUARD_MAKE_FILE, "a", F},
        {GUARD_MAKE_FILE, ".Git", C},
        {GUARD_MAKE_FILE, ".gitx", F},
        {GUARD_MAKE_LINK, ".g\u200cit", P},
        {GUARD_MAKE_LINK, "GIT~1", P},
        {GUARD_MAKE_LINK, "git1", F},
        {GUARD_MAKE_FILE, "r/.GIT/CONFIG", C},
        {GUARD_MAKE_FILE, "r/.Git/con\ufb01g", C},
        {GUARD_MAKE_FILE, "r/.GIT/configs", F},
        {GUARD_MAKE_FILE, "r/.GIT/hooks/pre-commit", P},
        {GUARD_MAKE_FILE, "r/.git/HOOKS/pre-commit", P},
        {GUARD_MAKE_FILE, "r/.git/HOOKS/pre-commit.sample", H},
        {GUARD_MAKE_FOLDER, "r/.GIT/MODULES/Objects", H},
        {GUARD_MAKE_FILE, "x/Config", C},
        {GUARD_MAKE_LINK, "x/Hook\u017f", P},
        {GUARD_MAKE_FILE, "y/Config", F},
        {GUARD_MAKE_FOLDER, "y/Objects", F},
        {GUARD_MAKE_FOLDER, "z/Objects", P},
        {GUARD_MAKE_FOLDER, "z/Objects2", F},
};

static int open_folder(const char *path)
{
	int folder = openat(mounted, *path ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ck_assert_msg(folder >= 0, "%s: %m", path);
	return folder;
}

START_TEST(spellings_are_found)
{
	const struct folding_case *row = &folding_cases[_i];
	cleanup_guard_finding struct guard_finding finding = {0};
	cleanup_error struct error err = {0};

	cleanup_free char *path = path_join("/w", row->path);
	cleanup_free char *folder = path_parent(path);
	cleanup_close int folder_fd = open_folder(folder[2] ? folder + 3 : "");
	struct guard_place place = {
	        .folder = folder_fd, .path = folder, .name = path_name(path), .top = "/w"};
	ck_assert_msg(guard_find(&place, row->deed, -1, &finding, &err) == 0, "%s",
	              error_message(&err));
	ck_assert_msg(finding.verdict == row->verdict, "%s: %d (%s)", row->path, finding.verdict,
	              finding.because ? finding.because : "no reason");
}
END_TEST

START_TEST(paths_are_spelled)
{
	static const struct {
		const char *folder, *name, *spelled;
	} rows[] = {
	        {".GitHub/workFLOWS", "A.yml", "/w/.github/workflows/A.yml"},
	        {"", ".VSCode", "/w/.vscode"},
	        {"r/.GIT", "Config", "/w/r/.git/config"},
	        {"r", "Makefile", NULL},
	        {"", ".vscode", NULL},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		cleanup_error struct error err = {0};
		cleanup_free char *spelled = NULL;
		cleanup_free char *folder =
		        rows[i].folder[0] ? path_join("/w", rows[i].folder) : text_copy("/w");
		cleanup_close int folder_fd = open_folder(rows[i].folder);
		struct guard_place place = {
		        .folder = folder_fd, .path = folder, .name = rows[i].name, .top = "/w"};
		ck_assert_int_eq(guard_spell(&place, &spelled, &err), 0);
		ck_assert_str_eq(spelled ? spelled : "as it is",
		                 rows[i].spelled ? rows[i].spelled : "as it is");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guard and folding");
	TCase *folding = tcase_create("folding");
	cleanup_error struct error err = {0};
	bool able = mount_folding(&err);

	if (able) {
		tcase_add_loop_test(folding, spellings_are_found, 0, (int)COUNT(folding_cases));
		tcase_add_test(folding, paths_are_spelled);
	} else {
		printf("skipped: a file system that folds names: %s\n", error_message(&err));
	}
	suite_add_tcase(suite, folding);
	SRunner *runner = srunner_create(suite);
	/* One process: the file system greets the kernel once. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
