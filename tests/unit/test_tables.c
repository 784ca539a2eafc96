/* The tables made from policies/: that they say what the design says, that names are unique and can
 * be found, and that the generator refuses what it does not understand. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"
#include "policy/effect.h"
#include "policy/tables.h"

#include <check.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- Tools ----------------------------------------------------------------------------------- */

static bool has_name(const struct table_tool *tool, const char *name)
{
	if (text_equal_fold(tool->name, name))
		return true;
	for (size_t i = 0; tool->aliases[i]; i++)
		if (text_equal_fold(tool->aliases[i], name))
			return true;
	return false;
}

static const struct table_tool *find_tool(const char *name)
{
	for (size_t i = 0; i < table_tools_count; i++)
		if (has_name(&table_tools[i], name))
			return &table_tools[i];
	return NULL;
}

/* One letter for each effect in the order of the enumeration: - none, * any, w the workspace,
 * l a list. */
static void describe(const struct table_grant grants[EFFECT_COUNT], char out[EFFECT_COUNT + 1])
{
	static const char letters[] = {
	        [TABLE_NONE] = '-',
	        [TABLE_ANY] = '*',
	        [TABLE_WORKSPACE] = 'w',
	        [TABLE_LISTED] = 'l',
	};

	for (size_t i = 0; i < EFFECT_COUNT; i++)
		out[i] = letters[grants[i].scope];
	out[EFFECT_COUNT] = '\0';
}

/* read, write, exec, connect, delegate */
static const struct tool_case {
	const char *name;
	const char *gives;
	const char *takes;
	bool shell;
	bool command;
} tool_cases[] = {
        {"Read", "w----", "w----", false, false},
        {"Glob", "w----", "-----", false, false},
        {"Grep", "w-l--", "-----", false, false},
        {"LS", "w----", "-----", false, false},
        {"NotebookRead", "w----", "-----", false, false},
        {"LSP", "w----", "-----", false, false},
        {"Edit", "ww---", "-w---", false, false},
        {"Write", "ww---", "-w---", false, false},
        {"MultiEdit", "ww---", "-w---", false, false},
        {"NotebookEdit", "wl---", "-l---", false, false},
        {"Bash", "w-*--", "--*--", true, true},
        {"PowerShell", "w-*--", "--*--", true, true},
        {"Monitor", "w-*--", "--*--", true, false},
        {"BashOutput", "w-*--", "--*--", true, false},
        {"KillShell", "w-*--", "--*--", true, false},
        {"WebFetch", "---*-", "---*-", false, false},
        {"Web", "-----", "---*-", false, false},
        {"Task", "----*", "----*", false, false},
        {"Agent", "----*", "----*", false, false},
        {"Workflow", "----*", "----*", false, false},
        {"WebSearch", "-----", "-----", false, false},
        {"TodoWrite", "-----", "-----", false, false},
        {"TaskCreate", "-----", "-----", false, false},
        {"AskUserQuestion", "-----", "-----", false, false},
        {"ExitPlanMode", "-----", "-----", false, false},
        {"Skill", "-----", "-----", false, false},
};

static void check_tool(const struct table_tool *tool, const struct tool_case *row)
{
	char gives[EFFECT_COUNT + 1], takes[EFFECT_COUNT + 1];

	describe(tool->gives, gives);
	describe(tool->takes, takes);
	ck_assert_str_eq(gives, row->gives);
	ck_assert_str_eq(takes, row->takes);
	ck_assert(tool->shell == row->shell);
	ck_assert(tool->specifier_command == row->command);
	ck_assert_uint_gt(tool->line, 0);
}

START_TEST(tools_give_and_take)
{
	const struct table_tool *tool = find_tool(tool_cases[_i].name);

	ck_assert_msg(tool, "no tool %s", tool_cases[_i].name);
	ck_assert_str_eq(tool->name, tool_cases[_i].name);
	check_tool(tool, &tool_cases[_i]);
}
END_TEST

START_TEST(servers_count_as_shells)
{
	static const struct tool_case mcp = {"mcp", "w-*--", "-----", true, false};

	ck_assert_str_eq(table_tool_mcp.name, mcp.name);
	check_tool(&table_tool_mcp, &mcp);
}
END_TEST

