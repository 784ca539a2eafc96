#!/bin/bash
# Ways out that worked once: tests/attacks.sh
#
# Each row is an attack on an earlier version, with its control: the same operation succeeds where
# the rule does not stand. Run as root, everything is done as root and once more as uid 4242.
# shellcheck disable=SC2016 # scripts are evaluated inside
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
[ -n "${REMIT_AS_UDEV:-}" ] || REMIT_AS_UDEV=asked exec "$root/tests/as-udev" "$0" "$@"
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$root/tests/report.sh"
remit=${REMIT:-$root/build/remit}
[ -x "$remit" ] || { echo "attacks: no $remit: run make first" >&2; exit 1; }

base=$(mktemp -d /var/tmp/remit-attacks.XXXXXX)
# Neither scratch nor home, so the decoy answers for it.
base_out=$(mktemp -d /srv/remit-attacks.XXXXXX 2>/dev/null) || base_out=$base/out
trap 'rm -rf "$base" "$base_out"' EXIT
chmod 755 "$base"
cp "$remit" "$base/remit"

definition() { # NAME FIELDS...
	local name=$1
	shift
	{
		printf -- '---\nname: %s\ndescription: attacks\n' "$name"
		printf '%s\n' "$@"
		printf -- '---\n'
	} >"$base/$name.md"
}
definition reader 'tools: Read, Grep, Glob, Bash'
definition writer 'tools: Read, Edit, Write, Bash' 'permissionMode: acceptEdits'
definition linked 'tools: Read(x/**), Edit(x/**)' 'permissionMode: acceptEdits'
definition denied 'tools: Read, Bash' 'disallowedTools: Read(./d/**)'
definition inner 'tools: Read(folder/**)'
definition single 'tools: Read'
definition asked 'tools: Read, Edit, Write, Bash' 'permissionMode: default'
chmod -R a+rX "$base"

# fresh UID: a home with a key and a project, in $home and $project
fresh() {
	home=$base/home.$1
	project=$home/code/project
	rm -rf "$home"
	mkdir -p "$home/.ssh" "$home/out" "$project/d" "$project/folder"
	echo KEY >"$home/.ssh/id_test"
	echo note >"$home/note"
	echo inner >"$project/d/key"
	echo file >"$project/file"
	chown -hR "$1:$1" "$home"
}

as_user() { # COMMAND...
	if [ "$user" -eq "$(id -u)" ]; then
		(cd "$project" && HOME=$home exec "$@")
	else
		(cd "$project" && exec setpriv --reuid "$user" --regid "$user" --clear-groups \
			env HOME="$home" "$@")
	fi
}

# run AGENT OPTION... -- COMMAND...
run() {
	local agent=$1
	shift
	as_user "$base/remit" run -q -a "$base/$agent.md" -w "$project" "$@" 2>&1 </dev/null
}

# The output of the command must, or must not, hold a text.
shows() { # NAME TEXT COMMAND...
	local name=$1 text=$2 output
	shift 2
	output=$("$@")
	case $output in
	*"$text"*) pass "$name (uid $user)" ;;
	*) fail "$name (uid $user)" "no '$text' in: $output" ;;
	esac
}

hides() { # NAME TEXT COMMAND...
	local name=$1 text=$2 output
	shift 2
	output=$("$@")
	case $output in
	*"$text"*) fail "$name (uid $user)" "'$text' in: $output" ;;
	*) pass "$name (uid $user)" ;;
	esac
}

status() { # NAME STATUS COMMAND...
	local name=$1 want=$2 got=0
	shift 2
	"$@" >/dev/null 2>&1 || got=$?
	if [ "$got" -eq "$want" ]; then pass "$name (uid $user)"; else fail "$name (uid $user)" "status $got, not $want"; fi
}

untouched() { # NAME FILE: must not exist
	if [ -e "$2" ]; then fail "$1 (uid $user)" "$2 exists"; else pass "$1 (uid $user)"; fi
}

