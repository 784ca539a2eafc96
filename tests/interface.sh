#!/bin/bash
# The user interface of run, explain and why: tests/interface.sh
#
# What bad input gets, exit statuses, streams, signals, limits, environment, places and commands;
# the terminal by tests/terminal.c (build/tests/terminal). Every refusal has its control.
#
# Run as root, everything is done as root and once more as uid 4242, each with a home folder and a
# workspace of its own below /var/tmp.
# shellcheck disable=SC2016 # scripts are evaluated by the shell inside
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ -n "${REMIT_AS_UDEV:-}" ] || REMIT_AS_UDEV=asked exec "$here/as-udev" "$0" "$@"
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$here/report.sh"

remit=${REMIT:-$here/../build/remit}
terminal=${REMIT_TERMINAL:-$here/../build/tests/terminal}
readonly search_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
readonly patience=60 # seconds after which a call counts as hung

if [ ! -x "$remit" ]; then
	echo "interface: no $remit: run make first" >&2
	exit 1
fi

base=$(mktemp -d /var/tmp/remit-interface.XXXXXX)
trap 'chmod -R u+rwX "$base"; rm -rf "$base"' EXIT
chmod 755 "$base"
home=$base/home workspace=$base/home/work files=$base/files
mkdir -p "$workspace" "$files"
# Copies that another user can reach, wherever the repository lies.
cp "$remit" "$base/remit"
cp -r "$here/interface.sh" "$here/interface" "$here/report.sh" "$base/"
[ ! -x "$terminal" ] || cp "$terminal" "$base/terminal"
chmod -R a+rX "$base"

program=(env -i --default-signal=INT --default-signal=QUIT HOME="$home" PATH="$search_path" LANG=C.UTF-8 TERM=xterm
	"$base/remit")
confined=("${program[@]}" run -q -a "$files/worker.md")
marker=remit-interface-$$ # a name that only processes of this run bear
output='' status=0        # of the last call

# definition NAME LINE...: an agent's definition of these lines of front matter.
definition() {
	local file=$files/$1
	shift
	{
		echo ---
		printf '%b\n' "$@"
		echo ---
	} >"$file"
}

# call COMMAND...: with nothing on standard input; what it prints is `output`.
call() {
	output=$(timeout -k 1 "$patience" "$@" 2>&1 </dev/null)
	status=$?
}

# conclude yes|no TITLE
conclude() {
	if [ "$1" = yes ]; then
		pass "$2 (uid $UID)"
	else
		fail "$2 (uid $UID)" "status $status, output: $(head -c 600 <<<"$output" | cat -v | tr '\n' '|')"
	fi
}

# try TITLE FUNCTION: what the function prints is shown where it fails.
try() {
	output=$("$2" 2>&1)
	status=$?
	conclude "$([ "$status" -eq 0 ] && echo yes || echo no)" "$1"
}

# equal EXPECTED ACTUAL: says both where they differ.
equal() {
	[ "$1" = "$2" ] && return 0
	printf 'expected: %s\n  actual: %s\n' "$1" "$2"
	return 1
}

# until_true SECONDS COMMAND...
until_true() {
	local deadline=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			echo "waited in vain for: $*"
			return 1
		fi
		sleep 0.05
	done
}

# --- Exit status and streams --------------------------------------------------------------------

# exits STATUS TITLE COMMAND...: `remit run ... COMMAND` exits so.
exits() {
	local expected=$1 title=$2
	shift 2
	call "${confined[@]}" "$@"
	conclude "$([ "$status" -eq "$expected" ] && echo yes || echo no)" "status: $title"
}

# prints PATTERN: so does the last call.
prints() {
	conclude "$(grep -Eq -e "$1" <<<"$output" && echo yes || echo no)" "status: it is said: $1"
}

