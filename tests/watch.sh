#!/bin/bash
# The watch under load and when things fail: tests/watch.sh [PART...]   (make watch)
#
#   kill     kill -9 of supervisor, watch, pid 1 and tool at random moments (tests/watch/kill.py)
#   flood    floods of refusals: exact, bounded, fair to others (tests/watch/flood.py)
#   log      where a log goes, and what becomes of a run whose log fails
#   status   --fail-on-denial
#   quiet    everyday work is denied nothing
#
# Run as root, everything is done as root and once more as uid 4242.
#
#   REMIT_WATCH_ROUNDS    kills of each process (20)
#   REMIT_WATCH_SEED      of their moments
#   REMIT_WATCH_SECONDS   of a flood (2)
#   REMIT_WATCH_NAMES     distinct names of a flood (20000)
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$root/tests/report.sh"
# shellcheck source-path=SCRIPTDIR source=watch/log.sh
. "$root/tests/watch/log.sh"
# shellcheck source-path=SCRIPTDIR source=watch/status.sh
. "$root/tests/watch/status.sh"
# shellcheck source-path=SCRIPTDIR source=watch/quiet.sh
. "$root/tests/watch/quiet.sh"
[ -n "${REMIT_AS_UDEV:-}" ] || REMIT_AS_UDEV=asked exec "$root/tests/as-udev" "$0" "$@"

parts=("$@")
[ $# -gt 0 ] || parts=(kill flood log status quiet)
who="uid $UID"
if ! (: <>/dev/fuse) 2>/dev/null; then
	skip "the watch ($who)" '/dev/fuse cannot be opened'
	report_close
	exit
fi

# Outside of the scratch folders, which are private inside. Another user gets copies of the programs.
base=${REMIT_WATCH_BASE:-}
if [ -z "$base" ]; then
	for place in /srv /opt "$HOME"; do
		[ ! -w "$place" ] || break
	done
	base=$(mktemp -d "$place/remit-watch.XXXXXX")
	trap '[ -z "${small:-}" ] || umount "$small"; rm -rf "$base"' EXIT
	chmod 755 "$base"
	cp "${REMIT:-$root/build/remit}" "$root/build/tests/refuse" "$base/"
fi
workspace=$base/work refuse=$base/refuse
mkdir -p "$base/hidden" "$base/home" "$workspace"
echo text >"$base/hidden/1"
for name in $(seq 0 99); do : >>"$base/hidden/$name"; done
printf -- '---\nname: agent\ntools: Read, Write, Edit, Bash\npermissionMode: acceptEdits\n---\n' >"$base/agent.md"
export HOME=$base/home PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
run=("$base/remit" run -a "$base/agent.md" -w "$workspace" --grant "read:$refuse" --grant "exec:$refuse")

# of_python SCRIPT ARGUMENT...: its closing line is counted here
of_python() {
	local script=$1 log p f
	shift
	log=$(mktemp "$base/log.XXXXXX")
	/usr/bin/python3 "$root/tests/watch/$script" --remit "$base/remit" --refuse "$refuse" --base "$base" "$@" 2>&1 |
		tee "$log" | grep -v ' skipped$'
	read -r p f < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, 0 skipped$/\1 \2/p' "$log")
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-1}))
	rm -f "$log"
}

part_kill() {
	of_python kill.py --rounds "${REMIT_WATCH_ROUNDS:-20}" ${REMIT_WATCH_SEED:+--seed "$REMIT_WATCH_SEED"}
}

part_flood() {
	of_python flood.py --seconds "${REMIT_WATCH_SECONDS:-2}" --names "${REMIT_WATCH_NAMES:-20000}"
}

if [ "$UID" -eq 0 ]; then
	small=$base/small
	mkdir "$small"
	mount -t tmpfs -o size=16k,mode=1777 none "$small" || exit 1
else
	small=${REMIT_WATCH_SMALL:-}
fi
for part in "${parts[@]}"; do
	case $part in
	kill | flood | log | status | quiet) "part_$part" ;;
	*) echo "watch: no part $part" >&2; exit 2 ;;
	esac
done

if [ "$UID" -eq 0 ]; then
	# A copy of the scripts, wherever the repository lies.
	user=$base/user
	mkdir -p "$user/copy/tests" "$user/base"
	cp -r "$root/tests/watch" "$root/tests/watch.sh" "$root/tests/report.sh" "$user/copy/tests/"
	cp "$base/remit" "$base/refuse" "$user/base/"
	chown -R 4242:4242 "$user/base"
	(cd / && HOME=/nonexistent REMIT_WATCH_BASE=$user/base REMIT_WATCH_SMALL=$small \
		setpriv --reuid 4242 --regid 4242 --clear-groups "$user/copy/tests/watch.sh" "${parts[@]}") 2>&1 |
		tee "$user/log" | grep -vE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$'
	read -r p f s < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$user/log" | tail -n 1)
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-1})) skipped=$((skipped + ${s:-0}))
fi
report_close
