/* Git itself under the guard of names: everything that it makes, renames, links and removes is
 * judged while it waits. Its everyday work has to go through without a question, and what would get
 * a program run later must not. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/guard.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char root[64];

/* --- What is judged -------------------------------------------------------------------------- */

/* Where a call's names are among its arguments; -1 for AT_FDCWD and for none. */
static const struct judged_call {
	const char *name;
	enum guard_deed deed;
	int folder, path;       /* of the name that the deed is done to */
	int to_folder, to_path; /* of the name that the object comes to stand at */
	int flags;
} judged_calls[] = {
        {"open", GUARD_MAKE_FILE, -1, 0, -1, -1, 1},
        {"openat", GUARD_MAKE_FILE, 0, 1, -1, -1, 2},
        {"mkdir", GUARD_MAKE_FOLDER, -1, 0, -1, -1, -1},
        {"mkdirat", GUARD_MAKE_FOLDER, 0, 1, -1, -1, -1},
        {"symlink", GUARD_MAKE_LINK, -1, 1, -1, -1, -1},
        {"symlinkat", GUARD_MAKE_LINK, 1, 2, -1, -1, -1},
        {"unlink", GUARD_REMOVE, -1, 0, -1, -1, -1},
        {"rmdir", GUARD_REMOVE, -1, 0, -1, -1, -1},
        {"unlinkat", GUARD_REMOVE, 0, 1, -1, -1, -1},
        {"chmod", GUARD_CHANGE, -1, 0, -1, -1, -1},
        {"fchmodat", GUARD_CHANGE, 0, 1, -1, -1, -1},
        {"rename", GUARD_REMOVE, -1, 0, -1, 1, -1},
        {"renameat", GUARD_REMOVE, 0, 1, 2, 3, -1},
        {"renameat2", GUARD_REMOVE, 0, 1, 2, 3, -1},
        {"link", GUARD_SHARE, -1, 0, -1, 1, -1},
        {"linkat", GUARD_SHARE, 0, 1, 2, 3, -1},
};

struct run {
	int listener;
	size_t judged, contents, sealed, refused;
	char *pending[64]; /* new files whose content decides, and which are empty so far */
	enum guard_kind pending_kinds[64];
	char *first_refused;
};

static void refuse(struct run *run, const char *path, const char *because)
{
	run->refused++;
	if (!run->first_refused)
		run->first_refused = text_printf("%s: %s", path, because ? because : "?");
}

/* What was written into new files since. */
static void judge_pending(struct run *run)
{
	for (size_t i = 0; i < COUNT(run->pending); i++) {
		cleanup_free char *because = NULL;
		cleanup_error struct error err = {0};
		struct stat status;

		if (!run->pending[i])
			continue;
		cleanup_free char *folder = path_parent(run->pending[i]);
		cleanup_close int folder_fd = open(folder, O_PATH | O_CLOEXEC);
		cleanup_close int file = open(run->pending[i], O_RDONLY | O_CLOEXEC);
		struct guard_place place = {.folder = folder_fd,
		                            .path = folder,
		                            .name = path_name(run->pending[i]),
		                            .top = root};
		if (file >= 0 && fstat(file, &status) == 0 && status.st_size == 0)
			continue;
		if (file >= 0 &&
		    guard_content(&place, run->pending_kinds[i], file, &because, &err) != 1)
			refuse(run, run->pending[i], because);
		run->contents += file >= 0;
		free(run->pending[i]);
		run->pending[i] = NULL;
	}
}

static void add_pending(struct run *run, const struct guard_place *place, enum guard_kind kind)
{
	for (size_t i = 0; i < COUNT(run->pending); i++)
		if (!run->pending[i]) {
			run->pending[i] = path_join(place->path, place->name);
			/* It is written in place here: it is no witness of what was there. */
			run->pending_kinds[i] = kind == GUARD_CONFIG ? GUARD_FRESH_CONFIG : kind;
			return;
		}
	ck_abort_msg("too many new files");
}

/* `config` in a folder that becomes one of git's, as a broker judges its copy: without a place. */
static void judge_sealed(struct run *run, const struct guard_place *sealed)
{
	cleanup_error struct error err = {0};
	cleanup_free char *because = NULL;
	cleanup_close int file = openat(sealed->folder, "config", O_RDONLY | O_CLOEXEC);
	struct guard_place place = {
	        .folder = sealed->folder, .path = "/", .name = "config", .top = "/"};

	run->sealed++;
	if (file < 0 || guard_content(&place, GUARD_CONFIG, file, &because, &err) != 1)
		refuse(run, sealed->path, because);
}

