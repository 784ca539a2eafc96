#!/bin/bash
# Reports on audit logs: tests/audit.sh
#
# Logs come from remit's own writer (tests/audit/write_log.c) and are damaged or written by hand
# here. What is printed is judged by others: jq, python3-jsonschema with the schema of SARIF,
# Microsoft's validator of SARIF, cmark-gfm.
# shellcheck disable=SC2016 # what is in single quotes is for jq
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$here/report.sh"

remit=${REMIT:-$here/../build/remit}
write_log=$here/../build/tests/write-log
validators=$here/../build/validators
for program in "$remit" "$write_log"; do
	if [ ! -x "$program" ]; then
		echo "audit: no $program: run make audit-test" >&2
		exit 1
	fi
done

base=$(mktemp -d "${TMPDIR:-/var/tmp}/remit-audit.XXXXXX")
base=$(cd "$base" && pwd -P)
trap 'rm -rf "$base"' EXIT
cd "$base" || exit 1
unset COLUMNS

# check NAME COMMAND...: passes where COMMAND succeeds; its output is shown where it does not.
check() {
	local title=$1 output
	shift
	if output=$("$@" 2>&1); then
		pass "$title"
	else
		fail "$title" "$(head -c 600 <<<"$output" | tr '\n' '|')"
	fi
}

# audit STATUS ARGUMENT...: remit audit, output in out and error; false where the status is another.
audit() {
	local expected=$1 status=0
	shift
	"$remit" audit "$@" >out 2>error || status=$?
	[ $status -eq "$expected" ] && return
	echo "status $status instead of $expected: $(cat error)"
	return 1
}

# said PATTERN: standard error has a line like it.
said() {
	grep -qE -- "$1" error || {
		echo "not said: $1; but: $(cat error)"
		return 1
	}
}

# holds FILTER: jq says true of what was printed.
holds() {
	jq -e "$1" out >/dev/null || {
		echo "not so: $1: $(jq -c . out 2>&1 | head -c 400)"
		return 1
	}
}

for scenario in ordinary answered hostile unfinished; do
	"$write_log" $scenario.log $scenario || exit 1
done
formats=(json markdown sarif suggest)

# --- what is said -------------------------------------------------------------------------------

cat >expected <<'TEXT'
1 run: 22 operations denied, 5 hidden (not granted, and answered as if absent)

14 writes denied: asks, and nobody could answer
  because  agents/engineer.md:4 Write; mode default
  permits  --mode acceptEdits
  by       cc (14)
       12  /w/src/deep/ (12 names)
        2  /w/notes.txt

4 connections denied
  because  agents/engineer.md:4: not granted: no tool gives connect here
  permits  --grant connect:192.0.2.7:443
  by       curl (4)
        4  192.0.2.7:443

3 reads denied
  because  secrets.yaml:12 ~/.ssh
  by       cat (3)
        3  /home/u/.ssh/id_ed25519

1 system call denied
  because  syscalls.yaml:210 bpf
  by       qemu (1)
        1  bpf

5 reads hidden
  because  not granted
  by       python3 (5)
        5  /opt/data/set-1.csv
TEXT
text_is_as_expected() {
	audit 0 ordinary.log && diff expected out && [ ! -s error ]
}
check 'the text of an ordinary log' text_is_as_expected

# Answers are counted apart, and what was refused was not for want of somebody to answer.
answers_are_counted() {
	sed -e '1a 4 questions answered: 2 once, 1 for a folder, 1 no' -e 's/nobody could answer/nobody said yes/' expected >with-answers
	audit 0 answered.log && diff with-answers out && audit 0 --json answered.log &&
		holds '.answers == {once: 2, folder: 1, no: 1} and .denied == 22 and .unfinished == 0 and .contradicted == 0' &&
		audit 0 --json ordinary.log && holds '.answers == {}' &&
		audit 0 --markdown answered.log && grep -qx '4 questions answered: 2 once, 1 for a folder, 1 no.' out
}
check 'answers are counted' answers_are_counted

