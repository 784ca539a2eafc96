/* The guard of names, on real folders: each refusal stands beside what is like it and admitted. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/fold.h"
#include "base/path.h"
#include "base/text.h"
#include "real_folder.h"
#include "watch/guard.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A bare layout, and one that is nearly complete. */
#define BARE  "mkdir -p x/objects x/refs; echo > x/HEAD; "
#define PLAIN "mkdir -p r/.git; "
#define OWN   "mkdir -p r/.git/worktrees/w; "
#define MOD   "mkdir -p r/.git/modules/m/objects r/.git/modules/m/refs; "
#define NAMES                                                    \
	MOD "printf '[core]\\n\\tworktree = ../../../d/s\\n' > " \
	    "r/.git/modules/m/config; "
#define ELSEWHERE                                                                              \
	"mkdir -p p r/.git/modules/m/modules/n; echo 'gitdir: ../r/.git/modules/m' > p/.git; " \
	"printf '[core]\\n\\tworktree = ../../../../../../p/n\\n' > "                          \
	"r/.git/modules/m/modules/n/config; "
#define EVIL "printf '[core]\\n\\tfsmonitor = x\\n' > x/config; "
#define GOOD "printf '[core]\\n\\tbare = true\\n' > x/config; "

#define F GUARD_FREE
#define P GUARD_PROTECTED
#define H GUARD_HARMLESS
#define C GUARD_CONTENT

#define FILE_ GUARD_MAKE_FILE
#define DIR_  GUARD_MAKE_FOLDER
#define LINK_ GUARD_MAKE_LINK
#define NODE_ GUARD_MAKE_OTHER
#define PUT_  GUARD_PUT
#define GONE_ GUARD_REMOVE
#define TWO_  GUARD_SHARE
#define MODE_ GUARD_CHANGE

