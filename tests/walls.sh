#!/bin/bash
# shellcheck disable=SC2034 # arrays are filled through name references
# The walls: every probe outside a sandbox, where it must succeed, and inside, where it must not.
# usage: tests/walls.sh [build/remit]     (probe/README says what the families are)
#
# REMIT_SKIP=fail makes skips failures; REMIT_VERBOSE=1 prints what passed as well.

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
marker=definition.md
targets=()
declare -A flags outside inside writer named refused_anyway
refused_anyway=()

# --- the host's side -------------------------------------------------------------------------

start_host() { # WORKSPACE: the folder that the host's processes stand in
	local line
	targets=()
	coproc HOST { cd "$1" && exec env "REMIT_PROBE_TOKEN=$token" "$probe" host "$place" "$token" "$marker"; }
	while read -r line <&"${HOST[0]}"; do
		[ "$line" != ready ] || break
		targets+=("$line")
	done
	[ "${line:-}" = ready ] || die "the host's services did not start"
	targets+=("home=$HOME" "secret=$HOME/.ssh/id_test" "hosttmp=$host_tmp" "hostshm=$host_shm"
		"openfile=$place/open/file" "openfolder=$place/open" "token=$token" "marker=$marker")
}

stop_host() {
	local input=${HOST[1]} number=$HOST_PID
	exec {input}>&-
	wait "$number" 2>/dev/null
}

make_secrets() {
	mkdir -p "$HOME/.ssh" "$HOME/projects" "$place/open"
	chmod 700 "$HOME/.ssh"
	chmod 777 "$place/open"
	host_tmp=$(mktemp /tmp/remit-test.XXXXXX)
	host_shm=$(mktemp /dev/shm/remit-test.XXXXXX)
	trap 'rm -f "$host_tmp" "$host_shm"' EXIT
	printf '%s\n' "$token" | tee "$HOME/.ssh/id_test" "$HOME/notes" "$host_tmp" >"$host_shm"
	chmod 644 "$host_tmp" "$host_shm"
	chmod 600 "$HOME/.ssh/id_test"
	printf '# nothing\n' >"$HOME/.bashrc"
	printf 'open to everyone\n' >"$place/open/file"
	chmod 666 "$place/open/file"
	printf 'beside\n' >"$HOME/projects/beside"
}

# --- running probes --------------------------------------------------------------------------

# What a careless caller leaves lying about. Descriptors: 7 a writable file of the workspace, 8 a
# folder, 9 a secret, 250 another writable file.
carelessly() { # FOLDER-OF-DESCRIPTOR-8 WORKSPACE COMMAND...
	local folder=$1 file=$2/cases/ro_inherited_write/file
	[ -f "$file" ] || file=$2/spare-file
	shift 2
	env "REMIT_PROBE_TOKEN=$token" "AWS_SECRET_ACCESS_KEY=$token" "SSH_AUTH_SOCK=$place/socket" \
		DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent LD_PRELOAD= BASH_ENV= \
		CI=ghp_0123456789abcdefghijABCDEFGHIJ012345 \
		LANG=https://user:sesame@example.org/ \
		"$@" 7<>"$file" 8<"$folder" 9<"$HOME/.ssh/id_test" 250<>"$file"
}

run_outside() { # FOLDER WORKSPACE PROBE-ARGUMENTS...
	local folder=$1 workspace=$2
	shift 2
	carelessly "$folder" "$workspace" "$workspace/bin/probe" "$@" "workspace=$workspace" \
		"definition=$workspace/definition.md" "repository=${repository:-$workspace}" \
		"setuid=$workspace/setuid-copy" "${targets[@]}"
}

run_inside() { # FOLDER WORKSPACE REMIT-OPTIONS... -- PROBE-ARGUMENTS...
	local folder=$1 workspace=$2 options=()
	shift 2
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	(cd "$workspace" && carelessly "$folder" "$workspace" "$remit" run \
		-a "$workspace/definition.md" -w "$workspace" --tool Bash "${options[@]}" -- \
		"$workspace/bin/probe" "$@" "workspace=$workspace" \
		"definition=$workspace/definition.md" "repository=${repository:-$workspace}" \
		"setuid=$workspace/setuid-copy" "${targets[@]}" process=1 victim=1)
}