# By standard input, in two files, from a pipe: the same, or twice as much.
same_from_input() {
	audit 0 - <ordinary.log && diff expected out
}
check 'a log from standard input' same_from_input
same_from_pipe() {
	tail -n +1 ordinary.log | audit 0 - && diff expected out
}
check 'a log from a pipe' same_from_pipe
several_logs() {
	"$write_log" second.log ordinary && audit 0 --json ordinary.log second.log &&
		holds '.runs == 2 and .denied == 44 and .hidden == 10 and (.reasons | length) == 5 and
			.reasons[0].count == 28 and .reasons[0].programs == [{name: "cc", count: 28}] and
			.effects.write.denied == 28 and .unfinished == 0 and .notes == []'
}
check 'several logs are added up' several_logs

fails_on_denial() {
	grep -E '"(start|end)"|"hidden"' ordinary.log | sed 's/"denied":22/"denied":0/' >hidden-only.log
	audit 120 --fail-on-denial ordinary.log && audit 0 ordinary.log &&
		audit 0 --fail-on-denial --json hidden-only.log && holds '.denied == 0 and .hidden == 5'
}
check '--fail-on-denial' fails_on_denial

usage_errors() {
	audit 125 && said 'takes the logs' && audit 125 --json --sarif ordinary.log &&
		said 'exclude each other' && audit 125 --jason ordinary.log && said 'did you mean --json' &&
		audit 0 --help && grep -q -- --suggest out
}
check 'wrong usage is said' usage_errors

output_full() {
	local status=0
	"$remit" audit ordinary.log >/dev/full 2>error || status=$?
	[ $status -eq 125 ] && said 'No space left'
}
check 'standard output that is full is an error' output_full

# --- logs that are not whole --------------------------------------------------------------------

lines=$(wc -l <ordinary.log)
cut_off() {
	head -c -40 ordinary.log >cut.log
	audit 0 --json cut.log && said "cut.log:$lines: cut off" && said '1 run has no end record' &&
		holds '.denied == 22 and .unfinished == 1 and (.notes | length) == 2'
}
check 'a log that is cut off in the middle of its last line' cut_off
every_cut() {
	local size
	for size in 1 2 5 6 7 100 $(($(stat -c %s ordinary.log) - 1)); do
		head -c "$size" ordinary.log >cut.log
		audit 0 --json cut.log || return
		jq -e . out >/dev/null || return
	done
	# Without its last newline only, a log is whole.
	[ ! -s error ] && holds '.denied == 22'
}
check 'a log that is cut off anywhere' every_cut
torn() {
	{
		head -n 3 ordinary.log
		sed -n 4p ordinary.log | head -c 50
		echo
		tail -n +5 ordinary.log
	} >torn.log
	audit 125 torn.log && said '^remit: torn.log:4: not JSON' && [ ! -s out ]
}
check 'a line that is cut off in the middle of a log is an error' torn
# A run that was killed while it wrote, and another behind it.
glued() {
	{
		head -c -40 ordinary.log
		cat second.log
	} >glued.log
	audit 0 --json glued.log && said "glued.log:$lines: cut off" && holds '.runs == 2 and .denied == 44 and .unfinished == 1'
	{
		head -c -40 ordinary.log
		head -c -40 second.log
	} >glued.log
	audit 0 --json glued.log && said "glued.log:$lines: the first of 2" && holds '.denied == 44 and .unfinished == 2'
}
check 'a run that appends to a log that was cut off' glued
not_ended() {
	audit 0 unfinished.log && said '1 run has no end record' && audit 0 ordinary.log && [ ! -s error ]
}
check 'a log without its end says so' not_ended
not_begun() {
	sed 1d ordinary.log >headless.log
	audit 0 --json headless.log && said 'no start record' && holds '.denied == 22'
}
check 'a log without its start says so' not_begun
contradicts() {
	sed 5d ordinary.log >less.log
	audit 0 --json less.log && said 'end record that counts other' && holds '.contradicted == 1'
}
check 'a log from which a record was taken says so' contradicts
empty() {
	: >empty.log
	audit 0 --json empty.log && said 'empty.log: no record' && holds '.records == 0 and .runs == 0'
}
check 'an empty log says so' empty