/* Whether the deed may be done. */
static bool judge(struct run *run, const struct guard_place *place, enum guard_deed deed,
                  int object)
{
	cleanup_guard_finding struct guard_finding finding = {0};
	cleanup_error struct error err = {0};
	cleanup_free char *because = NULL;
	cleanup_free char *path = path_join(place->path, place->name);

	if (!path_within(place->path, root))
		return true;
	run->judged++;
	ck_assert_msg(guard_find(place, deed, object, &finding, &err) == 0, "%s: %s", path,
	              error_message(&err));
	if (finding.seal_config)
		judge_sealed(run, place);
	if (finding.verdict == GUARD_PROTECTED) {
		refuse(run, path, finding.because);
		return false;
	}
	if (finding.verdict != GUARD_CONTENT)
		return true;
	if (object < 0 || deed == GUARD_REMOVE) {
		add_pending(run, place, finding.kind);
		return true;
	}
	cleanup_free char *reopened = text_printf("/proc/self/fd/%d", object);
	cleanup_close int file = open(reopened, O_RDONLY | O_CLOEXEC);
	run->contents++;
	if (file >= 0 && guard_content(place, finding.kind, file, &because, &err) == 1)
		return true;
	refuse(run, path, because);
	return false;
}

/* --- The calls that wait --------------------------------------------------------------------- */

static char *read_path(pid_t pid, uint64_t address)
{
	cleanup_free char *name = text_printf("/proc/%d/mem", pid);
	cleanup_close int memory = open(name, O_RDONLY | O_CLOEXEC);
	char text[PATH_MAX + 1] = "";

	ck_assert_msg(memory >= 0, "%s: %m", name);
	ck_assert_msg(pread(memory, text, PATH_MAX, (off_t)address) > 0, "%m");
	return text_copy(text);
}