# read_results ARRAY FILE: adds NAME -> "OUTCOME DETAIL".
read_results() {
	local -n results=$1
	local name outcome detail
	while IFS=$'\t' read -r name outcome detail; do
		[ -z "$outcome" ] || results["$name"]="$outcome $detail"
	done <"$2"
}

read_flags() { # FAMILY
	local name list
	flags=()
	while IFS=$'\t' read -r name _ list _; do
		flags[$name]="$list"
	done < <("$probe" list "$1" flags)
}

has_flag() { # NAME FLAG
	[[ "${flags[$1]}" == *" $2 "* ]]
}

# ended FILE STATUS ERRORS: whether a run of `probe all` came to its end.
ended() {
	[ "$(tail -n 1 "$1")" = end ] && [ "$2" = 0 ] && return
	fail "$3: the run did not come to its end (status $2)"
	sed 's/^/        /' "$1.errors" | tail -n 5
	return 1
}

# --- judging ---------------------------------------------------------------------------------

# Nothing passes that this kernel cannot show; it is named, once for each caller.
absent() { # NAME WHERE ERRNO
	[ -z "${named[$1]:-}" ] || return
	named[$1]=yes
	if ! grep -qx "$1" "$here/probe/absent.txt"; then
		skip "$2 $1: this kernel lacks it ($3)"
		return
	fi
	skipped=$((skipped + 1))
	printf 'absent  %s: %s %s: this kernel lacks it (%s), judged by the filter simulator\n' \
		"$caller" "${2%% *}" "$1" "$3"
}

# Whether the outside run shows that the probe measures something. Prints nothing, counts what is
# not a pass; returns 0 to go on with the inside result.
control_holds() { # NAME WHERE
	local name=$1 result=${outside[$1]:-none}
	case $result in
	succeeded*)
		return 0
		;;
	absent*)
		absent "$name" "$2" "${result#absent }"
		return 1
		;;
	esac
	if has_flag "$name" root && [ "$(id -u)" != 0 ]; then
		# Refused to this user by the kernel anyway: that is not remit's merit. Root's run, in the
		# same invocation where there is one, has a control.
		refused_anyway["$name"]=yes
		return 1
	fi
	if has_flag "$name" setuid && [ ! -u "$workspace/setuid-copy" ]; then
		skip "$2 $name: only root can make a set-uid copy"
		return 1
	fi
	fail "$2 $name: the control failed, outside it was: $result"
	return 1
}

# Always looks at the inside result: a success there is a failure whatever the control says.
judge() { # NAME WHERE
	local name=$1 where=$2 result=${inside[$1]:-none}
	case $result in
	succeeded* | broken* | none)
		fail "$where $name: inside it was: $result"
		return
		;;
	esac
	if control_holds "$name" "$where"; then
		pass "$where $name: refused (${result#* })"
	fi
}

# judge_writer NAME: the second control of the readonly family.
judge_writer() {
	local result=${writer[$1]:-none}
	case "${outside[$1]:-none}" in absent*) return ;; esac
	if has_flag "$1" any-agent; then
		case $result in
		refused* | absent*) pass "writer $1: refused" ;;
		*) fail "writer $1: must be refused to a writer too, was: $result" ;;
		esac
		return
	fi
	case $result in
	succeeded*) pass "writer $1: succeeded" ;;
	*)
		has_flag "$1" optional ||
			fail "writer $1: a writer must be able to, was: $result"
		;;
	esac
}

# A change always fails; that there is none counts only where something ran.
unchanged() { # WHAT BEFORE AFTER RAN
	if cmp -s "$2" "$3"; then
		[ "$4" = no ] || pass "$1 is unchanged"
	else
		fail "$1 was changed:"
		diff "$2" "$3" | sed 's/^/        /' | head -n 12
	fi
}

# --- the families ----------------------------------------------------------------------------