static const struct find_case {
	const char *setup;
	enum guard_deed deed;
	const char *path;
	const char *object; /* of what is put or shared */
	enum guard_verdict verdict;
	enum guard_kind kind;
	bool seal;
} find_cases[] = {
        /* Everyday names. */
        {"", FILE_, "a", NULL, F},
        {"", FILE_, "config", NULL, F},
        {"", DIR_, "hooks", NULL, F},
        {"", DIR_, "modules", NULL, F},
        {"mkdir hooks", FILE_, "hooks/pre-commit", NULL, F},
        {"mkdir -p worktrees/w", FILE_, "worktrees/w/HEAD", NULL, F},
        {"mkdir -p worktrees/w", FILE_, "worktrees/w/gitdir", NULL, F},
        {PLAIN, FILE_, "r/.git/index.lock", NULL, F},
        {PLAIN, FILE_, "r/.git/config.lock", NULL, F},
        {PLAIN "mkdir -p r/.git/refs/heads", FILE_, "r/.git/refs/heads/config", NULL, F},
        {PLAIN "mkdir -p r/.git/objects/ab", FILE_, "r/.git/objects/ab/cd", NULL, F},
        {PLAIN "touch r/.git/index.lock", PUT_, "r/.git/index", "r/.git/index.lock", F},

        /* `.git` itself. */
        {"", DIR_, ".git", NULL, H},
        {"mkdir -p a/b", DIR_, "a/b/.git", NULL, H},
        {"", FILE_, ".git", NULL, C, GUARD_POINTER},
        {"touch .git", FILE_, ".git", NULL, C, GUARD_POINTER},
        {"", LINK_, ".git", NULL, P},
        {"ln -s x .git", FILE_, ".git", NULL, P},
        {"", NODE_, ".git", NULL, P},
        {"touch a", PUT_, ".git", "a", C, GUARD_POINTER},
        {"mkdir a", PUT_, ".git", "a", H},
        {"mkdir -p a/b", PUT_, ".git", "a", P},
        {"ln -s b a", PUT_, ".git", "a", P},
        {PLAIN, GONE_, "r/.git", NULL, H},
        {"touch .git", TWO_, ".git", ".git", P},
        {"touch a", TWO_, "a", "a", F},

        /* The configuration. */
        {PLAIN, FILE_, "r/.git/config", NULL, C, GUARD_CONFIG},
        {PLAIN "touch r/.git/config", FILE_, "r/.git/config", NULL, P},
        {PLAIN "touch r/.git/config.lock", PUT_, "r/.git/config", "r/.git/config.lock", C,
         GUARD_CONFIG},
        {PLAIN "mkdir r/a", PUT_, "r/.git/config", "r/a", P},
        {PLAIN "ln -s a r/a", PUT_, "r/.git/config", "r/a", P},
        {PLAIN, LINK_, "r/.git/config", NULL, P},
        {PLAIN, DIR_, "r/.git/config", NULL, P},
        {PLAIN "touch r/.git/config", GONE_, "r/.git/config", NULL, H},
        {PLAIN "touch r/.git/config", TWO_, "r/.git/config", "r/.git/config", P},
        {PLAIN "touch r/.git/config", MODE_, "r/.git/config", NULL, H},
        {PLAIN "touch r/a", PUT_, "r/.git/config.worktree", "r/a", C, GUARD_CONFIG},
        {BARE, FILE_, "x/config", NULL, C, GUARD_CONFIG},
        {BARE, FILE_, "x/config.worktree", NULL, C, GUARD_CONFIG},
        {"mkdir -p x/objects; echo > x/HEAD", FILE_, "x/config", NULL, F},
        /* Without HEAD it is one still: a linked work tree's `commondir` needs none. */
        {BARE "rm x/HEAD", FILE_, "x/config", NULL, C, GUARD_CONFIG},
        {BARE "rmdir x/refs; touch x/refs", FILE_, "x/config", NULL, C, GUARD_CONFIG},
        {BARE "rmdir x/refs; ln -s n x/refs", FILE_, "x/config", NULL, C, GUARD_CONFIG},
        {"mkdir -p x; echo ../.. > x/commondir", FILE_, "x/config.worktree", NULL, C, GUARD_CONFIG},

        /* Hooks. */
        {PLAIN, DIR_, "r/.git/hooks", NULL, H},
        {BARE, DIR_, "x/hooks", NULL, H},
        {BARE, LINK_, "x/hooks", NULL, P},
        {BARE, FILE_, "x/hooks", NULL, P},
        {PLAIN "mkdir r/a", PUT_, "r/.git/hooks", "r/a", H},
        {PLAIN "mkdir r/a; touch r/a/pre-commit", PUT_, "r/.git/hooks", "r/a", P},
        {PLAIN "mkdir r/a; touch r/a/x.sample", PUT_, "r/.git/hooks", "r/a", P},
        {PLAIN "mkdir r/.git/hooks", FILE_, "r/.git/hooks/pre-commit", NULL, P},
        {PLAIN "mkdir r/.git/hooks", FILE_, "r/.git/hooks/pre-commit.sample", NULL, H},
        {PLAIN "mkdir r/.git/hooks", FILE_, "r/.git/hooks/.sample", NULL, P},
        {PLAIN "mkdir r/.git/hooks", LINK_, "r/.git/hooks/a.sample", NULL, P},
        {PLAIN "mkdir -p r/.git/hooks/d", FILE_, "r/.git/hooks/d/a.sample", NULL, P},
        {PLAIN "mkdir r/.git/hooks; touch r/.git/hooks/a.sample", PUT_, "r/.git/hooks/pre-push",
         "r/.git/hooks/a.sample", P},
        {PLAIN "mkdir r/.git/hooks; touch r/a", PUT_, "r/.git/hooks/a.sample", "r/a", H},
        {PLAIN "mkdir r/.git/hooks; touch r/.git/hooks/a.sample", GONE_, "r/.git/hooks/a.sample",
         NULL, H},
        {PLAIN "mkdir r/.git/hooks; touch r/.git/hooks/a", GONE_, "r/.git/hooks/a", NULL, P},
        {PLAIN "mkdir r/.git/hooks; touch r/.git/hooks/a", MODE_, "r/.git/hooks/a", NULL, P},
        {PLAIN "mkdir r/.git/hooks; touch r/.git/hooks/a.sample", MODE_, "r/.git/hooks/a.sample",
         NULL, H},
        {PLAIN "mkdir r/.git/hooks; touch r/.git/hooks/a.sample", GONE_, "r/.git/hooks", NULL, H},
        {PLAIN "mkdir r/.git/hooks; touch r/.git/hooks/a", GONE_, "r/.git/hooks", NULL, P},
        {BARE "mkdir x/hooks", FILE_, "x/hooks/post-checkout", NULL, P},
        {"mkdir -p x/hooks x/objects; echo > x/HEAD", FILE_, "x/hooks/post-checkout", NULL, F},

        /* A folder becomes one of git's. */
        {"mkdir -p x/refs; echo > x/HEAD; " GOOD, DIR_, "x/objects", NULL, F, 0, true},
        {"mkdir -p x/refs; echo > x/HEAD", DIR_, "x/objects", NULL, F},
        {"mkdir -p x/refs; " EVIL, DIR_, "x/objects", NULL, P},
        {"mkdir -p x/objects; " EVIL, DIR_, "x/refs", NULL, P},
        {"mkdir -p x/objects; " EVIL, LINK_, "x/refs", NULL, P},
        {"mkdir -p x/objects y; " EVIL, PUT_, "x/refs", "y", P},
        {"mkdir -p x/objects; " EVIL, FILE_, "x/refs", NULL, P},
        {"mkdir -p x/objects; " EVIL, FILE_, "x/HEAD", NULL, F},
        {"mkdir -p x; " EVIL, DIR_, "x/refs", NULL, F},
        {"mkdir -p x/refs; ln -s a x/config", DIR_, "x/objects", NULL, P},
        {"mkdir -p x/refs; touch x/config.worktree", DIR_, "x/objects", NULL, P},
        {"mkdir -p x/refs; touch x/commondir", DIR_, "x/objects", NULL, P},
        {"mkdir -p x/refs x/hooks", DIR_, "x/objects", NULL, F},
        {"mkdir -p x/refs x/hooks; touch x/hooks/a.sample", DIR_, "x/objects", NULL, F},
        {"mkdir -p x/refs x/hooks; touch x/hooks/a", DIR_, "x/objects", NULL, P},
        {"mkdir -p x/refs x/hooks/a.sample", DIR_, "x/objects", NULL, P},
        {"mkdir -p x/refs h; ln -s ../h x/hooks", DIR_, "x/objects", NULL, P},
        {"mkdir -p r/.git/refs; cd r; printf '[core]\\n\\tfsmonitor = x\\n' > .git/config", DIR_,
         "r/.git/objects", NULL, F},

        /* Submodules. */
        {PLAIN, DIR_, "r/.git/modules", NULL, H},
        {PLAIN "mkdir r/a", PUT_, "r/.git/modules", "r/a", H},
        {PLAIN "mkdir -p r/a/b", PUT_, "r/.git/modules", "r/a", P},
        {PLAIN "mkdir -p r/.git/modules", DIR_, "r/.git/modules/m", NULL, H},
        {MOD, FILE_, "r/.git/modules/m/HEAD", NULL, H},
        {MOD "mkdir r/.git/modules/m/objects/aa", FILE_, "r/.git/modules/m/objects/aa/b", NULL, H},
        {MOD, FILE_, "r/.git/modules/m/config", NULL, C, GUARD_CONFIG},
        {MOD, DIR_, "r/.git/modules/m/hooks", NULL, H},
        {MOD "mkdir r/.git/modules/m/hooks", FILE_, "r/.git/modules/m/hooks/pre-commit", NULL, P},
        {MOD "mkdir r/.git/modules/m/hooks", FILE_, "r/.git/modules/m/hooks/a.sample", NULL, H},
        {"mkdir -p r/.git/modules/m/refs; printf '[core]\\n\\tpager=x\\n' >"
         " r/.git/modules/m/config",
         DIR_, "r/.git/modules/m/objects", NULL, P},
        {"mkdir -p r/.git/modules/m/refs; printf '[core]\\n\\tbare=no\\n' >"
         " r/.git/modules/m/config",
         DIR_, "r/.git/modules/m/objects", NULL, H, 0, true},
        {PLAIN "mkdir -p r/.git/modules r/s/.git/objects", PUT_, "r/.git/modules/s", "r/s/.git", H},

        /* Linked work trees. */
        {PLAIN, DIR_, "r/.git/worktrees", NULL, H},
        {PLAIN "mkdir r/.git/worktrees", DIR_, "r/.git/worktrees/w", NULL, H},
        {OWN, FILE_, "r/.git/worktrees/w/HEAD", NULL, H},
        {OWN, FILE_, "r/.git/worktrees/w/gitdir", NULL, C, GUARD_GITDIR},
        {OWN "touch r/.git/worktrees/w/gitdir", FILE_, "r/.git/worktrees/w/gitdir", NULL, C,
         GUARD_GITDIR},
        {OWN, FILE_, "r/.git/worktrees/w/commondir", NULL, C, GUARD_COMMONDIR},
        {OWN "touch r/.git/worktrees/w/config.worktree", FILE_, "r/.git/worktrees/w/commondir",
         NULL, P},
        {OWN, FILE_, "r/.git/worktrees/w/config.worktree", NULL, C, GUARD_CONFIG},
        {OWN "mkdir a", PUT_, "r/.git/worktrees/v", "a", H},
        {OWN "mkdir -p a/b", PUT_, "r/.git/worktrees/v", "a", P},
        {OWN "touch r/.git/worktrees/w/gitdir", GONE_, "r/.git/worktrees/w/gitdir", NULL, H},
        {OWN, GONE_, "r/.git/worktrees", NULL, H},
        {"mkdir -p a/worktrees/w", FILE_, "a/worktrees/w/commondir", NULL, P},
        {PLAIN, FILE_, "r/.git/commondir", NULL, P},
        {PLAIN, FILE_, "r/.git/gitdir", NULL, P},
        {"mkdir x", FILE_, "x/commondir", NULL, P},
        {"mkdir x", LINK_, "x/commondir", NULL, P},
        {"mkdir x; touch a", PUT_, "x/commondir", "a", P},

        /* Links on the way to the work tree of a submodule. */
        {NAMES "mkdir r/d", LINK_, "r/d/s", NULL, P},
        {NAMES, LINK_, "r/d", NULL, P},
        {NAMES, LINK_, "r/s", NULL, F},
        {NAMES "mkdir -p r/d/s", LINK_, "r/d/s/x", NULL, F},
        {NAMES "ln -s x l", PUT_, "r/d", "l", P},
        {NAMES "ln -s x l", PUT_, "r/e", "l", F},
        {NAMES "mkdir e; ln -s x e/s", PUT_, "r/d", "e", P},
        {NAMES "mkdir e; ln -s x e/t", PUT_, "r/d", "e", F},
        {NAMES "mv r/.git/modules/m/config r/.git/modules/m/config.worktree", LINK_, "r/d", NULL,
         P},
        {NAMES "mkdir r/.git/modules/x; mv r/.git/modules/m r/.git/modules/x", LINK_, "r/d", NULL,
         F},
        {ELSEWHERE, LINK_, "p/n", NULL, P},
        {ELSEWHERE, LINK_, "p/o", NULL, F},
        {ELSEWHERE "rm p/.git", LINK_, "p/n", NULL, F},
        {NAMES "echo [ > r/.git/modules/m/config", LINK_, "r/s", NULL, P},
        {NAMES "mkdir -p r/.git/modules/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", LINK_, "r/s", NULL,
         F},
        {NAMES "mkdir -p r/.git/modules/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", LINK_, "r/s",
         NULL, P},
        {NAMES
         "for i in $(seq 256); do mkdir r/.git/modules/$i; touch r/.git/modules/$i/config; done",
         LINK_, "r/s", NULL, P},

        /* Git folders of submodules that leave. */
        {NAMES, GONE_, "r/.git/modules/m", "r/.git/modules/m", P},
        {NAMES, GONE_, "r/.git/modules/m", NULL, H},
        {NAMES, GONE_, "r/.git/modules/m/config", "r/.git/modules/m/config", H},
        {NAMES "mkdir r/.git/modules/e", GONE_, "r/.git/modules/e", "r/.git/modules/e", H},
        {NAMES, GONE_, "r/.git/modules", "r/.git/modules", P},
        {NAMES, GONE_, "r/.git", "r/.git", P},
        {PLAIN "mkdir r/.git/modules", GONE_, "r/.git", "r/.git", H},
        {BARE "mkdir -p x/modules/m", GONE_, "x", "x", P},
        {"mkdir -p x/modules/m", GONE_, "x", "x", F},
        {NAMES, GONE_, "r", "r", F},

        /* Other spellings: this file system takes them for other names. */
        {"", FILE_, ".GIT", NULL, F},
        {PLAIN, FILE_, "r/.git/CONFIG", NULL, F},
        {"mkdir r r/.Git", FILE_, "r/.Git/config", NULL, F},

        /* What the kernel refuses by itself. */
        {PLAIN "mkdir r/.git/hooks", LINK_, "r/.git/hooks", NULL, H},
        {"mkdir .git", FILE_, ".git", NULL, H},
        {PLAIN, GONE_, "r/.git/config", NULL, H},
};