links() {
	fresh "$user"
	as_user ln -s "$home" x
	hides 'a specifier through a link out of the workspace: read' KEY \
		run linked -t Edit -- /bin/sh -c 'read l <x/.ssh/id_test; echo $l'
	run linked -t Edit -- /bin/sh -c 'echo evil >x/planted' >/dev/null
	untouched 'a specifier through a link out of the workspace: write' "$home/planted"
	rm "$project/x"
	as_user mkdir x
	run linked -t Edit -- /bin/sh -c 'echo good >x/planted' >/dev/null
	shows 'control: the same specifier of a folder' good as_user cat x/planted

	as_user ln -s "$home" "$home/out/x"
	status 'a grant through a planted link' 125 run writer --grant "write:$home/out/x" -- true
	status 'control: a grant of a folder' 0 run writer --grant "write:$home/out" -- true
	as_user ln -s "$home" "$home/other"
	hides 'a granted folder by another name' KEY \
		run reader --grant "read:$home" -- sh -c "cat $home/.ssh/id_test $home/other/.ssh/id_test"
	shows 'control: what is no secret of it' note \
		run reader --grant "read:$home" -- cat "$home/note"

	ln -sfn "$home" "$base/alias.$user"
	hides 'a deny through another name' inner \
		run reader --deny "read:$base/alias.$user/code/project/d" -- cat "$project/d/key"
	shows 'control: without the deny' inner run reader -- cat "$project/d/key"

	as_user ln -s folder/exrc .exrc
	as_user touch folder/exrc
	status 'a protected name that is a link' 125 run writer -- true
	status 'control: for who cannot write' 0 run reader -- true
	rm "$project/.exrc"
	status 'control: without the link' 0 run writer -- true
}

repositories() {
	fresh "$user"
	as_user mkdir "$home/.git"
	hides 'a repository planted around the workspace: keys' KEY run reader -- cat "$home/.ssh/id_test"
	HOME_SAVED=$home
	home=/nonexistent hides 'the same, for a caller with another home' KEY \
		run reader -- cat "$HOME_SAVED/.ssh/id_test"

	as_user git init -q "$home/out/repository"
	run writer --grant "write:$home/out/repository" -- sh -c \
		"echo evil >$home/out/repository/.git/hooks/planted" >/dev/null
	untouched 'the hooks of a granted repository' "$home/out/repository/.git/hooks/planted"
	run writer --grant "write:$home/out/repository" -- sh -c "echo good >$home/out/repository/file" >/dev/null
	shows 'control: a file of it' good as_user cat "$home/out/repository/file"
}

definitions() {
	fresh "$user"
	hides 'a deny of ./d, called from elsewhere' inner \
		sh -c "cd / && $(declare -p base home project user | sed 's/^declare -- //;s/$/;/' | tr -d '\n')
			if [ \$user -eq \$(id -u) ]; then HOME=\$home exec \$base/remit run -q -a \$base/denied.md -w \$project -- cat d/key 2>&1
			else exec setpriv --reuid \$user --regid \$user --clear-groups env HOME=\$home \$base/remit run -q -a \$base/denied.md -w \$project -- cat d/key 2>&1; fi"
	shows 'control: another file' file run denied -- cat file
}

identities() {
	fresh "$user"
	status 'set-user-ID by chmod' 1 run writer -- sh -c 'cp /bin/true s && chmod 4755 s'
	status 'set-group-ID by chmod' 1 run writer -- chmod 2755 file
	status 'control: chmod' 0 run writer -- chmod 755 file
	status 'set-user-ID at creation' 1 run writer -- \
		/usr/bin/python3 -c 'import os; os.open("new", os.O_CREAT | os.O_WRONLY, 0o4755)'
	status 'control: creation' 0 run writer -- \
		/usr/bin/python3 -c 'import os; os.open("new", os.O_CREAT | os.O_WRONLY, 0o755)'
	if [ -n "$(find "$project" -perm /6000)" ]; then
		fail "set-user-ID files (uid $user)" "$(find "$project" -perm /6000)"
	else
		pass "no set-user-ID file came out (uid $user)"
	fi
	status 'the priority of the caller' 1 run writer -- \
		/usr/bin/python3 -c 'import os; os.setpriority(os.PRIO_PGRP, 0, 5)'
	status 'control: its own' 0 run writer -- \
		/usr/bin/python3 -c 'import os; os.setpriority(os.PRIO_PROCESS, 0, 5)'
}