new_workspace() { # FOLDER AGENT OWNER
	make_repository "$1"
	make_workspace "$1" "$2"
	"$probe" fixture "$1" || die "no fixture"
	ln -s "$HOME/.ssh/id_test" "$1/link-to-secret"
	hand_over "$3" "$1"
	chmod 1777 "$1/folder"
}

# host_manifest: everything of the caller that is not a workspace.
host_manifest() {
	"$probe" manifest "$HOME" | grep -v '^\./projects/walls'
	"$probe" manifest "$place/open"
}

walls_under() { # AGENT OWNER REMIT-OPTIONS...
	local agent=$1 owner=$2 where status name out=$place/inside.out
	shift 2
	where="walls $agent${*:+ $*}"
	cp "$agents/$agent.md" "$workspace/definition.md"
	hand_over "$owner" "$workspace/definition.md"
	host_manifest >"$place/host.before"
	run_inside / "$workspace" "$@" -- all walls >"$out" 2>"$out.errors"
	status=$?
	host_manifest >"$place/host.after"
	inside=()
	read_results inside "$out"
	ended "$out" "$status" "$where" || return
	for name in $("$probe" list walls); do
		judge "$name" "$where"
	done
	unchanged "$where: the home folder" "$place/host.before" "$place/host.after" yes
}

test_walls() { # OWNER
	local out=$place/outside.out status
	workspace=$HOME/projects/walls
	read_flags walls
	new_workspace "$workspace" writer "$1"
	# Moved, because a copy of ours would lose the bit.
	[ ! -u "$place/setuid-copy" ] || mv "$place/setuid-copy" "$workspace/"
	start_host "$workspace"
	run_outside / "$workspace" all walls >"$out" 2>"$out.errors"
	status=$?
	outside=()
	read_results outside "$out"
	# The control killed its victim and may have used up more: begin again.
	stop_host
	start_host "$workspace"
	if ended "$out" "$status" "walls outside"; then
		walls_under reader "$1"
		walls_under writer "$1"
		walls_under writer "$1" --mode bypassPermissions
	fi
	stop_host
}

# What a probe gets as stdin.
stdin_of() { # NAME
	if has_flag "$1" stdin-folder; then
		printf '%s' "${repository:-$workspace}"
	elif ! has_flag "$1" stdin-file; then
		printf '/dev/null'
	elif [ -d "$workspace/cases/$1" ]; then
		printf '%s/cases/%s/file' "$workspace" "$1"
	else
		printf '%s/.git/config' "$repository"
	fi
}

one_outside() { # NAME
	run_outside "${repository:-$workspace}" "$workspace" run "$1" <"$(stdin_of "$1")" \
		>"$place/one.out" 2>&1
	read_results outside "$place/one.out"
}

# remit may also refuse an odd stdin outright: then nothing runs, which is a refusal.
one_inside() { # ARRAY NAME
	local out=$place/one.out status
	run_inside "${repository:-$workspace}" "$workspace" -- run "$2" <"$(stdin_of "$2")" \
		>"$out" 2>"$out.errors"
	status=$?
	if [ "$status" = 125 ] && [ ! -s "$out" ] && { has_flag "$2" stdin-folder || has_flag "$2" stdin-file; }; then
		printf '%s\trefused\t%s\n' "$2" "$(tail -n 1 "$out.errors")" >"$out"
	elif [ ! -s "$out" ]; then
		printf '%s\tbroken\tstatus %s: %s\n' "$2" "$status" "$(head -n 1 "$out.errors")" >"$out"
	fi
	read_results "$1" "$out"
}

