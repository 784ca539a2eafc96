/* Definitions as files: the fixtures, what is no file of text, and the open corpus where it is at
 * hand. Runs at the root of the repository. */
#include "agent/agent.h"
#include "agent_text.h"
#include "base/buffer.h"
#include "base/cleanup.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name;
	const char *agent;
} fixtures[] = {
        {"inherits", "strict inherits;"},
        {"crlf", "strict mode plan@5; allowed Read@4 Write@4;"},
        {"nothing", "strict nothing;"},
        {"reviewer", "strict allowed Read@4 Grep@4 Glob@4 Bash@4;"},
        {"forbids-write", "strict inherits; forbidden Write@4 Edit@4;"},
        {"forbids-shell", "strict inherits; forbidden Bash@5;"},
        {"forbids-network", "strict inherits; forbidden WebFetch@4;"},
        {"forbids-notebook", "strict allowed Read@6 Write@7; forbidden NotebookEdit@9;"},
        {"booleans", "strict allowed Read@5; forbidden Write@6 Bash@7;"},
        {"glued", "strict allowed Read@5 Write@6; glued-line-numbers@1;"},
        {"narrowed", "strict allowed Read@4 Write@4 Bash@4; narrows; "
                     "narrowed Read@5 Bash(git *)@5;"},
        {"specifiers",
         "strict allowed Read(docs/**)@4 Edit(src/**)@4 Bash(git add:*, git commit:*)@4 "
         "WebFetch(domain:*.example.com)@4; forbidden Bash(rm *)@5;"},
        {"not-yaml", "quoted mode plan@5; allowed Read@4 Edit@4; quoted-values@3;"},
        {"single-lines", "lines mode acceptEdits@8; allowed Read@5 Bash(make *)@6; "
                         "forbidden WebFetch@7 Task@7; lines-only@3;"},
        {"mode-plan", "mode plan@5;"},
        {"mode-default", "mode default@5;"},
        {"mode-manual", "mode manual@5;"},
        {"mode-acceptEdits", "mode acceptEdits@5;"},
        {"mode-auto", "mode auto@5;"},
        {"mode-dontAsk", "mode dontAsk@5;"},
        {"mode-bypassPermissions", "mode bypassPermissions@5;"},
};

/* The folder of the fixtures; the tests run at the root of the repository. */
static const char fixture_folder[] = "tests/definitions";

START_TEST(loads_fixture)
{
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};
	cleanup_buffer struct buffer out = {0};
	char file[256];

	snprintf(file, sizeof(file), "%s/%s.md", fixture_folder, fixtures[_i].name);
	ck_assert_msg(agent_load(file, &agent, &err) == 0, "%s", error_message(&err));
	ck_assert_str_eq(agent->name, fixtures[_i].name);
	ck_assert_str_eq(agent->file, file);
	print_agent(&out, agent);
	ck_assert_msg(strstr(out.data, fixtures[_i].agent) != NULL, "is   %s\nwant %s", out.data,
	              fixtures[_i].agent);
}
END_TEST

static void expect_load_failure(const char *file, const char *message)
{
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};

	ck_assert_int_lt(agent_load(file, &agent, &err), 0);
	ck_assert_ptr_null(agent);
	ck_assert_msg(strncmp(error_message(&err), file, strlen(file)) == 0, "is: %s",
	              error_message(&err));
	ck_assert_msg(strstr(error_message(&err), message) != NULL, "is: %s", error_message(&err));
	ck_assert_ptr_nonnull(err.help);
}

START_TEST(refuses_other_files)
{
	char folder[] = "/tmp/test-agent-XXXXXX";
	char fifo[64];
	char large[64];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
	snprintf(large, sizeof(large), "%s/large", folder);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	cleanup_close int file = open(large, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, "---\nname: x\n---\n", 16), 16);

	/* Control: the same file, before it is made large. */
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};
	ck_assert_int_eq(agent_load(large, &agent, &err), 0);
	ck_assert_int_eq(ftruncate(file, 100 * 1024 * 1024), 0);

	expect_load_failure(large, "larger than");
	expect_load_failure(fifo, "fifo");
	expect_load_failure(folder, "directory");
	expect_load_failure("/dev/zero", "device");
	unlink(large);
	expect_load_failure(large, "No such file");
	unlink(fifo);
	rmdir(folder);
}
END_TEST

/* The open corpus stands beside the repository, not in it. */
static const char *shared_folder(void)
{
	const char *folder = getenv("REMIT_SHARED_DIR");

	return folder && *folder ? folder : "../shared";
}

static bool shared_is_required(void)
{
	const char *word = getenv("REMIT_SHARED");

	return word && strcmp(word, "required") == 0;
}

struct counts {
	size_t parsed[3];
	size_t none; /* not a definition */
};

static bool has_ending(const char *name, const char *ending)
{
	size_t size = strlen(name);
	size_t tail = strlen(ending);

	return size > tail && strcmp(name + size - tail, ending) == 0;
}

static void count_file(const char *file, struct counts *counts)
{
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};

	if (agent_load(file, &agent, &err) == 0) {
		counts->parsed[agent->parsed]++;
		return;
	}
	counts->none++;
	ck_assert_msg(strstr(error_message(&err), ":1: not an agent definition") != NULL, "%s",
	              error_message(&err));
	printf("no definition: %s\n", file);
}

static void count_folder(const char *folder, const char *ending, struct counts *counts)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;

	ck_assert_msg(directory != NULL, "%s cannot be read", folder);
	while ((entry = readdir(directory))) {
		char path[4096];
		struct stat status;
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		ck_assert_int_eq(lstat(path, &status), 0);
		if (S_ISDIR(status.st_mode))
			count_folder(path, ending, counts);
		else if (has_ending(entry->d_name, ending))
			count_file(path, counts);
	}
	closedir(directory);
}

/* The folder `name` of the shared data in `path`; false where it may be absent and is. */
static bool find_shared(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", shared_folder(), name);
	if (access(path, R_OK) == 0)
		return true;
	ck_assert_msg(!shared_is_required(), "%s is absent", path);
	printf("skip: %s is absent\n", path);
	return false;
}

START_TEST(loads_seeds)
{
	char folder[4096];
	struct counts counts = {0};

	if (!find_shared("seeds", folder, sizeof(folder)))
		return;
	count_folder(folder, ".txt", &counts);
	ck_assert_uint_eq(counts.none, 0);
	ck_assert_uint_eq(counts.parsed[0] + counts.parsed[1] + counts.parsed[2], 5);
}
END_TEST

START_TEST(loads_corpus)
{
	char folder[4096];
	struct counts counts = {0};

	if (!find_shared("corpus", folder, sizeof(folder)))
		return;
	count_folder(folder, ".md", &counts);
	printf("corpus: strict %zu, quoted %zu, lines %zu, no definition %zu\n", counts.parsed[0],
	       counts.parsed[1], counts.parsed[2], counts.none);
	ck_assert_uint_ge(counts.parsed[0], 600);
	ck_assert_uint_le(counts.none, 6);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agent files");
	TCase *cases = tcase_create("files");

	tcase_add_loop_test(cases, loads_fixture, 0, (int)(sizeof(fixtures) / sizeof(fixtures[0])));
	tcase_add_test(cases, refuses_other_files);
	tcase_add_test(cases, loads_seeds);
	tcase_add_test(cases, loads_corpus);
	tcase_set_timeout(cases, 120);
	suite_add_tcase(suite, cases);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