programs() {
	fresh "$user"
	status 'an exec deny of a folder' 125 run writer --deny exec:/usr/bin/ -- true
	status 'an exec deny with wildcards' 125 run writer --deny 'exec:pyth*' -- true
	status 'an exec deny of a program' 126 run writer --deny exec:/usr/bin/id -- /usr/bin/id
	status 'control: another program' 0 run writer --deny exec:/usr/bin/id -- true
}

# In a repository that was granted, a grant opens the protected name that it names, and no more.
granted_repositories() {
	local hooks=$home/code/granted/.git/hooks
	fresh "$user"
	mkdir -p "$hooks"
	echo sample >"$hooks/sample"
	chown -hR "$user:$user" "$home"
	status 'beside a hook that is granted' 1 run writer --grant write:"$home/code/granted" \
		--grant write:"$hooks/sample" -- touch "$hooks/new"
	status 'hooks that are granted for reading' 1 run writer --grant write:"$home/code/granted" \
		--grant read:"$hooks" -- touch "$hooks/new"
	status 'control: the hook that is granted' 0 run writer --grant write:"$home/code/granted" \
		--grant write:"$hooks/sample" -- touch "$hooks/sample"
	status 'control: hooks that are granted for writing' 0 run writer \
		--grant write:"$home/code/granted" --grant write:"$hooks" -- touch "$hooks/new"
}

# A link of the home folder into the workspace, and what a first run makes of it for the second.
planted() {
	fresh "$user"
	as_user mkdir "$home/private" "$home/.local"
	as_user sh -c 'echo HIDDEN >"$HOME/private/note"'
	as_user ln -s code/project/vimrc "$home/.vimrc"
	as_user ln -s ../code/project/bin "$home/.local/bin"
	run writer -- ln -s "$home/private/note" vimrc >/dev/null
	run writer -- ln -s "$home/private" bin >/dev/null
	hides 'a planted link behind a file of the home folder' HIDDEN run reader -- cat "$home/.vimrc"
	hides 'a planted link behind a folder of the home folder' HIDDEN run reader -- cat "$home/.local/bin/note"
	rm "$home/.local/bin"
	as_user mkdir "$home/.local/bin"
	as_user sh -c 'echo TOOL >"$HOME/.local/bin/note"'
	shows 'control: a folder of the home folder' TOOL run reader -- cat "$home/.local/bin/note"

	as_user mkdir -p "$project/config"
	as_user ln -s code/project/config "$home/.config"
	status 'a place for the policy in the workspace' 125 run writer -- true
	rm "$home/.config"
	status 'control: elsewhere' 0 run writer -- true

	as_user git init -q .
	as_user ln .git/config second
	status 'a second name of a protected file' 125 run writer -- true
	rm "$project/second"
	status 'control: without it' 0 run writer -- true

	as_user mkdir -p "$home/out/tree/.vscode"
	as_user sh -c 'echo old >"$HOME/out/tree/.vscode/tasks.json"; echo "gitdir: old" >"$HOME/out/tree/.git"'
	run writer --grant "write:$home/out/tree" -- sh -c \
		"echo evil >$home/out/tree/.vscode/tasks.json; echo evil >$home/out/tree/.git" >/dev/null
	hides 'protected names of a granted folder' evil as_user cat "$home/out/tree/.vscode/tasks.json" "$home/out/tree/.git"
	run writer --grant "write:$home/out/tree" -- sh -c "echo good >$home/out/tree/file" >/dev/null
	shows 'control: another file of it' good as_user cat "$home/out/tree/file"
}

# A network socket as a standard stream.
streams() {
	fresh "$user"
	status 'a network socket as standard input' 125 as_user /usr/bin/python3 -c '
import socket, subprocess, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
c = socket.create_connection(s.getsockname())
sys.exit(subprocess.call(sys.argv[1:], stdin=c))' "$base/remit" run -q -a "$base/reader.md" -w "$project" -- true
	status 'control: a local socket' 0 as_user /usr/bin/python3 -c '
import socket, subprocess, sys
a, b = socket.socketpair()
sys.exit(subprocess.call(sys.argv[1:], stdin=a))' "$base/remit" run -q -a "$base/reader.md" -w "$project" -- true
}

why() { # AGENT [OPTION...] EFFECT TARGET
	local agent=$1 arguments=("${@:2:$#-3}")
	as_user "$base/remit" why -w "$project" "${arguments[@]}" "$base/$agent.md" "${@: -2}"
}