test_readonly() { # OWNER
	local projects=$HOME/projects name kind out ran=yes
	local -A agent_of=([outside]=reader [reader]=reader [writer]=writer)
	read_flags readonly
	for kind in outside reader writer; do
		new_workspace "$projects/ro-$kind" "${agent_of[$kind]}" "$1"
	done
	start_host "$projects/ro-outside"
	workspace=$projects/ro-outside
	outside=() inside=() writer=()
	out=$place/outside.out
	run_outside "$workspace" "$workspace" all readonly >"$out" 2>"$out.errors"
	ended "$out" $? "readonly outside"
	read_results outside "$out"

	"$probe" manifest "$projects/ro-reader" >"$place/reader.before" || fail "no manifest"
	out=$place/reader.out
	run_inside "$projects/ro-reader" "$projects/ro-reader" -- all readonly >"$out" 2>"$out.errors"
	ended "$out" $? "readonly reader" || ran=no
	read_results inside "$out"
	out=$place/writer.out
	run_inside "$projects/ro-writer" "$projects/ro-writer" -- all readonly >"$out" 2>"$out.errors"
	ended "$out" $? "readonly writer" || ran=no
	read_results writer "$out"

	for name in $("$probe" list readonly); do
		if has_flag "$name" stdin-folder || has_flag "$name" stdin-file; then
			workspace=$projects/ro-outside
			one_outside "$name"
			workspace=$projects/ro-reader
			one_inside inside "$name"
			workspace=$projects/ro-writer
			one_inside writer "$name"
		fi
		judge "$name" "readonly"
		judge_writer "$name"
	done
	"$probe" manifest "$projects/ro-reader" >"$place/reader.after" || fail "no manifest"
	unchanged "the reader's workspace" "$place/reader.before" "$place/reader.after" "$ran"
	if cmp -s <("$probe" manifest "$projects/ro-writer") "$place/reader.before"; then
		fail "the manifest does not see what a writer changed"
	fi
	if [ -n "$(find "$projects/ro-writer" ! -uid "$1" -print -quit)" ]; then
		fail "what a writer makes does not belong to the workspace's owner: $(
			find "$projects/ro-writer" ! -uid "$1" -printf '%p (%U) ' | head -c 300)"
	elif [ "$ran" = yes ]; then
		pass "what a writer makes belongs to the workspace's owner"
	fi
	stop_host
}

# fresh_copy KIND LAYOUT: sets workspace and repository.
fresh_copy() {
	repository=$HOME/projects/$1
	rm -rf "$repository"
	cp -a "$HOME/projects/template-$2" "$repository"
	workspace=$repository
	[ "$2" = same ] || workspace=$repository/work
}

test_protected_probe() { # NAME LAYOUT
	local name=$1 where="protected $2" ran=yes
	outside=() inside=()
	fresh_copy outside "$2"
	start_host "$workspace"
	one_outside "$name"
	fresh_copy inside "$2"
	"$probe" manifest "$repository" | grep -E "$protected_lines" >"$place/protected.before"
	one_inside inside "$name"
	"$probe" manifest "$repository" | grep -E "$protected_lines" >"$place/protected.after"
	stop_host
	case ${inside[$name]:-none} in broken* | none) ran=no ;; esac
	[ -s "$place/protected.before" ] || fail "$where $name: no manifest"
	case "$name" in
	may_*)
		case "${outside[$name]:-none}/${inside[$name]:-none}" in
		succeeded*/succeeded*) pass "$where $name: succeeded" ;;
		*) fail "$where $name: must work; outside: ${outside[$name]:-none}, inside: ${inside[$name]:-none}" ;;
		esac
		;;
	*)
		judge "$name" "$where"
		;;
	esac
	unchanged "$where $name: what is protected" "$place/protected.before" "$place/protected.after" \
		"$ran"
}

test_protected() { # OWNER
	local name template=$HOME/projects/template
	read_flags protected
	make_repository "$template-same"
	make_workspace "$template-same" writer
	make_repository "$template-around"
	make_workspace "$template-around/work" writer
	hand_over "$1" "$template-same" "$template-around"
	for name in $("$probe" list protected); do
		test_protected_probe "$name" same
		case "$name" in git_*) test_protected_probe "$name" around ;; esac
	done
	read_flags permitted
	for name in $("$probe" list permitted); do
		test_protected_probe "$name" same
	done
	unset repository
}

test_caller() { # OWNER
	make_secrets
	test_walls "$1"
	test_readonly "$1"
	test_protected "$1"
	if [ ${#refused_anyway[@]} -gt 0 ]; then
		printf 'note    %s: %s probes show nothing here, the kernel refuses them to this user anyway%s\n' \
			"$caller" "${#refused_anyway[@]}" "${REMIT_TEST_ROOT:+; see root}"
	fi
}

call_as_everyone test_caller
