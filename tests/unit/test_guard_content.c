/* What files say that git obeys: each that is refused stands beside what is like it and harmless.
 */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/tables.h"
#include "real_folder.h"
#include "watch/git_keys.h"
#include "watch/guard.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct content_case {
	enum guard_kind kind;
	const char *content;
	bool harmless;
} content_cases[] = {
        {GUARD_POINTER, "", true},
        {GUARD_POINTER, "gitdir: ../.git/modules/s\n", true},
        {GUARD_POINTER, "gitdir: ../.git/modules/s", true},
        {GUARD_POINTER, "gitdir: /top/a/b\n", true},
        {GUARD_POINTER, "gitdir: /etc\n", false},
        {GUARD_POINTER, "gitdir: ../../../etc\n", false},
        {GUARD_POINTER, "gitdir: a/../b\n", false},
        {GUARD_POINTER, "gitdir: /top/a/../../etc\n", false},
        {GUARD_POINTER, "gitdir: /top\n", false},
        {GUARD_POINTER, "gitdir: /top/a\n\n", false},
        {GUARD_POINTER, "gitdir: /top/a\r\n", false},
        {GUARD_POINTER, "gitdir:/top/a\n", false},
        {GUARD_POINTER, "gitdir: \n", false},
        {GUARD_POINTER, "gitdir: ..\n", false},
        {GUARD_COMMONDIR, "../..\n", true},
        {GUARD_COMMONDIR, "../..", true},
        {GUARD_COMMONDIR, "../../", false},
        {GUARD_COMMONDIR, "/top/x\n", false},
        {GUARD_COMMONDIR, "../../x\n", false},
        {GUARD_GITDIR, "/top/w/.git\n", true},
        {GUARD_GITDIR, "../../../w/.git\n", true},
        {GUARD_GITDIR, "/top/w\n", false},
        {GUARD_GITDIR, "/etc/.git\n", false},
        {GUARD_GITDIR, "/top/r/.git/worktrees/w/.git\n", false},
        {GUARD_CONFIG, "", true},
        {GUARD_CONFIG, "[core]\n\tbare = false\n", true},
        {GUARD_CONFIG, "\xEF\xBB\xBF[core]\r\n\tbare\r\n", true},
        {GUARD_CONFIG, "[core]\n\tfsmonitor = true\n", false},
        {GUARD_CONFIG, "[CORE]\n\tFsMonitor = true\n", false},
        {GUARD_CONFIG, "[core]\n\tbare = false\n\thooksPath = /x\n", false},
        {GUARD_CONFIG, "[core \"x\"]\n\tbare = false\n", false},
        {GUARD_CONFIG, "[core] bare = false ; hooksPath = /x\n", true},
        {GUARD_CONFIG, "[core] bare = false \\\n hooksPath = /x\n", false},
        {GUARD_CONFIG, "[include]\n\tpath = x\n", false},
        {GUARD_CONFIG, "[includeIf \"gitdir:/\"]\n\tpath = x\n", false},
        {GUARD_CONFIG, "[alias]\n\tst = status\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = ../b.git\n\tfetch = +refs/*:refs/*\n", true},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = git@example.org:a/b.git\n", true},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = https://example.org/a.git\n", true},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = ssh://[::1]/a.git\n", true},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = ext::sh -c x\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = \"e\"xt::sh\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = foo://x\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = -u\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = ssh://-oProxyCommand=x/y\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = a@-oProxyCommand=x:y\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = https://e.org/%0ahost=x\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl = \"a\\nb\"\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\turl\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\tuploadpack = x\n", false},
        {GUARD_CONFIG, "[remote \"o\"]\n\ttagOpt = --no-tags\n", true},
        {GUARD_CONFIG, "[remote \"o\"]\n\ttagOpt = --upload-pack=x\n", false},
        {GUARD_CONFIG, "[branch \"a.b.c\"]\n\tremote = o\n\tmerge = refs/heads/a\n", true},
        {GUARD_CONFIG, "[branch \"a\"]\n\tremote = ext::x\n", false},
        {GUARD_CONFIG, "[submodule \"s\"]\n\turl = ../s\n\tactive = true\n", true},
        {GUARD_CONFIG, "[submodule \"s\"]\n\tupdate = merge\n", true},
        {GUARD_CONFIG, "[submodule \"s\"]\n\tupdate = !x\n", false},
        {GUARD_CONFIG, "[user]\n\tname = A B\n\temail = a@b.c\n", true},
        {GUARD_CONFIG, "[advice]\n\tdetachedHead = false\n", true},
        {GUARD_CONFIG, "[advice \"x\"]\n\tdetachedHead = false\n", false},
        {GUARD_CONFIG, "[core]\n\tworktree = ../../../s\n", true},
        {GUARD_CONFIG, "[core]\n\tworktree = ../../../../../../etc\n", false},
        {GUARD_CONFIG, "[core]\n\tworktree = ../../../../s\n", false},
        {GUARD_CONFIG, "[core]\n\tworktree = ../../..\n", false},
        {GUARD_CONFIG, "[core]\n\tworktree = ../../../s/.git/x\n", false},
        {GUARD_CONFIG, "[core]\n\tworktree = ../../hooks\n", false},
        {GUARD_CONFIG, "[core]\n\tworktree = ../..\n", false},
        {GUARD_CONFIG, "[core]\n\tworktree = hooks\n", false},
        {GUARD_CONFIG, "[core]\n\tworktree = ../../../a/../b\n", false},
        {GUARD_CONFIG, "[core]\n\tworktree = /top/s\n", false},
        {GUARD_CONFIG, "[core]\n\tautocrlf = input\n", true},
        {GUARD_CONFIG, "[core]\n\tautocrlf = `x`\n", false},
        {GUARD_CONFIG, "[core]\n\tcompression = 9\n", true},
        {GUARD_CONFIG, "[core]\n\tcompression = 9x\n", false},
        /* Not understood. */
        {GUARD_CONFIG, "[core\n\tbare = false\n", false},
        {GUARD_CONFIG, "bare = false\n", false},
        {GUARD_CONFIG, "[core]\n\tbare false\n", false},
        {GUARD_CONFIG, "[core]\n\tbare = \"false\n", false},
        {GUARD_CONFIG, "[core]\n\tbare = \\x\n", false},
        {GUARD_CONFIG, "[core]\n\tbare = false\r \n", false},
        {GUARD_CONFIG, "[core]\n\tbare = false\\", false},
};

