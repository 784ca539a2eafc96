#!/bin/bash
# Outcomes that follow from the fields of real definitions: tests/seeds.sh
#
# The five definitions lie beside the repository (../shared/seeds, or REMIT_SHARED_DIR) and are not
# part of it; fixtures of our own (tests/agents) stand for what they do not show. Every refusal has
# its control: the same operation under an agent, mode or tool that permits it.
#
# Run as root, everything is done as root and once more as uid 4242.
# shellcheck disable=SC2016 # scripts and proofs are evaluated elsewhere and later
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$root/tests/report.sh"

remit=${REMIT:-$root/build/remit}
seeds=${REMIT_SHARED_DIR:-$root/../shared}/seeds
readonly search_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

if [ ! -x "$remit" ]; then
	echo "seeds: no $remit: run make first" >&2
	exit 1
fi

base=$(mktemp -d "${TMPDIR:-/tmp}/remit-seeds.XXXXXX")
trap 'rm -rf "$base"' EXIT
chmod 755 "$base"
mkdir "$base/agents"
# Copies for this run that another user can reach.
cp "$remit" "$base/remit"
cp "$root"/tests/agents/*.md "$base/agents/"
cp "$root"/docs/examples/*.md "$base/agents/"
if [ -d "$seeds" ]; then
	for seed in "$seeds"/00[0-4]_*; do
		name=${seed##*/}
		cp "$seed" "$base/agents/${name%%_*}.md"
	done
fi
chmod -R a+rX "$base"

user='' home='' workspace='' # whom the functions below act for
output='' status=0           # of the last call

# call remit's arguments: as `user`, with a clean environment, in a workspace made anew.
call() {
	local -a become=()
	[ "$user" -eq "$(id -u)" ] || become=(setpriv --reuid "$user" --regid "$user" --clear-groups)
	rm -rf "$home"
	mkdir -p "$workspace"
	echo given >"$workspace/given"
	chown -R "$user:$user" "$home"
	output=$(cd "$workspace" && "${become[@]}" env -i HOME="$home" PATH="$search_path" LANG=C.UTF-8 \
		"$base/remit" "$@" 2>&1 </dev/null)
	status=$?
}

# The agent, by the name of its file, and the options; then what COMMAND is.
run_agent() {
	local agent=$1 script=$2
	shift 2
	call run -a "$base/agents/$agent.md" -w "$workspace" "$@" -- sh -c "echo started; $script"
}

conclude() {
	if [ "$1" = yes ]; then
		pass "$2 (uid $user)"
	else
		fail "$2 (uid $user)" "status $status, output: $(tail -n 4 <<<"$output" | tr '\n' '|')"
	fi
}

started() {
	grep -qx started <<<"$output"
}

# outcome yes|no TITLE AGENT SCRIPT PROOF OPTIONS...: COMMAND was executed in either case; SCRIPT did or
# did not do what PROOF (evaluated outside, afterwards) looks for.
outcome() {
	local expected=$1 title=$2 agent=$3 script=$4 proof=$5 found=no good=no
	shift 5
	run_agent "$agent" "$script" "$@"
	! eval "$proof" || found=yes
	! started || [ "$found" != "$expected" ] || good=yes
	conclude $good "$title"
}

writes() { # yes|no AGENT OPTIONS...
	local expected=$1 agent=$2
	shift 2
	outcome "$expected" "$agent${*:+ $*}: writes: $expected" "$agent" 'echo text >written' \
		'[ -s "$workspace/written" ]' "$@"
}

reads() {
	local expected=$1 agent=$2
	shift 2
	outcome "$expected" "$agent${*:+ $*}: reads: $expected" "$agent" 'cat given' \
		'grep -qx given <<<"$output"' "$@"
}

executes() {
	local expected=$1 agent=$2
	shift 2
	outcome "$expected" "$agent${*:+ $*}: executes: $expected" "$agent" \
		'/usr/bin/env echo from-a-program' 'grep -qx from-a-program <<<"$output"' "$@"
}

# Refused before anything is executed.
refused() { # AGENT OPTIONS...
	local agent=$1 good=no
	shift
	run_agent "$agent" : "$@"
	[ "$status" -ne 125 ] || started || ! grep -q '^remit: ' <<<"$output" || good=yes
	conclude $good "$agent $*: 125, nothing executed"
}

goes_on() { # AGENT OPTIONS...
	local agent=$1 good=no
	shift
	run_agent "$agent" : "$@"
	[ "$status" -ne 0 ] || ! started || good=yes
	conclude $good "$agent $*: executed"
}

why() { # STATUS AGENT EFFECT TARGET OPTIONS...
	local expected=$1 agent=$2 effect=$3 target=$4 good=no
	shift 4
	call why -w "$workspace" "$@" "$base/agents/$agent.md" "$effect" "$target"
	[ "$status" -ne "$expected" ] || [ -z "$output" ] || good=yes
	conclude $good "why $agent${*:+ $*} $effect $target: $expected"
}

