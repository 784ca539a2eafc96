/* Whatever is done in a tree, in whatever order, as the guard of names permits it: no folder of it
 * ever is one in which git would obey what the tool wrote. Deeds by chance on real folders,
 * performed as a broker does them; after each one the whole tree is looked at as git would. The
 * same deeds without the guard are the control: they get there soon. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/guard.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	HELD_MOST = 6, /* files that the tool keeps open for writing */
	FOLDERS_MOST = 64,
	DEEDS = 60, /* in one tree */
};

#define EVIL_CONFIG "[core]\n\tfsmonitor = evil\n"

static const char *const names[] = {
        "a",       "b",         "HEAD",    "config", "config.worktree", "commondir",  "gitdir",
        "objects", "refs",      "objects", "refs",   "hooks",           "pre-commit", "x.sample",
        "modules", "worktrees", ".git",    "config", "worktrees",       "hooks",
};

static const char *const contents[] = {
        EVIL_CONFIG,
        EVIL_CONFIG,
        "[core]\n\tbare = true\n",
        "",
        "../..\n",
        "../a\n",
        "../b\n",
        "gitdir: a\n",
        "gitdir: /nowhere\n",
        "gitdir: ../a\n",
};

/* --- Chance ---------------------------------------------------------------------------------- */

static uint64_t state;

static size_t chance(size_t count)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % count);
}

/* --- The tree -------------------------------------------------------------------------------- */

static char root[64];
static char outside[80]; /* what a link may lead to: evil, and nobody's to guard */
static char *folders[FOLDERS_MOST];
static size_t folder_count;
static int held[HELD_MOST];
static bool guarded;
static size_t permitted, refused, sealed, published;
static const char *found; /* what git would obey */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

static void forget_folders(void)
{
	while (folder_count)
		free(folders[--folder_count]);
}

static bool stands(const char *folder, const char *name)
{
	cleanup_free char *path = path_join(folder, name);

	return access(path, F_OK) == 0;
}

static bool is_evil_file(const char *folder, const char *name)
{
	cleanup_free char *path = path_join(folder, name);
	cleanup_close int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[256] = "";

	return file >= 0 && read(file, text, sizeof(text) - 1) > 0 && strstr(text, "evil");
}

static bool has_hooks(const char *folder)
{
	cleanup_free char *path = path_join(folder, "hooks");
	DIR *entries = opendir(path);
	const struct dirent *entry;
	bool has = false;

	while (entries && (entry = readdir(entries))) {
		const char *dot = strrchr(entry->d_name, '.');
		has = has || (entry->d_name[0] != '.' && (!dot || strcmp(dot, ".sample") != 0));
	}
	if (entries)
		closedir(entries);
	return has;
}

/* The first line of a file; NULL where there is none. */
static char *line_of(const char *folder, const char *name)
{
	cleanup_free char *path = path_join(folder, name);
	cleanup_close int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[256] = "";

	if (file < 0 || read(file, text, sizeof(text) - 1) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text_copy(text);
}

/* As setup.c of git: HEAD in the folder, the rest there or where `commondir` leads. */
static const char *what_git_obeys(const char *folder)
{
	cleanup_free char *pointer = line_of(folder, "commondir");
	cleanup_free char *joined = !pointer            ? text_copy(folder)
	                            : pointer[0] == '/' ? text_copy(pointer)
	                                                : path_join(folder, pointer);
	cleanup_free char *common = realpath(joined, NULL);

	if (!common || !stands(folder, "HEAD") || !stands(common, "objects") ||
	    !stands(common, "refs"))
		return NULL;
	if (is_evil_file(common, "config"))
		return "config";
	if (is_evil_file(folder, "config.worktree"))
		return "config.worktree";
	return has_hooks(common) ? "hooks" : NULL;
}

/* A `.git` that leads out of the tree. */
static const char *where_git_goes(const char *folder)
{
	cleanup_free char *path = path_join(folder, ".git");
	struct stat status;

	if (lstat(path, &status) < 0 || S_ISDIR(status.st_mode))
		return NULL;
	if (S_ISLNK(status.st_mode))
		return ".git that is a link";
	cleanup_free char *line = line_of(folder, ".git");
	if (!line || strncmp(line, "gitdir: ", 8) != 0)
		return NULL;
	cleanup_free char *target = path_absolute(folder, line + 8);
	return path_within(target, root) ? NULL : ".git that leads out";
}

static int look_at(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)place;
	if (type != FTW_D || !S_ISDIR(status->st_mode))
		return 0;
	if (folder_count < FOLDERS_MOST)
		folders[folder_count++] = text_copy(path);
	if (!found)
		found = what_git_obeys(path);
	if (!found)
		found = where_git_goes(path);
	return 0;
}

