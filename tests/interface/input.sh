# shellcheck shell=bash
# Part of tests/interface.sh, sourced: what bad input gets.

# bad TITLE MESSAGE HELP ARGUMENT...: `remit run ARGUMENT... -- touch marker` is 125 and executes
# nothing; the message matches, and what would help, each on a line of its own. Nothing that moves a
# cursor reaches the terminal.
bad() {
	local title=$1 message=$2 help=$3 good=yes
	shift 3
	rm -f marker
	call "${program[@]}" run "$@" -- touch marker
	[ "$status" -eq 125 ] && [ ! -e marker ] || good=no
	grep -Eq -e "^remit: .*$message" <<<"$output" || good=no
	[ -z "$help" ] || grep -Eq -e "^remit: .*$help" <<<"$output" || good=no
	! grep -vq '^remit: ' <<<"$output" || good=no
	! LC_ALL=C grep -q '[^[:print:][:space:]]' <<<"${output//[$'\x80'-$'\xff']/}" || good=no
	conclude "$good" "bad input: $title"
}

# good TITLE ARGUMENT...: the control: as `bad`, and COMMAND is executed.
good() {
	local title=$1 good=yes
	shift
	rm -f marker
	call "${program[@]}" run -q "$@" -- touch marker
	[ "$status" -eq 0 ] && [ -e marker ] || good=no
	conclude "$good" "bad input, control: $title"
}

definitions() {
	definition worker.md 'name: worker' 'tools: Read, Write, Edit, Bash' 'permissionMode: acceptEdits'
	definition reader.md 'name: reader' 'tools: Read, Bash'
	definition forbids.md 'name: forbids' 'tools: Read, Bash, TodoWrite' 'disallowedTools: Write'
	definition mode.md 'name: a' 'tools: Read, Write, Bash' 'permissionMode: acceptEdit'
	definition escape.md 'name: a' 'tools: Read, Write, Bash' 'permissionMode: "x\\e[31mred\\a"'
	definition modes.md 'name: a' 'permissionMode: plan' 'permissionMode: acceptEdits'
	definition tools.md 'name: a' 'tools: Read' 'tools: Read, Bash'
	definition both.md 'name: a' 'tools:' '  Read: true' '  Write: true' '  Read: false'
	definition typo.md 'name: a' 'disalowedTools: Write'
	definition none.md 'name: a' 'tools: []'
	definition nul.md 'name: a\0b' 'tools: Read, Write, Bash'
	definition bytes.md 'name: a' 'tools: Read\xff, Write, Bash'
	definition $'hostile\e[31m\nname.md' 'name: a' 'permissionMode: nonsense'
	definition $'harmless\e[31m\nname.md' 'name: a' 'permissionMode: acceptEdits'
	mkfifo "$files/fifo"
	: >"$files/empty.md"
	echo 'no front matter' >"$files/text.md"
	truncate -s 100M "$files/large.md"
	printf 'version: 1\ngrants: {read: [/etc]}\n' >"$files/key.yaml"
	printf 'version: 1\ngrant:\n  raed: [/etc]\n' >"$files/effect.yaml"
	printf 'version: 1\ngrant:\n  read: [/etc]\n' >"$files/policy.yaml"
	printf 'version: 1\nmodes: {max: acceptEdits}\n' >"$files/ceiling.yaml"
}

bad_definitions() {
	local path='give the path of an agent definition' begins='begins with a line `---`' before
	good 'a definition' -a "$files/worker.md"
	bad 'a missing file' 'files/missing.md: No such file' "$path" -a "$files/missing.md"
	bad 'a directory' 'files: is a directory' "$path" -a "$files"
	bad 'a fifo' 'files/fifo: is a fifo' "$path" -a "$files/fifo"
	bad 'a file that is no definition' 'text.md:1: not an agent definition' "$begins" -a "$files/text.md"
	bad 'an empty file' 'empty.md:1: not an agent definition' "$begins" -a "$files/empty.md"
	before=$(date +%s%N)
	bad 'a file of 100 MB' 'large.md: larger than 1048576 bytes' "$path" -a "$files/large.md"
	conclude "$([ $(($(date +%s%N) - before)) -lt 1000000000 ] && echo yes || echo no)" \
		'a file of 100 MB is refused within a second'
	bad 'a NUL byte' 'nul.md:2: holds a NUL byte' 'UTF-8 text' -a "$files/nul.md"
	bad 'bytes that are no UTF-8' 'bytes.md:3: `tools` is not understood' '' -a "$files/bytes.md"
	bad 'an unknown mode' 'mode.md:4: unknown mode `acceptEdit`' 'did you mean `acceptEdits`' -a "$files/mode.md"
	bad 'a terminal sequence as a mode' 'escape.md:4: .*\\x1b\[31mred\\x07' 'plan' -a "$files/escape.md"
	bad 'two modes' 'modes.md:4: `permissionMode` stands twice, first on line 3' 'keep one' -a "$files/modes.md"
	bad 'two lists of tools' 'tools.md:4: `tools` stands twice, first on line 3' 'keep one' -a "$files/tools.md"
	bad 'a tool both true and false' 'both.md:6: `Read` stands twice' 'keep one' -a "$files/both.md"
	bad 'a misspelt key' 'typo.md:3: .*disalowedTools' 'did you mean `disallowedTools`' -a "$files/typo.md"
	bad 'no tool at all' 'none.md: the agent may use no tool at all' 'leave `tools` out' -a "$files/none.md"
	bad 'a file of a hostile name' 'hostile\\x1b\[31m\\nname.md:3: unknown mode' '' -a "$files/"$'hostile\e[31m\nname.md'
	good 'a file of a hostile name' -a "$files/"$'harmless\e[31m\nname.md'
	bad 'a missing file of a hostile name' 'no\\x1b\[31m\\nname.md: No such file' "$path" -a "$files/"$'no\e[31m\nname.md'
	bad 'no definition' 'no agent definition' '--agent FILE'
}

