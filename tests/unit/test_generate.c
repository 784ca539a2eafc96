/* What the generator refuses: edits of policies/ that must stop the build with file and line, and
 * edits that must not, as their control. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "policy/tables.h"

#include <check.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A file of policies/ in which `find` is replaced by `put`. */
static const struct refusal {
	const char *file;
	const char *find;
	const char *put;
	const char *message; /* part of what is said; NULL: this edit is accepted */
} refusals[] = {
        {"tools.yaml", "version: 1\n", "version: 1\n", NULL},
        {"tools.yaml", "version: 1\n", "version: 2\n", "version must be 1"},
        {"tools.yaml", "version: 1\n", "", "`version: 1` is missing"},
        {"tools.yaml", "version: 1\n", "version: 1\ntoolz: {}\n", "unknown key `toolz`"},
        {"tools.yaml", "version: 1\n", "version: 1\nversion: 1\n", "stands here twice"},
        {"tools.yaml", "version: 1\n", "---\nversion: 1\n", "document markers"},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: {give: {}}", "unknown key `give`"},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: []", "must be a mapping"},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: {gives: {reads: workspace}}",
         "no effect"},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: {gives: {read: any}}",
         "must be `workspace`"},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: {gives: {exec: []}}", "empty list"},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: {gives: {exec: [a]}}", NULL},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: {shell: yes}", "must be `true`"},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: {aliases: [BASH]}",
         "stands on this list twice"},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: &a {}", "anchors, aliases and tags"},
        {"tools.yaml", "  TaskCreate: {}", "  TaskCreate: {", ":"},
        {"modes.yaml", "{read: allow, write: deny,", "{read: allow, write: no,",
         "deny, ask or allow"},
        {"modes.yaml", "{read: allow, write: deny,", "{read: allow,", "every effect once"},
        {"modes.yaml", "untrusted_max: acceptEdits", "untrusted_max: acceptedits", "no mode"},
        {"secrets.yaml", "  ~/.ssh: p", "  .ssh: p", "must begin with"},
        {"secrets.yaml", "  ~/.ssh: p", "  ~/*: p", "must not hold a pattern"},
        {"secrets.yaml", "  ~/.ssh: p", "  ~/.ssh/: p", "components"},
        {"secrets.yaml", "  ~/.ssh: p", "  ~/a/../.ssh: p", "components"},
        {"secrets.yaml", "  ~/.ssh: p", "  ~/.gnupg: p", "stands here twice"},
        {"protected.yaml", "  hooks: p", "  /hooks: p", "relative"},
        {"protected.yaml", "  vendor: i", "  a/vendor: i", "one name"},
        {"git-config.yaml", "  core.bare: w", "  core.bareness: w", NULL},
        {"git-config.yaml", "  core.bare: w", "  core.Bare: w", "no variable"},
        {"git-config.yaml", "  core.bare: w", "  core: w", "no variable"},
        {"git-config.yaml", "  core.bare: w", "  core.a.bare: w", "no variable"},
        {"git-config.yaml", "  core.bare: w", "  core.*.a.bare: w", "no variable"},
        {"git-config.yaml", "  core.bare: w", "  \"*.bare\": w", "no variable"},
        {"git-config.yaml", "  core.bare: w", "  core.eol: w", "stands in two places"},
        {"git-config.yaml", "number:\n", "numbers:\n", "unknown key `numbers`"},
        {"environment.yaml", "  - PATH\n", "  - PATH\n  - PATH\n", "already"},
        {"environment.yaml", "  - PATH\n", "  - [PATH]\n", "must be a word"},
        {"limits.yaml", "default: 4096", "default: 4k", "must be none, a number"},
        {"limits.yaml", "default: 50%", "default: 101%", "must be none, a number"},
        {"limits.yaml", "unit: count, default: 4096", "unit: pieces, default: 4096",
         "count, bytes or seconds"},
        {"syscalls.yaml", "calls: [setns]", "calls: [setns]", NULL},
        {"syscalls.yaml", "calls: [setns]", "calls: [setnss]", "no architecture has"},
        {"syscalls.yaml", "calls: [setns]", "calls: [setns, read]", "stands in two places"},
        {"syscalls.yaml", "calls: [setns]", "calls: setns", "must be a list"},
        {"syscalls.yaml", "verdict: refuse\n    calls: [setns]",
         "verdict: forbid\n    calls: [setns]", "must be allow or refuse"},
        {"syscalls.yaml", "- persona: [", "- persons: [", "not among `parameters`"},
        {"syscalls.yaml", "[TIOCSTI, TIOCLINUX,", "[TIOCSTY, TIOCLINUX,", "neither a number"},
        {"syscalls.yaml", "{none: [MSG_FASTOPEN]}", "{none: [3]}", "single bits"},
        {"syscalls.yaml", "  mseal: 462", "  mseal: 70000", "no system call's number"},
        {"syscalls.yaml", "is: SOCK_STREAM}", "is: 16}", "outside of the mask"},
};