/* `/top` in a content stands for the tree that may be written. */
static char *fill_in(const char *content)
{
	struct buffer out = {0};

	for (const char *at; (at = strstr(content, "/top")); content = at + 4) {
		buffer_append(&out, content, (size_t)(at - content));
		buffer_append_text(&out, root);
	}
	buffer_append_text(&out, content);
	return buffer_steal(&out);
}

START_TEST(contents_are_judged)
{
	const struct content_case *row = &content_cases[_i];
	cleanup_error struct error err = {0};
	cleanup_free char *because = NULL;

	make_root();
	run("mkdir -p r/.git/worktrees/w r/.git/modules/m");
	bool in_modules = row->kind == GUARD_CONFIG || row->kind == GUARD_POINTER;
	cleanup_free char *folder = path_join(root, row->kind == GUARD_POINTER ? "r"
	                                            : in_modules               ? "r/.git/modules/m"
	                                                         : "r/.git/worktrees/w");
	cleanup_free char *content = fill_in(row->content);
	cleanup_free char *path = path_join(root, "content");
	cleanup_close int folder_fd = open_path(folder);
	cleanup_close int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert(file >= 0 && write(file, content, strlen(content)) == (ssize_t)strlen(content));
	struct guard_place place = {
	        .folder = folder_fd, .path = folder, .name = "config", .top = root};
	int result = guard_content(&place, row->kind, file, &because, &err);
	remove_root();
	ck_assert_msg(result == row->harmless, "%s: %d (%s)", row->content, result,
	              because ? because : error_message(&err));
	ck_assert((because == NULL) == row->harmless);
}
END_TEST

/* Variables that name a program, a file that names one, or what stands for another: whatever their
 * value. */