bad_options() {
	local a=(-a "$files/worker.md")
	bad 'an unknown option' 'unknown option --agnet' 'did you mean --agent' --agnet x
	bad 'an unknown letter' 'unknown option -x' '--help' "${a[@]}" -qx
	bad 'the beginning of a name' 'unknown option --workspac=\.' 'did you mean --workspace' "${a[@]}" --workspac=.
	good 'the whole name' "${a[@]}" --workspace=.
	bad 'a hostile option' 'unknown option --a\\x1b\[31m' '--help' "${a[@]}" $'--a\e[31m'
	bad 'an option without its value' '--mode needs a value: MODE' '' "${a[@]}" --mode
	bad 'a letter without its value' '--workspace needs a value: DIR' '' "${a[@]}" -w
	bad 'an empty value' '--workspace needs a value' '' "${a[@]}" -w ''
	bad 'a value where none belongs' '--strict takes no value' '' "${a[@]}" --strict=1
	bad 'an option twice' '--agent is given twice' 'keep one' "${a[@]}" "${a[@]}"
	bad 'a time twice' '--timeout is given twice' 'keep one' "${a[@]}" --timeout 5 --timeout 6
	bad 'a limit twice' '--limit files is given twice' 'keep one' "${a[@]}" --limit files=64 --limit files=65
	good 'two limits' "${a[@]}" --limit files=64 --limit cpu=100
	bad 'a variable twice' '--env A is given twice' 'keep one' "${a[@]}" --env A=1 --env A
	bad 'an unknown mode' '--mode acceptEdit: unknown mode' 'did you mean `acceptEdits`' "${a[@]}" --mode acceptEdit
	good 'a mode' "${a[@]}" --mode acceptEdits
	local time
	for time in 0 -1 +5 ' 5' 5x 1.5 '' 99999999999999 200000d; do
		bad "--timeout '$time'" "--timeout ${time/+/.}: not a time" '90s' "${a[@]}" --timeout "$time"
	done
	good '--timeout 5m' "${a[@]}" --timeout 5m
	local ports
	for ports in 8080 8080:0 0:80 8080:65536 8080:x; do
		bad "--publish $ports" "--publish $ports: not understood" '8080:3000' "${a[@]}" --publish "$ports"
	done
	for ports in 1 2 53; do
		bad "--publish 8080:$ports" "port $ports inside is remit.s own" 'another port' "${a[@]}" --publish "8080:$ports"
	done
	bad 'an unknown limit' '--limit file=1: unknown limit `file`' 'did you mean `files`' "${a[@]}" --limit file=1
	bad 'an unlikely limit' '--limit colour=1: unknown limit `colour`' 'one of processes, ' "${a[@]}" --limit colour=1
	bad 'a limit out of range' 'processes: out of range .1 to' '' "${a[@]}" --limit processes=0
	bad 'a limit too large' 'processes: out of range' '' "${a[@]}" --limit processes=99999999999999999999
	bad 'a limit that is no number' 'wall: write 90' '' "${a[@]}" --limit wall=long
	bad 'a limit without a value' 'processes: write 512' '' "${a[@]}" --limit processes
	bad 'memory, which cannot be held' 'limit memory cannot be held here' 'limit processes' "${a[@]}" --limit memory=1G
	bad 'no name of a variable' '`A-B` is no name of a variable' '' "${a[@]}" --env A-B=1
	bad 'an empty name of a variable' '`` is no name of a variable' '' "${a[@]}" --env =1
	good 'a variable' "${a[@]}" --env A_B=1 --env C
	bad 'an unknown level' '--layers landlock: not a level' 'namespaces' "${a[@]}" --layers landlock
	good 'a level' "${a[@]}" --layers namespaces
	bad 'an unknown wall' '--allow-weaker net: ' 'only `workspace`' "${a[@]}" --allow-weaker net
	bad 'a user that is no number' '--user root: not a user id' 'id -u' "${a[@]}" --user root
	if [ "$UID" -eq 0 ]; then
		bad 'root as the user' '--user takes an id from 1' '' "${a[@]}" --user 0
	else
		bad 'another user' '--user 5: only root may choose' 'leave --user out' "${a[@]}" --user 5
		good 'the own user' "${a[@]}" --user "$UID"
	fi
}