static const char *const verdict_names[] = {"free", "protected", "harmless", "content"};

START_TEST(names_are_found)
{
	const struct find_case *row = &find_cases[_i];
	cleanup_error struct error err = {0};
	cleanup_guard_finding struct guard_finding finding = {0};

	make_root();
	run(row->setup[0] ? row->setup : ":");
	cleanup_free char *path = path_join(root, row->path);
	cleanup_free char *folder = path_parent(path);
	cleanup_free char *object = row->object ? path_join(root, row->object) : NULL;
	cleanup_close int folder_fd = open_path(folder);
	cleanup_close int object_fd = object ? open_path(object) : -1;
	struct guard_place place = {
	        .folder = folder_fd, .path = folder, .name = path_name(path), .top = root};
	int result = guard_find(&place, row->deed, object_fd, &finding, &err);
	remove_root();
	ck_assert_msg(result == 0, "%s", error_message(&err));
	ck_assert_msg(finding.verdict == row->verdict, "case %d, %s: %s (%s)", _i, row->path,
	              verdict_names[finding.verdict],
	              finding.because ? finding.because : "no reason");
	ck_assert_int_eq(finding.seal_config, row->seal);
	ck_assert((finding.because == NULL) == (finding.verdict == GUARD_FREE));
	if (row->verdict == C)
		ck_assert_int_eq(finding.kind, row->kind);
}
END_TEST

