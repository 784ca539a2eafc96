# shellcheck shell=bash
# Where a log goes, and what becomes of a run whose log fails (sourced by tests/watch.sh).
#
# What the tool does first leaves `begun` in the workspace, what it does last `done`.

# audited STATUS TEXT TITLE OPTION...: a run that is refused 300 writes, each of its own kind. TEXT is
# what is said ('' for anything).
audited() {
	local expected=$1 text=$2 title=$3 status=0 said
	shift 3
	rm -f "$workspace/begun" "$workspace/done"
	said=$(cd "$base" && timeout -k 1 20 "${run[@]}" "$@" -- sh -c \
		"touch begun; $refuse names 300 write:/etc/remit-log; touch done" 2>&1 >/dev/null </dev/null) || status=$?
	if [ $status -ne "$expected" ]; then
		fail "$title ($who)" "status $status, not $expected: $said"
	elif [[ $said != *"$text"* ]]; then
		fail "$title ($who)" "not said: $text; but: $said"
	else
		pass "$title ($who)"
	fi
}

# is TITLE COMMAND...
is() {
	local title=$1
	shift
	if "$@"; then pass "$title ($who)"; else fail "$title ($who)" "not so: $*"; fi
}

not_begun() { [ ! -e "$workspace/begun" ]; }
not_done() { [ -e "$workspace/begun" ] && [ ! -e "$workspace/done" ]; }
is_done() { [ -e "$workspace/done" ]; }
# whole FILE: lines of JSON, the last with its newline
whole() { jq -e . "$1" >/dev/null && [ -s "$1" ] && [ -z "$(tail -c 1 "$1")" ]; }
# complete FILE RUNS: that many `end` records that tell of all
complete() { [ "$(jq -s 'map(select(.record == "end" and .denied == 300)) | length' "$1")" -eq "$2" ]; }

good_places() {
	local log=$base/good.log
	audited 0 '' 'a new file' --audit "$log"
	is 'it is complete' complete "$log" 1
	audited 0 '' 'the same file again' --audit "$log"
	is 'what it held stays' complete "$log" 2
	is 'nobody else may read it' test "$(stat -c %a "$log")" = 600
	audited 0 '' 'a descriptor' --audit fd:7 7>"$base/seven.log"
	is 'it is complete, too' complete "$base/seven.log" 1
	mkfifo "$base/read"
	cat "$base/read" >"$base/read.log" &
	audited 0 '' 'a FIFO that is read' --audit "$base/read"
	wait $!
	is 'all of it came' complete "$base/read.log" 1
	audited 0 '' '/dev/null' --audit /dev/null
}

bad_places() {
	local log=$base/good.log
	ln -s "$log" "$base/link.log"
	ln "$log" "$base/second.log"
	mkdir "$base/folder"
	ln -s "$workspace" "$base/alias"
	audited 125 'second name' 'a file with a second name' --audit "$log"
	is 'nothing was executed' not_begun
	rm "$base/second.log"
	audited 125 'link.log: ' 'a symbolic link' --audit "$base/link.log"
	is 'nothing was executed' not_begun
	audited 0 '' 'control: the file itself' --audit "$log"
	audited 125 'Is a directory' 'a folder' --audit "$base/folder"
	audited 125 'there is no folder' 'a folder that is missing' --audit "$base/none/log"
	audited 125 'where the tool may write' 'inside the workspace' --audit "$workspace/log"
	is 'no file is left there' test ! -e "$workspace/log"
	audited 125 'where the tool may write' 'the same through a link' --audit "$base/alias/log"
	audited 125 'Bad file descriptor' 'a descriptor that is closed' --audit fd:7 7>&-
	audited 125 'not open for writing' 'a descriptor for reading' --audit fd:7 7<"$log"
	audited 125 'not open for writing' 'a descriptor of a folder' --audit fd:7 7<"$base"
	audited 125 'the tool may write' 'a descriptor of a file in the workspace' --audit fd:7 7>>"$workspace/log"
	rm -f "$workspace/log"
	audited 125 'not a descriptor' 'no number' --audit fd:seven
	audited 125 'not a descriptor' 'a negative number' --audit fd:-1
	audited 125 '' 'a number beyond all' --audit fd:99999999999999999999
	audited 125 'needs a value' 'nothing' --audit ''
	audited 125 'no refusal is seen' 'a level that sees nothing' --layers namespaces --audit "$log"
	is 'nothing was executed' not_begun
	around
	if [ "$(id -u)" -ne 0 ]; then
		chmod 400 "$log"
		audited 125 'Permission denied' 'a file that may not be written' --audit "$log"
		audited 125 'Permission denied' 'a folder that may not be written' --audit /usr/remit.log
		chmod 600 "$log"
	fi
}

