# shellcheck shell=bash
# --fail-on-denial (sourced by tests/watch.sh).

# ends STATUS TITLE COMMAND... (options before --)
ends() {
	local expected=$1 title=$2 status=0 said
	shift 2
	said=$(timeout -k 1 20 "${run[@]}" "$@" 2>&1 </dev/null) || status=$?
	if [ $status -eq "$expected" ]; then
		pass "$title: $expected ($who)"
	else
		fail "$title ($who)" "status $status, not $expected: $said"
	fi
}

part_status() {
	local option=--fail-on-denial write='echo x >/etc/remit-status' hidden="cat $base/hidden/1"
	ends 120 'something was denied' $option -- sh -c "$write; true"
	ends 120 'denied, and the command fails' $option -- sh -c "$write; exit 3"
	ends 120 'denied, and the command is killed' $option -- sh -c "$write; kill -9 \$\$"
	ends 120 'a read of a secret' $option -- sh -c 'cat /etc/shadow; true'
	ends 120 'denied to a process that was left behind' $option -- \
		sh -c "(setsid sh -c '$write; : >left' &); until [ -e left ]; do sleep 0.05; done; rm left"
	ends 3 'control: without the option' -- sh -c "$write; exit 3"
	ends 0 'control: nothing was refused' $option -- sh -c 'echo x >new; cat new; rm new'
	ends 3 'nothing was refused, and the command fails' $option -- sh -c 'exit 3'
	ends 137 'nothing was refused, and the command is killed' $option -- sh -c 'kill -9 $$'
	ends 0 'only hidden' $option -- sh -c "$hidden; true"
	ends 3 'only hidden, and the command fails' $option -- sh -c "$hidden; exit 3"
	ends 0 'only absent' $option -- sh -c 'cat /srv/none; ls /nowhere; true'
	ends 124 'timed out' $option --timeout 1 -- sh -c "$write; sleep 10"
	ends 127 'not found' $option -- remit-no-such-command
	ends 126 'not executable' $option -- /etc/passwd
	ends 125 'an option that is none' $option --nonsense -- true
	ends 125 'a log that fails' $option --audit /dev/full -- sh -c "$write"
	ends 125 'a level that sees nothing' $option --layers namespaces -- true
}