/* The tree that may be written begins in the middle of a git folder. */
START_TEST(above_the_top_names_count)
{
	static const struct {
		const char *top, *path;
		enum guard_verdict verdict;
	} rows[] = {
	        {"r/.git", "r/.git/config", C},
	        {"r/.git/hooks", "r/.git/hooks/pre-commit", P},
	        {"r/.git/hooks", "r/.git/hooks/a.sample", H},
	        {"r/.git/worktrees/w", "r/.git/worktrees/w/commondir", C},
	        {"r/.git/refs", "r/.git/refs/config", F},
	};

	make_root();
	run("mkdir -p r/.git/hooks r/.git/worktrees/w r/.git/refs");
	for (size_t i = 0; i < COUNT(rows); i++) {
		cleanup_error struct error err = {0};
		cleanup_guard_finding struct guard_finding finding = {0};
		cleanup_free char *top = path_join(root, rows[i].top);
		cleanup_free char *path = path_join(root, rows[i].path);
		cleanup_free char *folder = path_parent(path);
		cleanup_close int folder_fd = open_path(folder);
		struct guard_place place = {
		        .folder = folder_fd, .path = folder, .name = path_name(path), .top = top};
		ck_assert_int_eq(guard_find(&place, GUARD_MAKE_FILE, -1, &finding, &err), 0);
		ck_assert_msg(finding.verdict == rows[i].verdict, "%s: %s", rows[i].path,
		              verdict_names[finding.verdict]);
	}
	remove_root();
}
END_TEST