statuses() {
	exits 0 'of COMMAND, 0' -- true
	exits 3 'of COMMAND, 3' -- sh -c 'exit 3'
	exits 143 '128+15' -- sh -c 'kill -TERM $$'
	exits 137 '128+9' -- sh -c 'kill -KILL $$'
	exits 139 '128+11' -- sh -c 'kill -SEGV $$'
	exits 126 'not executable' -- /etc/passwd
	prints '/etc/passwd: Permission denied'
	exits 126 'a folder' -- .
	exits 127 'not found on PATH' -- no-such-program
	prints "no-such-program: command not found"
	prints "PATH is $search_path"
	exits 127 'not there' -- ./no-such-program
	prints 'there is no such file'
	printf '#!%s/none\n' "$base" >script
	chmod 755 script
	exits 127 'without its interpreter' -- ./script
	prints "its interpreter $base/none does not exist"
	printf '#!/bin/sh\nexit 7\n' >script
	exits 7 'with its interpreter' -- ./script
	printf 'exit 8\n' >script
	exits 8 'without a #! line' -- ./script
	exits 127 'an empty name' -- ''
	exits 124 'timed out' --timeout 1 -- sleep 30
	exits 0 'in time' --timeout 20 -- sleep 0.1
	exits 124 'timed out, SIGTERM caught' --timeout 1 -- sh -c 'trap "exit 5" TERM; sleep 30 & wait'
	exits 124 'timed out, SIGTERM ignored' --timeout 1 -- sh -c 'trap "" TERM; sleep 30; sleep 30'
	exits 124 '--limit wall' --limit wall=1 -- sleep 30
}

input_is_a_folder() {
	timeout "$patience" "${confined[@]}" -- touch marker <.
	equal 125 $? && [ ! -e marker ]
}

closed_streams() {
	equal '' "$("${confined[@]}" -- cat <&-)" || return 1
	"${confined[@]}" -- sh -c 'echo text; exit 4' >&-
	equal 4 $? || return 1
	equal text "$("${confined[@]}" -- sh -c 'echo text; echo more >&2' 2>&-)" || return 1
	"${confined[@]}" -- sh -c 'echo text >written; exit 6' <&- >&- 2>&-
	equal 6 $? && equal text "$(cat written)" || return 1
	"${program[@]}" explain "$files/worker.md" >&- 2>/dev/null
	equal 125 $?
}

broken_pipe() {
	timeout "$patience" "${confined[@]}" -- yes | head -n 1 >/dev/null
	equal '141 0' "${PIPESTATUS[*]}" || return 1
	# What fits into the pipe is a success.
	timeout "$patience" "${program[@]}" --print-policies | head -n 1 >/dev/null
	[[ ${PIPESTATUS[0]} =~ ^(0|141)$ ]]
}

full_device() {
	local -a line
	while read -r -a line; do
		equal 125 "$("${program[@]}" "${line[@]}" 2>&1 >/dev/full | grep -q 'standard output: No space left'
			echo $((PIPESTATUS[0] + PIPESTATUS[1])))" || return 1
		"${program[@]}" "${line[@]}" >/dev/null || return 1
	done <<-END
		--help
		--version
		--print-policies
		run --help
		explain --help
		why --help
		explain $files/worker.md
		explain --json $files/worker.md
		explain $files/worker.md --json
		why $files/worker.md read x
		why $files/worker.md read x --json
	END
}

json_of_bytes() {
	grep -q '"target":"a\\\\xffb","verdict":"allow"' <<<"$("${program[@]}" why --json "$files/worker.md" read $'a\xffb')"
}

shared_offset() {
	seq 6 >numbers
	equal '1 then 2' "$({
		"${confined[@]}" -- sh -c 'read -r line; echo "$line"'
		read -r line
		echo "then $line"
	} <numbers | xargs)" || return 1
	equal '2 3' "$({
		read -r _
		"${confined[@]}" -- sh -c 'read -r line; echo "$line"'
		read -r line
		echo "$line"
	} <numbers | xargs)"
}

much_data() {
	head -c 100M /dev/urandom >"$files/data"
	local sum
	sum=$(sha1sum <"$files/data")
	equal "$sum" "$("${confined[@]}" -- cat <"$files/data" | sha1sum)" || return 1
	# shellcheck disable=SC2002 # a pipe is what is tried
	equal "$sum" "$(cat "$files/data" | "${confined[@]}" -- sha1sum)" || return 1
	"${confined[@]}" -- cat <"$files/data" >"$files/copy"
	cmp "$files/data" "$files/copy" || return 1
	rm "$files/data" "$files/copy"
}

