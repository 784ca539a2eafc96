#!/bin/bash
# compile, doctor and run --dry-run: tests/doctor.sh
#
# What they say is held against what run does: on this machine, on one that lacks something
# (tests/fake answers for the kernel, and settings, a chroot and a covered /proc are made for real).
# Run as root, everything is done as root and once more as uid 4242.
# shellcheck disable=SC2016 # scripts are evaluated by the shell inside
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$here/report.sh"

remit=${REMIT:-$here/../build/remit}
fake=${REMIT_FAKE:-$here/../build/tests/fake}
for program in "$remit" "$fake"; do
	if [ ! -x "$program" ]; then
		echo "doctor: no $program: run make doctor" >&2
		exit 1
	fi
done

base=$(mktemp -d /var/tmp/remit-doctor.XXXXXX)
trap 'chmod -R u+rwX "$base"; rm -rf "$base"' EXIT
chmod 755 "$base"
workspace=$base/home/work marker=$base/home/work/marker
mkdir -p "$workspace/.claude"
cp "$remit" "$base/remit"
cp "$fake" "$base/fake"
cp "$here/agents/engineer.md" "$base/engineer.md"
cp "$here/agents/bypass.md" "$base/network.md"
cp "$here/agents/reader.md" "$base/reader.md"
echo content >"$workspace/file"
mkdir "$base/tests"
cp "$here/doctor.sh" "$here/report.sh" "$base/tests/"
cp -r "$here/agents" "$base/tests/"
chmod -R a+rX "$base"
cd "$workspace" || exit 1
remit=$base/remit
clean=(env -i HOME="$base/home" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8)
output='' status=0 # of the last call

call() {
	output=$(timeout 60 "${clean[@]}" "$@" 2>&1 </dev/null)
	status=$?
}

# expect TITLE STATUS [PATTERN...]: of the last call; patterns are extended regular expressions, a
# line of the output must match each; one behind `!` must match none.
expect() {
	local title=$1 wanted=$2 pattern
	shift 2
	if [ "$status" != "$wanted" ]; then
		fail "$title" "status $status, not $wanted: $(tail -n 3 <<<"$output" | tr '\n' '|')"
		return
	fi
	for pattern; do
		if [ "${pattern:0:1}" = '!' ]; then
			! grep -qE -- "${pattern:1}" <<<"$output" || {
				fail "$title" "says ${pattern:1}"
				return
			}
		elif ! grep -qE -- "$pattern" <<<"$output"; then
			fail "$title" "does not say $pattern: $(tail -n 3 <<<"$output" | tr '\n' '|')"
			return
		fi
	done
	pass "$title"
}

# nothing_ran TITLE, something_ran TITLE: whether the command of `launch` was executed.
nothing_ran() {
	if [ -e "$marker" ]; then fail "$1: nothing is executed" "the command was"; else pass "$1: nothing is executed"; fi
}

something_ran() {
	if [ -e "$marker" ]; then pass "$1: the command is executed"; else fail "$1: the command is executed"; fi
}

# launch WRAPPER... @ OPTION...: run of a command that leaves the marker.
launch() {
	local wrapper=()
	while [ "$1" != @ ]; do
		wrapper+=("$1")
		shift
	done
	shift
	rm -f "$marker"
	call "${wrapper[@]}" "$remit" run -a "$base/engineer.md" "$@" -- sh -c ': >marker'
}

# --- this machine -----------------------------------------------------------------------------

healthy() {
	call "$remit" doctor
	expect 'doctor: this machine has the level' 0 '^level: namespaces(\+decoy)?$' '!MISSING' \
		'^  ok +user namespace ' '^  ok +proc ' '^  ok +filter ' 'user\.max_user_namespaces = '
	call "$remit" doctor --json
	expect 'doctor --json' 0 '^\{"v":1,"level":"namespaces(\+decoy)?",.*\}$' \
		'"name":"id maps","holds":"[^"]*","need":"required","state":"holds"'
	call "$remit" doctor engineer.md
	expect 'doctor takes no argument' 125 'doctor takes no arguments'
	launch @
	expect 'run works where doctor says so' 0
	something_ran 'run'
}

