# shellcheck shell=bash
# Counting and naming of results, for the test scripts (sourced).
#
#   pass NAME; fail NAME [WHY]; skip NAME WHY     one line each
#   report_close                                  the closing line "N passed, N failed, N skipped",
#                                                 and the status: 0 where nothing failed
#
#   device_listing; devices_are LISTING           whether the devices of the machine were changed
#
# REMIT_SKIP=fail turns skips into failures: a machine that is meant to run everything does.

passed=0 failed=0 skipped=0

pass() {
	passed=$((passed + 1))
	printf 'ok      %s\n' "$1"
}

fail() {
	failed=$((failed + 1))
	printf 'FAILED  %s%s\n' "$1" "${2:+: $2}"
}

skip() {
	if [ "${REMIT_SKIP:-}" = fail ]; then
		fail "$1" "skipped ($2), and REMIT_SKIP=fail"
		return
	fi
	skipped=$((skipped + 1))
	printf 'skipped %s: %s\n' "$1" "$2"
}

report_close() {
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ]
}

# The devices and links of /dev that programs replace by mistake (compilers do, as root).
device_listing() {
	stat -c '%N %F %a %u %t:%T' /dev/null /dev/zero /dev/random /dev/urandom /dev/tty /dev/ptmx \
		/dev/fd /dev/stdin /dev/stdout /dev/stderr 2>/dev/null || true
}

devices_are() {
	if [ "$(device_listing)" = "$1" ]; then
		pass 'the devices of the machine are as they were'
	else
		fail 'the devices of the machine are as they were' \
			"$(diff <(echo "$1") <(device_listing) | tr '\n' ' ')"
	fi
}
