# shellcheck shell=bash
# Tracing a child and its threads.
# needs: strace gcc

prepare() { :; }

inside() {
	strace -f -o trace -e trace=openat,execve sh -c 'cat case.sh >/dev/null'
	grep -q 'execve.*cat' trace
	grep -q 'openat.*case.sh' trace
	strace -c -o counts ls >/dev/null
	grep -q total counts
}