# Where why permitted what run refused, and the other way round.
agreement() {
	fresh "$user"
	echo 'gitdir: /nowhere' >"$project/.git"
	chown "$user" "$project/.git"
	status 'why: a .git that is a file' 2 why writer write .git
	status 'run: a .git that is a file' 2 run writer -- sh -c 'echo evil >>.git'
	status 'control: why of another file' 0 why writer write file
	rm "$project/.git"

	as_user mkdir "$home/out/tree" "$home/out/tree/.vscode"
	status 'why: protected names of a granted folder' 2 \
		why writer --grant "write:$home/out/tree" write "$home/out/tree/.vscode/x"
	status 'control: why of another name of it' 0 \
		why writer --grant "write:$home/out/tree" write "$home/out/tree/x"

	as_user ln -s d l-d
	status 'why: what a denied link leads to' 1 why reader --deny "read:$project/l-d" read d/key
	hides 'run: what a denied link leads to' inner run reader --deny "read:$project/l-d" -- cat d/key
	status 'control: why without the deny' 0 why reader read d/key
	shows 'control: run without the deny' inner run reader -- cat d/key

	as_user ln -s "$home/out" "$home/l-out"
	as_user touch "$home/out/there"
	status 'a deny of what does not exist, through a link' 2 run writer --grant "write:$home/out" \
		--deny "write:$home/l-out/new" -- sh -c "echo evil >$home/out/new"
	untouched 'a deny of what does not exist, through a link' "$home/out/new"
	status 'control: another name there' 0 run writer --grant "write:$home/out" \
		--deny "write:$home/l-out/new" -- sh -c "echo good >$home/out/other"
	status 'without a broker it cannot be held' 125 run writer --layers namespaces \
		--grant "write:$home/out" --deny "write:$home/l-out/new" -- true
	status 'control: of what exists' 0 \
		run writer --grant "write:$home/out" --deny "write:$home/l-out/there" -- true
	status 'a deny of what exists, through a link' 2 run writer --grant "write:$home/out" \
		--deny "write:$home/l-out/there" -- sh -c "echo evil >>$home/out/there"

	as_user ln -s "$home/out" second
	as_user ln -s ../second folder/chain
	as_user ln -s "$home/out" folder/straight
	echo OUTSIDE >"$home/out/there"
	status 'why: through a link that is not there inside' 1 \
		why inner --grant "read:$home/out" read folder/chain/there
	hides 'run: through a link that is not there inside' OUTSIDE \
		run inner --grant "read:$home/out" -- cat folder/chain/there
	status 'control: why, through one link' 0 why inner --grant "read:$home/out" read folder/straight/there
	shows 'control: run, through one link' OUTSIDE run inner --grant "read:$home/out" -- cat folder/straight/there

	status 'why: to write what cannot be read' 1 why writer --deny "read:$project/d" write d/key
	status 'run: to write what cannot be read' 2 run writer --deny "read:$project/d" -- sh -c 'echo evil >>d/key'
	status 'control: why of what can' 0 why writer write d/key

	as_user cp /usr/bin/id folder/id
	local try='exec(shift) or exit 9'
	status 'a program that is granted by its path' 0 \
		run single --grant exec:/usr/bin/id -- perl -e "$try" /usr/bin/id
	status 'control: without the grant' 9 run single -- perl -e "$try" /usr/bin/id
	status 'a folder of programs that is granted' 0 \
		run single --grant "exec:$project/folder" -- perl -e "$try" "$project/folder/id"
	status 'control: a program beside it' 9 \
		run single --grant "exec:$project/folder" -- perl -e "$try" /usr/bin/id
}

