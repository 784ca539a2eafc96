# shellcheck shell=bash
# Background jobs, wait, traps, signals, process groups, locks, limits, exit status.
# needs: bash flock timeout

prepare() { :; }

inside() {
	local status=0
	sleep 30 &
	kill $!
	wait $! || status=$?
	equal 143 "$status"
	status=0
	timeout 0.2 sleep 30 || status=$?
	equal 124 "$status"
	equal trapped "$(bash -c 'trap "echo trapped; exit" TERM; kill $$; sleep 30')"
	equal left "$(bash -c 'trap "echo left" EXIT; exit 0')"
	setsid sleep 30 &
	until_true 10 kill -- -$! 2>/dev/null
	wait $! || true
	setsid true
	nohup true >/dev/null 2>&1
	nice true
	flock lock -c 'flock -n lock true && exit 1 || exit 0'
	flock -n lock true
	bash -c 'ulimit -n 64; ulimit -c 0; equal() { [ "$1" = "$2" ]; }; equal 64 "$(ulimit -n)"'
	bash -c 'for i in $(seq 20); do sleep 0.1 & done; wait'
	equal 20 "$(seq 20 | xargs -P 4 -n 1 echo | wc -l)"
	status=0
	bash -c 'kill -SEGV $$' 2>/dev/null || status=$?
	equal 139 "$status"
}