/* --- Spellings ------------------------------------------------------------------------------- */

/* Each folds to `name`, and none is written so. */
static const struct spelling_case {
	const char *name, *spelling;
} spelling_cases[] = {
        {".git", ".GIT"},
        {".git", ".g\u200cit"},
        {".git", ".git."},
        {".git", ".git . "},
        {".git", ".git::$INDEX_ALLOCATION"},
        {".git", "GIT~1"},
        {".git", "git~12"},
        {".git", "GI7EBA~1"},
        {".git", "\uff0e\uff47\uff49\uff54"},
        {"hooks", "HOO\u212aS"},
        {"hooks", "hook\u017f"},
        {"config", "con\ufb01g"},
        {"config", "\ufeffConfig"},
        {"config.worktree", "CONFIG~1.WOR"},
        {".vscode", ".VSCode"},
        {"Jenkinsfile", "jenkinsfile"},
        {".github", ".GitHub"},
        {".claude", ".cl\u00adaude"},
};

START_TEST(spellings_fold)
{
	const struct spelling_case *row = &spelling_cases[_i];
	char folded[FOLD_LONGEST];

	ck_assert(fold_name(row->spelling, strlen(row->spelling), folded));
	ck_assert_msg(fold_equal(folded, row->name), "%s: %s", row->spelling, folded);
}
END_TEST

