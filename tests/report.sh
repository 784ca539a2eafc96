# shellcheck shell=bash
# Counting and naming of results, for the test scripts (sourced).
#
#   pass NAME; fail NAME [WHY]; skip NAME WHY     one line each
#   report_close                                  the closing line "N passed, N failed, N skipped",
#                                                 and the status: 0 where nothing failed
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