/* The folder of a name and what it is called there: -1 where there is none. */
static int open_folder(const struct seccomp_notif *call, int folder, int path, char **folder_path,
                       char **name)
{
	pid_t pid = (pid_t)call->pid;
	cleanup_free char *text = read_path(pid, call->data.args[path]);
	int number = folder < 0 ? AT_FDCWD : (int)call->data.args[folder];
	char target[PATH_MAX + 1] = "";

	while (strlen(text) > 1 && text[strlen(text) - 1] == '/')
		text[strlen(text) - 1] = '\0';
	char *slash = strrchr(text, '/');
	*name = text_copy(slash ? slash + 1 : text);
	if (slash)
		slash[slash == text] = '\0';
	cleanup_free char *base = number == AT_FDCWD ? text_printf("/proc/%d/cwd", pid)
	                                             : text_printf("/proc/%d/fd/%d", pid, number);
	cleanup_free char *whole = !slash           ? text_copy(base)
	                           : text[0] == '/' ? text_copy(text)
	                                            : path_join(base, text);
	int descriptor = open(whole, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return -1;
	cleanup_free char *link = text_printf("/proc/self/fd/%d", descriptor);
	ck_assert(readlink(link, target, PATH_MAX) > 0);
	*folder_path = text_copy(target);
	return descriptor;
}

static bool judge_put(struct run *run, const struct seccomp_notif *call,
                      const struct judged_call *row, const struct guard_place *from)
{
	cleanup_free char *path = NULL;
	cleanup_free char *name = NULL;
	cleanup_close int folder = open_folder(call, row->to_folder, row->to_path, &path, &name);
	cleanup_close int object =
	        openat(from->folder, from->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct guard_place place = {.folder = folder, .path = path, .name = name, .top = root};

	return folder < 0 || object < 0 || judge(run, &place, GUARD_PUT, object);
}

static bool judge_call(struct run *run, const struct seccomp_notif *call,
                       const struct judged_call *row)
{
	cleanup_free char *path = NULL;
	cleanup_free char *name = NULL;
	cleanup_close int folder = open_folder(call, row->folder, row->path, &path, &name);
	struct guard_place place = {.folder = folder, .path = path, .name = name, .top = root};

	if (folder < 0)
		return true;
	cleanup_close int object = row->to_path >= 0 && row->deed == GUARD_REMOVE
	                                   ? openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC)
	                                   : -1;
	judge_pending(run);
	return judge(run, &place, row->deed, object) &&
	       (row->to_path < 0 || judge_put(run, call, row, &place));
}

static void answer(struct run *run)
{
	struct seccomp_notif *call = NULL;
	struct seccomp_notif_resp *response = NULL;

	ck_assert_int_eq(seccomp_notify_alloc(&call, &response), 0);
	if (seccomp_notify_receive(run->listener, call) == 0) {
		response->id = call->id;
		response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		for (size_t i = 0; i < COUNT(judged_calls); i++) {
			const struct judged_call *row = &judged_calls[i];
			if (seccomp_syscall_resolve_name(row->name) == call->data.nr &&
			    !judge_call(run, call, row)) {
				response->flags = 0;
				response->error = -EACCES;
			}
		}
		seccomp_notify_respond(run->listener, response);
	}
	seccomp_notify_free(call, response);
}

/* --- The script ------------------------------------------------------------------------------ */

/* Only opens that may write: the others are most of what git does. */
static int add_call(scmp_filter_ctx filter, const struct judged_call *row)
{
	static const scmp_datum_t bits[] = {O_WRONLY, O_RDWR, O_CREAT};
	int number = seccomp_syscall_resolve_name(row->name);

	if (number < 0)
		return 0;
	if (row->flags < 0)
		return seccomp_rule_add(filter, SCMP_ACT_NOTIFY, number, 0);
	for (size_t i = 0; i < COUNT(bits); i++)
		if (seccomp_rule_add(filter, SCMP_ACT_NOTIFY, number, 1,
		                     SCMP_CMP((unsigned)row->flags, SCMP_CMP_MASKED_EQ, bits[i],
		                              bits[i])) < 0)
			return -1;
	return 0;
}

static void start_script(const char *script, int socket)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	char byte = 0;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET,
	                        .cmsg_type = SCM_RIGHTS,
	                        .cmsg_len = CMSG_LEN(sizeof(int))}};
	struct msghdr message = {.msg_iov = &part,
	                         .msg_iovlen = 1,
	                         .msg_control = &control,
	                         .msg_controllen = sizeof(control)};

	for (size_t i = 0; filter && i < COUNT(judged_calls); i++)
		if (add_call(filter, &judged_calls[i]) < 0)
			_exit(120);
	if (!filter || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || chdir(root) < 0 ||
	    seccomp_load(filter) < 0)
		_exit(121);
	int listener = seccomp_notify_fd(filter);
	memcpy(CMSG_DATA(&control.header), &listener, sizeof(listener));
	if (listener < 0 || sendmsg(socket, &message, 0) != 1)
		_exit(122);
	close(listener);
	close(socket);
	execl("/bin/sh", "sh", "-ec", script, (char *)NULL);
	_exit(123);
}

static int receive_listener(int socket)
{
	char byte;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {.msg_iov = &part,
	                         .msg_iovlen = 1,
	                         .msg_control = &control,
	                         .msg_controllen = sizeof(control)};
	int listener = -1;

	ck_assert_int_eq(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), 1);
	memcpy(&listener, CMSG_DATA(&control.header), sizeof(listener));
	return listener;
}