static char *read_text(const char *path)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	cleanup_buffer struct buffer text = {0};
	char part[4096];
	size_t size;

	ck_assert_msg(file, "%s: %m", path);
	while ((size = fread(part, 1, sizeof(part), file)) > 0)
		buffer_append(&text, part, size);
	char *result = buffer_steal(&text);
	ck_assert_ptr_nonnull(result);
	return result;
}

/* Writes the edited copy (or a plain one where `row` is NULL) into the folder. */
static void write_copy(const char *folder, const char *name, const struct refusal *row)
{
	cleanup_free char *from = text_printf("policies/%s", name);
	cleanup_free char *to = text_printf("%s/%s", folder, name);
	cleanup_free char *text = read_text(from);
	cleanup_fclose FILE *out = fopen(to, "we");
	const char *at = row ? strstr(text, row->find) : NULL;

	ck_assert_msg(out, "%s: %m", to);
	if (!row) {
		fputs(text, out);
		return;
	}
	ck_assert_msg(at, "%s does not hold `%s`", name, row->find);
	fwrite(text, 1, (size_t)(at - text), out);
	fputs(row->put, out);
	fputs(at + strlen(row->find), out);
}

static int generate(const char *const argv[], const char *output)
{
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, output,
	                                 O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_eq(posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ),
	                 0);
	posix_spawn_file_actions_destroy(&actions);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void remove_folder(const char *folder)
{
	for (size_t i = 0; i < table_files_count; i++) {
		cleanup_free char *path = text_printf("%s/%s", folder, table_files[i].name);
		unlink(path);
	}
	cleanup_free char *output = text_printf("%s/output", folder);
	unlink(output);
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(generator_refuses)
{
	const struct refusal *row = &refusals[_i];
	const char *program = getenv("GENERATE") ? getenv("GENERATE") : "build/generate";
	char folder[] = "/tmp/remit-policies-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(folder));
	cleanup_free char *output = text_printf("%s/output", folder);
	cleanup_free char *edited = text_printf("%s/%s", folder, row->file);
	for (size_t i = 0; i < table_files_count; i++)
		write_copy(folder, table_files[i].name,
		           strcmp(table_files[i].name, row->file) == 0 ? row : NULL);
	bool filter = strcmp(row->file, "syscalls.yaml") == 0;
	const char *const tables_argv[] = {program, "tables", folder, NULL};
	const char *const filter_argv[] = {program, "filter", edited, "x86_64", "base", NULL};
	int status = generate(filter ? filter_argv : tables_argv, output);
	cleanup_free char *said = read_text(output);
	remove_folder(folder);
	if (!row->message) {
		ck_assert_msg(status == 0, "%s", said);
		return;
	}
	ck_assert_int_eq(status, 1);
	ck_assert_msg(strstr(said, row->message), "said: %s", said);
	cleanup_free char *place = text_printf("%s:", edited);
	ck_assert_msg(strstr(said, place), "no place: %s", said);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("generate");
	TCase *generator = tcase_create("generator");

	tcase_add_loop_test(generator, generator_refuses, 0, (int)COUNT(refusals));
	tcase_set_timeout(generator, 60);
	suite_add_tcase(suite, generator);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