static void look(void)
{
	forget_folders();
	nftw(root, look_at, 16, FTW_PHYS);
}

/* --- Deeds, as a broker does them ------------------------------------------------------------ */

static void hold(int file)
{
	size_t place = chance(HELD_MOST);

	if (held[place] >= 0)
		close(held[place]);
	held[place] = file;
}

static void write_all(int file, const char *content)
{
	ck_assert(ftruncate(file, 0) == 0);
	ck_assert(pwrite(file, content, strlen(content), 0) == (ssize_t)strlen(content));
}

/* A file of that content that nobody holds, in place of what stands there. */
static void publish(int folder, const char *name, const char *content)
{
	cleanup_close int file = -1;

	unlinkat(folder, name, 0);
	file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file >= 0)
		write_all(file, content);
}

static char *content_of(int folder, const char *name)
{
	cleanup_close int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[256] = "";

	if (file < 0 || read(file, text, sizeof(text) - 1) < 0)
		return NULL;
	return text_copy(text);
}

static bool is_harmless(const struct guard_place *place, enum guard_kind kind, const char *content)
{
	cleanup_error struct error err = {0};
	cleanup_free char *because = NULL;
	cleanup_fclose FILE *file = tmpfile();

	ck_assert(file && fputs(content, file) >= 0 && fflush(file) == 0);
	return guard_content(place, kind, fileno(file), &because, &err) == 1;
}

/* What is done about a deed: nothing, all of it, or only if its content is harmless. */
static enum guard_verdict rule(const struct guard_place *place, enum guard_deed deed, int object,
                               enum guard_kind *kind)
{
	cleanup_guard_finding struct guard_finding finding = {0};
	cleanup_error struct error err = {0};

	if (!guarded)
		return GUARD_FREE;
	if (guard_find(place, deed, object, &finding, &err) < 0 ||
	    finding.verdict == GUARD_PROTECTED) {
		refused++;
		return GUARD_PROTECTED;
	}
	permitted++;
	*kind = finding.kind;
	if (finding.seal_config) {
		cleanup_free char *content = content_of(place->folder, "config");
		ck_assert(content);
		publish(place->folder, "config", content);
		sealed++;
	}
	return finding.verdict;
}

