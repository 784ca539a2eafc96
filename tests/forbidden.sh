#!/bin/bash
# shellcheck disable=SC2016,SC2094 # commands for another shell; a workspace is also a descriptor
# Forbidden means forbidden, with the programs that agents really use: a reader (Read, Grep, Glob,
# Bash) cannot change its workspace with any of them, a writer can; protected paths and secrets
# are refused to both.
# usage: tests/forbidden.sh [build/remit]
#
# Every command runs three times, each time on a fresh copy: without remit (it must have its
# effect), under the writer, under the reader. Whether something changed is judged by manifests
# from outside, not by what the command says. REMIT_SKIP=fail makes skips failures.

here=$(cd "$(dirname "$0")" && pwd -P)
remit=$(readlink -f "${1:-$here/../build/remit}")
probe=$(readlink -f "${REMIT_PROBE:-$here/../build/tests/probe}")
agents=$here/agents
if [ -n "${REMIT_TEST_CALLER:-}" ]; then
	probe=${remit%/*}/probe
	agents=${remit%/*}/agents
fi
# shellcheck source=tests/library.sh
. "$here/library.sh"
[ -x "$remit" ] || die "no program at $remit"
[ -x "$probe" ] || die "no probe at $probe (make tests)"

token=remit-token-$$-$RANDOM$RANDOM

# --- running one command ---------------------------------------------------------------------

have() { # NAME PROGRAM...
	local name=$1 program
	shift
	for program; do
		command -v "$program" >/dev/null && continue
		skip "$name: no program $program"
		return 1
	done
}

# run_on KIND AGENT COMMAND: a fresh copy, the command on it, manifests before and after.
run_on() {
	local agent=$2 command="echo started; $3" status
	workspace=$HOME/projects/work
	rm -rf "$workspace"
	cp -a "$HOME/projects/template" "$workspace"
	[ "$agent" = outside ] || cat "$agents/$agent.md" >"$workspace/definition.md"
	"$probe" manifest "$workspace" >"$place/$1.before" || fail "no manifest"
	(
		cd "$workspace" || exit 1
		export REMIT_TEST_TOKEN=$token GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory \
			GIT_CONFIG_VALUE_0='*'
		if [ "$agent" = outside ]; then
			exec sh -c "$command"
		else
			exec "$remit" run -a definition.md -w "$workspace" --tool Bash -- sh -c "$command"
		fi
	) 7<>"$workspace/file" 8<"$workspace" 9<"$HOME/.ssh/id_test" \
		>"$place/$1.out" 2>"$place/$1.errors" </dev/null
	status=$?
	# What was left in the background gets its time: outside, until something has changed.
	case "$agent $3" in
	'outside '*'sleep 0.2'*)
		for _ in {1..200}; do
			"$probe" manifest "$workspace" | cmp -s - "$place/$1.before" || break
			sleep 0.05
		done
		;;
	*'sleep 0.2'*) sleep 0.6 ;;
	esac
	"$probe" manifest "$workspace" >"$place/$1.after" || fail "no manifest"
	if [ "$agent" != outside ] && ! grep -q '^started$' "$place/$1.out"; then
		fail "$name: nothing ran under the $agent (status $status): $(head -n 1 "$place/$1.errors")"
		return 1
	fi
}

changed() { # KIND [PATTERN]
	! cmp -s <(grep -E "${2:-.}" "$place/$1.before") <(grep -E "${2:-.}" "$place/$1.after")
}

difference() { # KIND
	diff "$place/$1.before" "$place/$1.after" | sed 's/^/        /' | head -n 6
}

# change NAME PROGRAMS COMMAND [closed]: changes the workspace; `closed`: refused to a writer too.
change() {
	local name=$1 command=$3 closed=${4:-}
	# shellcheck disable=SC2086 # a list of programs
	have "$name" $2 || return
	run_on outside outside "$command"
	changed outside || fail "$name: the control failed, the command changes nothing: $(
		head -n 1 "$place/outside.errors")"
	if run_on writer writer "$command"; then
		if [ -n "$closed" ] && changed writer; then
			fail "$name: must be refused to a writer too"
			difference writer
		elif [ -z "$closed" ] && ! changed writer; then
			fail "$name: a writer must be able to: $(head -n 1 "$place/writer.errors")"
		else
			pass "$name: as it should be for a writer"
		fi
	fi
	if run_on reader reader "$command"; then
		if changed reader; then
			fail "$name: a reader changed its workspace"
			difference reader
		else
			pass "$name: refused to a reader"
		fi
	fi
}

# protect NAME PROGRAMS COMMAND: changes what is protected.
protect() {
	local name=$1 command=$3
	# shellcheck disable=SC2086 # a list of programs
	have "$name" $2 || return
	run_on outside outside "$command"
	changed outside "$protected_lines" ||
		fail "$name: the control failed, the command changes nothing: $(
			head -n 1 "$place/outside.errors")"
	run_on writer writer "$command" || return
	if changed writer "$protected_lines"; then
		fail "$name: a protected path was changed"
		difference writer
	else
		pass "$name: refused"
	fi
}

# reveal NAME PROGRAMS COMMAND: prints a secret.
reveal() {
	local name=$1 command=$3 agent
	# shellcheck disable=SC2086 # a list of programs
	have "$name" $2 || return
	run_on outside outside "$command"
	grep -qaF "$token" "$place/outside.out" || fail "$name: the control failed, it reveals nothing: $(
		head -n 1 "$place/outside.errors")"
	for agent in writer reader; do
		run_on "$agent" "$agent" "$command" || continue
		if grep -qaF "$token" "$place/$agent.out" || grep -rqaF "$token" "$workspace"; then
			fail "$name: the $agent got the secret"
		else
			pass "$name: refused to the $agent"
		fi
	done
}

# --- what is tried ---------------------------------------------------------------------------

changes_by_shell() {
	change redirect '' 'echo x > file'
	change redirect_append '' 'echo x >> file'
	change redirect_empty '' ': > file'
	change redirect_new '' 'echo x > new'
	change redirect_link '' 'echo x > link'
	change redirect_up '' 'cd folder && echo x > ../file'
	change redirect_both '' 'exec 3<>file; echo x >&3'
	change redirect_proc_cwd '' 'echo x > /proc/self/cwd/file'
	change redirect_proc_root '' 'echo x > "/proc/self/root$PWD/file"'
	change redirect_proc_fd '' 'exec 3<file; echo x > /proc/self/fd/3'
	change redirect_dev_fd '' 'exec 3<file; echo x > /dev/fd/3'
	change redirect_child '' 'sh -c "sh -c \"echo x > file\""'
	change redirect_pipe '' 'echo x | { cat > file; }'
	change inherited_descriptor '' 'echo x >&7' closed
	change inherited_reopened '' 'echo x > /proc/self/fd/7' closed
	change inherited_folder '' 'echo x > /proc/self/fd/8/new' closed
	change left_behind setsid 'setsid sh -c "sleep 0.2; echo x > file" >/dev/null 2>&1 &' closed
}

changes_by_tools() {
	change touch touch 'touch file'
	change touch_new touch 'touch new'
	change touch_link touch 'touch -h link'
	change cp cp 'cp other file'
	change cp_new cp 'cp -a folder new'
	change mv mv 'mv file new'
	change mv_over mv 'mv other file'
	change ln ln 'ln file new'
	change ln_symbolic ln 'ln -s file new'
	change ln_replace ln 'ln -sf other link'
	change rm rm 'rm -f file'
	change rm_tree rm 'rm -rf folder'
	change rmdir rmdir 'rmdir empty'
	change mkdir mkdir 'mkdir new'
	change mkfifo mkfifo 'mkfifo new'
	change chmod chmod 'chmod 600 file'
	change chmod_executable chmod 'chmod +x file'
	change chmod_folder chmod 'chmod 700 folder'
	change chown 'chown id' 'chown "$(id -u)" file'
	change truncate truncate 'truncate -s 1 file'
	change truncate_longer truncate 'truncate -s 9999 file'
	change dd dd 'dd if=other of=file conv=notrunc 2>&1'
	change tee tee 'echo x | tee file'
	change install install 'install -m 755 other new'
	change sed sed 'sed -i s/original/changed/ file'
	change sort sort 'sort -r -o file other'
	change awk awk 'awk "BEGIN { print \"x\" > \"file\" }"'
	change find find 'find . -name file -delete'
	change tar tar 'tar cf new.tar other'
	change tar_over tar 'd=$(mktemp -d); cp other $d/file; tar cf - -C $d file | tar xf -; rm -r $d'
	change setfattr setfattr 'setfattr -n user.evil -v 1 file'
	change setfattr_remove setfattr 'setfattr -x user.remit file'
	change setfattr_folder setfattr 'setfattr -n user.evil -v 1 folder'
	# To root of a user namespace the files of others stay closed; real root needs none.
	change own_namespace unshare 'for how in "--user --map-root-user" --mount; do unshare $how sh -c "echo x > file" && break; done' closed
	change loader '' 'for l in /lib64/ld-linux-*.so.2 /lib/ld-linux-*.so.1; do [ ! -x $l ] || $l "$(command -v touch)" new; done'
}

python() { # NAME STATEMENTS
	change "python_$1" python3 "python3 -c 'import os, mmap, ctypes, subprocess
$2'"
}

changes_by_python() {
	python write 'open("file", "w").write("x")'
	python update 'open("file", "r+b").write(b"x")'
	python create 'os.open("new", os.O_CREAT | os.O_EXCL | os.O_WRONLY)'
	python truncate 'os.truncate("file", 1)'
	python open_truncate 'os.open("file", os.O_RDONLY | os.O_TRUNC)'
	python mmap 'f = open("file", "r+b"); m = mmap.mmap(f.fileno(), 0); m[0] = 33; m.flush()'
	python chmod 'os.chmod("file", 0o600)'
	python fchmod 'os.fchmod(os.open("file", os.O_RDONLY), 0o600)'
	python chown 'os.chown("file", os.getuid(), os.getgid())'
	python utime 'os.utime("file", (1, 1))'
	python utime_descriptor 'os.utime(os.open("file", os.O_RDONLY), (1, 1))'
	python setxattr 'os.setxattr("file", "user.evil", b"1")'
	python fsetxattr 'os.setxattr(os.open("file", os.O_RDONLY), "user.evil", b"1")'
	python removexattr 'os.removexattr("file", "user.remit")'
	python rename 'os.rename("file", "new")'
	python link 'os.link("file", "new")'
	python symlink 'os.symlink("file", "new")'
	python mkfifo 'os.mkfifo("new")'
	python unlink 'os.unlink("file")'
	python folder_descriptor 'd = os.open(".", os.O_RDONLY); os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=d)'
	python path_descriptor 'os.chmod("/proc/self/fd/%d" % os.open("file", os.O_PATH), 0o600)'
	python libc 'ctypes.CDLL(None).truncate(b"file", 1)'
	python child 'subprocess.run(["sh", "-c", "echo x > file"])'
	python copy_range 's = os.open("other", 0); d = os.open("file", os.O_WRONLY); os.copy_file_range(s, d, 4)'
	python socket 'import socket; socket.socket(socket.AF_UNIX).bind("new")'
}

perl_change() { # NAME STATEMENTS
	change "perl_$1" perl "perl -e '$2'"
}

changes_by_perl() {
	perl_change write 'open F, ">", "file"; print F "x"'
	perl_change append 'open F, ">>", "file"; print F "x"'
	perl_change truncate 'truncate "file", 1'
	perl_change unlink 'unlink "file"'
	perl_change rename 'rename "file", "new"'
	perl_change chmod 'chmod 0600, "file"'
	perl_change utime 'utime 1, 1, "file"'
	perl_change mkdir 'mkdir "new"'
	perl_change link 'link "file", "new"'
	change perl_in_place perl "perl -pi -e 's/original/changed/' file"
}

changes_by_git() {
	change git_add git 'git add file'
	change git_commit git 'git add file && git -c user.name=a -c user.email=a@b commit -q -m x'
	change git_hash_object git 'git hash-object -w file'
	change git_branch git 'git symbolic-ref HEAD refs/heads/new'
	change git_clean git 'git clean -fdq folder'
	change git_init git 'git init -q folder'
	change git_apply git 'printf "%s\n" "--- a/file" "+++ b/file" "@@ -1 +1 @@" "-original" "+changed" | git apply'
	change git_write_tree git 'git add file && git write-tree'
}

protected_changes() {
	protect hook '' 'echo x >> .git/hooks/pre-commit'
	protect hook_new '' 'echo x > .git/hooks/post-checkout'
	protect hook_executable chmod 'chmod +x .git/hooks/pre-commit'
	protect hook_link ln 'ln .git/hooks/pre-commit mine && echo x >> mine'
	protect hook_symbolic_link ln 'ln -s .git/hooks mine && echo x >> mine/pre-commit'
	protect config '' 'echo x >> .git/config'
	protect config_git git 'git config core.hooksPath /tmp/evil'
	protect config_python python3 "python3 -c 'import os; open(\"mine\", \"w\").write(\"[core]\\n\\tfsmonitor = evil\\n\"); os.replace(\"mine\", \".git/config\")'"
	protect config_sed sed 'sed -i "s/^.core.$/&\n\tpager = evil/" .git/config'
	protect config_perl perl "perl -e 'truncate \".git/config\", 0'"
	protect config_setfattr setfattr 'setfattr -n user.evil -v 1 .git/config'
	protect config_touch touch 'touch .git/config'
	protect config_inherited '' 'echo x >> /proc/self/fd/8/.git/config'
	protect moved mv 'mv .git .git2'
	protect rebuilt mv 'mv .git .git2 && mkdir -p .git/hooks && echo x > .git/hooks/pre-commit'
	protect rebuilt_copy 'cp rm mv' 'cp -a .git .git2; echo x >> .git2/config; rm -rf .git; mv .git2 .git'
	protect removed rm 'rm -rf .git'
	protect hooks_moved mv 'mv .git/hooks .git/old && mkdir .git/hooks && echo x > .git/hooks/pre-commit'
	protect module '' 'echo x >> .git/modules/library/config'
	protect worktree '' 'echo x >> .git/worktrees/side/gitdir'
	protect mcp '' 'echo "{}" >> .mcp.json'
	protect mcp_mv mv 'mv file .mcp.json'
	protect settings '' 'echo "{}" >> .claude/settings.json'
	protect settings_folder 'rm mv' 'rm -rf .claude; mv folder .claude'
	protect tasks cp 'cp file .vscode/tasks.json'
	protect tasks_moved mv 'mv .vscode old && mkdir .vscode && echo "{}" > .vscode/tasks.json'
	protect husky tee 'echo x | tee -a .husky/pre-commit'
	protect envrc '' 'echo x > .envrc'
	protect npmrc '' 'echo x > .npmrc'
	protect workflow '' 'echo x >> .github/workflows/ci.yml'
	protect workflow_moved mv 'mv .github old'
	protect definition '' 'echo x >> definition.md'
	protect definition_moved mv 'mv file definition.md'
	protect everything find 'find . -delete'
}

secrets() {
	local secret=$HOME/.ssh/id_test
	reveal secret_cat cat "cat '$secret'"
	reveal secret_link cat 'cat link-to-secret'
	reveal secret_python python3 "python3 -c 'print(open(\"$secret\").read())'"
	reveal secret_perl perl "perl -pe 1 '$secret'"
	reveal secret_copy 'cp cat' "cp '$secret' stolen 2>&1; cat stolen '$secret'"
	reveal secret_tar tar "tar cf - -C '$HOME' .ssh"
	reveal secret_grep grep "grep -r . '$HOME/.ssh'"
	reveal secret_proc_root cat "cat '/proc/self/root$secret'"
	reveal secret_climb cat "cat '../../.ssh/id_test'"
	reveal secret_git git "git --no-pager diff --no-index /dev/null '$secret'"
	reveal secret_descriptor cat 'cat <&9'
	reveal secret_descriptor_reopened cat 'cat /proc/self/fd/9'
	reveal variable env 'env'
	reveal variable_proc tr 'tr "\0" "\n" < /proc/self/environ'
	reveal variable_all cat 'cat /proc/[0-9]*/environ 2>/dev/null | tr "\0" "\n"'
}

test_caller() { # OWNER
	local template=$HOME/projects/template
	mkdir -p "$HOME/.ssh" "$HOME/projects"
	printf '%s\n' "$token" >"$HOME/.ssh/id_test"
	chmod 600 "$HOME/.ssh/id_test"
	make_repository "$template"
	make_workspace "$template" writer
	rm "$template/.git/index" "$template/bin/probe"
	printf 'original\n' >"$template/file"
	printf 'other\n' >"$template/other"
	mkdir "$template/empty"
	printf 'inner\n' >"$template/folder/inner"
	ln -s file "$template/link"
	ln -s "$HOME/.ssh/id_test" "$template/link-to-secret"
	if have "attributes" setfattr; then
		setfattr -n user.remit -v 1 "$template/file" || fail "no extended attributes here"
	fi
	hand_over "$1" "$template"

	changes_by_shell
	changes_by_tools
	changes_by_python
	changes_by_perl
	changes_by_git
	protected_changes
	secrets
}

call_as_everyone test_caller