bad_policies() {
	local a=(-a "$files/worker.md") option
	bad 'a policy that does not exist' 'missing.yaml: No such file' '' "${a[@]}" -p "$files/missing.yaml"
	bad 'a ceiling that does not exist' 'missing.yaml: No such file' '' "${a[@]}" -C "$files/missing.yaml"
	for option in -p -C; do
		bad "an unknown key ($option)" 'key.yaml:2:1: unknown key `grants`' 'did you mean `grant`' "${a[@]}" $option "$files/key.yaml"
		bad "an unknown effect ($option)" 'effect.yaml:3:3: unknown key `raed`' 'did you mean `read`' "${a[@]}" $option "$files/effect.yaml"
	done
	good 'a policy' "${a[@]}" -p "$files/policy.yaml"
	good 'a ceiling' "${a[@]}" -C "$files/ceiling.yaml"
	for option in --grant --deny; do
		bad "$option of an unknown effect" "$option raed:x: not understood" 'read, write, exec, connect or delegate' "${a[@]}" $option raed:x
		bad "$option without a colon" "$option read: not understood" 'EFFECT:TARGET' "${a[@]}" $option read
		bad "$option of nothing" "$option read:: an empty target" '' "${a[@]}" $option read:
	done
	good '--grant' "${a[@]}" --grant "read:$files"
	good '--deny' "${a[@]}" --deny "read:$files"
	bad 'a connection that cannot be held' '--grant connect:example.org:443: .*cannot be held' 'take the permission away' "${a[@]}" --layers namespaces --grant connect:example.org:443
	bad 'the whole file system' 'the whole file system' 'one by one' "${a[@]}" --grant read:/
	ln -s "$home" "$files/home"
	mkdir -p "$home/.ssh"
	echo key >"$home/.ssh/id_rsa"
	bad 'another name of a folder with secrets' 'files/home is granted, but leads to .*/home, which is not' "by its real path: $home" "${a[@]}" --grant "read:$files/home"
	good 'its real path' "${a[@]}" --grant "read:$home"
	rm "$files/home"
	rm -r "$home/.ssh"
}

bad_workspaces() {
	local a=(-a "$files/worker.md") name='name the project' weaker='--allow-weaker workspace'
	bad 'a workspace that does not exist' 'workspace .*/missing: No such file' 'a folder that exists' "${a[@]}" -w "$base/missing"
	bad 'a workspace that is a file' 'workspace .*/worker.md is not a folder' '' "${a[@]}" -w "$files/worker.md"
	bad 'the root as workspace' 'the workspace cannot be /' "$name" "${a[@]}" -w /
	bad 'a home folder as workspace' "workspace $home is a home folder" "$weaker" "${a[@]}" -w "$home"
	bad 'a folder that holds one' "workspace $base holds the home folder $home" "$weaker" "${a[@]}" -w "$base"
	bad 'a system folder' 'workspace /usr/lib is part of the system' "$weaker" "${a[@]}" -w /usr/lib
	bad 'a shared folder' 'workspace /var/tmp is part of the system' "$weaker" "${a[@]}" -w /var/tmp
	good 'a project' "${a[@]}" -w "$workspace"
}

bad_tools() {
	local a=(-a "$files/worker.md" -w .)
	good 'a tool' "${a[@]}" -t Write
	bad 'a tool that is forbidden' '--tool Write: forbidden by .*/forbids.md:4' 'grants Read, Bash' -a "$files/forbids.md" -w . -t Write
	bad 'a tool that is not granted' '--tool Write: not among the tools' 'grants Read, Bash' -a "$files/reader.md" -w . -t Write
	bad 'an unknown tool' '--tool Wirte: unknown tool' 'grants Read, Write, Edit, Bash' "${a[@]}" -t Wirte
	bad 'a tool without effects' '--tool TodoWrite: has no effects' '' -a "$files/forbids.md" -w . -t TodoWrite
	bad 'an empty name' '--tool needs a value' '' "${a[@]}" -t ''
	bad 'a forgotten name' '--tool needs a value' '' "${a[@]}" -t
	bad 'a tool without a workspace' 'no workspace' '-w DIR or REMIT_WORKSPACE' -a "$files/worker.md" -t Bash
}

# Of the other subcommands, and of none: 125, and something on standard error.
bad_commands() {
	local -a line
	while read -r -a line; do
		call "${program[@]}" "${line[@]}"
		conclude "$([ "$status" -eq 125 ] && grep -q '^remit: ' <<<"$output" && echo yes || echo no)" \
			"bad input: remit ${line[*]/$base/}"
	done <<-END

		runn
		run -a $files/worker.md
		run -a $files/worker.md --
		explain
		explain $files/worker.md $files/reader.md
		explain $files/missing.md
		explain --grant raed:x $files/worker.md
		explain $files/worker.md --jso
		why $files/worker.md read
		why $files/worker.md raed x
		why $files/worker.md read x y
		why -q $files/worker.md read x
	END
}