compiled() {
	call "$remit" compile "$base/engineer.md"
	call "$remit" compile --layers namespaces "$base/engineer.md"
	expect 'compile, without a broker' 0 '^level +namespaces$' '!^broker ' \
		"^  cover +read +$workspace/\.claude "
	call "$remit" compile "$base/engineer.md"
	expect 'compile' 0 "^workspace +$workspace$" '^mounts, in order$' "^  bind +write +$workspace " \
		'^level +namespaces' '^  mask +none +/etc/shadow ' '^identity +user ' \
		'^  processes +[0-9]+$' '^environment .*PATH' 'if call .*: return allow$' '^filter of every (watched )?run: '
	if [ -r /dev/fuse ] && [ -w /dev/fuse ]; then
		expect 'compile, with a broker' 0 '^level +namespaces.decoy$' '^broker +decides' \
			"!^  cover +read +$workspace/\.claude "
	fi
	call "$remit" compile --raw "$base/engineer.md"
	expect 'compile --raw' 0 '^ +0  0x20   0   0 0x00000004$' '!if call '
	call "$remit" compile --json "$base/engineer.md" -- ls -l
	expect 'compile --json' 0 '^\{"v":1,"level":"namespaces(\+decoy)?",.*"command":\["ls","-l"\].*"raw":\[\[32,0,0,4\],'
	call "$remit" compile
	expect 'compile wants a definition' 125 'takes a definition'
	call "$remit" compile --grant 'connect:*' --mode bypassPermissions "$base/network.md"
	expect 'compile shows that peers are reached' 0 '^network +permitted peers' '^  content +read +/etc/resolv.conf '
	call "$remit" compile --layers namespaces --grant 'connect:*' --mode bypassPermissions "$base/network.md"
	expect 'compile refuses what run refuses' 125 'cannot be held'
}

# What compile says is what is there inside.
same_as_run() {
	local place missing='' inside
	call "$remit" compile "$base/engineer.md"
	inside=$("${clean[@]}" "$remit" run -q -a "$base/engineer.md" -- cut -d' ' -f5 /proc/self/mountinfo)
	local -a planned
	mapfile -t planned < <(sed -nE 's/^  (bind|scratch|content|mask|cover|pin|empty) +[a-z]+ +([^ ]+).*/\2/p' <<<"$output")
	for place in "${planned[@]}"; do
		grep -qxF -- "$place" <<<"$inside" || missing+=" $place"
	done
	if [ "${#planned[@]}" -gt 5 ] && [ -z "$missing" ]; then
		pass "every mount of the plan is there inside (${#planned[@]})"
	else
		fail 'every mount of the plan is there inside' "of ${#planned[@]}:$missing"
	fi
	local wanted got
	wanted=$(sed -n 's/^environment *//p' <<<"$output" | tr ' ' '\n' | sort)
	got=$("${clean[@]}" "$remit" run -q -a "$base/engineer.md" -- env | cut -d= -f1 | sort)
	if [ -n "$wanted" ] && [ "$wanted" = "$got" ]; then
		pass 'the environment is that of the plan'
	else
		fail 'the environment is that of the plan' "$(diff <(echo "$wanted") <(echo "$got") | tr '\n' ' ')"
	fi
	wanted=$(sed -n 's/^  processes *//p' <<<"$output")
	got=$("${clean[@]}" "$remit" run -q -a "$base/engineer.md" -- bash -c 'ulimit -u')
	if [ -n "$wanted" ] && [ "$wanted" = "$got" ]; then
		pass 'the limit is that of the plan'
	else
		fail 'the limit is that of the plan' "$got, not $wanted"
	fi
}

dry() {
	launch @ --dry-run
	expect 'run --dry-run' 0 '^mounts, in order$' '^command +sh -c : >marker$'
	nothing_ran '--dry-run'
	launch @ --dry-run --json
	expect 'run --dry-run --json' 0 '"command":\["sh","-c",": >marker"\]'
	nothing_ran '--dry-run --json'
	launch @ --json
	expect 'run --json alone is refused' 125 'goes with --dry-run only'
	nothing_ran 'run --json'
	launch @ --dry-run -t WebFetch -w "$workspace"
	expect '--dry-run refuses what run refuses' 125
	output=$("${clean[@]}" "$remit" run --dry-run -a "$base/engineer.md" -- true 2>&1 <"$base")
	status=$?
	expect '--dry-run refuses a folder as standard input' 125 'standard input is a folder'
	call "$remit" run --dry-run -a "$base/engineer.md"
	expect '--dry-run wants a command' 125 'no command'
	launch @
	something_ran 'without --dry-run'
}