# What the watch and its decoy tell of the host, and who writes the log.
watched() {
	local log=$base/log.$user place=$base_out/$user
	fresh "$user"
	if ! as_user sh -c ': <>/dev/fuse' 2>/dev/null; then
		skip "the decoy (uid $user)" '/dev/fuse cannot be opened'
		return
	fi
	mkdir -p "$place"
	chmod 755 "$base_out" "$place"
	echo TEXT >"$place/file"
	ln -sfn "$place/TARGET" "$place/link"
	[ -p "$place/fifo" ] || mkfifo "$place/fifo"
	chmod 644 "$place/file" "$place/fifo"
	hides 'the text of a link that a walk was led through' TARGET \
		run reader -- perl -e "stat '$place/link'; print readlink '$place/link'"
	shows 'control: where it was granted' TARGET \
		run reader --grant "read:$place" -- perl -e "stat '$place/link'; print readlink '$place/link'"
	status 'statistics of a hidden path' 1 run reader -- stat -f "$place/file"
	status 'control: where it was granted' 0 run reader --grant "read:$place" -- stat -f "$place/file"
	status 'a hidden fifo is not waited for' 1 run reader -- timeout 5 cat "$place/fifo"
	status 'control: where it was granted it is' 124 \
		run reader --grant "read:$place" -- timeout 1 cat "$place/fifo"

	: >"$log"
	chown "$user" "$log"
	status 'a log that is standard output' 125 run_to "$log" reader --audit fd:1 -- echo FORGED
	status 'a log by name that is standard output' 125 run_to "$log" reader --audit "$log" -- echo FORGED
	hides 'a forged record' FORGED cat "$log"
	status 'control: standard output elsewhere' 0 run reader --audit "$log" -- echo FORGED
	shows 'control: the log of that run' '"record":"end"' cat "$log"
}

# What the broker was talked into.
brokered() {
	local approve=$base/approve
	fresh "$user"
	if ! as_user sh -c ': <>/dev/fuse' 2>/dev/null; then
		skip "the broker (uid $user)" '/dev/fuse cannot be opened'
		return
	fi

	status 'another way to a denied name, by a link above it' 1 \
		run writer --deny 'write:./new/x' -- sh -c 'mkdir t && echo evil >t/x && ln -s t new'
	status 'control: a link elsewhere' 0 \
		run writer --deny 'write:./new/x' -- sh -c 'ln -s t other && cat other/x'
	status 'a link that is moved there' 1 run writer --deny 'write:./new/x' -- mv -T other new
	status 'control: moved elsewhere' 0 run writer --deny 'write:./new/x' -- mv -T other third
	status 'a link above a protected name' 1 run writer -- ln -s t .jj
	status 'control: granted' 0 run writer --grant "write:$project/.jj/repo" -- ln -s t .jj
	as_user rm .jj
	status 'a link inside of a folder that is moved' 1 \
		run writer -- sh -c 'mkdir g && ln -s ../t g/workflows && mv g .github'
	status 'control: moved elsewhere' 0 run writer -- mv g h

	fresh "$user"
	status 'a work tree that a link leads out of the workspace' 4 run writer -- sh -c \
		'HOME=/tmp; export HOME; git init -q p && ln -s ../out out && cd p && git config core.worktree ../../out'
	status 'control: another key' 0 run writer -- sh -c 'HOME=/tmp; export HOME; cd p && git config core.bare false'

	fresh "$user"
	as_user sh -c 'mkdir keys && echo good >keys/a.pem'
	local deny='write:./keys/*.pem'
	status 'what a wildcard denies, changed elsewhere' 1 run writer --deny "$deny" -- mv keys t
	status 'what a wildcard denies, brought from elsewhere' 1 \
		run writer --deny "$deny" -- sh -c 'mkdir t && echo evil >t/b.pem && rmdir d && mv t/b.pem keys/b.pem'
	as_user rm -r keys
	status 'the same, with its folder' 1 run writer --deny "$deny" -- mv t keys
	status 'control: a folder without such a name' 0 \
		run writer --deny "$deny" -- sh -c 'mv t/b.pem t/b && mv t keys && mv keys t'
	status 'control: without the deny' 0 run writer -- sh -c 'mv t/b t/b.pem && mv t keys'

	fresh "$user"
	as_user mkdir -p "$home/granted/project"
	local second=$home/granted/project
	status 'a denied name, in folders of the home that are exchanged' 1 \
		run writer --deny 'write:./x' --grant "write:$second" -- \
		sh -c 'cd / && mv ~/code ~/t && mv ~/granted ~/code && mv ~/t ~/granted && echo evil >~/granted/project/x'
	untouched 'a denied name, in folders of the home that are exchanged' "$project/x"
	status 'control: folders of the home that hold nothing' 0 \
		run writer --deny 'write:./x' --grant "write:$second" -- \
		sh -c 'cd / && mkdir ~/a ~/b && mv ~/a ~/t && mv ~/b ~/a && mv ~/t ~/b && echo good >~/granted/project/x'

	fresh "$user"
	as_user mkdir bad
	local turn='use Socket; my $child = fork;
		if (!$child) {
			for (;;) {
				for my $to ($ARGV[0], $ARGV[1]) { symlink $to, "/tmp/new"; rename "/tmp/new", "/tmp/l" }
			}
		}
		my $found = 0;
		for (1 .. 4000) {
			socket my $socket, PF_UNIX, SOCK_STREAM, 0;
			bind $socket, sockaddr_un("/tmp/l/name");
			unlink "$ARGV[0]/name";
			$found ||= -e "$ARGV[1]/name";
		}
		kill 9, $child; waitpid $child, 0; exit $found'
	status 'a socket through a link that is turned meanwhile' 0 \
		run writer --deny 'write:./bad/name' -- perl -e "$turn" "$project/d" "$project/bad"
	status 'control: where nothing is denied' 1 \
		run writer -- perl -e "$turn" "$project/d" "$project/bad"

	printf '%s\n' '#!/bin/sh' 'read -r question' \
		'case $question in' '*\"protected\":true*) echo "{\"answer\":\"no\"}" ;;' \
		'*/g/a\"*) echo "{\"answer\":\"folder\"}" ;;' \
		'*/.github\"*) sleep 2; echo "{\"answer\":\"once\"}" ;;' \
		'*) echo "{\"answer\":\"once\"}" ;;' 'esac' >"$approve"
	chmod 755 "$approve"
	status 'a yes to what was not protected when it was asked for' 1 \
		run asked --approve "exec:$approve" -- sh -c \
		'mkdir g && echo >g/a && { mv -T g .github & sleep 1; mkdir g/workflows; wait $!; }'
	status 'control: where it stays so' 0 \
		run asked --approve "exec:$approve" -- sh -c 'rmdir g/workflows && mv -T g .github'
}