head -c 5000 /dev/urandom >random.log
printf '{\n  "name": "package"\n}\n' >package.json
printf '{"v":1,"other":"program"}' >other.log
printf '{"v":1,"run":"X","seq":1,"record":"refusal","effect":"fly","class":"denied"}\n' >effect.log
printf '[1,2,3]\n' >list.log
{ head -c 2000000 /dev/zero | tr '\0' x; echo; } >long.log
sed -n 2p ordinary.log | sed 's/"count":1/"count":0/' >count.log
sed -n 2p ordinary.log | sed 's/"target":/"target":"a","target":/' >twice.log
sed -n 2p ordinary.log | sed 's/"target":/"target_b64":"x","target":/' >base64.log
mkdir folder
while read -r file pattern; do
	is_no_log() {
		audit 125 "$file" && said "$pattern" && [ ! -s out ]
	}
	check "no log: $file" is_no_log
done <<'ROWS'
random.log ^remit: random.log:1: not JSON
package.json ^remit: package.json:1: not JSON
other.log ^remit: other.log:1: `run` is missing
effect.log ^remit: effect.log:1: `effect` is not known
list.log ^remit: list.log:1: not an object
long.log ^remit: long.log:1: a line of more than
count.log ^remit: count.log:1: `count` is not
twice.log ^remit: twice.log:1: not JSON: duplicate
base64.log ^remit: base64.log:1: `target_b64` is not
folder ^remit: folder: Is a directory
absent.log ^remit: absent.log: No such file
ROWS

newer() {
	{
		cat ordinary.log
		printf '{"v":2,"run":"01KABCDEFGHJKMNPQRSTVWXYZ0","record":"refusal","effect":"teleport"}\n'
		printf '{"v":2,"run":"01KABCDEFGHJKMNPQRSTVWXYZ0","record":"weather","rain":true}\n'
	} | sed 's/"layer"/"colour":[{"red":1}],"layer"/' >newer.log
	audit 0 --json newer.log && said '2 records of a newer remit' && holds '.denied == 22'
}
check 'unknown keys, and records of a newer version' newer

# --- harmless everywhere -------------------------------------------------------------------------

hostile_text() {
	for COLUMNS in 40 64 80 200; do
		COLUMNS=$COLUMNS audit 0 hostile.log ordinary.log &&
			COLUMNS=$COLUMNS python3 "$here/audit/harmless.py" text out || return
	done
}
check 'hostile names in a text of any width' hostile_text
width_without_terminal() {
	audit 0 hostile.log && COLUMNS=80 python3 "$here/audit/harmless.py" text out &&
		[ "$(wc -L <out)" -gt 60 ]
}
check 'eighty columns without a terminal' width_without_terminal
width_of_terminal() {
	script -qec "stty cols 50; '$remit' audit hostile.log" typescript >/dev/null </dev/null || return
	sed '1d;$d' typescript | tr -d '\r' >out
	COLUMNS=50 python3 "$here/audit/harmless.py" text out && [ "$(wc -L <out)" -gt 40 ]
}
if command -v script >/dev/null; then
	check 'the width of the terminal' width_of_terminal
else
	skip 'the width of the terminal' 'no script(1)'
fi
for format in "${formats[@]}"; do
	hostile_format() {
		audit 0 --"$format" hostile.log ordinary.log && [ ! -s error ] || return
		if [ "$format" = markdown ] && command -v cmark-gfm >/dev/null; then
			python3 "$here/audit/harmless.py" markdown out
		else
			python3 "$here/audit/harmless.py" any out
		fi
	}
	check "hostile names in $format" hostile_format
