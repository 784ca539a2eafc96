# shellcheck shell=bash
# Part of tests/interface.sh, sourced: where the time of a launch goes, by `run --timing`.

# In the order in which they come. Others may stand between them.
readonly timing_stages='decide: definition
decide: workspace
decide: policy
decide: command
plan: identity
plan: connect
plan: layout
plan: accounts
plan: landlock
plan: environment
plan: command
plan: masks
plan: order
plan: idmap
plan: filter
plan: limits
launch: notices
launch: channels
launch: namespaces
enter: identity
enter: network
enter: store
enter: terminal
enter: standard input
enter: devices
enter: mounts
enter: proc
enter: seal
enter: root
enter: limits
enter: privileges
enter: landlock
enter: filters
command: fork
command: execution
end: what was left
end: status
end: teardown
end: release
total'

# timed ARGUMENT...: runs with --timing; "MICROSECONDS STAGE" lines are left in timing.rows, the rest
# of standard error in timing.rest.
timed() {
	local outcome
	"${program[@]}" run --timing -a "$files/worker.md" "$@" 2>timing.text
	outcome=$?
	sed -nE 's/^remit: timing: +([0-9]+\.[0-9]) us  (.*)$/\1 \2/p' timing.text >timing.rows
	grep -v '^remit: timing: ' timing.text >timing.rest
	return $outcome
}

timing_is_complete() {
	timed -- true || return 1
	equal "$timing_stages" "$(cut -d' ' -f2- timing.rows | grep -xF "$timing_stages")"
}

# Against clocks of others: sleep(1) knows what COMMAND takes, date(1) what all of it takes.
timing_adds_up() {
	local start end
	start=$(date +%s%N)
	timed -- sleep 0.3 || return 1
	end=$(date +%s%N)
	awk -v around="$(((end - start) / 1000))" '
		$2 == "total" { total = $1; next }
		{ sum += $1; rows++ }
		/ command: execution$/ { command = $1 }
		END {
			printf "total %s, rows %d, sum %s, command %s, around %s\n", total, rows, sum, command, around
			off = sum > total ? sum - total : total - sum
			exit !(rows > 30 && off <= 0.06 * rows && command >= 300000 && total > command && total < around)
		}' timing.rows
}

timing_is_asked_for() {
	timed -q -- sh -c 'echo "out $1"; echo "error $1" >&2' sh text >timing.output || return 1
	equal 'out text' "$(cat timing.output)" && equal 'error text' "$(cat timing.rest)" &&
		grep -q total timing.rows || return 1
	# Without the option, all that -v says says nothing of it.
	"${program[@]}" run -v -a "$files/worker.md" -- true 2>timing.text || return 1
	grep -q 'remit: level' timing.text && ! grep -qi timing timing.text
}

# COMMAND's failure, and remit's: up to where it went.
timing_of_failures() {
	timed -- sh -c 'exit 7'
	equal 7 $? && grep -q 'command: execution' timing.rows && grep -q total timing.rows || return 1
	timed -- no-such-command
	equal 127 $? && grep -q 'command not found' timing.rest && grep -q total timing.rows || return 1
	timed -m nonsense -- true
	equal 125 $? && grep -q nonsense timing.rest && grep -q 'decide: definition\|decide: workspace' timing.rows &&
		! grep -q 'enter:' timing.rows
}

timing() {
	try '--timing: every stage' timing_is_complete
	try '--timing: parts add up to the whole' timing_adds_up
	try '--timing: only where it is asked for' timing_is_asked_for
	try '--timing: failures' timing_of_failures
	bad '--timing with --dry-run' 'do not go together' 'nothing is launched' --timing --dry-run -a "$files/worker.md"
	good '--timing' --timing -a "$files/worker.md"
	rm -f timing.*
}
