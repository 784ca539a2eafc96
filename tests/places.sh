#!/bin/bash
# Workspaces of every kind work as promised: tests/places.sh
#
# What the file system is (tmpfs, overlayfs, read-only, a mount point, mounts inside), where it is
# (below /tmp, /dev/shm, HOME), whose it is (files of several owners), what it is called (3,000
# bytes, every byte there is). In each an agent does what it may, and what it may not is refused
# where the same succeeds outside. Run as root, everything is done as root on its own workspace, as
# root on that of uid 4242, and as uid 4242.
#
# Root mounts what is needed in a mount namespace of this script's own.
# shellcheck disable=SC2016 # scripts are evaluated inside
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$root/tests/report.sh"
remit=${REMIT:-$root/build/remit}
[ -x "$remit" ] || { echo "places: no $remit: run make first" >&2; exit 1; }
if [ "$(id -u)" -eq 0 ] && [ -z "${REMIT_PLACES:-}" ]; then
	REMIT_PLACES=own exec unshare -m --propagation private "$0" "$@"
fi

# Not in a folder that is private scratch inside, where there is another way.
base=$(mktemp -d /srv/remit-places.XXXXXX 2>/dev/null || mktemp -d /var/tmp/remit-places.XXXXXX)
extra=()
trap 'cd / && umount -R "$base" 2>/dev/null; rm -rf "$base" "${extra[@]}"' EXIT
chmod 755 "$base"
cp "$remit" "$base/remit"
for agent in reader writer; do
	cp "$root/tests/agents/$agent.md" "$base/$agent.md"
	chmod 644 "$base/$agent.md"
done
mounting=no
[ "$(id -u)" -ne 0 ] || mounting=yes

as() { # UID COMMAND...
	local user=$1
	shift
	if [ "$user" -eq "$(id -u)" ]; then
		"$@"
	else
		setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
	fi
}

# run AGENT OPTION... -- COMMAND...: as $user, in $place
run() {
	local agent=$1
	shift
	(cd "$place" && HOME=$home as "$user" "$base/remit" run -q -a "$base/$agent.md" -w "$place" "$@") \
		2>&1 </dev/null
}

expect() { # NAME TEXT COMMAND...: the output is that text
	local name=$1 want=$2 output
	shift 2
	output=$("$@")
	if [ "$output" = "$want" ]; then pass "$name ($who)"; else fail "$name ($who)" "not '$want': $output"; fi
}

holds() { # NAME TEXT COMMAND...: the output holds that text
	local name=$1 want=$2 output
	shift 2
	output=$("$@")
	case $output in
	*"$want"*) pass "$name ($who)" ;;
	*) fail "$name ($who)" "no '$want' in: $output" ;;
	esac
}

status() { # NAME STATUS COMMAND...
	local name=$1 want=$2 got=0
	shift 2
	"$@" >/dev/null 2>&1 || got=$?
	if [ "$got" -eq "$want" ]; then pass "$name ($who)"; else fail "$name ($who)" "status $got, not $want"; fi
}

# fill FOLDER: a workspace in $place, and in $beside a folder that nobody granted; both of $owner
fill() {
	place=$1/project
	beside=$1/beside
	mkdir -p "$place" "$beside"
	echo file >"$place/file"
	echo hidden >"$beside/hidden"
	chown -R "$owner:$owner" "$place" "$beside"
}