done
command -v cmark-gfm >/dev/null || skip 'Markdown as it is rendered' 'no cmark-gfm'
check 'the log itself is harmless when printed' python3 "$here/audit/harmless.py" any hostile.log answered.log

# What the checks above would find is found.
harmless_finds() {
	local text
	for text in '\033[31m' '\342\200\256' '  ::add-mask::x\n' 'a ##vso[x]\n' '\302\233'; do
		# shellcheck disable=SC2059 # escapes of printf
		printf "$text" >bad
		! python3 "$here/audit/harmless.py" any bad >/dev/null || return
	done
	for text in '|a|\n|-|\n|<b>x</b>|\n' '[a](b)' '|a|b|c|d|e|f|\n|-|-|-|-|-|-|\n|www.a.org|\n'; do
		# shellcheck disable=SC2059
		printf "$text" >bad
		! python3 "$here/audit/harmless.py" markdown bad >/dev/null || return
	done
}
check 'the checks find what is not harmless' harmless_finds

hostile_errors() {
	local name=$'x\n::error::y\e[31m\xe2\x80\xae.log'
	printf '{"v":1,"run":"\\u001b[31m\\n::x::","record":"\\n::error::z"}\n' >"$name"
	audit 125 "$name" && python3 "$here/audit/harmless.py" any error &&
		cp unfinished.log "$name" && head -c -5 unfinished.log >"$name" && audit 0 "$name" &&
		python3 "$here/audit/harmless.py" any error && [ "$(wc -l <error)" -eq 2 ]
}
check 'hostile names of logs on standard error' hostile_errors

# Each name comes back out of the JSON exactly.
names_survive() {
	audit 0 --json hostile.log || return
	python3 - <<-'CODE'
		import base64, json
		report = json.load(open("out"))
		names = set()
		for reason in report["reasons"]:
		    for place in reason["places"]:
		        encoded = place.get("target_b64")
		        names.add(base64.b64decode(encoded) if encoded else place["target"].encode())
		wanted = [b"/w/a\nb", b"/w/\xff\xfe\x80 bytes", b"/w/\x1b[31mred\x1b]0;title\x07",
		          "/w/\u202egnp.exe\u2066".encode(), b"/w/" + b"x" * 3997, b"::add-mask::x",
		          b"/w/</table></code><script>alert(1)</script>"]
		missing = [name for name in wanted if name not in names]
		assert not missing, missing
		assert len(names) == 17, len(names)
	CODE
}
check 'hostile names come out of the JSON exactly' names_survive

# --- accepted by others ---------------------------------------------------------------------------

check 'records are as the schema says' python3 "$here/audit/validate.py" \
	"$here/audit/record.schema.json" ordinary.log answered.log hostile.log unfinished.log
for log in ordinary answered hostile unfinished; do
	"$remit" audit --json $log.log >$log.json 2>/dev/null
	"$remit" audit --sarif $log.log >$log.sarif 2>/dev/null
done
check 'JSON is as the schema says' python3 "$here/audit/validate.py" \
	"$here/audit/report.schema.json" ordinary.json answered.json hostile.json unfinished.json
schema=$validators/schema/lib/schemas/sarif-2.1.0-rtm.5.json
if [ -f "$schema" ]; then
	check 'SARIF is as the schema of SARIF 2.1.0 says' python3 "$here/audit/validate.py" "$schema" \
		ordinary.sarif hostile.sarif unfinished.sarif
	schema_refuses() {
		jq '.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0' ordinary.sarif >bad.sarif
		! python3 "$here/audit/validate.py" "$schema" bad.sarif
	}
	check 'the schema refuses what is no SARIF' schema_refuses
else
	skip 'SARIF is as the schema of SARIF 2.1.0 says' 'the schema could not be fetched'