/* Runs the script to its end; returns its status. */
static int judge_script(const char *script, struct run *run)
{
	int sockets[2];
	int status = -1;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	pid_t child = fork();
	ck_assert(child >= 0);
	if (child == 0)
		start_script(script, sockets[1]);
	close(sockets[1]);
	run->listener = receive_listener(sockets[0]);
	close(sockets[0]);
	for (;;) {
		struct pollfd waiting = {.fd = run->listener, .events = POLLIN};
		/* The listener hangs up when the last of the processes has ended. */
		if (poll(&waiting, 1, 30000) <= 0 || !(waiting.revents & POLLIN))
			break;
		answer(run);
	}
	judge_pending(run);
	close(run->listener);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* --- Rows ------------------------------------------------------------------------------------ */

/* A repository `r` with a commit, `b.git` that it was pushed to, and `s.git` to be a submodule. */
#define BEGIN                                                                   \
	"git init -q r; cd r; echo 1 > a; git add a; git commit -qm 1; cd ..; " \
	"git clone -q --bare r b.git; git clone -q --bare r s.git; cd r; "      \
	"git remote add origin ../b.git; git push -q -u origin HEAD; "

#define SUBMODULE BEGIN "git submodule -q add ../s.git s; "

static const struct git_case {
	const char *script;
	size_t refused; /* at least; 0: none, and the script succeeds */
	bool seals;
} git_cases[] = {
        {"git init -q; git init -q a/b; git init -q --bare c.git; git init -q", 0, true},
        {BEGIN "git config user.name x; git config pull.rebase true; git config --unset user.name",
         0},
        {BEGIN "git switch -q -c f; echo 2 > b; git add b; git stash -q; git stash pop -q; "
               "git commit -qm 2; git push -q -u origin f; git checkout -q -; git merge -q f; "
               "git branch --set-upstream-to=origin/f; git pull -q; git rebase -q origin/f; "
               "git branch -d f; git tag t; git gc -q; git repack -adq; git pack-refs --all",
         0},
        {BEGIN "cd ..; git clone -q r c; git clone -q --no-local r d; git clone -q -s r e; "
               "git clone -q --separate-git-dir x r f; cd f; git config user.name y; cd ..; "
               "git clone -q --mirror r m.git; git -C m.git fetch -q; rm -rf c d f x",
         0},
        {BEGIN "git submodule -q add ../s.git s; git commit -qm 2; git push -q; cd ..; "
               "git clone -q --recurse-submodules b.git c; git clone -q b.git d; cd d; "
               "git submodule -q update --init --recursive; git submodule -q sync; "
               "git submodule -q foreach 'git gc -q'; git submodule -q deinit -f s",
         0},
        {BEGIN "git worktree add -q ../w; cd ../w; echo 3 > c; git add c; git commit -qm 3; "
               "git stash list; cd ../r; git worktree lock ../w; git worktree unlock ../w; "
               "git worktree move ../w ../v; git worktree remove ../v; "
               "git worktree add -q --detach ../u; rm -rf ../u; git worktree prune",
         0},
        {BEGIN "git clone -q . s; rm -rf s/.git/hooks; git submodule -q add ../s.git s || :; "
               "git submodule absorbgitdirs; git sparse-checkout init --cone; git config "
               "--worktree core.sparseCheckout true",
         0},
        {BEGIN "cd ..; git init -q --separate-git-dir y r; git -C r status -s; mv b.git z.git; "
               "mkdir p; mv r z.git p; rm -rf p",
         0},

        /* A repository whose configuration names programs of the user's. */
        {"cd own; git config user.name x; git remote add o ../b; git config --unset user.name; "
         "git remote remove o; cd ..; git init -q own/in; git init -q own",
         0},

        {SUBMODULE "git mv s t; git -C t status -s; git submodule -q deinit -f t; "
                   "git submodule -q update --init; ln -s s q; rm -rf t; mkdir t; mv t u; "
                   "cd ..; mv r p; ln -s p r",
         0},

        /* And what must not be. */
        {SUBMODULE "rm -rf s; ln -s /tmp s", 1},
        {SUBMODULE "rm -rf s; ln -s /tmp q; mv -T q s", 1},
        {BEGIN "git submodule -q add ../s.git d/s; rm -rf d; ln -s /tmp d", 1},
        {BEGIN "git submodule -q add ../s.git d/s; rm -rf d; mkdir q; ln -s /tmp q/s; mv q d", 1},
        {SUBMODULE "mkdir q; echo 'gitdir: ../.git/modules/s' > q/.git", 1},
        {SUBMODULE "mv .git/modules/s ../p", 1},
        {SUBMODULE "rm -rf .git/modules/s/refs; mv .git/modules/s .git/modules/t", 1},
        {SUBMODULE "mv .git/modules p", 1},
        {SUBMODULE "mkdir -p q/q; mv .git q/q", 1},
        {SUBMODULE "git config -f .git/modules/s/config core.worktree ../../../../s", 1},
        {SUBMODULE "ln -s /tmp q; git config -f .git/modules/s/config core.worktree ../../../q", 1},
        {"cd own; git config alias.t '!y'", 1},
        {"cd own; git config core.hooksPath b", 1},
        {"cd own; git config --unset alias.s", 1},
        {"cp -r own c", 1},
        {"git init -q; echo x > .git/hooks/pre-commit", 1},
        {"git init -q; mv .git/hooks/pre-commit.sample .git/hooks/pre-commit", 1},
        {"git init -q; ln .git/hooks/pre-commit.sample .git/hooks/pre-commit", 1},
        {"git init -q; git config core.fsmonitor x", 1},
        {"git init -q; git config alias.st '!x'", 1},
        {"git init -q; echo >> .git/config", 1},
        {"git init -q; ln .git/config c", 1},
        {"git init -q; cp -r .git e; cd e; echo x > hooks/pre-commit", 1},
        {"git init -q; cp -r .git e; git config -f e/config core.pager x", 1},
        {"mkdir -p e/hooks e/refs; echo x > e/hooks/pre-commit; mkdir e/objects", 1},
        {"mkdir -p e/refs; git config -f e/config core.pager x; mkdir e/objects", 1},
        {"mkdir -p e/hooks; echo x > e/hooks/pre-commit; mv e .git", 1},
        {"git init -q; mv .git/hooks h; echo x > h/pre-commit; mv h .git/hooks", 1},
        {"git init -q; mv .git e; git config -f e/config core.pager x", 1},
        {"git init -q; mv .git e; rm -r e/refs; git config -f e/config core.pager x; "
         "mkdir e/refs",
         1},
        {"git init -q; mkdir t; cd t; mkdir hooks; echo x > hooks/pre-push; cd ..; "
         "git init -q --template=t e",
         1},
        {"mkdir e; echo 'gitdir: /etc' > .git; echo x > e/commondir", 2},
        {"ln -s e .git", 1},
        {BEGIN "git worktree add -q ../w; echo /tmp > .git/worktrees/w/commondir", 1},
        {BEGIN "git remote add x 'ext::sh -c x'", 1},
};

static void prepare(void)
{
	strcpy(root, "/tmp/remit-git-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	cleanup_free char *home = path_join(root, "home");
	cleanup_free char *config = path_join(home, ".gitconfig");
	ck_assert_int_eq(mkdir(home, 0700), 0);
	cleanup_fclose FILE *file = fopen(config, "we");
	ck_assert_ptr_nonnull(file);
	fputs("[user]\n\tname = n\n\temail = e@e\n[protocol \"file\"]\n\tallow = always\n"
	      "[init]\n\tdefaultBranch = main\n[safe]\n\tdirectory = *\n[gc]\n\tauto = 0\n",
	      file);
	setenv("HOME", home, 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	setenv("GIT_MERGE_AUTOEDIT", "no", 1);
	cleanup_free char *own = text_printf("git init -q %s/own && cd %s/own && "
	                                     "git config alias.s '!x' && "
	                                     "git config core.hooksPath a",
	                                     root, root);
	ck_assert_int_eq(system(own), 0);
}

START_TEST(git_goes_on)
{
	const struct git_case *row = &git_cases[_i];
	struct run run = {0};

	prepare();
	int status = judge_script(row->script, &run);
	cleanup_free char *remove = text_printf("rm -rf %s", root);
	ck_assert_int_eq(system(remove), 0);
	if (row->refused) {
		ck_assert_msg(run.refused >= row->refused, "nothing refused of %zu: %s", run.judged,
		              row->script);
	} else {
		ck_assert_msg(run.refused == 0 && status == 0,
		              "%s\nrefused %zu of %zu, %s, status %d", row->script, run.refused,
		              run.judged, run.first_refused ? run.first_refused : "nothing",
		              status);
		ck_assert_uint_gt(run.judged, 20);
		ck_assert_uint_gt(run.contents, 0);
		ck_assert(run.sealed > 0 || !row->seals);
	}
	free(run.first_refused);
}
END_TEST

/* Whether a filter can hand calls over here: an emulator of another processor has none. */
static bool has_notifications(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
		_exit(!filter || add_call(filter, &judged_calls[0]) < 0 ||
		      add_call(filter, &judged_calls[1]) < 0 || seccomp_load(filter) < 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static const char *what_is_missing(void)
{
	if (system("git --version >/dev/null 2>&1") != 0)
		return "there is no git";
	return has_notifications() ? NULL : "there are no notifications of system calls";
}

int main(void)
{
	Suite *suite = suite_create("guard and git");
	TCase *git = tcase_create("git");
	const char *missing = what_is_missing();

	if (missing)
		printf("skipped: git under the guard of names: %s\n", missing);
	tcase_set_timeout(git, 60);
	tcase_add_loop_test(git, git_goes_on, 0, missing ? 0 : (int)COUNT(git_cases));
	suite_add_tcase(suite, git);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