static const char *const harmful[] = {
        "alias.x",
        "alias.x.command",
        "core.alternaterefscommand",
        "core.askpass",
        "core.attributesfile",
        "core.editor",
        "core.excludesfile",
        "core.fsmonitor",
        "core.gitproxy",
        "core.hookspath",
        "core.pager",
        "core.protecthfs",
        "core.protectntfs",
        "core.sharedrepository",
        "core.sshcommand",
        "credential.helper",
        "credential.x.helper",
        "diff.external",
        "diff.x.command",
        "diff.x.textconv",
        "diff.tool",
        "difftool.x.cmd",
        "difftool.x.path",
        "extensions.partialclone",
        "fetch.fsckobjects",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "filter.x.required",
        "gpg.program",
        "gpg.x.program",
        "gpg.ssh.defaultkeycommand",
        "gpg.format",
        "help.browser",
        "http.proxy",
        "http.x.proxy",
        "http.sslverify",
        "http.cookiefile",
        "include.path",
        "includeif.x.path",
        "init.templatedir",
        "instaweb.httpd",
        "interactive.difffilter",
        "lfs.customtransfer.x.path",
        "lfs.extension.x.clean",
        "man.x.cmd",
        "man.viewer",
        "merge.x.driver",
        "merge.tool",
        "mergetool.x.cmd",
        "pager.x",
        "pager.log",
        "protocol.allow",
        "protocol.ext.allow",
        "pull.octopus",
        "pull.twohead",
        "branch.x.mergeoptions",
        "receive.procreceiverefs",
        "remote.x.promisor",
        "remote.x.proxy",
        "remote.x.receivepack",
        "remote.x.uploadpack",
        "remote.x.vcs",
        "safe.directory",
        "sendemail.smtpserver",
        "sendemail.tocmd",
        "sequence.editor",
        "ssh.variant",
        "svn.x.y",
        "tar.x.command",
        "trailer.x.command",
        "trailer.x.cmd",
        "transfer.fsckobjects",
        "uploadpack.packobjectshook",
        "url.x.insteadof",
        "url.x.pushinsteadof",
        "user.signingkey",
        "web.browser",
        "browser.x.cmd",
        "commit.gpgsign",
        "tag.gpgsign",
        "core",
        "x.y",
        "core.bare.x",
        "remote.url",
        "submodule.update",
        "core..bare",
        "advice",
        "advice.x.y",
};

START_TEST(harmful_variables_are_not_listed)
{
	static const char *const values[] = {"true", "false", "1",      "x",
	                                     "",     "a/b",   "--tags", "none"};

	for (size_t i = 0; i < COUNT(harmful); i++) {
		ck_assert_msg(
		        !git_config_harmless(harmful[i], NULL, "/t/r/.git", "/t/r/.git", "/t"),
		        "%s", harmful[i]);
		for (size_t k = 0; k < COUNT(values); k++)
			ck_assert_msg(!git_config_harmless(harmful[i], values[k], "/t/r/.git",
			                                   "/t/r/.git", "/t"),
			              "%s = %s", harmful[i], values[k]);
	}
	ck_assert(!git_config_harmless("core.worktree", "../../s", "/t/r/.git", "/t/r/.git", "/t"));
	/* Each row of the list can be met: none is shadowed, or asks for what cannot be. */
	for (size_t i = 0; i < table_git_keys_count; i++) {
		static const char *const good[] = {"true", "refs/x", "--tags", "none",
		                                   "../../../s"};
		cleanup_free char *name = text_copy(table_git_keys[i].name);
		bool met = false;
		for (char *star; (star = strchr(name, '*'));)
			*star = 'z';
		for (size_t k = 0; k < COUNT(good); k++)
			met = met || git_config_harmless(name, good[k], "/t/r/.git/modules/m",
			                                 "/t/r/.git", "/t");
		ck_assert_msg(met || git_config_harmless(name, "7", "/t/r/.git", "/t/r/.git", "/t"),
		              "%s", name);
	}
}
END_TEST

