#!/bin/bash
# The program for aarch64, cross-built, under qemu's emulation of a user program.
#
#   tests/aarch64.sh [UNIT-TEST...]     run by `make aarch64`, which builds what is compared here
#   tests/aarch64.sh --missing [build]  success, and the reason, where this machine cannot do it
#                                       (`build`: cannot even build it)
#
# Shown: what it prints is byte for byte what the program for x86-64 prints; the filter inside is the
# one that tests/filter/aarch64.table judges; the unit tests pass; and `run` executes nothing, since
# the emulator offers neither namespaces nor filters. Not shown: confinement on aarch64.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$root/tests/report.sh"

readonly cross=$root/build/aarch64
readonly prefix=${CROSS_PREFIX:-aarch64-linux-gnu-}
readonly search_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)

missing() { # [build]
	local library place=usr/lib/aarch64-linux-gnu
	if [ "$(uname -m)" != x86_64 ]; then
		echo "this machine is $(uname -m), not x86_64"
		return
	fi
	if ! command -v "${prefix}gcc" >/dev/null; then
		echo "no ${prefix}gcc (scripts/install test)"
		return
	fi
	for library in seccomp yaml cap jansson cares check subunit; do
		[ -e "$cross/libraries/$place/lib$library.a" ] || [ -e "/$place/lib$library.a" ] || {
			echo "no lib$library.a for aarch64 (scripts/install-aarch64)"
			return
		}
	done
	[ "${1:-}" = build ] || [ -n "$emulator" ] || {
		echo 'no qemu-aarch64 (scripts/install test)'
		return
	}
	false
}

if [ "${1:-}" = --missing ]; then
	missing "${2:-}"
	exit
fi
if reason=$(missing); then
	skip 'the program for aarch64' "$reason"
	report_close
	exit
fi

base=$(mktemp -d "${TMPDIR:-/tmp}/remit-aarch64.XXXXXX")
trap 'rm -rf "$base"' EXIT
chmod 755 "$base"
mkdir "$base/home" "$base/home/work" "$base/definitions"
cp "$root/build/remit" "$base/native"
cp "$cross/remit" "$base/foreign"

become=()         # how to act for another user
compared=0        # outputs compared in this group
differing=''      # which of them differed
declare -A seen=() # statuses that were seen in this group

# program native|foreign ARGUMENT...: in a clean environment; leaves .out, .err and .status
program() {
	local kind=$1 with=()
	shift
	[ "$kind" = native ] || with=("$emulator")
	(cd "$base/home/work" && "${become[@]}" env -i HOME="$base/home" PATH="$search_path" LANG=C.UTF-8 \
		"${with[@]}" "$base/$kind" "$@" >"$base/$kind.out" 2>"$base/$kind.err" </dev/null)
	echo $? >"$base/$kind.status"
}

# same ARGUMENT...: output, messages and status of both are the same, and there is some.
same() {
	local part
	program native "$@"
	program foreign "$@"
	compared=$((compared + 1))
	seen[$(cat "$base/native.status")]=yes
	for part in out err status; do
		cmp -s "$base/native.$part" "$base/foreign.$part" ||
			differing="$differing; $part of $(printf '%q ' "$@")"
	done
	[ -s "$base/native.out" ] || [ -s "$base/native.err" ] || differing="$differing; silence of $*"
}

# concluded TITLE STATUS...: that group of comparisons, in which each STATUS must have occurred.
concluded() {
	local title=$1 status
	shift
	for status in "$@"; do
		[ -n "${seen[$status]:-}" ] || differing="$differing; no status $status among them"
	done
	if [ $compared -gt 0 ] && [ -z "$differing" ]; then
		pass "$title: $compared outputs are the same"
	else
		fail "$title" "of $compared${differing}"
	fi
	compared=0 differing='' seen=()
}

conclude() {
	if [ "$1" = yes ]; then
		pass "$2"
	else
		fail "$2" "${3:-}"
	fi
}

