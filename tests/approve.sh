#!/bin/bash
# Who answers where the policy asks: tests/approve.sh
#
# Programs (tests/approve/program.py) and a person at a terminal (tests/approve/person.py), with a
# run and a watch that tests/approve/play.c plays; the same person with `remit run`
# (tests/approve/session.py; what both share is in scenes.py); then what the options of run make of them.
#
# Run as root, everything is done as root and once more as uid 4242.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$here/report.sh"

remit=${REMIT:-$here/../build/remit}
play=${REMIT_PLAY:-$here/../build/tests/play}
readonly search_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

for program in "$remit" "$play"; do
	if [ ! -x "$program" ]; then
		echo "approve: no $program: run make, make build/tests/play" >&2
		exit 1
	fi
done

base=$(mktemp -d /var/tmp/remit-approve.XXXXXX)
trap 'chmod -R u+rwX "$base"; rm -rf "$base"' EXIT
chmod 755 "$base"
mkdir -p "$base/home/work"
# Copies that another user can reach, wherever the repository lies.
cp "$remit" "$base/remit"
cp "$play" "$base/play"
cp -r "$here/approve.sh" "$here/approve" "$here/report.sh" "$base/"
printf -- '---\nname: tester\ntools: Read, Write, Bash\npermissionMode: default\n---\n' >"$base/agent.md"
chmod -R a+rX "$base"
cd "$base/home/work" || exit 1

clean=(env -i HOME="$base/home" PATH="$search_path" LANG=C.UTF-8 TERM=xterm)

# add_results LOG TITLE [BEHIND]: its lines, each with BEHIND.
add_results() {
	local p f s
	sed "\$d; s/\$/${3:-}/" "$1"
	if ! [[ $(tail -n 1 "$1") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		fail "$2" "it was not finished: $(tail -n 3 "$1")"
		return
	fi
	p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[3]}
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# They wait, most of the time: all go on beside each other.
# beside SCRIPT ARGUMENT...: in a folder of its own
beside() {
	local script=$1
	shift
	mkdir "$base/home/$script"
	(cd "$base/home/$script" && exec "${clean[@]}" python3 "$base/approve/$script.py" "$@") >"$base/$script.log" 2>&1 &
}
beside program "$base/play" "$base/remit" "$base/agent.md"
beside person "$base/play" "$base/remit" "$base/agent.md"
beside session "$base/remit" "$base/agent.md"
if [ "$UID" -eq 0 ]; then
	"$here/as-udev" setpriv --reuid 4242 --regid 4242 --clear-groups env REMIT="$base/remit" REMIT_PLAY="$base/play" \
		"$base/approve.sh" >"$base/user.log" 2>&1 &
fi

# refuses TITLE PATTERN OPTION...: `remit run OPTION...` is 125 and says so; `true` runs without them.
refuses() {
	local title=$1 pattern=$2 output status
	shift 2
	output=$("${clean[@]}" "$base/remit" run -a "$base/agent.md" "$@" -- true </dev/null 2>&1)
	status=$?
	if [ "$status" -eq 125 ] && grep -q -e "$pattern" <<<"$output"; then
		pass "$title (uid $UID)"
	else
		fail "$title (uid $UID)" "status $status: $output"
	fi
}

runs() {
	local title=$1 output status
	shift
	output=$("${clean[@]}" "$base/remit" run -a "$base/agent.md" "$@" -- true </dev/null 2>&1)
	status=$?
	if [ "$status" -eq 0 ]; then
		pass "$title (uid $UID)"
	else
		fail "$title (uid $UID)" "status $status: $output"
	fi
}

runs 'without an option nobody is asked'
runs '--approve deny' --approve deny
runs '--approve deny at level namespaces' --approve deny --layers namespaces
runs '--approve exec:PROGRAM' --approve exec:/bin/true
runs '--approve allow' --approve allow
runs '--approve-timeout' --approve exec:/bin/true --approve-timeout 5m
refuses '--approve tty without a terminal' 'no terminal\|not the terminal' --approve tty
refuses '--approve ask' 'not a way to answer' --approve ask
refuses '--approve allow at level namespaces' 'nobody hears' --approve allow --layers namespaces
refuses '--approve exec:PROGRAM at level namespaces' 'nobody hears' --approve exec:/bin/true --layers namespaces
refuses '--remember where nobody answers' 'nobody gives any' --remember "$base/home/kept.yaml"
refuses '--remember in the workspace' 'where the tool may write' --approve exec:/bin/true --remember kept.yaml
refuses '--approve-timeout 0' 'not a time' --approve-timeout 0

wait
for script in program person session; do
	add_results "$base/$script.log" "$script" " (uid $UID)"
done
[ "$UID" -ne 0 ] || add_results "$base/user.log" 'as uid 4242'
report_close
