/* Protected paths: what makes somebody run the agent's code later, outside. The agent may write
 * its workspace, these stay as they are. Each probe has a workspace of its own, which the runner
 * fills (tests/library.sh), and starts in the folder of its repository. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static const char evil[] = "#!/bin/sh\necho changed\n";

static int write_evil(int descriptor)
{
	if (descriptor < 0)
		return -1;
	return (int)write(descriptor, evil, sizeof(evil) - 1);
}

/* The others are about paths of the workspace, which may lie below the repository. */
static void enter_workspace(const struct scene *scene)
{
	if (chdir(TARGET(scene, workspace)) != 0)
		give_up("the workspace cannot be entered: %s", strerror(errno));
}

static int append_in_repository(const struct scene *scene)
{
	return write_evil(open(scene->probe->argument, O_WRONLY | O_APPEND | O_CLOEXEC));
}

static int append(const struct scene *scene)
{
	enter_workspace(scene);
	return append_in_repository(scene);
}

static int append_to_definition(const struct scene *scene)
{
	return write_evil(open(TARGET(scene, definition), O_WRONLY | O_APPEND | O_CLOEXEC));
}

static int replace_definition(const struct scene *scene)
{
	enter_workspace(scene);
	return rename("spare-file", TARGET(scene, definition));
}

static int create_in_repository(const struct scene *scene)
{
	return write_evil(open(scene->probe->argument, O_CREAT | O_EXCL | O_WRONLY, 0755));
}

/* A file of the agent's takes the place of a protected one. */
static int replace_in_repository(const struct scene *scene)
{
	return rename("spare-file", scene->probe->argument);
}

static int unlink_in_repository(const struct scene *scene)
{
	return unlink(scene->probe->argument);
}

static int move_away(const struct scene *scene)
{
	return rename(scene->probe->argument, "moved");
}

static int move_away_in_workspace(const struct scene *scene)
{
	enter_workspace(scene);
	return rename(scene->probe->argument, "moved");
}

static int exchange(const struct scene *scene)
{
	return renameat2(AT_FDCWD, scene->probe->argument, AT_FDCWD, "spare-folder",
	                 RENAME_EXCHANGE);
}

static int exchange_in_workspace(const struct scene *scene)
{
	enter_workspace(scene);
	return exchange(scene);
}

/* argument: "FROM TO", both below .git, which may be a mount of its own: then a rename from outside
 * shows nothing but EXDEV. */