# --- what is built ---------------------------------------------------------------------------------

# bytes_of FILE SYMBOL: the bytes of an object in an ELF file, in hexadecimal.
bytes_of() {
	local value size section address offset
	read -r value size section < <(readelf -sW "$1" |
		awk -v name="$2" '$8 == name { print $2, $3, $7; exit }')
	read -r address offset < <(readelf -SW "$1" | sed 's/\[ */[/' |
		awk -v section="[$section]" '$1 == section { print $4, $5; exit }')
	od -An -v -tx1 -j $((0x$offset + 0x$value - 0x$address)) -N $((size)) "$1"
}

# The filters in the programs are those that the unit tests hold against the golden tables.
filters() {
	local -A inside=([x86_64]=$root/build/remit [aarch64]=$cross/remit)
	local -A bytes=() expected=()
	local architecture good
	for architecture in x86_64 aarch64; do
		good=no
		gcc -std=gnu17 -I"$root/src" -c -o "$base/filter.o" \
			"$root/build/generated/filter-$architecture.c"
		expected[$architecture]=$(bytes_of "$base/filter.o" filter_base)
		bytes[$architecture]=$(bytes_of "${inside[$architecture]}" filter_base)
		[ "${#expected[$architecture]}" -gt 1000 ] &&
			[ "${bytes[$architecture]}" = "${expected[$architecture]}" ] && good=yes
		conclude $good \
			"the filter in the program for $architecture is the one that its golden table judges"
	done
	conclude "$([ "${bytes[x86_64]}" != "${bytes[aarch64]}" ] && echo yes || echo no)" \
		'the two filters are not the same (control)'
}

# On a machine of that kind the generator runs there: it must make the same.
generator() {
	local architecture good=yes
	for architecture in x86_64 aarch64; do
		(cd "$root" && "$emulator" "$cross/tests/generate" filter policies/syscalls.yaml \
			$architecture base) >"$base/filter.c" &&
			cmp "$base/filter.c" "$root/build/generated/filter-$architecture.c" || good=no
	done
	(cd "$root" && "$emulator" "$cross/tests/generate" filter policies/supervisor.yaml x86_64 \
		supervisor) >"$base/filter.c" &&
		cmp "$base/filter.c" "$root/build/generated/supervisor.c" || good=no
	(cd "$root" && "$emulator" "$cross/tests/generate" tables policies) >"$base/tables.c" &&
		cmp "$base/tables.c" "$root/build/generated/tables.c" || good=no
	conclude $good 'a generator that runs on aarch64 makes the same tables and filters'
}

everything_is_aarch64() {
	local machines
	machines=$(LC_ALL=C readelf -h "$cross/remit" "$cross/libremit.a" | grep '^ *Machine:' | sort -u)
	conclude "$([[ $machines =~ ^\ *Machine:\ *AArch64$ ]] && echo yes || echo no)" \
		'the program and the whole library are for aarch64' "$machines"
	conclude "$(readelf -lW "$cross/remit" | grep -q INTERP && echo no || echo yes)" \
		'the program is static'
}

# --- what it prints --------------------------------------------------------------------------------

