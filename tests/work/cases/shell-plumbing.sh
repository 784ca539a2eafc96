# shellcheck shell=bash
# Process substitution, here-documents, pipes, /dev/stdout and its like, fifos, coprocesses.
# needs: bash

prepare() { :; }

inside() {
	equal '1,2' "$(paste -d, <(echo 1) <(echo 2))"
	equal here "$(cat <<<here)"
	equal "value $HOME" "$(
		cat <<-TEXT
			value $HOME
		TEXT
	)"
	echo tee | tee >(cat >teed) >/dev/null
	until_true 10 test -s teed
	mkfifo queue
	echo through >queue &
	equal through "$(cat queue)"
	equal 1 "$(seq 1 >/dev/stdout)"
	equal err "$( (echo err >/dev/stderr) 2>&1)"
	equal five "$(cat /dev/fd/5 5<<<five)"
	echo appended >>/dev/null
	equal 16 "$(head -c 16 /dev/urandom | wc -c)"
	equal 8 "$(head -c 8 /dev/zero | wc -c)"
	coproc worker { sed -u 's/^/seen /'; }
	echo line >&"${worker[1]}"
	local answer
	read -r answer <&"${worker[0]}"
	equal 'seen line' "$answer"
	set -o pipefail
	if false | true; then return 1; fi
}