static const struct alias_case {
	const char *alias;
	const char *name; /* NULL: nothing is known by that name */
} alias_cases[] = {
        {"readfile", "Read"},
        {"read_file", "Read"},
        {"WriteFile", "Write"},
        {"WRITE", "Write"},
        {"shell", "Bash"},
        {"execute", "Bash"},
        {"terminal", "Bash"},
        {"str_replace", "Edit"},
        {"apply_patch", "Edit"},
        {"list_directory", "LS"},
        {"web_fetch", "WebFetch"},
        {"killbash", "KillShell"},
        {"websearch", "WebSearch"},
        {"todo", "TodoWrite"},
        {"search", "Search"},
        {"web", "Web"},
        {"spawn_agent", "Agent"},
        {"mcp", NULL},
        {"everything", NULL},
        {"", NULL},
        {"*", NULL},
        {"delete_file", NULL},
        {"computer-use", NULL},
        {"none", NULL},
};

START_TEST(aliases_lead_to_tools)
{
	const struct table_tool *tool = find_tool(alias_cases[_i].alias);

	if (!alias_cases[_i].name) {
		ck_assert_ptr_null(tool);
		return;
	}
	ck_assert_msg(tool, "no tool for %s", alias_cases[_i].alias);
	ck_assert_str_eq(tool->name, alias_cases[_i].name);
}
END_TEST

START_TEST(each_name_belongs_to_one_tool)
{
	for (size_t i = 0; i < table_tools_count; i++) {
		const struct table_tool *tool = &table_tools[i];

		ck_assert_ptr_eq(find_tool(tool->name), tool);
		for (size_t j = 0; tool->aliases[j]; j++)
			ck_assert_msg(find_tool(tool->aliases[j]) == tool, "%s", tool->aliases[j]);
	}
	ck_assert_uint_ge(table_tools_count, COUNT(tool_cases));
}
END_TEST

static bool lists(const struct table_grant *grant, const char *target)
{
	for (size_t i = 0; grant->targets && grant->targets[i]; i++)
		if (strcmp(grant->targets[i], target) == 0)
			return true;
	return false;
}

/* Targets stand exactly where the scope says that there are some. */
START_TEST(lists_hold_targets)
{
	for (size_t i = 0; i < table_tools_count; i++) {
		for (size_t effect = 0; effect < EFFECT_COUNT; effect++) {
			const struct table_grant *gives = &table_tools[i].gives[effect];
			const struct table_grant *takes = &table_tools[i].takes[effect];

			ck_assert((gives->scope == TABLE_LISTED) == (gives->targets != NULL));
			ck_assert((takes->scope == TABLE_LISTED) == (takes->targets != NULL));
		}
	}
	ck_assert(lists(&find_tool("Grep")->gives[EFFECT_EXEC], "rg"));
	ck_assert(lists(&find_tool("Grep")->gives[EFFECT_EXEC], "grep"));
	ck_assert(lists(&find_tool("NotebookEdit")->gives[EFFECT_WRITE], "**/*.ipynb"));
	ck_assert(lists(&find_tool("NotebookEdit")->takes[EFFECT_WRITE], "**/*.ipynb"));
}
END_TEST

/* --- Modes ----------------------------------------------------------------------------------- */

static const struct mode_case {
	const char *name;
	const char *cells; /* read, write, exec, connect, delegate, protected: d, ?, a */
} mode_cases[] = {
        {"plan", "adadad"},
        {"default", "a?a?a?"},
        {"manual", "a?a?a?"},
        {"acceptEdits", "aaa?a?"},
        {"auto", "aaa?a?"},
        {"dontAsk", "adadad"},
        {"bypassPermissions", "aaaaa?"},
};

static const struct table_mode *find_mode(const char *name)
{
	for (size_t i = 0; i < table_modes_count; i++)
		if (strcmp(table_modes[i].name, name) == 0)
			return &table_modes[i];
	return NULL;
}