other_input() {
	equal text "$("${confined[@]}" -- cat <<<text)" || return 1
	equal 'a b' "$("${confined[@]}" -- xargs <<-END
		a
		b
	END
	)"
}

# --- Signals ------------------------------------------------------------------------------------

# begin SCRIPT: starts it confined, as the job `job`, and waits until it has made the file `ready`.
begin() {
	rm -f ready caught
	"${confined[@]}" -- bash -c "$1" >/dev/null 2>&1 &
	job=$!
	until_true 30 [ -e ready ]
}

marked() {
	pgrep -f "^$marker" >/dev/null
}

three_marked() {
	[ "$(pgrep -fc "^$marker")" -eq 3 ]
}

unmarked() {
	! marked
}

# Waits for the signal, and for one more.
readonly until_caught='for i in {1..600}; do [ ! -e caught ] || break; sleep 0.1; done; for i in 1 2 3; do sleep 0.1; done; exit 9'

# Ten signals may come as one; one must not come as two.
caught_once() {
	local signal
	for signal in TERM INT HUP QUIT USR1 USR2 ALRM WINCH; do
		begin "trap 'echo $signal >>caught' $signal; : >ready; $until_caught" || return 1
		kill "-$signal" "$job"
		wait "$job"
		equal "9 $signal" "$? $(xargs <caught)" || return 1
	done
}

# To the whole process group, and as the control to remit alone.
group_caught_once() {
	local i target
	for i in 1 2 3 4 5; do
		for target in - ''; do
			rm -f ready caught
			setsid "${confined[@]}" -- bash -c "trap 'echo TERM >>caught' TERM; : >ready; $until_caught" &
			job=$!
			until_true 30 [ -e ready ] || return 1
			kill -TERM -- "$target$job"
			wait "$job"
			equal '9 TERM' "$? $(xargs <caught)" || return 1
		done
	done
}

ends_by() {
	local pair
	for pair in TERM:143 INT:130 HUP:129 QUIT:131 USR1:138; do
		begin ': >ready; exec sleep 30' || return 1
		sleep 0.1
		kill "-${pair%:*}" "$job"
		wait "$job"
		equal "${pair#*:}" $? || return 1
	done
}

# Three processes that bear the marker: COMMAND, one of another session, and a grandchild of that.
# The name stands in a file: on remit's command line it would mark remit too.
write_family() {
	cat >family <<-END
		(setsid bash -c '(exec -a $marker sleep 100 &); exec -a $marker sleep 100' &)
		until [ "\$(pgrep -fc '^$marker')" -eq 2 ]; do sleep 0.02; done
		: >ready
		exec -a $marker sleep 100
	END
}

killed_from_outside() {
	write_family
	begin '. ./family' || return 1
	until_true 30 three_marked || return 1
	kill -KILL "$job"
	wait "$job" 2>/dev/null
	equal 137 $? && until_true 30 unmarked
}

# Children of remit: the first process of the sandbox has a number inside, too; the watch does not.
child_of_remit() { # first|watch
	local child count
	for child in $(pgrep -P "$job"); do
		count=$(awk '/^NSpid:/ { print NF - 1 }' "/proc/$child/status" 2>/dev/null)
		case $1:$count in first:2 | watch:1) echo "$child" ;; esac
	done
}

first_process_killed() {
	write_family
	begin '. ./family' || return 1
	until_true 30 marked || return 1
	kill -KILL "$(child_of_remit first)" 2>/dev/null || {
		# Root's tool bears an id of its own; an ordinary user's bears the user's.
		echo 'the first process cannot be killed'
		return 1
	}
	wait "$job" 2>/dev/null
	equal 137 $? && until_true 30 unmarked
}