# What every workspace promises; each refusal is of something that succeeds outside.
promises() { # NAME
	local name=$1
	expect "$name: control: reads outside" 'file hidden' \
		as "$owner" sh -c 'echo $(cat "$1/file" "$2/hidden")' sh "$place" "$beside"
	status "$name: control: writes beside it outside" 0 as "$owner" touch "$beside/outside"
	expect "$name: reads and writes" 'file new' run writer -- sh -c 'echo new >made && mkdir folder &&
		mv made folder/made && ln folder/made second && rm second && echo $(cat file folder/made)'
	expect "$name: what was made is the owner's" "$owner new" \
		sh -c 'echo $(stat -c %u "$1/folder/made") $(cat "$1/folder/made")' sh "$place"
	status "$name: does not write beside it" 2 run writer -- sh -c 'echo evil >"$1/evil"' sh "$beside"
	[ ! -e "$beside/evil" ] || fail "$name: does not write beside it ($who)" "$beside/evil exists"
	expect "$name: does not read beside it" '' run writer -- sh -c 'cat "$1/hidden" 2>/dev/null' sh "$beside"
	expect "$name: a reader reads" file run reader -- cat file
	status "$name: a reader does not write" 2 run reader -- sh -c 'echo evil >folder/evil'
	status "$name: a reader does not remove" 1 run reader -- rm -f folder/made
	[ -e "$place/folder/made" ] || fail "$name: a reader does not remove ($who)" 'it is gone'
}

why() { # AGENT EFFECT TARGET
	(cd "$place" && HOME=$home as "$user" "$base/remit" why -w "$place" "$base/$1.md" "$2" "$3") 2>&1
}