fi
multitool=$validators/multitool/Sarif.Multitool
# multitool_accepts FILE: without errors; what it would like better (an address of the project) is a
# warning.
multitool_accepts() {
	local output
	output=$(HOME=$base DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_BUNDLE_EXTRACT_BASE_DIR=$base/dotnet \
		"$multitool" validate "$1" --output "$1.judged" --log ForceOverwrite 2>&1)
	echo "$output"
	grep -q 'Analysis completed successfully' <<<"$output" && ! grep -q ': error ' <<<"$output"
}
if [ -x "$multitool" ]; then
	for log in ordinary hostile unfinished; do
		check "SARIF of the $log log, judged by Microsoft's validator" multitool_accepts $log.sarif
	done
	multitool_refuses() {
		jq '.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri = "a b|c"' ordinary.sarif >bad.sarif
		! multitool_accepts bad.sarif
	}
	check "Microsoft's validator refuses what is no SARIF" multitool_refuses
else
	skip "SARIF judged by Microsoft's validator" 'it could not be fetched'
fi

sarif_points() {
	cp ordinary.sarif out && holds '[.runs[0].results[] | select(.ruleId == "remit-write-denied") |
		.locations[0].physicalLocation] == [{artifactLocation: {uri: "agents/engineer.md"},
		region: {startLine: 4}}]' &&
		holds '[.runs[0].results[] | select(.ruleId == "remit-read-denied") |
		.locations[0].physicalLocation.region.startLine] == [1]' &&
		holds '.runs[0] as $run | $run.results | all($run.tool.driver.rules[.ruleIndex].id == .ruleId)' &&
		cp hostile.sarif out && holds '.runs[0].results[0].locations[0].physicalLocation ==
		{artifactLocation: {uri: "agents/%0Aengineer%E2%80%AE%3A%3Ax.md"}, region: {startLine: 4}}'
}
check 'SARIF points at the line of the definition' sarif_points
sarif_absolute() {
	sed 's#"because":"agents/engineer.md:4[^"]*","because_file":"[^"]*"#"because":"/etc/remit/a b.yaml:7 deny write x","because_file":"/etc/remit/a b.yaml"#; s#"because_line":4#"because_line":7#' \
		ordinary.log >absolute.log
	audit 0 --sarif absolute.log && holds '.runs[0].results[0].locations[0].physicalLocation ==
		{artifactLocation: {uri: "file:///etc/remit/a%20b.yaml"}, region: {startLine: 7}}'
}
check 'SARIF points at a line of an absolute file' sarif_absolute

# --- suggestions ----------------------------------------------------------------------------------

# Names that need not exist: what is asked is the verdict.
home=/home/of-the-test
data=/srv/data-of-the-test
mkdir -p "$base/work"
clean=(env -i HOME="$home" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8)
names=("$data/plain.txt" "$data/st*r" "$data/[a-z]{b,c}?" "$data/back\\slash" "$data/#x: \"y\" '" "$data/-dash"
	"$data/!bang" "$data/ümlaut 😀" "$data/tab	here" "$data/~tilde" "$data/##vso[x]" "$data/ lead trail " "$data/..."
	"$data/**")
secrets=("$home/.ssh/id_rsa" "$home/.netrc" "/home/other/.aws/credentials" "/etc/shadow" "$base/work/.git/hooks/pre-commit"
	"$base/work/.claude/settings.json")
others=("/srv/repository.git/../x" "relative" "/" "")

# why POLICY EFFECT TARGET: the word of the verdict.
why() {
	local options=()
	[ -z "$1" ] || options=(-p "$1")
	"${clean[@]}" "$remit" why "${options[@]}" -w "$base/work" "$here/agents/engineer.md" "$2" "$3" >reasons 2>error
	case $? in
	0) echo allow ;;
	1) echo deny ;;
	2) echo ask ;;
	*) echo "error: $(head -c 300 error)" ;;
	esac
}

for name in "${names[@]}" "${secrets[@]}" "${others[@]}"; do
	printf 'write %s\n' "$name"
