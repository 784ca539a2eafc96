# shellcheck shell=bash
# The head of every case, as it is run inside (and, as the control, outside).
set -euo pipefail

# held control|confined COMMAND...: COMMAND works outside and is refused inside. What no broker
# decides yet is refused as a whole (see the table of limits in README.md).
held() {
	local mode=$1
	shift
	if [ "$mode" = control ]; then
		"$@"
		return
	fi
	if "$@"; then
		echo "not refused: $*" >&2
		return 1
	fi
}

# equal EXPECTED ACTUAL: says both where they differ.
equal() {
	[ "$1" = "$2" ] && return 0
	printf 'expected: %s\n  actual: %s\n' "$1" "$2" >&2
	return 1
}

# until_true SECONDS COMMAND...: waits for what another process does.
until_true() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || {
			echo "waited in vain for: $*" >&2
			return 1
		}
		sleep 0.05
	done
}

# has PATTERN: whether standard input matches. Reads all of it, so that no writer meets a closed
# pipe, which pipefail would take for a failure.
has() {
	local text
	text=$(cat)
	grep -q -e "$1" <<<"$text"
}
