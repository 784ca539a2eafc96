# shellcheck shell=bash
# Programs that would become another user fail at once and in words, and nothing hangs.
# needs: su

prepare() { :; }

inside() {
	[ "$1" = confined ] || return 0
	local status=0
	timeout 20 su -c true nobody </dev/null >log 2>&1 || status=$?
	test "$status" -ne 0
	test "$status" -ne 124
	test -s log
	if command -v sudo >/dev/null; then
		status=0
		timeout 20 sudo -n true >log 2>&1 || status=$?
		test "$status" -ne 0
		test "$status" -ne 124
	fi
}