START_TEST(modes_are_those_of_the_design)
{
	static const char letters[] = {
	        [VERDICT_DENY] = 'd', [VERDICT_ASK] = '?', [VERDICT_ALLOW] = 'a'};
	const struct table_mode *mode = find_mode(mode_cases[_i].name);
	char cells[EFFECT_COUNT + 2] = "";

	ck_assert_msg(mode, "no mode %s", mode_cases[_i].name);
	for (size_t i = 0; i < EFFECT_COUNT; i++)
		cells[i] = letters[mode->effects[i]];
	cells[EFFECT_COUNT] = letters[mode->write_protected];
	ck_assert_str_eq(cells, mode_cases[_i].cells);
	ck_assert_uint_eq(table_modes_count, COUNT(mode_cases));
}
END_TEST

START_TEST(mode_names_are_modes)
{
	ck_assert_str_eq(table_mode_absent_writes, "acceptEdits");
	ck_assert_str_eq(table_mode_absent_default, "default");
	ck_assert_str_eq(table_mode_untrusted_max, "acceptEdits");
	ck_assert_ptr_nonnull(find_mode(table_mode_untrusted_max));
}
END_TEST

/* --- Paths ----------------------------------------------------------------------------------- */

static const struct path_table {
	const char *name;
	const struct table_path *rows;
	const size_t *count;
	bool anchored;
} path_tables[] = {
        {"system", table_trees_system, &table_trees_system_count, true},
        {"scratch", table_trees_scratch, &table_trees_scratch_count, true},
        {"home", table_trees_home, &table_trees_home_count, true},
        {"proc", table_trees_proc, &table_trees_proc_count, false},
        {"proc-masked", table_trees_proc_masked, &table_trees_proc_masked_count, false},
        {"devices", table_trees_devices, &table_trees_devices_count, false},
        {"secrets", table_secrets, &table_secrets_count, true},
        {"git", table_protected_git, &table_protected_git_count, false},
        {"root", table_protected_root, &table_protected_root_count, false},
        {"never", table_protected_never, &table_protected_never_count, false},
};

START_TEST(paths_are_sound)
{
	const struct path_table *table = &path_tables[_i];

	ck_assert_uint_gt(*table->count, 0);
	for (size_t i = 0; i < *table->count; i++) {
		const struct table_path *row = &table->rows[i];
		bool anchored = row->path[0] == '/' || row->path[0] == '~';

		ck_assert_msg(anchored == table->anchored, "%s: %s", table->name, row->path);
		ck_assert_msg(!strpbrk(row->path, "*?[") && !strstr(row->path, "//"), "%s",
		              row->path);
		ck_assert_msg(row->help && row->help[0] && row->line > 0, "%s", row->path);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(row->path, table->rows[j].path);
	}
}
END_TEST

static bool covers(const char *folder, const char *path)
{
	size_t size = strlen(folder);

	return strncmp(folder, path, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

/* Else a toolchain would be bound and covered at once. */
START_TEST(no_secret_covers_a_tree)
{
	for (size_t i = 0; i < table_secrets_count; i++) {
		for (size_t j = 0; j < table_trees_home_count; j++)
			ck_assert_msg(!covers(table_secrets[i].path, table_trees_home[j].path),
			              "%s covers %s", table_secrets[i].path,
			              table_trees_home[j].path);
		for (size_t j = 0; j < table_trees_system_count; j++)
			ck_assert_msg(!covers(table_secrets[i].path, table_trees_system[j].path),
			              "%s covers %s", table_secrets[i].path,
			              table_trees_system[j].path);
	}
}
END_TEST

static bool holds(const struct table_path *rows, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].path, path) == 0)
			return true;
	return false;
}