static void make_file(const struct guard_place *place)
{
	const char *content = contents[chance(COUNT(contents))];
	enum guard_kind kind = GUARD_CONFIG;

	switch (rule(place, GUARD_MAKE_FILE, -1, &kind)) {
	case GUARD_FREE:
	case GUARD_HARMLESS: {
		int file = openat(place->folder, place->name,
		                  O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (file < 0)
			return;
		write_all(file, content);
		hold(file);
		return;
	}
	case GUARD_CONTENT:
		if (!is_harmless(place, kind, content))
			return;
		publish(place->folder, place->name, content);
		published++;
		return;
	case GUARD_PROTECTED:
		return;
	}
}

static void make_link(const struct guard_place *place)
{
	enum guard_kind kind;
	cleanup_free char *in_tree =
	        path_join(folders[chance(folder_count)], names[chance(COUNT(names))]);
	cleanup_free char *out = path_join(outside, names[chance(COUNT(names))]);
	const char *const targets[] = {outside, out, in_tree, "../a", "../b/hooks"};

	if (rule(place, GUARD_MAKE_LINK, -1, &kind) != GUARD_PROTECTED)
		(void)!symlinkat(targets[chance(COUNT(targets))], place->folder, place->name);
}

static void make_folder(const struct guard_place *place)
{
	enum guard_kind kind;

	if (rule(place, GUARD_MAKE_FOLDER, -1, &kind) != GUARD_PROTECTED)
		(void)!mkdirat(place->folder, place->name, 0755);
}

static void take_away(const struct guard_place *place)
{
	enum guard_kind kind;

	if (rule(place, GUARD_REMOVE, -1, &kind) != GUARD_PROTECTED &&
	    unlinkat(place->folder, place->name, 0) < 0)
		(void)!unlinkat(place->folder, place->name, AT_REMOVEDIR);
}

/* Whether a judged file was copied, so that nobody holds what comes to stand at the name. */
static bool copy_judged(const struct guard_place *from, const struct guard_place *to,
                        enum guard_kind kind)
{
	cleanup_free char *content = content_of(from->folder, from->name);

	if (!content || !is_harmless(to, kind, content))
		return false;
	publish(from->folder, from->name, content);
	published++;
	return true;
}

static void move(const struct guard_place *from, const struct guard_place *to, bool exchange)
{
	cleanup_close int object =
	        openat(from->folder, from->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int other = openat(to->folder, to->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	enum guard_kind kind = GUARD_CONFIG;

	if (object < 0 || (exchange && other < 0) ||
	    rule(from, GUARD_REMOVE, object, &kind) == GUARD_PROTECTED ||
	    (exchange && rule(to, GUARD_REMOVE, other, &kind) == GUARD_PROTECTED))
		return;
	enum guard_verdict there = rule(to, GUARD_PUT, object, &kind);
	if (there == GUARD_PROTECTED || (exchange && there == GUARD_CONTENT))
		return;
	if (there == GUARD_CONTENT && !copy_judged(from, to, kind))
		return;
	if (exchange) {
		there = rule(from, GUARD_PUT, other, &kind);
		if (there == GUARD_PROTECTED || there == GUARD_CONTENT)
			return;
	}
	(void)!renameat2(from->folder, from->name, to->folder, to->name,
	                 exchange ? RENAME_EXCHANGE : 0);
}

static void link_to(const struct guard_place *from, const struct guard_place *to)
{
	cleanup_close int object =
	        openat(from->folder, from->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	enum guard_kind kind = GUARD_CONFIG;

	if (object < 0 || rule(from, GUARD_SHARE, object, &kind) == GUARD_PROTECTED)
		return;
	enum guard_verdict there = rule(to, GUARD_PUT, object, &kind);
	if (there == GUARD_PROTECTED || there == GUARD_CONTENT)
		return;
	(void)!linkat(from->folder, from->name, to->folder, to->name, 0);
}

/* What was opened when it was nobody's business. */
static void write_held(void)
{
	int file = held[chance(HELD_MOST)];

	if (file >= 0)
		write_all(file, EVIL_CONFIG);
}

/* A name of the list, or one that stands there: into `memory`. */
static const char *choose_name(const char *folder, char memory[256])
{
	DIR *entries = chance(2) ? opendir(folder) : NULL;
	const struct dirent *entry;
	size_t seen = 0;

	strcpy(memory, names[chance(COUNT(names))]);
	while (entries && (entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    chance(++seen) == 0)
			strcpy(memory, entry->d_name);
	if (entries)
		closedir(entries);
	return memory;
}

static void do_one(void)
{
	char name[256], to_name[256];
	const char *path = folders[chance(folder_count)];
	const char *other = chance(3) ? folders[chance(folder_count)] : path;
	cleanup_close int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int other_folder = open(other, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct guard_place place = {folder, path, choose_name(path, name), root};
	struct guard_place to = {other_folder, other, choose_name(other, to_name), root};
	size_t what = chance(24);

	if (what < 6)
		make_file(&place);
	else if (what < 12)
		make_folder(&place);
	else if (what < 14)
		make_link(&place);
	else if (what < 17)
		move(&place, &to, false);
	else if (what < 18)
		move(&place, &to, true);
	else if (what < 20)
		link_to(&place, &to);
	else if (what < 22)
		take_away(&place);
	else
		write_held();
}

/* What is there at the start: nothing evil, or nothing that git would look at. A name that ends in
 * a slash is a folder's; `!` an evil file's. */
static const char *const starts[][10] = {
        {NULL},
        {"a/", "a/objects/", "a/refs/", "a/HEAD", "a/config", "a/hooks/", NULL},
        {"a/", "a/objects/", "a/HEAD", "!a/config", "a/hooks/", "!a/hooks/pre-commit", NULL},
        {"a/", "a/refs/", "a/HEAD", "a/config", "a/hooks/", "a/hooks/x.sample", NULL},
        {".git/", ".git/objects/", ".git/refs/", ".git/HEAD", ".git/config", ".git/worktrees/",
         ".git/worktrees/a/", NULL},
        {"a/", "a/objects/", "a/refs/", "a/HEAD", "a/worktrees/", "a/worktrees/b/",
         "a/worktrees/b/HEAD", NULL},
        {"a/", "a/worktrees/", "a/worktrees/b/", "!a/worktrees/b/config.worktree",
         "a/worktrees/b/HEAD", "a/objects/", "!a/config", NULL},
        {".git/", ".git/modules/", ".git/modules/a/", ".git/modules/a/HEAD", ".git/modules/a/refs/",
         "!.git/modules/a/config", "b/", NULL},
};

static void make_start(void)
{
	const char *const *start = starts[chance(COUNT(starts))];

	for (; *start; start++) {
		const char *name = *start + (**start == '!');
		cleanup_free char *path = path_join(root, name);
		if (name[strlen(name) - 1] == '/') {
			ck_assert_int_eq(mkdir(path, 0755), 0);
			continue;
		}
		cleanup_close int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
		write_all(file, name != *start ? EVIL_CONFIG : "");
	}
}

/* Returns what git would obey at the end of it, or NULL. */
static const char *do_many(uint64_t seed)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	state = seed * 0x9E3779B97F4A7C15u | 1;
	snprintf(root, sizeof(root), "%s/remit-sound-XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(root));
	for (size_t i = 0; i < HELD_MOST; i++)
		held[i] = -1;
	found = NULL;
	make_start();
	look();
	for (size_t i = 0; i < DEEDS && !found; i++) {
		do_one();
		look();
	}
	for (size_t i = 0; i < HELD_MOST; i++)
		if (held[i] >= 0)
			close(held[i]);
	forget_folders();
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return found;
}

static void make_outside(void)
{
	cleanup_free char *script = NULL;

	strcpy(outside, "/tmp/remit-outside-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(outside));
	script = text_printf("cd %s && mkdir objects refs hooks && echo > HEAD && "
	                     "echo > hooks/pre-commit && printf '[core]\\n\\tfsmonitor = evil\\n' "
	                     "| tee config config.worktree >/dev/null",
	                     outside);
	ck_assert_int_eq(system(script), 0);
}

static size_t rounds(void)
{
	const char *wanted = getenv("GUARD_ROUNDS");

	return wanted ? strtoul(wanted, NULL, 10) : 150;
}

START_TEST(git_obeys_nothing_of_the_tools)
{
	make_outside();
	guarded = true;
	for (uint64_t seed = 1; seed <= rounds(); seed++) {
		const char *obeyed = do_many(seed);
		ck_assert_msg(!obeyed, "seed %llu: %s", (unsigned long long)seed, obeyed);
	}
	nftw(outside, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (getenv("GUARD_ROUNDS"))
		printf("guard: %zu permitted, %zu refused, %zu sealed, %zu published\n", permitted,
		       refused, sealed, published);
	ck_assert_uint_gt(permitted, refused);
	ck_assert_uint_gt(refused, 100);
	ck_assert_uint_gt(published, 20);
	ck_assert_uint_gt(sealed, 0);
}
END_TEST

START_TEST(without_a_guard_it_does)
{
	size_t obeyed = 0;

	make_outside();
	guarded = false;
	for (uint64_t seed = 1; seed <= 100; seed++)
		obeyed += do_many(seed) != NULL;
	nftw(outside, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (getenv("GUARD_ROUNDS"))
		printf("guard: %zu of 100 trees without it\n", obeyed);
	ck_assert_uint_gt(obeyed, 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guard, sound");
	TCase *sound = tcase_create("sound");

	tcase_set_timeout(sound, 3600);
	tcase_add_test(sound, git_obeys_nothing_of_the_tools);
	tcase_add_test(sound, without_a_guard_it_does);
	suite_add_tcase(suite, sound);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
