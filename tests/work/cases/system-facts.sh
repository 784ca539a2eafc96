# shellcheck shell=bash
# What programs ask about the machine, and about themselves.
# needs: ps top nproc df free uname id getent

prepare() { :; }

inside() {
	ps aux >processes
	grep -q bash processes
	ps -ef >/dev/null
	top -b -n 1 >/dev/null
	test "$(nproc)" -ge 1
	getconf _NPROCESSORS_ONLN >/dev/null
	df . >/dev/null
	free >/dev/null
	uname -a | has Linux
	hostname >/dev/null
	date | has 20
	locale >/dev/null
	equal "$(id -u)" "$(stat -c %u case.sh)"
	getent passwd "$(id -u)" | has . || [ "$1" = control ]
	whoami >/dev/null 2>&1 || [ "$1" = control ]
	getent hosts localhost >/dev/null
	cat /proc/self/status /proc/meminfo /proc/cpuinfo /proc/loadavg >/dev/null
	readlink /proc/self/exe >/dev/null
	test -c /dev/null
	test -w /tmp
	test -w /var/tmp
	test -w /dev/shm
	test -w "$HOME"
	uptime >/dev/null 2>&1 || true
	if [ "$1" = confined ]; then
		# The first process is remit's own, and it tells nothing of how it was called.
		equal 1 "$(grep -c . /proc/1/comm)"
		test "$(id -u)" -ne 0
	fi
}