# obeyed NAME PATH: what git's configuration names is held, by run as by why.
obeyed() {
	status "$1" 2 run writer -- sh -c "echo evil >>'$2'"
	status "$1: why" 2 why writer write "$2"
}

# Files of the project that the operator's own configuration makes git obey.
configured() {
	fresh "$user"
	as_user git init -q .
	as_user sh -c 'mkdir -p scripts/hooks && echo exit >scripts/hooks/pre-commit'
	status 'control: hooks elsewhere that are not named' 0 run writer -- sh -c 'echo good >>scripts/hooks/pre-commit'
	as_user git config core.hooksPath scripts/hooks
	obeyed 'hooks elsewhere' scripts/hooks/pre-commit
	status 'hooks elsewhere, made anew' 1 run writer -- mv scripts/hooks scripts/old
	status 'the folder above them' 1 run writer -- mv scripts old
	status 'control: a file beside them' 0 run writer -- sh -c 'echo good >scripts/other'
	status 'control: hooks elsewhere that are granted' 0 \
		run writer --grant "write:$project/scripts/hooks" -- sh -c 'echo good >>scripts/hooks/pre-commit'
	status 'hooks elsewhere, without a broker' 2 \
		run writer --layers namespaces -- sh -c 'echo evil >>scripts/hooks/pre-commit'
	status 'control: a file beside them, without a broker' 0 \
		run writer --layers namespaces -- sh -c 'echo good >scripts/other'

	as_user git config core.hooksPath .githooks
	if as_user sh -c ': <>/dev/fuse' 2>/dev/null; then
		status 'hooks elsewhere that are not there yet' 1 run writer -- mkdir .githooks
		status 'control: another name' 0 run writer -- mkdir .githook
		# Git takes the path from a work tree, or from the current folder where the git folder is bare.
		for below in d/.githooks new/deep/.githooks; do
			status "hooks elsewhere, below: $below" 1 run writer -- mkdir -p "$below"
		done
		status 'hooks elsewhere, below, by a new name' 1 run writer -- sh -c 'mkdir d/hooks && mv d/hooks d/.githooks'
		status 'control: the folders above' 0 run writer -- test -d new/deep
	fi

	as_user git config core.hooksPath /dev/null
	as_user git config include.path ../.gitconfig
	# shellcheck disable=SC2088 # git expands it
	as_user git config includeIf.onbranch:x.path '~/code/project/d/more'
	as_user sh -c 'printf "[include]\n\tpath = folder/third\n" >.gitconfig; touch d/more folder/third'
	obeyed 'a configuration that is included' .gitconfig
	obeyed 'a configuration that is included under a condition' d/more
	obeyed 'a configuration that is included by one that is' folder/third
	status 'control: no configuration' 0 run writer -- sh -c 'echo good >d/other && echo >/dev/null'
	as_user sh -c 'printf "[core]\n\thooksPath = a  b\n[alias]\n\tx = a\t  b\n" >folder/third; mkdir "a  b" c'
	status 'hooks elsewhere, named by an odd text in a configuration that is included' 1 run writer -- touch 'a  b/x'
	status 'control: another folder' 0 run writer -- touch c/x

	as_user git init -q --bare "$home/out/bare"
	as_user git -C "$home/out/bare" config core.hooksPath h
	as_user mkdir "$home/out/bare/h" "$home/out/bare/i"
	status 'hooks elsewhere of a bare repository' 1 \
		run writer --grant "write:$home/out/bare" -- touch "$home/out/bare/h/x"
	status 'control: another folder of it' 0 \
		run writer --grant "write:$home/out/bare" -- touch "$home/out/bare/i/x"

	as_user sh -c 'git init -q "$HOME/code" && rm -rf .git && git -C .. config core.hooksPath project/d'
	obeyed 'hooks elsewhere of the repository around' d/key
	status 'control: another folder' 0 run writer -- sh -c 'echo good >>file'
}