done | "$write_log" suggest.log names
printf 'read %s\n' "${secrets[@]:0:4}" | "$write_log" suggest.log names
printf 'connect 192.0.2.7:443\nconnect [2001:db8::7]:80\nconnect example.org:8443\nconnect *:1\nconnect /run/x.sock\ndelegate claude\nexec /opt/bin/t*ol\n' |
	"$write_log" suggest.log names
suggests() {
	audit 0 --suggest suggest.log && cp out policy.yaml && python3 "$here/audit/harmless.py" any out
}
check 'a policy is suggested' suggests
for name in "${names[@]}"; do
	opens() {
		[ "$(why '' write "$name")" != allow ] || { echo 'permitted without it'; return 1; }
		local verdict
		verdict=$(why policy.yaml write "$name")
		[ "$verdict" = allow ] || { echo "$verdict with it"; return 1; }
	}
	check "the suggestion permits $(printf %q "${name#"$data"/}")" opens
done
for name in "${secrets[@]}" "$data/stir" "$data/ab?" "$data/other"; do
	stays() {
		# A home folder inside is a private one: what is written there is nobody's secret.
		local effect='write'
		[[ $name != /home/* ]] || effect='read'
		[ "$(why policy.yaml $effect "$name")" != allow ] || return
		! grep -qF "\"$name\"" policy.yaml
	}
	check "the suggestion does not permit $(printf %q "${name#"$base"/}")" stays
done
others_suggested() {
	cp policy.yaml out
	grep -qF '"192.0.2.7:443"' out && grep -qF '"[2001:db8::7]:80"' out && grep -qF '"example.org:8443"' out &&
		grep -qF -- '- "claude"' out && ! grep -qF '"*:1"' out && ! grep -q 'x.sock' out &&
		[ "$(why '' connect example.org:8443)" = deny ] && [ "$(why policy.yaml connect example.org:8443)" = allow ] &&
		[ "$(why policy.yaml connect example.org:8444)" = deny ] && grep -q '^# Not here.* 16 operations' out
}
check 'peers, agents and programs are suggested, others counted' others_suggested
suggests_nothing() {
	audit 0 --suggest empty.log && cp out none.yaml && [ "$(why none.yaml read "$base/work")" = allow ] && ! grep -q grant: out
}
check 'nothing refused: an empty policy, which remit accepts' suggests_nothing
many_suggested() {
	for number in $(seq 1 3000); do
		printf 'write %s/many/%d/%d\n' "$data" $((number % 50)) "$number"
	done | "$write_log" many.log names
	audit 0 --suggest many.log && cp out many.yaml && [ "$(grep -c '^    - ' out)" -eq 50 ] &&
		[ "$(why many.yaml write "$data/many/7/7")" = allow ] && [ "$(why many.yaml write "$data/plain.txt")" != allow ] &&
		[ "$(why many.yaml write "$data/many/x")" != allow ]
}
check 'many names of one folder become the folder' many_suggested

# --- size -----------------------------------------------------------------------------------------

large() {
	"$write_log" large.log flood 330000 || return
	local size seconds=$SECONDS
	size=$(stat -c %s large.log)
	[ "$size" -gt 100000000 ] || { echo "only $size bytes"; return 1; }
	(ulimit -v 65536 && audit 0 --json large.log) || return
	printf '        (%d MB in 64 MB of memory: %d s)\n' $((size / 1000000)) $((SECONDS - seconds)) >&3
	holds '.hidden == 330000 and .runs == 1 and .contradicted == 0 and
		([.reasons[].places[].count] | add) == 330000 and ([.reasons[].places] | add | length) <= 8192'
}
exec 3>&1
check 'a log of 100 MB in bounded memory' large
rm -f large.log
many_runs() {
	for _ in $(seq 1 200); do "$write_log" runs.log ordinary; done
	audit 0 --json runs.log && holds '.runs == 200 and .unfinished == 0 and .denied == 4400 and (.reasons | length) == 5'
}
check 'many runs in one log' many_runs

report_close