# Where there is a watch, nothing goes on without it.
watch_killed() {
	local watch
	write_family
	begin '. ./family' || return 1
	until_true 30 marked || return 1
	watch=$(child_of_remit watch)
	if [ -z "$watch" ]; then
		kill -KILL "$job"
		wait "$job" 2>/dev/null
		(: <>/dev/fuse) 2>/dev/null && echo 'there is no watch' && return 1
		return 0
	fi
	kill -KILL "$watch"
	wait "$job" 2>/dev/null
	equal 125 $? && until_true 30 unmarked
}

nothing_is_left() {
	local size
	"${confined[@]}" -- bash -c '(setsid bash -c "while :; do echo >>grows; sleep 0.01; done" >/dev/null 2>&1 &)
		until [ -s grows ]; do sleep 0.05; done'
	size=$(stat -c %s grows) && [ "$size" -gt 0 ] || return 1
	sleep 0.2
	equal "$size" "$(stat -c %s grows)"
}

# As the control, the orphans are there while they run.
orphans_are_reaped() {
	"${confined[@]}" -- bash -c '
		for i in 1 2 3 4 5; do (setsid sleep 60 &); done
		for i in {1..400}; do
			[ "$(ps -e -o args= | grep -cx "sleep 60")" -ne 5 ] || break
			sleep 0.02
		done
		[ "$(ps -e -o args= | grep -cx "sleep 60")" -eq 5 ] || exit 1
		pkill -x sleep
		for i in {1..400}; do
			ps -e -o comm= | grep -q sleep || exit 0
			sleep 0.02
		done
		ps -e
		exit 1'
}

# --- Environment and places ---------------------------------------------------------------------

environment() {
	local inside token=ghp_abcdefghijklmnopqrstuvwxyz0123456789
	inside=$(env -i HOME="$home" PATH="$search_path" CC=cc CFLAGS=$token SECRET=x OTHER=$token \
		"$base/remit" run -q -a "$files/worker.md" --env OTHER --env 'SET=a b' --env EMPTY= -- env)
	equal "CC=cc EMPTY= OTHER=$token SET=a b" "$(grep -E '^(CC|OTHER|SET|EMPTY|CFLAGS|SECRET)=' <<<"$inside" | LC_ALL=C sort | xargs)" ||
		return 1
	# Separators in front, as make writes MAKEFLAGS.
	inside=$(env -i HOME="$home" PATH="$search_path" CC=' ,cc' CFLAGS=" $token" timeout 20 \
		"$base/remit" run -q -a "$files/worker.md" -- env)
	equal 'CC= ,cc' "$(grep -E '^(CC|CFLAGS)=' <<<"$inside")" || return 1
	equal "$home $workspace /tmp" "$("${confined[@]}" -- sh -c 'echo "$HOME $PWD $TMPDIR"')" || return 1
	equal "$("${confined[@]}" -- sh -c 'id -un; id -un')" "$("${confined[@]}" -- sh -c 'echo "$USER"; echo "$LOGNAME"')"
}

process_attributes() {
	equal '0027 5' "$(umask 027 && nice -n 5 "${confined[@]}" -- sh -c 'umask; nice' | xargs)" || return 1
	equal "$(ionice -c 3 ionice)" "$(ionice -c 3 "${confined[@]}" -- ionice)"
}

directory() {
	mkdir -p sub/deep
	equal "$workspace/sub/deep" "$(cd sub/deep && "${confined[@]}" -w ../.. -- pwd)" || return 1
	equal "$workspace" "$(cd "$files" && "${confined[@]}" -w "$workspace" -- pwd)" || return 1
	equal "$workspace/sub" "$(cd sub && "${confined[@]}" -w "$workspace" -- sh -c 'echo "$PWD"')" || return 1
	mkdir gone
	(cd gone && rmdir ../gone && equal "$workspace" "$("${confined[@]}" -w "$workspace" -- pwd)") || return 1
	mkdir gone
	(cd gone && rmdir ../gone && "${confined[@]}" -- true 2>/dev/null)
	equal 125 $?
}