/* What stands there already, the user's own, stays as it is. */
static const struct kept_case {
	const char *now, *then;
	bool harmless;
	enum guard_kind kind;
} kept_cases[] = {
        {"[alias]\n\ts = !x\n", "[alias]\n\ts = !x\n[user]\n\tname = y\n", true},
        {"[alias]\n\ts = !x\n", "[alias]\n\ts = !x\n[user]\n\tname = y\n", false,
         GUARD_FRESH_CONFIG},
        {"[alias]\n\ts = !x\n", "[alias]\n\ts = !y\n", false},
        {"[alias]\n\ts = !x\n", "[alias]\n\ts = !x\n\tt = !x\n", false},
        {"[alias]\n\ts = !x\n", "[alias]\n\ts = !x\n\ts = !x\n", false},
        {"[alias]\n\ts = !x\n", "[user]\n\tname = y\n", false},
        {"[alias]\n\ts = !x\n", "", false},
        {"[user]\n\tname = y\n", "", true},
        {"[user]\n\tname = y\n", "[alias]\n\ts = !x\n", false},
        {"[core]\n\tpager = a\n\tpager = b\n", "[core]\n\tpager = b\n\tpager = a\n", false},
        {"[core]\n\tpager = a\n\tpager = b\n", "[core]\n\tpager = a\n\tpager = b\n", true},
        {"[core]\n\tpager = a\n", "[core]\n\tpager = ab\n", false},
        {"[core]\n\tpager\n", "[core]\n\tpager = \n", false},
        {"[alias]\n\tb = c.d=e\n", "[alias \"b=c\"]\n\td = e\n", false},
        {"[alias]\n\ts = !x\n[", "[alias]\n\ts = !x\n", false},
};

static int judge_kept(const char *folder, const struct kept_case *row)
{
	cleanup_error struct error err = {0};
	cleanup_free char *because = NULL;
	cleanup_free char *path = path_join(folder, "config");
	cleanup_close int folder_fd = open_path(folder);
	cleanup_fclose FILE *now = fopen(path, "we");
	FILE *then = tmpfile();
	struct guard_place place = {
	        .folder = folder_fd, .path = folder, .name = "config", .top = root};

	ck_assert(now && then && fputs(row->now, now) >= 0 && fflush(now) == 0);
	ck_assert(fputs(row->then, then) >= 0 && fflush(then) == 0);
	int result = guard_content(&place, row->kind, fileno(then), &because, &err);
	fclose(then);
	ck_assert((result == 1) == (because == NULL));
	return result;
}

START_TEST(what_stands_there_is_kept)
{
	const struct kept_case *row = &kept_cases[_i];

	make_root();
	run("mkdir -p r/.git r/plain");
	cleanup_free char *git = path_join(root, "r/.git");
	cleanup_free char *plain = path_join(root, "r/plain");
	int in_git = judge_kept(git, row);
	/* In a folder that is none of git's the tool may have put it there. */
	int in_plain = judge_kept(plain, row);
	remove_root();
	ck_assert_msg(in_git == row->harmless, "%s then %s: %d", row->now, row->then, in_git);
	ck_assert_int_eq(in_plain,
	                 row->then[0] == '\0' || strstr(row->then, "name") == row->then + 8);
}
END_TEST

START_TEST(bytes_of_no_text_are_refused)
{
	static const char nul[] = "[core]\n\tbare = false\n\0[alias]\n\tx = y\n";
	cleanup_error struct error err = {0};
	cleanup_free char *because = NULL;
	FILE *file = tmpfile();
	struct guard_place place = {.folder = AT_FDCWD, .path = "/", .name = "config", .top = "/"};

	ck_assert_ptr_nonnull(file);
	place.folder = open_path("/");
	for (size_t size = 21; size < sizeof(nul); size++) {
		ck_assert_int_eq(ftruncate(fileno(file), 0), 0);
		ck_assert_int_eq(pwrite(fileno(file), nul, size, 0), (ssize_t)size);
		free(because);
		ck_assert_int_eq(guard_content(&place, GUARD_CONFIG, fileno(file), &because, &err),
		                 size == 21);
	}
	close(place.folder);
	fclose(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guard, contents");
	TCase *guard = tcase_create("contents");
	TCase *kernel = tcase_create("kernel");

	/* openat2: left out where a kernel is only emulated */
	tcase_set_tags(kernel, "kernel");
	tcase_add_loop_test(kernel, contents_are_judged, 0, (int)COUNT(content_cases));
	tcase_add_test(guard, harmful_variables_are_not_listed);
	tcase_add_loop_test(guard, what_stands_there_is_kept, 0, (int)COUNT(kept_cases));
	tcase_add_test(guard, bytes_of_no_text_are_refused);
	suite_add_tcase(suite, guard);
	suite_add_tcase(suite, kernel);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