START_TEST(the_walls_stand)
{
	static const char *const secrets[] = {"~/.ssh",
	                                      "~/.aws",
	                                      "~/.gnupg",
	                                      "~/.netrc",
	                                      "~/.npmrc",
	                                      "~/.kube",
	                                      "~/.docker",
	                                      "/etc/shadow",
	                                      "~/.mozilla",
	                                      "~/.claude",
	                                      "~/.codex",
	                                      "~/.bash_history",
	                                      "/etc/ssh/ssh_host_ed25519_key"};
	static const char *const git[] = {"hooks", "config", "config.worktree", "commondir",
	                                  "modules"};
	static const char *const root[] = {".claude", ".mcp.json", ".vscode", ".idea",
	                                   ".husky",  ".envrc",    ".npmrc",  ".github/workflows"};
	static const char *const never[] = {"node_modules", "site-packages", "vendor", "target"};

	for (size_t i = 0; i < COUNT(secrets); i++)
		ck_assert_msg(holds(table_secrets, table_secrets_count, secrets[i]), "%s",
		              secrets[i]);
	for (size_t i = 0; i < COUNT(git); i++)
		ck_assert(holds(table_protected_git, table_protected_git_count, git[i]));
	for (size_t i = 0; i < COUNT(root); i++)
		ck_assert(holds(table_protected_root, table_protected_root_count, root[i]));
	for (size_t i = 0; i < COUNT(never); i++)
		ck_assert(holds(table_protected_never, table_protected_never_count, never[i]));
	ck_assert(holds(table_trees_proc, table_trees_proc_count, "sys"));
	/* What agents edit all day is not protected. */
	ck_assert(!holds(table_protected_root, table_protected_root_count, "CLAUDE.md"));
	ck_assert(!holds(table_protected_root, table_protected_root_count, "Makefile"));
	ck_assert(!holds(table_protected_git, table_protected_git_count, "objects"));
}
END_TEST

/* --- Environment ----------------------------------------------------------------------------- */

static bool kept(const char *name)
{
	for (size_t i = 0; i < table_environment_keep_count; i++)
		if (fnmatch(table_environment_keep[i].text, name, 0) == 0)
			return true;
	return false;
}

static bool secret(const char *value)
{
	for (size_t i = 0; i < table_environment_secret_values_count; i++)
		if (fnmatch(table_environment_secret_values[i].text, value, 0) == 0)
			return true;
	return false;
}

START_TEST(environment_keeps_and_drops)
{
	static const char *const keep[] = {"PATH", "LANG", "LC_ALL", "TERM",
	                                   "CI",   "CC",   "HOME",   "GOPATH"};
	static const char *const drop[] = {"AWS_SECRET_ACCESS_KEY",
	                                   "GITHUB_TOKEN",
	                                   "ANTHROPIC_API_KEY",
	                                   "OPENAI_API_KEY",
	                                   "SSH_AUTH_SOCK",
	                                   "LD_PRELOAD",
	                                   "BASH_ENV",
	                                   "DBUS_SESSION_BUS_ADDRESS",
	                                   "GIT_SSH_COMMAND",
	                                   "GPG_AGENT_INFO"};

	for (size_t i = 0; i < COUNT(keep); i++)
		ck_assert_msg(kept(keep[i]), "%s", keep[i]);
	for (size_t i = 0; i < COUNT(drop); i++)
		ck_assert_msg(!kept(drop[i]), "%s", drop[i]);
}
END_TEST

START_TEST(secret_values_are_recognised)
{
	static const char *const secrets[] = {"sk-abcdef0123456789",
	                                      "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
	                                      "AKIAABCDEFGHIJKLMNOP",
	                                      "https://user:word@example.org/x",
	                                      "xoxb-1-2-abc",
	                                      "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl",
	                                      "-----BEGIN PRIVATE KEY-----\nMII",
	                                      "glpat-abcdefghij"};
	static const char *const harmless[] = {"/usr/bin:/bin",
	                                       "en_US.UTF-8",
	                                       "xterm-256color",
	                                       "https://example.org/x",
	                                       "-O2 -g",
	                                       "1",
	                                       "",
	                                       "user@example.org"};

	for (size_t i = 0; i < COUNT(secrets); i++)
		ck_assert_msg(secret(secrets[i]), "%s", secrets[i]);
	for (size_t i = 0; i < COUNT(harmless); i++)
		ck_assert_msg(!secret(harmless[i]), "%s", harmless[i]);
}
END_TEST

