# shellcheck shell=bash
# What needs the network fails soon and in words instead of hanging.
# needs: curl git npm python3

prepare() { :; }

inside() {
	[ "$1" = confined ] || return 0
	local start=$SECONDS
	if timeout 20 curl -sS --max-time 15 http://example.org/ 2>log; then return 1; fi
	test -s log
	if timeout 20 git clone -q https://example.org/x.git 2>log; then return 1; fi
	test -s log
	if timeout 20 python3 -c 'import socket; socket.create_connection(("192.0.2.1", 80), 10)' 2>log
	then return 1; fi
	grep -q Error log
	if timeout 30 npm view left-pad >log 2>&1; then return 1; fi
	test $((SECONDS - start)) -lt 40
}