# Each name of a workspace: what is written comes out, what is protected is not written.
names_of_workspaces() {
	local name place
	for name in 'with space' $'new\nline' $'byte\xff' 'co:lon' "quo'te\"s" 'back\slash' 'star*[x]?' '$(id)' -dash \
		a,b '{a,b}' '#x'; do
		place=$home/$name
		mkdir -p "$place/.vscode"
		(cd "$place" && "${confined[@]}" -- sh -c 'echo text >written; echo text >.vscode/written' 2>/dev/null)
		if [ ! -s "$place/written" ] || [ -e "$place/.vscode/written" ]; then
			printf '%q\n' "$name"
			return 1
		fi
		"${confined[@]}" -w "$place" -- sh -c 'rm written' || return 1
		[ ! -e "$place/written" ] || return 1
	done
	ln -s work "$home/link"
	(cd "$home/link" && "${confined[@]}" -- sh -c 'echo text >through-link') && [ -s "$workspace/through-link" ]
}

deep_path() {
	local place=$workspace name i
	name=$(printf 'n%.0s' {1..200})
	for i in {1..12}; do
		place=$place/$name
	done
	mkdir -p "$place/.vscode"
	(cd "$place" && "${confined[@]}" -- sh -c 'echo text >written; echo text >.vscode/written') 2>/dev/null
	[ -s "$place/written" ] && [ ! -e "$place/.vscode/written" ]
}

repository() {
	local git=("${confined[@]}" -- git -c user.email=a@example.org -c user.name=a)
	mkdir -p "$home/repository/sub/deep"
	(cd "$home/repository" && echo top >top && env HOME="$home" git init -q . && env HOME="$home" git add top &&
		env HOME="$home" git -c user.email=a@example.org -c user.name=a commit -qm first) || return 1
	cd "$home/repository/sub/deep" || return 1
	equal '' "$("${git[@]}" status --short)" || return 1
	equal top "$("${confined[@]}" -- cat ../../top)" || return 1
	! "${confined[@]}" -- sh -c 'echo text >>../../top' 2>/dev/null || return 1
	! "${confined[@]}" -- touch ../beside 2>/dev/null || return 1
	"${confined[@]}" -- touch new && "${git[@]}" add new && "${git[@]}" commit -qm second || return 1
	equal 2 "$("${git[@]}" log --oneline | wc -l)"
}

# home_is EXPECTED ENVIRONMENT...: HOME inside, and it can be written.
home_is() {
	local expected=$1
	shift
	equal "$expected" "$(env -i PATH="$search_path" "$@" "$base/remit" run -q -a "$files/worker.md" -- \
		sh -c 'echo text >"$HOME/written" && echo "$HOME"')"
}

homes() {
	home_is "$home" HOME="$home" || return 1
	[ ! -e "$home/written" ] || return 1
	home_is /home/remit HOME=relative && home_is /home/remit HOME=/ &&
		home_is /nonexistent/home HOME=/nonexistent/home && home_is "$base" HOME="$base" || return 1
	local listed
	listed=$(getent passwd "$UID" | cut -d : -f 6)
	home_is "${listed:-/home/remit}" && home_is "${listed:-/home/remit}" HOME=
}

search_paths() {
	equal /usr/local/bin:/usr/bin:/bin "$(env -i HOME="$home" "$base/remit" run -q -a "$files/worker.md" -- sh -c 'echo "$PATH"')" ||
		return 1
	call env -i HOME="$home" PATH= "$base/remit" run -q -a "$files/worker.md" -- sh
	equal 127 "$status" && grep -q 'PATH is empty' <<<"$output" || return 1
	env -i HOME="$home" PATH= "$base/remit" run -q -a "$files/worker.md" -- /bin/true
}

# --- COMMAND ------------------------------------------------------------------------------------

