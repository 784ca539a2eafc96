#!/bin/bash
# remit learn: the policy that it prints permits what the command did, and no more was possible
# meanwhile than it says. Each operation fails without that policy (the control).
set -uo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$root/tests/report.sh"
[ -n "${REMIT_AS_UDEV:-}" ] || REMIT_AS_UDEV=asked exec "$root/tests/as-udev" "$0" "$@"

remit=${REMIT:-$root/build/remit}
who="uid $UID"

contains() { # NAME TEXT PATTERN
	if [[ $2 == *"$3"* ]]; then pass "$1 ($who)"; else fail "$1 ($who)" "no '$3' in: ${2//$'\n'/|}"; fi
}

lacks() { # NAME TEXT PATTERN
	if [[ $2 != *"$3"* ]]; then pass "$1 ($who)"; else fail "$1 ($who)" "'$3' in: ${2//$'\n'/|}"; fi
}

equal() { # NAME EXPECTED GOT
	if [ "$2" = "$3" ]; then pass "$1 ($who)"; else fail "$1 ($who)" "'$3', not '$2'"; fi
}

if ! (: <>/dev/fuse) 2>/dev/null; then
	skip "remit learn ($who)" '/dev/fuse cannot be opened'
	report_close
	exit
fi

base=$(mktemp -d "/var/tmp/remit-learn-$UID.XXXXXX")
trap 'rm -rf "$base"' EXIT
chmod 755 "$base"
mkdir "$base/home" "$base/work"
# Outside of the home and scratch folders, which are private inside.
hidden=${REMIT_LEARN_HIDDEN:-}
if [ "$UID" -eq 0 ]; then
	hidden=$(mktemp -d /srv/remit-learn.XXXXXX)
	trap 'rm -rf "$base" "$hidden"' EXIT
	chmod 755 "$hidden"
	mkdir "$hidden/folder" "$hidden/package"
	echo 'the text' >"$hidden/text"
	echo 'in a folder' >"$hidden/folder/one"
	: >"$hidden/folder/two"
	ln -s text "$hidden/link"
	printf '#!/bin/sh\necho executed\n' >"$hidden/program"
	echo 'word = "imported"' >"$hidden/package/shelf.py"
	head -c 300000 /dev/urandom >"$hidden/large"
	chmod 755 "$hidden/program"
fi
if [ -z "$hidden" ]; then
	skip "remit learn ($who)" 'only root can make what is hidden outside of the home and scratch folders'
	report_close
	exit
fi
cat >"$base/work/reader.md" <<-'END'
	---
	name: reader
	tools: Read, Grep, Glob, Bash
	---
	END
export HOME=$base/home PATH=/usr/local/bin:/usr/bin:/bin
cd "$base/work" || exit 1

learn() {
	"$remit" learn -w . -a reader.md -- "$@"
}

cat >"$base/work/does.sh" <<-END
	cat $hidden/text
	ls $hidden/folder
	cat $hidden/link
	$hidden/program
	cksum <$hidden/large
	PYTHONPATH=$hidden/package PYTHONDONTWRITEBYTECODE=1 python3 -c 'import shelf; print(shelf.word)'
	exit 7
END
outside=$(sh does.sh 2>/dev/null)
equal 'outside: the operations succeed' 7 "$(sh does.sh >/dev/null 2>&1; echo $?)"
without=$("$remit" run -q -w . -a reader.md -- sh does.sh 2>&1)
lacks 'control: without a policy nothing of it is read' "$without" 'the text'
lacks 'control: nor executed' "$without" executed

policy=$(learn sh does.sh 2>"$base/said")
equal "the status is the command's" 7 $?
said=$(cat "$base/said")
contains "the command's output is on standard error" "$said" 'the text'
contains 'it says that the run is weaker' "$said" 'can be read during this run'
for name in text folder program large package/shelf.py; do
	contains "the policy names $name" "$policy" "$hidden/$name"
done
printf '%s\n' "$policy" >"$base/policy.yaml"
permitted=$("$remit" run -q -w . -a reader.md -p "$base/policy.yaml" -- sh does.sh 2>/dev/null)
equal 'under the policy the same operations succeed' "$outside" "$permitted"

# What is refused by name stays so, and is not suggested; a write is refused, and suggested.
shadow=$(learn sh -c 'cat /etc/shadow' 2>"$base/said")
contains 'what is refused by name stays refused' "$(cat "$base/said")" 'Permission denied'
lacks 'and is not in the policy' "$shadow" shadow
written=$(learn sh -c 'echo changed >reader.md; echo made >new' 2>/dev/null)
lacks 'a write stays refused' "$(cat reader.md)" changed
equal 'nothing is made' no "$([ -e new ] && echo yes || echo no)"
contains 'and the policy says what it would need' "$written" reader.md
learn sh -c "echo changed >$hidden/text" >/dev/null 2>&1
equal 'nothing hidden is written' 'the text' "$(cat "$hidden/text")"

equal '--audit is not for learn' 125 "$("$remit" learn --audit /dev/null -a reader.md -- true >/dev/null 2>&1; echo $?)"
equal 'a command that needs nothing' 0 "$(learn true >"$base/policy.yaml" 2>/dev/null; echo $?)"
equal 'its policy is one that remit takes' 0 \
	"$("$remit" run -q -w . -a reader.md -p "$base/policy.yaml" -- true >/dev/null 2>&1; echo $?)"

if [ "$UID" -eq 0 ]; then
	chmod 711 "$base"
	REMIT_LEARN_HIDDEN=$hidden setpriv --reuid 4242 --regid 4242 --clear-groups \
		"$root/tests/learn.sh" >"$base/user.log" 2>&1
	cat "$base/user.log"
	read -r p f s < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$base/user.log")
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-1})) skipped=$((skipped + ${s:-0}))
fi
report_close