definitions() {
	local seeds=${REMIT_SHARED_DIR:-$root/../shared}/seeds
	local file folder
	for folder in tests/definitions tests/agents docs/examples; do
		for file in "$root/$folder"/*.md; do
			cp "$file" "$base/definitions/${folder##*/}-${file##*/}"
		done
	done
	# Bytes above 127, which are negative where char is signed and not on aarch64.
	printf -- '---\nname: "pr\303\274fer\360\237\246\206"\ntools: ["Read(d\303\266c/**)", "Edit(\303\244*)", Bash]\n---\n' \
		>"$base/definitions/umlauts.md"
	printf -- '---\nname: a\ntools: ["Read([\303\240-\303\274]*)", "Edit(**/?.\316\261)"]\n---\n' \
		>"$base/definitions/ranges.md"
	printf -- '---\nname: a\ntools: Read\377, Write, Bash\n---\n' >"$base/definitions/bytes.md"
	printf -- '---\nname: a\npermissionMode: "x\\e[31mred\\a\302\233"\n---\n' \
		>"$base/definitions/escape.md"
	printf -- '\357\273\277---\nname: bom\ntools: Read\n---\n' >"$base/definitions/mark.md"
	printf -- '---\nname: a\0b\n---\n' >"$base/definitions/nul.md"
	printf -- '---\nname: a\ndisalowedTools: Write\n---\n' >"$base/definitions/typo.md"
	: >"$base/definitions/empty.md"
	truncate -s 2M "$base/definitions/large.md"
	if [ -d "$seeds" ]; then
		for file in "$seeds"/*; do
			cp "$file" "$base/definitions/seed-${file##*/}"
		done
	elif [ "${REMIT_SHARED:-}" = required ]; then
		fail 'the definitions beside the repository' "no $seeds, and REMIT_SHARED=required"
	fi
	mkdir "$base/policies"
	cp "$root"/policies/ceilings/*.yaml "$base/policies/"
	printf 'version: 1\ngrants: {read: [/etc]}\n' >"$base/policies/bad-key.yaml"
	printf 'version: 1\ngrant:\n  raed: [/etc]\n' >"$base/policies/bad-effect.yaml"
	printf 'version: 1\nlimits: {memory: 99999999999999999999G}\n' >"$base/policies/bad-limit.yaml"
	printf 'version: 1\ngrant: {read: ["~/d\303\244ten"], write: ["b\377/"]}\n' \
		>"$base/policies/bad-bytes.yaml"
	printf 'version: 1\ngrant: {read: ["~/d\303\244ten"], connect: ["10.0.0.0/8", "[::1]:443"]}\nlimits: {processes: 512, wall: 30m}\n' \
		>"$base/policies/good.yaml"
	chmod -R a+rX "$base/definitions" "$base/policies"
}

general() {
	same --version
	same --help
	same run --help
	same explain --help
	same --print-policies
	concluded 'version, help, policies' 0
}

explained() {
	local file policy
	for file in "$base"/definitions/*; do
		same explain "$file"
		same explain --json "$file"
	done
	concluded 'explain' 0 125
	for policy in "$base"/policies/*; do
		same explain --policy "$policy" "$base/definitions/agents-engineer.md"
		same explain --json --ceiling "$policy" "$base/definitions/agents-inherits.md"
	done
	concluded 'explain with policies and ceilings' 0 125
}

judged() {
	local agent target
	for agent in agents-{engineer,reader,network} definitions-specifiers umlauts ranges; do
		for target in 'read a.c' 'write a.c' 'write .git/hooks/pre-commit' 'read ~/.ssh/id_rsa' \
			$'write \303\244rger' $'read d\303\266c/a' $'write x/y.\316\261' $'read \377\200' \
			'exec /bin/sh' 'connect example.org:443' 'connect [::1]:80' 'delegate somebody'; do
			same why "$base/definitions/$agent.md" "${target%% *}" "${target#* }"
		done
		same why --json "$base/definitions/$agent.md" write a.c
	done
	concluded 'why' 0 1 2
}

wrong_inputs() {
	local definition=$base/definitions/agents-engineer.md
	same
	same nonsense
	same explain
	same explain "$base/definitions/none.md"
	same explain "$base/definitions"
	same explain $'no\e[31m\n\377name.md'
	same why "$definition"
	same why "$definition" wriet a.c
	same why "$definition" connect 'example.org:99999'
	same why "$definition" connect '[::g]:1'
	same explain --mode acceptEdit "$definition"
	same explain --grant write "$definition"
	same explain --grant $'write:a\nb' "$definition"
	same explain --deny 'read:../../../etc' "$definition"
	same explain --nonsense "$definition"
	same explain -w /nowhere "$definition"
	same run -- true
	same run -a "$definition" --
	same run -a "$definition" -w "$base/home/work" --limit processes=-1 -- true
	same run -a "$definition" -w "$base/home/work" --limit wall=99999999999999999999h -- true
	same run -a "$definition" -w "$base/home/work" --tool NoSuchTool -- true
	same run -a "$definition" -w "$base/home/work" --timeout 1x -- true
	concluded 'wrong inputs' 125
}

# --- it executes nothing ---------------------------------------------------------------------------

# executed native|foreign ARGUMENT...: `run` of a command that leaves a file; yes when it did.
executed() {
	rm -f "$base/home/work/executed"
	program "$@" -a "$base/definitions/agents-engineer.md" -w "$base/home/work" -- \
		sh -c 'echo executed; : >executed'
	[ -e "$base/home/work/executed" ] || grep -q executed "$base/$1.out"
}

fails_closed() {
	local name=$1 good=no what
	executed native run && [ "$(cat "$base/native.status")" -eq 0 ] && good=yes
	conclude $good "$name: run on this machine executes the command (control)" "$(cat "$base/native.err")"
	good=yes
	! executed foreign run && [ "$(cat "$base/foreign.status")" -eq 125 ] &&
		grep -q '^remit: ' "$base/foreign.err" || good=no
	conclude $good "$name: run under the emulator is 125 and executes nothing" "$(cat "$base/foreign.err")"
	for what in native foreign; do
		program $what doctor
	done
	good=no
	! grep -q MISSING "$base/native.out" && [ "$(cat "$base/native.status")" -eq 0 ] &&
		[ "$(cat "$base/foreign.status")" -ne 0 ] &&
		grep -q 'MISSING *user namespace' "$base/foreign.out" &&
		grep -q 'MISSING *filter' "$base/foreign.out" && good=yes
	conclude $good "$name: doctor says what is missing there, and not here" "$(cat "$base/foreign.out")"
}

# --- unit tests ------------------------------------------------------------------------------------

# Those that ask the kernel about filters are left out: the emulator has none to ask.
run_units() {
	local program selected=()
	for program in "$@"; do
		[[ $program != */unit/* ]] || selected+=("$program")
	done
	cd "$root" && CK_EXCLUDE_TAGS=kernel REMIT_EMULATOR=$emulator \
		tests/run-programs "${selected[@]}" >"$base/units" 2>&1
}

count_units() {
	local line counted=no
	while IFS= read -r line; do
		if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
			passed=$((passed + BASH_REMATCH[1]))
			failed=$((failed + BASH_REMATCH[2]))
			skipped=$((skipped + BASH_REMATCH[3]))
			counted=yes
		else
			printf '%s\n' "$line"
		fi
	done <"$base/units"
	[ $counted = yes ] || fail 'unit tests' 'no result'
}

# The same generated definitions lead to the same decisions.
properties() {
	local native foreign
	native=$(cd "$root" && build/tests/property/test_monotone 20261121 200 2>&1)
	foreign=$(cd "$root" && "$emulator" "$cross/tests/property/test_monotone" 20261121 200 2>&1)
	conclude "$([ "$native" = "$foreign" ] && [[ $native =~ [1-9][0-9]*\ passed,\ 0\ failed ]] &&
		echo yes || echo no)" 'properties over 200 generated definitions come out the same' "$foreign"
}

run_units "$@" & # at the same time, on another processor
everything_is_aarch64
filters
generator
definitions
general
explained
judged
wrong_inputs
chown -R "$(id -u):$(id -g)" "$base/home"
fails_closed "uid $(id -u)"
if [ "$(id -u)" -eq 0 ]; then
	chown -R 4242:4242 "$base/home"
	become=(setpriv --reuid 4242 --regid 4242 --clear-groups)
	fails_closed 'uid 4242'
	become=()
fi
properties
wait
count_units
report_close