/* The spelling that the policy is asked about; NULL where it is the name's own. */
static char *spell(const char *top, const char *name)
{
	cleanup_close int folder = open_path(top);
	cleanup_error struct error err = {0};
	struct guard_place place = {.folder = folder, .path = top, .name = name, .top = top};
	char *spelled = NULL;

	ck_assert_msg(guard_spell(&place, &spelled, &err) == 0, "%s", error_message(&err));
	return spelled;
}

START_TEST(the_policy_has_its_spelling)
{
	const struct spelling_case *row = &spelling_cases[_i];
	/* Where nothing is known of the file system, it folds: /proc is such a one. */
	cleanup_free char *expected = text_printf("/proc/%s", row->name);
	cleanup_free char *spelled = spell("/proc", row->spelling);
	cleanup_free char *own = spell("/proc", row->name);

	ck_assert_msg(spelled && strcmp(spelled, expected) == 0, "%s", row->spelling);
	ck_assert_ptr_null(own);
	/* And one that is known not to. */
	make_root();
	cleanup_free char *known = spell(root, row->spelling);
	remove_root();
	ck_assert_ptr_null(known);
}
END_TEST

START_TEST(other_names_stay)
{
	static const char *const names[] = {"README.md", "git",        "gitt~1", ".gitt",
	                                    "configs",   "a~1",        "git~",   "con~1",
	                                    "\xff.git",  "hook\u00df", "K"};
	char longer[300];

	for (size_t i = 0; i < COUNT(names); i++) {
		cleanup_free char *spelled = spell("/proc", names[i]);
		ck_assert_msg(!spelled, "%s: %s", names[i], spelled);
	}
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	cleanup_free char *spelled = spell("/proc", longer);
	ck_assert_ptr_null(spelled);
}
END_TEST

/* --- Costs ----------------------------------------------------------------------------------- */

typedef int timed_function(const struct guard_place *place);