commands() {
	mkdir -p tools "$base/hidden"
	printf '#!/bin/sh\necho "ran $1"\n' | tee tools/script >"$base/hidden/script"
	chmod 755 tools/script "$base/hidden/script"
	ln -s tools/script link
	ln -s "$base/hidden/script" link-outside
	equal 'ran a' "$("${confined[@]}" -- tools/script a)" &&
		equal 'ran b' "$("${confined[@]}" -- ./link b)" &&
		equal 'ran c' "$("${confined[@]}" -- "$base/hidden/script" c)" &&
		equal 'ran d' "$("${confined[@]}" -- ../../hidden/script d)" &&
		equal 'ran e' "$("${confined[@]}" -- ./link-outside e)" &&
		equal 'ran f' "$(cd "$base/hidden" && "${confined[@]}" -w "$workspace" -- ./script f)" || return 1
	equal 'ran g' "$(env -i HOME="$home" PATH="$base/hidden:$search_path" "$base/remit" run -q -a "$files/worker.md" -- script g)" ||
		return 1
	# The control: nothing else of that folder is there.
	echo text >"$base/hidden/other"
	! "${confined[@]}" -- cat "$base/hidden/other" 2>/dev/null
}

# --- The run ------------------------------------------------------------------------------------

# add_results FILE: what another test printed, with its closing line, becomes part of this one.
add_results() {
	local p f s
	sed '$d' "$1"
	if ! [[ $(tail -n 1 "$1") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		tail -n 1 "$1"
		fail "$2" 'it was not finished'
		return
	fi
	p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[3]}
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

on_a_terminal() {
	if [ ! -x "$base/terminal" ]; then
		skip 'the terminal' "no $terminal: make build/tests/terminal"
		return
	fi
	local approve
	for approve in deny tty; do
		env -i HOME="$home" PATH="$search_path" LANG=C.UTF-8 TERM=xterm REMIT_SKIP="${REMIT_SKIP:-}" \
			REMIT_APPROVE="$approve" "$base/terminal" "$base/remit" "$files/worker.md" >"$base/terminal.log" 2>&1
		add_results "$base/terminal.log" "the terminal (--approve $approve)"
	done
}

# shellcheck source-path=SCRIPTDIR source=interface/input.sh
. "$here/interface/input.sh"
# shellcheck source-path=SCRIPTDIR source=interface/limits.sh
. "$here/interface/limits.sh"
# shellcheck source-path=SCRIPTDIR source=interface/timing.sh
. "$here/interface/timing.sh"

cd "$workspace" || exit 1
definitions
bad_definitions
bad_options
bad_policies
bad_workspaces
bad_tools
bad_commands
statuses
try 'stdin is a folder: 125' input_is_a_folder
try 'closed standard streams' closed_streams
try 'a pipe that nobody reads' broken_pipe
try 'a full device: 125' full_device
timing
try 'why --json of a path that is no UTF-8' json_of_bytes
try 'the offset of standard input is shared' shared_offset
try '100 MB through standard input and output' much_data
try 'a string and a document as standard input' other_input
try 'a signal reaches COMMAND once' caught_once
try 'a signal to the process group reaches COMMAND once' group_caught_once
try 'a signal that ends COMMAND: 128+N' ends_by
try 'SIGKILL of remit ends everything inside' killed_from_outside
try 'SIGKILL of the first process ends everything inside' first_process_killed
try 'SIGKILL of the watch ends everything inside' watch_killed
try 'what COMMAND leaves behind ends before remit' nothing_is_left
try 'orphans are reaped' orphans_are_reaped
try 'two hundred at once' two_hundred
try '--limit processes' limited_processes
try '--limit file-size' limited_file_size
try '--limit files' limited_files
try '--limit cpu' limited_cpu
try '--limit scratch' limited_scratch
try 'environment' environment
try 'umask, nice and ionice' process_attributes
try 'current directory' directory
try 'names of workspaces' names_of_workspaces
try 'a workspace in a deep path' deep_path
try 'a workspace in a repository' repository
try 'HOME' homes
try 'PATH' search_paths
try 'COMMAND, however it is named' commands
on_a_terminal

if [ "$UID" -eq 0 ]; then
	setpriv --reuid 4242 --regid 4242 --clear-groups env REMIT="$base/remit" REMIT_TERMINAL="$base/terminal" \
		"$base/interface.sh" >"$base/user.log" 2>&1
	add_results "$base/user.log" 'as uid 4242'
fi
report_close