explains() { # AGENT NAME MODE INHERITS
	local agent=$1 name=$2 mode=$3 inherits=$4 good=yes pattern
	call explain -w "$workspace" "$base/agents/$agent.md"
	[ "$status" -eq 0 ] && grep -q write <<<"$output" && grep -q exec <<<"$output" || good=no
	call explain --json -w "$workspace" "$base/agents/$agent.md"
	[ "$status" -eq 0 ] || good=no
	for pattern in "\"name\": *\"$name\"" "\"mode\": *$mode" "\"inherits\": *$inherits"; do
		grep -q -e "$pattern" <<<"$output" || good=no
	done
	conclude $good "explain $agent: $name, mode $mode, inherits $inherits"
}

# No tools and no mode: everything that the ceiling permits, under `default`, where write is ask,
# and ask is deny while nobody can answer.
seeds_without_fields() {
	local agent
	explains 000 rpc-backend-architect null true
	explains 002 distributed-computing-architect null true
	for agent in 000 002; do
		reads yes $agent
		executes yes $agent
		writes no $agent
		writes yes $agent --mode acceptEdits
		writes no $agent --mode dontAsk
		goes_on $agent --tool Write
		refused $agent --tool NoSuchTool
		why 0 $agent read given
		why 2 $agent write given
		why 2 $agent connect example.org:443
	done
}

# Named tools with Write, without a mode: as acceptEdits. NotebookEdit is forbidden beside it, and
# takes nothing from it.
seed_with_mapping() {
	explains 001 backend-staff null false
	reads yes 001
	executes yes 001
	writes yes 001
	writes no 001 --mode default
	writes yes 001 --tool Write
	writes no 001 --tool Read
	refused 001 --tool NotebookEdit
	refused 001 --tool WebSearch
	goes_on 001 --tool Edit
	why 0 001 write notes.ipynb
	why 2 001 connect example.org:443
}

# Comma separated tools under `permissionMode: default`, behind line numbers.
seed_with_line_numbers() {
	explains 003 backend-architect '"default"' false
	reads yes 003
	executes yes 003
	writes no 003
	writes yes 003 --mode acceptEdits
	refused 003 --tool MultiEdit
	goes_on 003 --tool Edit
	why 2 003 write given
	why 2 003 connect example.org:443
}

# acceptEdits, no WebFetch: offline.
seed_with_mode() {
	explains 004 backend-engineer '"acceptEdits"' false
	reads yes 004
	executes yes 004
	writes yes 004
	writes no 004 --mode plan
	refused 004 --tool WebFetch
	goes_on 004 --tool Bash
	why 0 004 write given
	why 1 004 connect example.org:443
	why 1 004 delegate somebody
	why 0 000 delegate somebody
}

# Forbidden on an agent that inherits its tools.
forbidden() {
	writes yes inherits --mode acceptEdits
	writes no inherits-no-writers --mode acceptEdits
	writes no inherits-no-writers --mode acceptEdits --grant write:written
	reads yes inherits-no-writers
	refused inherits-no-writers --tool Write
	goes_on inherits --tool Write
	executes yes inherits
	executes no inherits-no-bash
	refused inherits-no-bash --tool Bash
	goes_on inherits --tool Bash
	why 1 inherits-no-bash exec /usr/bin/env
	why 0 inherits exec /usr/bin/env
}

# A mode that a file which nobody vetted may not claim.
claimed_mode() {
	explains bypass bypass '"bypassPermissions"' true
	writes yes bypass
	why 2 bypass connect example.org:443
	why 0 bypass connect example.org:443 --mode bypassPermissions
}

# At the level that does not reach peers, what would have to be reached is refused, not ignored; and a
# forbidden WebFetch is not undone by a grant.
network() {
	why 2 network connect example.org:443
	why 2 inherits connect example.org:443
	why 1 inherits-no-webfetch connect example.org:443
	why 1 inherits-no-webfetch connect example.org:443 --grant connect:example.org:443
	why 0 inherits connect example.org:443 --grant connect:example.org:443
	refused inherits --layers namespaces --grant connect:example.org:443
	goes_on inherits --grant connect:example.org:443
	goes_on inherits-no-webfetch --grant connect:example.org:443
	refused inherits-no-webfetch --tool WebFetch
}

# The two examples of the documentation.
examples() {
	reads yes reviewer
	executes yes reviewer
	writes no reviewer
	writes no reviewer --mode acceptEdits
	writes yes backend-engineer
	refused reviewer --tool Write
}

all() {
	user=$1
	home=$base/home.$user
	workspace=$home/work
	if [ -f "$base/agents/004.md" ]; then
		seeds_without_fields
		seed_with_mapping
		seed_with_line_numbers
		seed_with_mode
	elif [ "${REMIT_SHARED:-}" = required ]; then
		fail "the five definitions (uid $user)" "no $seeds, and REMIT_SHARED=required"
	else
		skip "the five definitions (uid $user)" "no $seeds"
	fi
	forbidden
	claimed_mode
	network
	examples
}

all "$(id -u)"
[ "$(id -u)" -ne 0 ] || all 4242
report_close