static int time_find(const struct guard_place *place)
{
	cleanup_guard_finding struct guard_finding finding = {0};
	cleanup_error struct error err = {0};
	int result = guard_find(place, GUARD_MAKE_FILE, -1, &finding, &err);

	return result < 0 ? result : (int)finding.verdict;
}

static int time_spell(const struct guard_place *place)
{
	cleanup_error struct error err = {0};
	char *spelled = NULL;
	int result = guard_spell(place, &spelled, &err);

	return result < 0 ? result : spelled != NULL;
}

/* The result, which is the same every time; the time is told where GUARD_TIMES is set. */
static int take_time(timed_function *function, const struct guard_place *place, const char *what)
{
	enum {
		ROUNDS = 2000,
	};
	struct timespec from, to;
	int result = function(place);
	bool same = true;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < ROUNDS; i++)
		same = function(place) == result && same;
	clock_gettime(CLOCK_MONOTONIC, &to);
	double spent =
	        (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
	if (getenv("GUARD_TIMES"))
		printf("guard: %.0f ns for %s\n", spent / ROUNDS, what);
	ck_assert(same);
	return result;
}

/* A name like any other makes no system call: there is no folder here that could be asked. */
START_TEST(free_names_ask_nothing)
{
	struct guard_place place = {.folder = -1,
	                            .path = "/home/someone/projects/thing/src/library/parts",
	                            .name = "reader.c",
	                            .top = "/home/someone/projects/thing"};

	ck_assert_int_eq(take_time(time_find, &place, "a free name"), GUARD_FREE);
	ck_assert_int_eq(take_time(time_spell, &place, "a plain spelling"), 0);
	place.name = "README.md";
	ck_assert_int_eq(take_time(time_spell, &place, "capitals"), 0);
	place.name = "Reader.C";
	ck_assert_int_eq(take_time(time_find, &place, "a free name with capitals"), GUARD_FREE);
	place.name = "commondir";
	ck_assert_int_lt(time_find(&place), 0);
	place.name = ".VSCode";
	ck_assert_int_lt(time_spell(&place), 0);
}
END_TEST

START_TEST(others_ask_the_disk)
{
	make_root();
	run("mkdir -p r/.git/modules/m/objects/aa r/.git/modules/m/refs a/b/c");
	cleanup_free char *object = path_join(root, "r/.git/modules/m/objects/aa");
	cleanup_free char *git = path_join(root, "r/.git");
	cleanup_free char *deep = path_join(root, "a/b/c");
	cleanup_close int object_fd = open_path(object);
	cleanup_close int git_fd = open_path(git);
	cleanup_close int deep_fd = open_path(deep);
	struct guard_place places[] = {{object_fd, object, "bb", root},
	                               {git_fd, git, "config", root},
	                               {deep_fd, deep, "config", root}};
	ck_assert_int_eq(take_time(time_find, &places[0], "an object of a submodule"), H);
	ck_assert_int_eq(take_time(time_find, &places[1], "a configuration"), C);
	ck_assert_int_eq(take_time(time_find, &places[2], "a file `config` anywhere"), F);
	remove_root();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guard");
	TCase *guard = tcase_create("guard");
	TCase *kernel = tcase_create("kernel");

	/* openat2: left out where a kernel is only emulated */
	tcase_set_tags(kernel, "kernel");
	tcase_add_loop_test(kernel, names_are_found, 0, (int)COUNT(find_cases));
	tcase_add_test(guard, above_the_top_names_count);
	tcase_add_loop_test(guard, spellings_fold, 0, (int)COUNT(spelling_cases));
	tcase_add_loop_test(guard, the_policy_has_its_spelling, 0, (int)COUNT(spelling_cases));
	tcase_add_test(guard, other_names_stay);
	tcase_add_test(guard, free_names_ask_nothing);
	tcase_add_test(guard, others_ask_the_disk);
	suite_add_tcase(suite, guard);
	suite_add_tcase(suite, kernel);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