static const char *setting(const char *name)
{
	for (size_t i = 0; i < table_environment_offline_count; i++)
		if (strcmp(table_environment_offline[i].name, name) == 0)
			return table_environment_offline[i].value;
	return "";
}

START_TEST(settings_and_limits)
{
	static const char *const names[] = {"processes", "files",  "file-size", "cpu",
	                                    "wall",      "memory", "scratch"};

	ck_assert_str_eq(setting("npm_config_offline"), "true");
	ck_assert_str_eq(setting("PIP_RETRIES"), "0");
	ck_assert_str_eq(setting("CARGO_NET_OFFLINE"), "true");
	ck_assert_str_eq(setting("GOPROXY"), "off");
	ck_assert_uint_eq(table_limits_count, COUNT(names));
	for (size_t i = 0; i < table_limits_count; i++) {
		ck_assert_str_eq(table_limits[i].name, names[i]);
		ck_assert_ptr_nonnull(table_limits[i].value);
		ck_assert(table_limits[i].help[0] != '\0');
	}
	/* Nothing that ends a process by itself is on by default. */
	for (size_t i = 1; i <= 5; i++)
		ck_assert_str_eq(table_limits[i].value, "");
}
END_TEST

START_TEST(files_are_carried_whole)
{
	for (size_t i = 0; i < table_files_count; i++) {
		cleanup_free char *path = text_printf("policies/%s", table_files[i].name);
		cleanup_fclose FILE *file = fopen(path, "re");
		size_t size = strlen(table_files[i].text);
		cleanup_free char *text = calloc(1, size + 2);

		ck_assert_msg(file && text, "%s", path);
		ck_assert_uint_eq(fread(text, 1, size + 1, file), size);
		ck_assert_str_eq(text, table_files[i].text);
	}
	ck_assert_uint_eq(table_files_count, 14);
}
END_TEST

START_TEST(effects_have_names)
{
	static const char *const effects[] = {"read", "write", "exec", "connect", "delegate"};
	static const char *const verdicts[] = {"deny", "ask", "allow"};
	enum effect effect;
	enum verdict verdict;

	for (size_t i = 0; i < COUNT(effects); i++) {
		ck_assert_str_eq(effect_name((enum effect)i), effects[i]);
		ck_assert_int_eq(effect_from_name(effects[i], &effect), 0);
		ck_assert_uint_eq(effect, i);
	}
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		ck_assert_str_eq(verdict_name((enum verdict)i), verdicts[i]);
		ck_assert_int_eq(verdict_from_name(verdicts[i], &verdict), 0);
		ck_assert_uint_eq(verdict, i);
	}
	ck_assert_int_lt(effect_from_name("Read", &effect), 0);
	ck_assert_int_lt(effect_from_name("", &effect), 0);
	ck_assert_int_lt(verdict_from_name("yes", &verdict), 0);
}
END_TEST

static void add_cases(Suite *suite)
{
	TCase *tables = tcase_create("tables");

	tcase_add_loop_test(tables, tools_give_and_take, 0, (int)COUNT(tool_cases));
	tcase_add_test(tables, servers_count_as_shells);
	tcase_add_loop_test(tables, aliases_lead_to_tools, 0, (int)COUNT(alias_cases));
	tcase_add_test(tables, each_name_belongs_to_one_tool);
	tcase_add_test(tables, lists_hold_targets);
	tcase_add_loop_test(tables, modes_are_those_of_the_design, 0, (int)COUNT(mode_cases));
	tcase_add_test(tables, mode_names_are_modes);
	tcase_add_loop_test(tables, paths_are_sound, 0, (int)COUNT(path_tables));
	tcase_add_test(tables, no_secret_covers_a_tree);
	tcase_add_test(tables, the_walls_stand);
	tcase_add_test(tables, environment_keeps_and_drops);
	tcase_add_test(tables, secret_values_are_recognised);
	tcase_add_test(tables, settings_and_limits);
	tcase_add_test(tables, files_are_carried_whole);
	tcase_add_test(tables, effects_have_names);
	suite_add_tcase(suite, tables);
}

int main(void)
{
	Suite *suite = suite_create("tables");

	add_cases(suite);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