static int rename_pair(const struct scene *scene, unsigned flags)
{
	char from[64] = "";
	char to[64] = "";

	if (sscanf(scene->probe->argument, "%63s %63s", from, to) != 2)
		give_up("an argument of two paths was expected");
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

static int move_within(const struct scene *scene)
{
	return rename_pair(scene, 0);
}

static int exchange_within(const struct scene *scene)
{
	return rename_pair(scene, RENAME_EXCHANGE);
}

static int link_within(const struct scene *scene)
{
	if (link(scene->probe->argument, ".git/mine") != 0)
		return -1;
	return write_evil(open(".git/mine", O_WRONLY | O_APPEND | O_CLOEXEC));
}

/* Takes `.git` away and puts one of the agent's own in its place. */
static int rebuild(const struct scene *scene)
{
	if (rename(".git", ".git2") != 0)
		return -1;
	if (mkdir(".git", 0755) != 0 || mkdir(".git/hooks", 0755) != 0)
		return -1;
	return write_evil(open(".git/hooks/pre-commit", O_CREAT | O_WRONLY, 0755)) < 0
	               ? -1
	               : append_in_repository(scene);
}

static int write_through_hard_link(const struct scene *scene)
{
	char *mine = format_text("%s/my-link", TARGET(scene, workspace));

	if (link(scene->probe->argument, mine) != 0)
		return -1;
	return write_evil(open(mine, O_WRONLY | O_APPEND | O_CLOEXEC));
}

static int write_through_symbolic_link(const struct scene *scene)
{
	char *mine = format_text("%s/my-link", TARGET(scene, workspace));
	char *target = format_text("%s/%s", TARGET(scene, repository), scene->probe->argument);

	if (symlink(target, mine) != 0)
		give_up("no link can be made at all: %s", strerror(errno));
	return write_evil(open(mine, O_WRONLY | O_APPEND | O_CLOEXEC));
}

static int make_executable(const struct scene *scene)
{
	return chmod(scene->probe->argument, 0755);
}

static int make_executable_by_descriptor(const struct scene *scene)
{
	return fchmod(open(scene->probe->argument, O_RDONLY | O_CLOEXEC), 0755);
}

static int shorten(const struct scene *scene)
{
	return truncate(scene->probe->argument, 0);
}

static int set_attribute(const struct scene *scene)
{
	return setxattr(scene->probe->argument, "user.evil", "1", 1, 0);
}

static int set_attribute_by_descriptor(const struct scene *scene)
{
	int descriptor = open(scene->probe->argument, O_RDONLY | O_CLOEXEC);

	return fsetxattr(descriptor, "user.evil", "1", 1, 0);
}

static int set_times(const struct scene *scene)
{
	return utimensat(AT_FDCWD, scene->probe->argument, NULL, 0);
}

static int reopen_to_write(const struct scene *scene)
{
	int descriptor = open(scene->probe->argument, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0)
		give_up("%s: %s", scene->probe->argument, strerror(errno));
	return write_evil(open(format_text("/proc/self/fd/%d", descriptor), O_WRONLY | O_APPEND));
}

/* Takes the cover away; outside, where there is none, one of its own. */
static int uncover(const struct scene *scene)
{
	const char *path = format_text("%s/%s", TARGET(scene, repository), scene->probe->argument);

	try_to_become_root(scene, 0);
	if (mount(path, path, NULL, MS_BIND, NULL) != 0)
		errno = 0;
	if (umount2(path, MNT_DETACH) != 0)
		return -1;
	return write_evil(open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
}

/* One process swaps a link between a harmless folder and the hooks, the other writes through it:
 * whoever checks the path and then lets the call go on loses sooner or later. */
static void swap_for_ever(const char *mine)
{
	char *spare = format_text("%s/spare", mine);

	alarm(4);
	for (unsigned turn = 0;; turn++) {
		unlink(spare);
		if (symlink(turn & 1 ? format_text("%s/harmless", mine)
		                     : format_text("%s/hooks", mine),
		            spare) != 0)
			_exit(1);
		if (rename(spare, format_text("%s/swapped", mine)) != 0)
			_exit(1);
		if (turn > 20000)
			_exit(0);
	}
}

static int race_to_hooks(const struct scene *scene)
{
	char *mine = format_text("%s/race", TARGET(scene, workspace));
	char *hooks = format_text("%s/.git/hooks", TARGET(scene, repository));
	pid_t child;
	struct stat status;
	time_t end = time(NULL) + 2;

	if (mkdir(mine, 0755) != 0 || mkdir(format_text("%s/harmless", mine), 0755) != 0 ||
	    symlink(hooks, format_text("%s/hooks", mine)) != 0 ||
	    symlink(hooks, format_text("%s/swapped", mine)) != 0)
		give_up("no race can be set up: %s", strerror(errno));
	child = fork();
	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (child == 0)
		swap_for_ever(mine);
	while (time(NULL) < end && stat(format_text("%s/evil", hooks), &status) != 0) {
		int made = open(format_text("%s/swapped/evil", mine), O_CREAT | O_WRONLY, 0755);

		if (made >= 0)
			close(made);
		unlink(format_text("%s/harmless/evil", mine));
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return stat(format_text("%s/evil", hooks), &status) == 0 ? 0 : refuse(EACCES);
}

/* argument: a descriptor that the runner opened on the repository's folder. */
static int create_through_folder(const struct scene *scene)
{
	int folder = (int)strtol(scene->probe->argument, NULL, 10);

	return openat(folder, ".git/hooks/post-merge", O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
}

/* The runner opens .git/config for reading as stdin: by its own mount, not by the sandbox's. */
static int chmod_stdin(const struct scene *scene)
{
	(void)scene;
	return must_be_stdin(S_IFREG) ? -1 : fchmod(0, 0755);
}

static int set_attribute_stdin(const struct scene *scene)
{
	(void)scene;
	return must_be_stdin(S_IFREG) ? -1 : fsetxattr(0, "user.evil", "1", 1, 0);
}

static int reopen_stdin(const struct scene *scene)
{
	(void)scene;
	if (must_be_stdin(S_IFREG))
		return -1;
	return write_evil(open("/proc/self/fd/0", O_WRONLY | O_APPEND | O_CLOEXEC));
}

static int link_stdin(const struct scene *scene)
{
	char *mine = format_text("%s/my-link", TARGET(scene, workspace));

	if (must_be_stdin(S_IFREG))
		return -1;
	if (linkat(AT_FDCWD, "/proc/self/fd/0", AT_FDCWD, mine, AT_SYMLINK_FOLLOW) != 0)
		return -1;
	return write_evil(open(mine, O_WRONLY | O_APPEND | O_CLOEXEC));
}

const struct probe protected_probes[] = {
        {"git_hook_append", append_in_repository, ".git/hooks/pre-commit", 0, 0, 0,
         "change a hook"},
        {"git_hook_new", create_in_repository, ".git/hooks/post-checkout", 0, 0, 0, "make a hook"},
        {"git_hook_unlink", unlink_in_repository, ".git/hooks/pre-commit", 0, 0, 0,
         "remove a hook"},
        {"git_hook_executable", make_executable, ".git/hooks/pre-commit", 0, 0, 0, "chmod +x"},
        {"git_hook_fchmod", make_executable_by_descriptor, ".git/hooks/pre-commit", 0, 0, 0,
         "chmod +x by descriptor"},
        {"git_hook_link", write_through_hard_link, ".git/hooks/pre-commit", 0, 0, 0,
         "through a hard link"},
        {"git_hook_symlink", write_through_symbolic_link, ".git/hooks/pre-commit", 0, 0, 0,
         "through a symbolic link"},
        {"git_hook_reopen", reopen_to_write, ".git/hooks/pre-commit", 0, 0, 0, "through /proc"},
        {"git_hook_race", race_to_hooks, NULL, 0, 0, 0, "a race of links"},
        {"git_hook_stdin", create_through_folder, "0", 0, 0, PROBE_STDIN_FOLDER,
         "stdin is the repository's folder"},
        {"git_hook_descriptor", create_through_folder, "8", 0, 0, 0, "an inherited folder"},
        {"git_config_stdin_chmod", chmod_stdin, NULL, 0, 0, PROBE_STDIN_FILE,
         "stdin is the config"},
        {"git_config_stdin_xattr", set_attribute_stdin, NULL, 0, ABSENT_FEATURE, PROBE_STDIN_FILE,
         "fsetxattr of it"},
        {"git_config_stdin_reopen", reopen_stdin, NULL, 0, 0, PROBE_STDIN_FILE, "reopen it"},
        {"git_config_stdin_link", link_stdin, NULL, 0, 0, PROBE_STDIN_FILE, "link it"},
        {"git_hooks_move", move_away, ".git/hooks", 0, 0, 0, "move the hooks away"},
        {"git_hooks_exchange", exchange, ".git/hooks", 0, 0, 0, "exchange the hooks"},
        {"git_hooks_move_within", move_within, ".git/hooks .git/moved", 0, 0, 0, "within .git"},
        {"git_hooks_exchange_within", exchange_within, ".git/hooks .git/logs", 0, 0, 0,
         "within .git"},
        {"git_hooks_replace_within", move_within, ".git/info .git/hooks", ENOTEMPTY, 0, 0,
         "a folder over them"},
        {"git_config_replace_within", move_within, ".git/index .git/config", 0, 0, 0,
         "a file over it"},
        {"git_config_exchange_within", exchange_within, ".git/index .git/config", 0, 0, 0,
         "exchange it"},
        {"git_config_link_within", link_within, ".git/config", 0, 0, 0, "link it"},
        {"git_modules_move_within", move_within, ".git/modules .git/moved", 0, 0, 0,
         "move the submodules"},
        {"git_worktrees_move_within", move_within, ".git/worktrees .git/moved", 0, 0, 0,
         "move the worktrees"},
        {"git_hooks_uncover", uncover, ".git/hooks/pre-commit", 0, 0, 0, "unmount the cover"},
        {"git_config_append", append_in_repository, ".git/config", 0, 0, 0, "change the config"},
        {"git_config_replace", replace_in_repository, ".git/config", 0, 0, 0, "rename over it"},
        {"git_config_truncate", shorten, ".git/config", 0, 0, 0, "truncate it"},
        {"git_config_unlink", unlink_in_repository, ".git/config", 0, 0, 0, "remove it"},
        {"git_config_link", write_through_hard_link, ".git/config", 0, 0, 0, "through a hard link"},
        {"git_config_symlink", write_through_symbolic_link, ".git/config", 0, 0, 0,
         "through a symbolic link"},
        {"git_config_xattr", set_attribute, ".git/config", 0, ABSENT_FEATURE, 0, "setxattr"},
        {"git_config_fsetxattr", set_attribute_by_descriptor, ".git/config", 0, ABSENT_FEATURE, 0,
         "fsetxattr"},
        {"git_config_times", set_times, ".git/config", 0, 0, 0, "utimensat"},
        {"git_config_uncover", uncover, ".git/config", 0, 0, 0, "unmount the cover"},
        {"git_config_worktree", append_in_repository, ".git/config.worktree", 0, 0, 0,
         "change config.worktree"},
        {"git_module_config", append_in_repository, ".git/modules/library/config", 0, 0, 0,
         "the config of a submodule"},
        {"git_module_hook", create_in_repository, ".git/modules/library/hooks/pre-commit", 0, 0, 0,
         "a hook of a submodule"},
        {"git_modules_move", move_away, ".git/modules/library", 0, 0, 0, "move a submodule away"},
        {"git_worktree_pointer", append_in_repository, ".git/worktrees/side/gitdir", 0, 0, 0,
         "where a worktree lies"},
        {"git_worktree_common", append_in_repository, ".git/worktrees/side/commondir", 0, 0, 0,
         "where its repository lies"},
        {"git_move", move_away, ".git", 0, 0, 0, "move the repository away"},
        {"git_exchange", exchange, ".git", 0, 0, 0, "exchange the repository"},
        {"git_rebuild", rebuild, ".git/hooks/pre-commit", 0, 0, 0, "mv .git .git2 and a new one"},
        {"protected_mcp", append, ".mcp.json", 0, 0, 0, "servers of an agent"},
        {"protected_settings", append, ".claude/settings.json", 0, 0, 0, "settings of an agent"},
        {"protected_settings_move", move_away_in_workspace, ".claude", 0, 0, 0, "move them away"},
        {"protected_settings_exchange", exchange_in_workspace, ".claude", 0, 0, 0, "exchange them"},
        {"protected_tasks", append, ".vscode/tasks.json", 0, 0, 0, "tasks of an editor"},
        {"protected_tasks_move", move_away_in_workspace, ".vscode", 0, 0, 0, "move them away"},
        {"protected_idea", append, ".idea/workspace.xml", 0, 0, 0, "runs of an editor"},
        {"protected_husky", append, ".husky/pre-commit", 0, 0, 0, "hooks of husky"},
        {"protected_envrc", append, ".envrc", 0, 0, 0, "variables of direnv"},
        {"protected_npmrc", append, ".npmrc", 0, 0, 0, "settings of npm"},
        {"protected_workflow", append, ".github/workflows/ci.yml", 0, 0, 0, "jobs of the forge"},
        {"protected_workflow_move", move_away_in_workspace, ".github", 0, 0, 0, "move them away"},
        {"protected_definition", append_to_definition, NULL, 0, 0, 0, "the agent's own definition"},
        {"protected_definition_replace", replace_definition, NULL, 0, 0, 0, "rename over it"},
        {0},
};