# --- machines that lack something ---------------------------------------------------------------

new_user=0x10000000 # CLONE_NEWUSER
lacking=(           # what the kernel answers; the probe that must say so
	"clone:$new_user=EPERM|user namespace"
	"clone:$new_user=ENOSPC|user namespace"
	'clone:0x40000000=EINVAL|network namespace'
	'clone:0x00020000=EPERM|mount namespace'
	'clone:0x20000000=EPERM|pid namespace'
	'clone:0x08000000=EPERM|ipc namespace'
	'clone:0x04000000=EPERM|uts namespace'
	'clone:0x02000000=EINVAL|cgroup namespace'
	'sethostname=EPERM|uts namespace'
	'mount=EPERM|mount namespace'
	'openat2=ENOSYS|openat2'
	'fsopen=ENOSYS|private tmpfs'
	'fsmount=EPERM|private tmpfs'
	'open_tree=ENOSYS|clones of trees'
	'move_mount=ENOSYS|private tmpfs'
	'mount_setattr=ENOSYS|mount attributes'
	'pivot_root=EPERM|change of root'
	'seccomp=EINVAL|filter'
)

lacks() {
	local row fault name
	call "$base/fake" swapon=ENOSYS -- "$remit" doctor
	expect 'doctor under a harmless filter' 0 '^level: namespaces(\+decoy)?$' 'system-call filter that was loaded before remit'
	launch "$base/fake" swapon=ENOSYS -- @
	expect 'run under a harmless filter' 0
	something_ran 'under a harmless filter'
	for row in "${lacking[@]}"; do
		fault=${row%|*} name=${row#*|}
		call "$base/fake" "$fault" -- "$remit" doctor
		expect "doctor, $fault" 1 '^level: none; missing: ' "^  MISSING +$name "
		call "$base/fake" "$fault" -- "$remit" doctor --json
		expect "doctor --json, $fault" 1 '"level":null' "\"name\":\"$name\",[^}]*\"state\":\"missing\""
		launch "$base/fake" "$fault" -- @
		expect "run, $fault" 125
		nothing_ran "run, $fault"
		launch "$base/fake" "$fault" -- @ --dry-run
		expect "run --dry-run, $fault" 125
		nothing_ran "run --dry-run, $fault"
	done
	launch "$base/fake" openat2=ENOSYS -- @
	expect 'run names the call that is lacking' 125 '^remit: openat2 of ' '^remit: .*`remit doctor`'
	call "$base/fake" "clone:$new_user=EPERM" -- "$remit" doctor
	expect 'doctor names the filter as the cause' 1 'mend: a system-call filter .*seccomp=unconfined'
	call "$base/fake" "clone:$new_user=ENOSPC" -- "$remit" doctor
	expect 'doctor names what is used up' 1 'mend: .*user\.max_user_namespaces'
}

without_landlock() {
	local error
	for error in ENOSYS EOPNOTSUPP; do
		call "$base/fake" "landlock_create_ruleset=$error" -- "$remit" doctor
		expect "doctor without Landlock ($error)" 0 '^level: namespaces(\+decoy)?$' \
			'^without: Landlock, the second wall$' '^  missing +writing, executing '
		launch "$base/fake" "landlock_create_ruleset=$error" -- @
		expect "run without Landlock ($error)" 0 'this kernel has no Landlock'
		something_ran "run without Landlock ($error)"
		call "$base/fake" "landlock_create_ruleset=$error" -- "$remit" run --strict -a "$base/reader.md" -- cat file
		expect "run --strict without Landlock ($error)" 125 'this kernel has no Landlock' '!content'
	done
	call "$base/fake" landlock_create_ruleset=EOPNOTSUPP -- "$remit" doctor
	expect 'doctor names lsm=' 0 'mend: .*lsm='
	call "$base/fake" landlock_create_ruleset=ENOSYS -- "$remit" compile "$base/engineer.md"
	expect 'compile without Landlock' 0 '^Landlock +none' '!^  below '
	call "$remit" doctor
	if grep -q '^  ok  *writing, executing' <<<"$output"; then
		call "$remit" run --strict -a "$base/reader.md" -- cat file
		expect 'run --strict with Landlock' 0 '^content$' '!has no Landlock'
	else
		skip 'run --strict with Landlock' 'this kernel has none'
	fi
}

# A setting, for real: in a user namespace of one's own the number of further ones is one's own.
setting() {
	local switch='echo $1 >/proc/sys/user/max_user_namespaces; shift; exec "$@"'
	local within=(unshare --user --map-current-user --keep-caps sh -c "$switch" sh)
	if ! unshare --user --map-current-user --keep-caps sh -c "$switch" sh 100 true 2>/dev/null; then
		skip 'user.max_user_namespaces = 0' 'no user namespace of that kind here'
		return
	fi
	call "${within[@]}" 0 "$remit" doctor
	expect 'doctor, user.max_user_namespaces = 0' 1 'mend: sysctl user\.max_user_namespaces=' \
		'user\.max_user_namespaces = 0' '^level: none; missing: user namespace$'
	launch "${within[@]}" 0 @
	expect 'run, user.max_user_namespaces = 0' 125
	nothing_ran 'user.max_user_namespaces = 0'
	call "${within[@]}" 100 "$remit" doctor
	expect 'doctor, user.max_user_namespaces = 100' "$([ "$UID" = 0 ] && echo 1 || echo 0)" \
		'^  ok +user namespace'
	# Root of such a namespace has no id to give.
	[ "$UID" = 0 ] || return
	expect 'doctor: root without ids to give' 1 'mend: --user UID' '^level: none; missing: id maps$'
	launch "${within[@]}" 100 @
	expect 'run: root without ids to give' 125 'ordinary user'
	nothing_ran 'root without ids to give'
}

# Only root can make these.
places() {
	call setpriv --bounding-set=-sys_admin "$remit" doctor
	expect 'doctor: root without CAP_SYS_ADMIN' 1 'mend: .*--cap-add SYS_ADMIN' \
		'^level: none; missing: trees of the host$'
	launch setpriv --bounding-set=-sys_admin @
	expect 'run: root without CAP_SYS_ADMIN' 125 'remit doctor'
	nothing_ran 'root without CAP_SYS_ADMIN'
	call setpriv --bounding-set=-sys_time "$remit" doctor
	expect 'doctor: root without CAP_SYS_TIME' 0 '^level: namespaces(\+decoy)?$'
	mkdir -p "$base/tree/proc" "$base/tree/dev"
	cp "$remit" "$base/tree/remit"
	call unshare --mount sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" /remit doctor' sh "$base/tree"
	expect 'doctor in a chroot' 1 '^inside +a chroot$' 'mend: .*chroot' '^level: none; missing: user namespace$'
	# A container covers parts of /proc: the kernel then mounts no other.
	call unshare --mount sh -c 'mount -t tmpfs none /proc/acpi 2>/dev/null || mount -t tmpfs none /proc/irq; exec "$@"' \
		sh "$remit" doctor
	expect 'doctor under a covered /proc' 1 'mend: .*systempaths=unconfined' '^level: none; missing: proc$'
	launch unshare --mount sh -c 'mount -t tmpfs none /proc/acpi 2>/dev/null || mount -t tmpfs none /proc/irq; exec "$@"' sh @
	expect 'run under a covered /proc' 125 'proc'
	nothing_ran 'a covered /proc'
}

healthy
compiled
same_as_run
dry
lacks
without_landlock
setting
if [ "$UID" -eq 0 ]; then
	places
	chown -R 4242:4242 "$base/home"
	mkdir -p "$base/log"
	setpriv --reuid 4242 --regid 4242 --clear-groups env REMIT="$base/remit" REMIT_FAKE="$base/fake" \
		"$base/tests/doctor.sh" >"$base/log/user" 2>&1
	while IFS= read -r line; do
		case $line in
		'ok '*) pass "as uid 4242: ${line#ok      }" ;;
		'FAILED '*) fail "as uid 4242: ${line#FAILED  }" ;;
		'skipped '*) skip 'as uid 4242' "${line#skipped }" ;;
		*' failed, '*) ;;
		*) fail 'as uid 4242' "$line" ;;
		esac
	done <"$base/log/user"
	[ -s "$base/log/user" ] || fail 'as uid 4242' 'nothing was done'
fi
report_close