# Nobody may write that, unless it is in a folder that is private inside.
refused() { # NAME TARGET
	case $2 in
	/var/tmp/*) holds "$1" 'private scratch' why writer write "$2" ;;
	*) holds "$1" 'verdict    deny' why writer write "$2" ;;
	esac
}

explain_of() { # DEFINITION OPTION...
	local file=$1
	shift
	HOME=$home as "$user" "$base/remit" explain "$@" "$file" 2>&1
}

# --- Where

below() { # NAME PARENT
	local folder
	folder=$(as "$owner" mktemp -d "$2/remit places
$user.XXXXXX") || return 1
	extra+=("$folder")
	chmod 755 "$folder"
	fill "$folder"
	promises "$1"
	rm -rf "$folder"
}

locations() {
	below 'below /tmp' /tmp
	below 'below /var/tmp' /var/tmp
	if [ -d /dev/shm ] && [ -w /dev/shm ]; then
		below 'below /dev/shm' /dev/shm
	else
		skip "below /dev/shm ($who)" 'it is not there'
	fi
	below 'below HOME' "$home"
}

# --- What it is called

# repeat TEXT COUNT
repeat() {
	local i text=
	for ((i = 0; i < $2; i++)); do text+=$1; done
	printf %s "$text"
}

long_paths() {
	local folder=$base/long.$who name i
	name=$(repeat n 246)
	for ((i = 0; i < 12; i++)); do folder+="/$i-$name"; done
	mkdir -p "$folder"
	fill "$folder"
	[ ${#place} -ge 2990 ] || fail "a path of 3,000 bytes ($who)" "it has ${#place}"
	promises "a path of ${#place} bytes"
	holds 'why, of a long path' 'verdict    allow' why writer write "$place/$name"
	refused 'why, beside it' "$beside/$name"
	status 'a grant of a long path' 0 run reader --grant "write:$beside" -- sh -c 'echo granted >"$1/granted"' sh "$beside"
	rm -rf "$base/long.$who"

	# Inside, a path grows beyond what one call takes.
	fill "$base/deep.$who"
	expect 'paths that grow inside' deep run writer -- perl -e '$name = shift;
		for (1 .. 20) { mkdir $name and chdir $name or die "$!\n" }
		open($file, ">", "end") && print($file "deep\n") && close($file) && exec("cat", "end")' "$name"
	expect 'control: the end is there' 'deep' perl -e 'chdir $ARGV[0]; for (1 .. 20) { chdir $ARGV[1] or die "$!\n" }
		exec("cat", "end")' "$place" "$name"
	rm -rf "$base/deep.$who"
}

# all_bytes: names that hold each byte but NUL and the slash, into the array `names`
all_bytes() {
	local byte all=
	names=()
	for ((byte = 1; byte < 256; byte++)); do
		[ $byte -ne 47 ] || continue
		printf -v name '\\x%02x' $byte
		printf -v name '%b.' "$name"
		names+=("n$name")
		all+=${name%.}
	done
	names+=("$all")
}

# The text of a target that means exactly this path.
literal() {
	local text=$1 out='' i
	for ((i = 0; i < ${#text}; i++)); do
		case ${text:i:1} in
		['*?[]{}!\#~^']) out+=\\${text:i:1} ;;
		*) out+=${text:i:1} ;;
		esac
	done
	printf %s "$out."
}

# Whether a text holds only what a terminal shows as it stands.
is_plain() {
	LC_ALL=C.UTF-8 awk 'BEGIN { RS = "\n" } /[\001-\010\013-\037\177]/ { exit 1 }' <<<"$1" &&
		iconv -f UTF-8 -t UTF-8 <<<"$1" >/dev/null 2>&1
}

every_byte() {
	local LC_ALL=C names name all grants=() text output
	all_bytes
	all=${names[-1]}
	fill "$base/bytes.$who"
	(cd "$place" && mkdir made granted given && for name in "${names[@]}"; do echo "$name" >"granted/$name"; done)
	chown -R "$owner:$owner" "$place"
	expect 'names with every byte: made, read, renamed, removed' "${#names[@]}" run writer -- bash -c 'cd made
		for name in "$@"; do
			printf %s "$name" >"$name" && [ "$(cat "$name"; echo .)" = "$name." ] && mv "$name" "$name-" &&
			mv "$name-" "$name" && cp "$name" "../given/$name" && rm "../given/$name" || { echo "fails: ${name@Q}"; exit 1; }
		done; set -- *; echo $#' bash "${names[@]}"
	for name in "${names[@]}"; do
		[ "$(cat "$place/made/$name" 2>/dev/null; echo .)" = "$name." ] && continue
		fail "names with every byte: on the host ($who)" "${name@Q}"
		break
	done

	# Each name granted alone, in a folder that nobody granted, and one in every way.
	cp -a "$place/granted/." "$beside/"
	for name in "${names[@]}"; do
		text=$(literal "$beside/$name")
		grants+=(--grant "write:${text%.}")
	done
	expect 'a grant of every name' "${#names[@]}" run reader "${grants[@]}" -- bash -c 'count=0
		cd "$1" && shift && for name in "$@"; do echo more >>"$name" && count=$((count + 1)); done; echo $count' \
		bash "$beside" "${names[@]}"
	status 'control: without the grants' 1 run reader -- bash -c 'echo more >>"$1"' bash "$beside/$all"
	text=$(literal "$place/granted/$all")
	status 'a deny of a name with every byte' 1 run writer --deny "write:${text%.}" -- \
		bash -c 'echo more >>"granted/$1"' bash "$all"
	status 'control: beside the deny' 0 run writer --deny "write:${text%.}" -- \
		bash -c 'echo more >>"granted/$1"' bash "${names[0]}"
	status 'control: without the deny' 0 run writer -- bash -c 'echo more >>"granted/$1"' bash "$all"

	# A definition may hold what can be seen; what cannot is an error with its line.
	printf -- '---\nname: x\ntools: Read, Bash, "Edit(./granted/n\\ .)", "Edit(./granted/n\xc3\xa9.)"\n---\n' |
		sed 's/tools: \(.*\)$/tools: [\1]/' >"$base/named.$who.md"
	: >"$place/granted/n"$'\xc3\xa9'.
	chown "$owner" "$place/granted/n"$'\xc3\xa9'.
	chmod 644 "$base/named.$who.md"
	status 'a definition that names such a file' 0 run "named.$who" -m acceptEdits -- \
		bash -c 'echo more >>"granted/n ." && echo more >>"$1"' bash granted/n$'\xc3\xa9'.
	status 'control: what it does not name' 1 run "named.$who" -m acceptEdits -- bash -c 'echo more >>granted/na.'
	printf -- '---\nname: x\ntools: ["Edit(./granted/n\\x01.)"]\n---\n' >"$base/invisible.md"
	holds 'a definition that names what cannot be seen' 'invisible.md:3:' explain_of "$base/invisible.md"

	# Whatever is said of such names is plain text.
	if is_plain "$all" || is_plain $'a\xff' || is_plain $'a\x1b[m' || ! is_plain 'a \x01'; then
		fail "control: what is plain text ($who)"
	fi
	for output in "$(why writer write "$place/granted/$all")" "$(why reader write "$beside/$all")" \
		"$(run reader --grant "write:$beside/nothing$all" -- true)" \
		"$(explain_of "$base/reader.md" -w "$place" "${grants[@]}")" \
		"$(cd "$place" && HOME=$home as "$user" "$base/remit" compile -w "$place" "${grants[@]}" "$base/reader.md" 2>&1)" \
		"$(HOME=$home as "$user" "$base/remit" run -a "$base/reader.md" -w "$place/no$all" -- true 2>&1)"; do
		if [ -n "$output" ] && is_plain "$output"; then
			pass "names with every byte are escaped in messages ($who)"
		else
			fail "names with every byte are escaped in messages ($who)" "${output@Q}"
		fi
	done
	holds 'why, of every byte' 'verdict    allow' why writer write "$place/granted/$all"
	refused 'why, of every byte beside' "$beside/$all"
	rm -rf "$base/bytes.$who"
}

# A workspace whose own path holds every byte.
odd_workspace() {
	local LC_ALL=C names
	all_bytes
	fill "$base/odd.$who/${names[-1]}"
	promises 'a path with every byte'
	rm -rf "$base/odd.$who"
	fill "$base/odd $who
 two  lines"
	promises 'a path with blanks and line ends'
	rm -rf "$base/odd $who"*
}

# --- Whose it is

owners() {
	local other=4343 changed
	fill "$base/owners.$who"
	mkdir "$place/theirs" "$place/shared"
	for mode in 644 600 666; do
		echo "mode $mode" >"$place/theirs/$mode"
		chmod $mode "$place/theirs/$mode"
	done
	chmod 777 "$place/shared"
	chown -R $other:$other "$place/theirs" "$place/shared"
	expect 'files of another owner: readable as others may' 'mode 644 mode 666' \
		run writer -- sh -c 'echo $(cat theirs/* 2>/dev/null)'
	holds 'files of another owner: what cannot be read says so' 'Permission denied' run writer -- cat theirs/600
	holds 'files of another owner: what cannot be changed says so' 'Permission denied' \
		run writer -- bash -c 'echo evil >>theirs/644'
	expect 'files of another owner: unchanged' 'mode 644' cat "$place/theirs/644"
	holds 'files of another owner: not removed' 'cannot remove' run writer -- rm -f theirs/666
	status 'control: their owner changes them' 0 as $other sh -c 'echo more >>"$1/theirs/644"' sh "$place"
	changed=2
	# An ordinary caller's own id has what mode bits give it; root's caller lends no such id.
	if [ "$user" -ne 0 ]; then changed=0; fi
	status 'files of another owner: writable by all' $changed run writer -- sh -c 'echo more >>theirs/666'
	status 'folders of another owner: writable by all' $changed run writer -- sh -c 'echo mine >shared/mine'
	status 'control: own files' 0 run writer -- sh -c 'echo more >>file'
	rm -rf "$base/owners.$who"
}

# --- What is closed

# A folder of the caller's own that it closed: the tool could open it again.
closed() {
	fill "$base/closed.$who"
	(
		cd "$place" && mkdir shut && echo target >target && ln -s ../target shut/link &&
			cp /bin/true shut/program && chown -hR "$owner:$owner" .
	)
	chmod 700 "$place/shut"
	expect 'control: a denied link in an open folder' '' \
		run reader --deny "read:$place/shut/link" -- sh -c 'cat target 2>/dev/null'
	expect 'control: without the deny' target run reader -- cat target
	status 'control: a denied program in an open folder' 126 \
		run writer --deny "exec:$place/shut/program" -- sh -c ./shut/program
	chmod 000 "$place/shut"
	# Root looks into every folder.
	if [ "$user" -eq 0 ]; then
		expect 'a denied link in a closed folder' '' run reader --deny "read:$place/shut/link" -- \
			sh -c 'exec 2>/dev/null; chmod 700 shut; cat shut/link target'
		status 'a denied program in a closed folder' 126 \
			run writer --deny "exec:$place/shut/program" -- sh -c 'chmod 700 shut; ./shut/program'
	else
		status 'a denied link in a closed folder' 125 run writer --deny "read:$place/shut/link" -- true
		holds 'a denied link in a closed folder says so' "$place/shut cannot be entered" \
			run writer --deny "read:$place/shut/link" -- true
		status 'a denied program in a closed folder' 125 run writer --deny "exec:$place/shut/program" -- true
		PATH=$place/shut:$PATH status 'agents in a closed folder of the search path' 125 run writer -- true
		if [ "$(id -u)" -eq 0 ]; then
			chown 4343 "$place/shut"
			status "a program in a closed folder of somebody else's" 0 \
				run writer --deny "exec:$place/shut/program" -- true
			chown "$owner" "$place/shut"
		fi
	fi
	status 'control: the closed folder alone' 0 run writer -- true
	chmod 700 "$place/shut"
	rm -rf "$base/closed.$who"
}

# --- What the file system is

mounted() { # FOLDER TYPE OPTIONS
	mkdir -p "$1"
	mount -t "$2" -o "$3" "$2" "$1"
}

tmpfs() {
	mounted "$base/tmpfs.$who" tmpfs mode=0755
	fill "$base/tmpfs.$who"
	promises 'tmpfs'
	umount "$base/tmpfs.$who"
	mkdir -p "$base/point.$who"
	fill "$base/point.$who"
	mount -t tmpfs -o mode=0755 tmpfs "$place"
	echo file >"$place/file"
	chown -R "$owner:$owner" "$place"
	promises 'a workspace that is a mount point'
	umount "$place"
	mount --bind "$place" "$place"
	rm -rf "${place:?}"/*
	echo file >"$place/file"
	chown -R "$owner:$owner" "$place"
	promises 'a workspace that is a bind mount of itself'
	umount "$place"
}

# On overlayfs, which cannot be idmapped, root's own files are 125 with the way out, and for
# another's the tool runs as their owner.
overlay() {
	local folder=$base/overlay.$who got=0 output
	mounted "$folder" tmpfs mode=0755
	mkdir "$folder/lower" "$folder/upper" "$folder/work" "$folder/merged"
	fill "$folder/lower"
	if ! mount -t overlay -o "lowerdir=$folder/lower,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/merged"; then
		skip "overlayfs ($who)" 'this kernel mounts none here'
		umount "$folder"
		return
	fi
	place=$folder/merged/project
	beside=$folder/merged/beside
	output=$(run writer -- true) || got=$?
	if [ "$user-$owner" = 0-0 ] && [ $got -ne 0 ]; then
		expect "overlayfs: root's own files are refused" 125 echo $got
		case $output in
		*'cannot be idmapped'*--user*) pass "overlayfs: the refusal says what helps ($who)" ;;
		*) fail "overlayfs: the refusal says what helps ($who)" "$output" ;;
		esac
		expect 'overlayfs: --user reads as others may' file run reader --user 4242 -- cat file
		status 'overlayfs: --user does not change files of root' 2 \
			run writer --user 4242 -- sh -c 'echo evil >>file'
		chown -R 4242:4242 "$place" "$beside"
		owner=4242
		promises 'overlayfs, given to another owner'
		owner=0
	else
		promises 'overlayfs'
	fi
	umount "$folder/merged" "$folder"
}

read_only() {
	local folder=$base/only.$who
	mounted "$folder" tmpfs mode=0755
	fill "$folder"
	status 'control: the same, writable' 0 run writer -- sh -c 'echo more >>file'
	mount -o remount,ro "$folder"
	status 'a read-only file system: outside' 2 as "$owner" sh -c 'echo more >>"$1/file"' sh "$place"
	expect 'a read-only file system: read' 'file more' run writer -- sh -c 'echo $(cat file)'
	holds 'a read-only file system: not written' 'Read-only file system' \
		run writer -- bash -c 'echo more >>file'
	holds 'a read-only file system: no file made' 'Read-only file system' run writer -- mkdir made
	status 'a read-only file system: with what is protected' 0 run writer --deny "write:$place/file" -- cat file
	umount "$folder"
}

# Mounts inside the workspace: what is mounted there is part of it, but not what the kernel serves.
submounts() {
	local blanks folder i
	fill "$base/sub.$who"
	mkdir "$place/inner" "$place/bound" "$place/proc" "$place/sys" "$base/sub.$who/source" "$place/hidden"
	echo source >"$base/sub.$who/source/file"
	mount -t tmpfs -o mode=0755 tmpfs "$place/inner"
	mkdir "$place/inner/deep"
	echo inner >"$place/inner/file"
	mount --bind "$base/sub.$who/source" "$place/bound"
	chown -R "$owner:$owner" "$place"
	expect 'mounts inside: read and written' 'inner source new' run writer -- sh -c \
		'echo new >inner/deep/new && echo new >bound/new && echo $(cat inner/file bound/file inner/deep/new)'
	expect 'mounts inside: what was made is the owner'"'"'s' "$owner $owner" \
		sh -c 'echo $(stat -c %u "$1/inner/deep/new" "$1/bound/new")' sh "$place"
	status 'mounts inside: a reader does not write' 2 run reader -- sh -c 'echo evil >inner/evil'
	promises 'a workspace with mounts inside'

	# What the kernel serves shows the host: its processes, its devices.
	mount -t proc proc "$place/proc"
	status 'control: the host shows outside' 0 as "$owner" test -e "$place/proc/$$"
	if [ "$user-$owner" = 0-0 ]; then
		# proc cannot be idmapped, and the files are root's.
		status 'proc inside a workspace of root' 125 run writer -- true
	else
		expect 'proc inside: covered' '' run writer -- sh -c 'ls proc 2>/dev/null'
		status 'proc inside: the rest goes on' 0 run writer -- sh -c 'echo more >>file'
	fi
	umount "$place/proc"
	mount -t proc proc "$place/hidden"
	mount -t tmpfs -o mode=0755 tmpfs "$place/hidden"
	mkdir "$place/hidden/folder"
	chown -R "$owner:$owner" "$place/hidden"
	mkdir -p "$place/proc/below"
	mount -t proc proc "$place/proc/below"
	mount -t tmpfs -o mode=0755 tmpfs "$place/proc"
	[ "$user-$owner" = 0-0 ] || status 'a mount that another one hides' 0 run writer -- true
	umount "$place/proc" "$place/proc/below" "$place/hidden" "$place/hidden"

	# The kernel's table writes a blank with four characters: a line of more than 4,096.
	blanks=$(repeat ' ' 250)
	folder=$place
	for ((i = 0; i < 5; i++)); do folder+="/$blanks$i"; done
	mkdir -p "$folder/proc"
	chown -R "$owner:$owner" "$place/$blanks"0
	mount -t proc proc "$folder/proc"
	status 'control: the host shows outside, by a long path' 0 as "$owner" test -e "$folder/proc/$$"
	if [ "$user-$owner" = 0-0 ]; then
		status 'proc by a long path, inside a workspace of root' 125 run writer -- true
	else
		expect 'proc by a long path: covered' 'covered' run writer -- \
			sh -c 'ls "$1/proc" 2>/dev/null; echo covered' sh "$folder"
	fi
	umount "$folder/proc" "$place/inner" "$place/bound"
	rm -rf "$base/sub.$who"
}

everything() { # WHO UID OWNER
	who=$1 user=$2 owner=$3
	home=$base/home.$who
	mkdir "$home"
	chown "$user:$user" "$home"
	[ "$user" -eq 0 ] && [ "$owner" -ne 0 ] && chmod 777 "$home"
	locations
	long_paths
	every_byte
	odd_workspace
	closed
	if [ $mounting = no ]; then
		echo 'as root also: files of several owners, tmpfs, overlayfs, read-only, mounts inside'
		return
	fi
	owners
	tmpfs
	overlay
	read_only
	submounts
}

if [ "$(id -u)" -eq 0 ]; then
	everything root 0 0
	everything root-for-4242 0 4242
	everything 4242 4242 4242
else
	everything "$(id -u)" "$(id -u)" "$(id -u)"
fi
report_close