# The repository around the workspace is the tool's as far as git goes.
around() {
	local outer=$base/outer status=0 said
	mkdir -p "$outer/inner"
	git init -q "$outer"
	said=$("${run[@]:0:4}" -w "$outer/inner" --audit "$outer/log" -- true 2>&1) || status=$?
	if [ $status -eq 125 ] && [[ $said == *'where the tool may write'* ]]; then
		pass "in the repository around the workspace ($who)"
	else
		fail "in the repository around the workspace ($who)" "status $status: $said"
	fi
}

failing() {
	audited 125 'No space left' 'a disk that is full from the start' --audit /dev/full
	is 'nothing was executed' not_begun
	if [ -n "${small:-}" ]; then
		audited 125 'No space left' 'a disk that becomes full' --audit "$small/log"
		is 'nothing goes on' not_done
		is 'whole lines are left' whole "$small/log"
		rm "$small/log"
	else
		skip "a disk that becomes full ($who)" 'only root mounts a small one'
	fi
	audited 125 'Broken pipe' 'a pipe that was closed' --audit fd:7 7> >(:)
	is 'nothing was executed' not_begun
	audited 125 'Broken pipe' 'a pipe that is closed meanwhile' --audit fd:7 7> >(head -n 20 >/dev/null)
	is 'nothing goes on' not_done
	audited 0 '' 'control: a pipe that is read' --audit fd:7 7> >(cat >/dev/null)
	is 'the tool came to its end' is_done
}

# What a watch that is killed in the middle of a line leaves is taken back, and nothing before it: the
# kernel ends a write between two pages, seldom enough that the half of a line is written by hand here.
cut_off() {
	local log=$base/cut.log supervisor child before='a line that was there, without an end'
	printf %s "$before" >"$log"
	(cd "$base" && exec "${run[@]}" --audit "$log" -- sh -c 'cat /etc/shadow; sleep 20' >/dev/null 2>&1) &
	supervisor=$!
	for _ in {1..400}; do
		! grep -q '"/etc/shadow"' "$log" || break
		sleep 0.05
	done
	printf '{"v":1,"half' >>"$log"
	for child in $(pgrep -P "$supervisor"); do
		# pid 1 of the sandbox has two numbers, the watch one.
		[ "$(awk '/^NSpid:/ { print NF }' "/proc/$child/status")" -ne 2 ] || kill -KILL "$child"
	done
	wait "$supervisor"
	is 'half of a line is taken back' test "$(wc -l <"$log")/$(tail -c 1 "$log")" = 2/
	is 'what was there before stays' test "$(head -c ${#before} "$log")" = "$before"
}

# A pipe that nobody reads: whatever ends the run ends it.
unread() {
	local title signal group fifo=$base/unread again
	mkfifo "$fifo"
	exec 8<>"$fifo"
	for again in 'that nobody reads' 'that was full before'; do
		for signal in INT TERM KILL; do
			title="a pipe $again, SIG$signal"
			(cd "$base" && exec setsid env --default-signal "${run[@]}" --audit "$fifo" -- \
				"$refuse" names 5000 write:/etc/remit-log >/dev/null 2>&1 8>&-) &
			group=$!
			disown
			sleep 0.5
			if [ -z "$(pgrep -g "$group")" ]; then
				fail "$title: it waits ($who)" 'it has ended'
			fi
			if [ $signal = KILL ]; then kill -KILL "$group"; else kill -$signal -- "-$group"; fi
			if gone_within 9 "$group"; then
				pass "$title ($who)"
			else
				fail "$title ($who)" "$(pgrep -g "$group" -a | tr '\n' '|')"
				kill -KILL -- "-$group"
			fi
			[ "$again" = 'that was full before' ] || timeout 0.2 cat "$fifo" >/dev/null
		done
		head -c 1000000 /dev/zero | timeout 0.2 dd of="$fifo" bs=512 status=none
	done
	exec 8>&-
}

# gone_within SECONDS GROUP
gone_within() {
	local left=$(($1 * 10))
	while [ $left -gt 0 ] && pgrep -g "$2" -r S,R,D,T >/dev/null; do
		sleep 0.1
		left=$((left - 1))
	done
	[ $left -gt 0 ]
}

part_log() {
	good_places
	bad_places
	failing
	cut_off
	unread
}
