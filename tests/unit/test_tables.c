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
	ck_assert_uint_eq(table_files_count, 9);
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

/* --- What the generator refuses -------------------------------------------------------------- */

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
	const char *const filter_argv[] = {program, "filter", edited, "x86_64", NULL};
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

static void add_cases(Suite *suite)
{
	TCase *tables = tcase_create("tables");
	TCase *generator = tcase_create("generator");

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
	tcase_add_loop_test(generator, generator_refuses, 0, (int)COUNT(refusals));
	tcase_set_timeout(generator, 60);
	suite_add_tcase(suite, generator);
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