# run_to FILE AGENT OPTION...: standard output is appended to the file.
run_to() {
	local file=$1 agent=$2
	shift 2
	as_user "$base/remit" run -q -a "$base/$agent.md" -w "$project" "$@" >>"$file" 2>/dev/null </dev/null
}

# shellcheck source-path=SCRIPTDIR source=attacks/pointers.sh
. "$root/tests/attacks/pointers.sh"
# shellcheck source-path=SCRIPTDIR source=attacks/submodules.sh
. "$root/tests/attacks/submodules.sh"

# Folders that were found just before are looked up no more: what their paths mean right after a
# change is what it means outside, to an ordinary user.
kept() {
	local out=$base/kept number=0 want got
	fresh "$user"
	rm -rf "$out"
	mkdir "$out" "$out/outside"
	chmod 777 "$out" "$out/outside"
	(
		[ "$(id -u)" -ne 0 ] || set -- setpriv --reuid 4242 --regid 4242 --clear-groups
		"$@" /usr/bin/python3 - "$out/outside" <"$root/tests/attacks/kept.py" >"$out/want" 2>&1
	)
	as_user "$base/remit" run -q -a "$base/writer.md" -w "$project" -- /usr/bin/python3 - folder \
		<"$root/tests/attacks/kept.py" >"$out/got" 2>&1
	while read -r want <&3; do
		read -r got <&4
		number=$((number + 1))
		case $want in
		"$got") pass "a folder found before: $want (uid $user)" ;;
		*) fail "a folder found before: $want (uid $user)" "$got" ;;
		esac
	done 3<"$out/want" 4<"$out/got"
	[ "$number" -ge 18 ] || fail "control: all cases ran outside (uid $user)" "$(cat "$out/want")"
	# The folder of the project's own folder is scratch, in the private home: the kernel changes its
	# rights itself, after the answer.
	want='0 while it is closed, 300 while it is open'
	got=$(as_user "$base/remit" run -q -a "$base/writer.md" -w "$project" -- /usr/bin/python3 - \
		"$project" "${project%/*}" <"$root/tests/attacks/kept.py" 2>&1)
	case $got in
	"$want") pass "files made below a folder that is closed and opened: $want (uid $user)" ;;
	*) fail "files made below a folder that is closed and opened: $want (uid $user)" "$got" ;;
	esac
}

rows() {
	user=$1
	kept
	watched
	brokered
	submodules
	configured
	agreement
	planted
	streams
	links
	repositories
	granted_repositories
	pointers
	definitions
	identities
	programs
}

if [ "$(id -u)" -eq 0 ]; then
	rows 0
	rows 4242
else
	rows "$(id -u)"
fi
report_close
