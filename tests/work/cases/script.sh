# shellcheck shell=bash
# A terminal of its own by script(1).
# needs: script

prepare() { :; }

inside() {
	script -qec 'tty; stty rows 30 cols 100; stty size; tty -s && echo terminal' typescript >/dev/null
	grep -q '^/dev/pts/' typescript
	grep -q '^30 100' typescript
	grep -q '^terminal' typescript
	local status=0
	script -qec 'exit 7' /dev/null >/dev/null || status=$?
	equal 7 "$status"
}
