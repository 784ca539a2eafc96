#!/bin/bash
# shellcheck disable=SC2016 # what stands in single quotes is expanded inside
#
# The network by name: tests/network.sh [PART...|heavy]
#
# In network namespaces of the test's own stand a host and an internet of one machine
# (tests/network/internet.py). Real clients reach what is permitted; what is not, however it is asked
# for, is refused and recorded, and each refusal has its control: the same, permitted. As root and as
# uid 4242. With `heavy`: runtimes that take long to start, and many clients for long.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=report.sh
. "$here/report.sh"
remit=${REMIT:-$here/../build/remit}
connect=$here/../build/tests/connect
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C PATH
unset TMPDIR NODE_OPTIONS NODE_EXTRA_CA_CERTS PYTHONPATH http_proxy https_proxy HTTP_PROXY HTTPS_PROXY

if [ "$(id -u)" != 0 ] || [ ! -e /dev/fuse ] || ! command -v python3 >/dev/null ||
	! command -v ip >/dev/null || ! command -v openssl >/dev/null; then
	skip 'the network by name' 'needs root (for networks of its own), /dev/fuse, python3, ip, openssl'
	report_close
	exit
fi
if [ "${1:-}" != inside ]; then
	exec unshare --mount --net --propagation private "$here/network.sh" inside "$@"
fi
shift

# --- In namespaces of its own: nothing that is made here is left behind.
place=/srv/network
mount -t tmpfs -o mode=755 remit-network /srv
mkdir -p "$place"/{internet/www,root,user,home} && mknod -m 666 "$place/fuse" c 10 229 &&
	mount --bind "$place/fuse" /dev/fuse || exit 1
internet=$place/internet
touch "$internet"/{asked,served,spoken}
unshare --net sleep 3600 &
keeper=$!
trap 'kill $keeper ${server:-}' EXIT
for _ in {1..50}; do
	[ "$(readlink "/proc/$keeper/ns/net")" = "$(readlink /proc/self/ns/net)" ] || break
	sleep 0.02
done
there() {
	nsenter -t "$keeper" -n "$@"
}
ip link set lo up
ip link add outer type veth peer name inner netns "$keeper"
ip address add 45.0.0.2/24 dev outer
ip address add 45.0.0.3/24 dev outer
ip -6 address add 2600::2/64 dev outer nodad
ip link set outer up
there ip link set lo up
for last in 1 10 11 12 13; do
	there ip address add "45.0.0.$last/24" dev inner
done
there ip -6 address add 2600::10/64 dev inner nodad
there ip link set inner up
ip route add default via 45.0.0.1
ip -6 route add default via 2600::10
printf 'nameserver 45.0.0.1\n' >"$place/resolv.conf"
mount --bind "$place/resolv.conf" "$(readlink -f /etc/resolv.conf)" || exit 1

names='DNS:ok.example,DNS:also.example,DNS:other.example,DNS:both.example,DNS:six.example,DNS:bare.example,IP:45.0.0.10'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test \
	-keyout "$internet/key.pem" -out "$internet/certificate.pem" \
	-addext "subjectAltName=$names" 2>/dev/null || exit 1

# shellcheck source-path=SCRIPTDIR source=network/served.sh
. "$here/network/served.sh"
# Not by `there`, a function: that would be a shell of its own, and outlived by what it started.
nsenter -t "$keeper" -n python3 "$here/network/internet.py" "$internet" >"$place/said" 2>&1 &
server=$!
for _ in {1..100}; do
	[ ! -e "$internet/ready" ] || break
	sleep 0.05
done

for user in root 4242; do
	work=$place/$([ $user = root ] && echo root || echo user)/work
	mkdir -p "$work" "${work%work}home"
	cp "$connect" "$here"/network/clients/* "$work"
	cp "$internet/certificate.pem" "$work/ca.pem"
	[ "$user" = root ] || chown -R "$user:$user" "$place/user"
done
printf -- '---\nname: net\ndescription: x\ntools: Read, Write, Edit, Bash, WebFetch\npermissionMode: acceptEdits\n---\nx\n' >"$place/net.md"

# inside OPTION... -- COMMAND...: what was said is in $place/out, the log in $place/log.
user=root
inside() {
	local base=$place/root as=()
	if [ "$user" != root ]; then
		base=$place/user as=(setpriv --reuid "$user" --regid "$user" --clear-groups)
	fi
	: >"$place/log"
	(cd "$base/work" && timeout -k 5 60 env HOME="$base/home" "${as[@]}" "$remit" run -q -a "$place/net.md" -w . \
		--audit fd:7 "$@" 7>"$place/log" >"$place/out" 2>&1)
}

# Records of refusals that `jq` finds, and those of class denied that it does not.
recorded() {
	jq -se "map(select(.record == \"refusal\" and ($1))) | length > 0" "$place/log" >/dev/null 2>&1
}

denied() {
	jq -sr 'map(select(.record == "refusal" and .class == "denied") | .op + " " + .target + ": " + .because) | join("; ")' "$place/log"
}

# permitted NAME TEXT OPTION... -- COMMAND...: TEXT is among what COMMAND says; nothing is denied.
permitted() {
	local name=$1 text=$2
	shift 2
	inside "$@"
	if ! grep -q -- "$text" "$place/out"; then
		fail "$name, $user" "$(tail -n 3 "$place/out" | tr '\n' ' ') [$(denied)]"
	elif [ -n "$(denied)" ]; then
		fail "$name, $user" "recorded: $(denied)"
	else
		pass "$name, $user"
	fi
}

# refused NAME TEXT RECORD OPTION... -- COMMAND...: TEXT is not among what COMMAND says; RECORD is.
refused() {
	local name=$1 text=$2 record=$3
	shift 3
	inside "$@"
	if grep -q -- "$text" "$place/out"; then
		fail "$name, $user" "it was reached: $(tail -n 2 "$place/out" | tr '\n' ' ')"
	elif ! recorded "$record"; then
		fail "$name, $user" "no such record; $(denied); said: $(tail -n 2 "$place/out" | tr '\n' ' ')"
	else
		pass "$name, $user"
	fi
}

# says NAME TEXT OPTION... -- COMMAND...: whatever is recorded.
says() {
	local name=$1 text=$2
	shift 2
	inside "$@"
	if grep -q -- "$text" "$place/out"; then
		pass "$name, $user"
	else
		fail "$name, $user" "$(tail -n 3 "$place/out" | tr '\n' ' ') [$(denied)]"
	fi
}

ok=(--grant connect:ok.example)
both=("${ok[@]}" --grant connect:also.example --grant connect:other.example)
web=(--mode bypassPermissions)
named='.name == "also.example" and .address == "45.0.0.10" and .pid != null and .protocol == "tcp"'

clients() {
	permitted 'curl, http' '"host": "ok.example"' "${ok[@]}" -- curl -sS http://ok.example/who
	permitted 'curl, https' '"host": "ok.example"' "${ok[@]}" -- curl -sS --cacert ca.pem https://ok.example/who
	refused 'curl, a name that is not permitted' '"host"' \
		'.op == "resolve" and .name == "other.example" and .pid != null and (.because | test("WebFetch"))' \
		"${ok[@]}" -- curl -sS http://other.example/who
	permitted 'curl, the newer protocol of the internet' '"host": "six.example"' \
		--grant connect:six.example -- curl -sS http://six.example/who
	permitted 'wget' '"host": "ok.example"' "${ok[@]}" -- wget -qO- http://ok.example/who
	permitted 'git over http' 'refs/heads/main' "${ok[@]}" -- git ls-remote http://ok.example/repository.git
	permitted 'git clones' 'cloned file' "${ok[@]}" -- sh -c 'git clone -q http://ok.example/repository.git "$HOME/clone-$$" && cat "$HOME/clone-$$/file"'
	refused 'git, refused' 'refs/heads' '.op == "resolve"' --grant connect:also.example -- git ls-remote http://ok.example/repository.git
	permitted 'python, urllib' '"host": "ok.example"' "${ok[@]}" -- python3 clients.py urllib https://ok.example/who
	permitted 'python, asyncio' '200 of 200' "${ok[@]}" -- python3 clients.py asyncio ok.example 200
	permitted 'python, a server that refuses' 'refused 111 111' --grant connect:ok.example:81 -- python3 clients.py refuses ok.example 81
	permitted 'node, fetch' '"host":"ok.example"' "${ok[@]}" --env NODE_EXTRA_CA_CERTS=ca.pem -- node clients.js fetch https://ok.example/who
	permitted 'node, http' '"host": "ok.example"' "${ok[@]}" -- node clients.js http http://ok.example/who
	permitted 'node, its own resolver' '45.0.0.10' "${ok[@]}" -- node clients.js resolve ok.example
	says 'apt' 'package-list' "${ok[@]}" -- sh -c \
		'/usr/lib/apt/apt-helper download-file http://ok.example/list "$HOME/apt-$$" && cat "$HOME/apt-$$"'
	says 'pip from an index' 'thing-1.0' "${ok[@]}" --env PIP_DISABLE_PIP_VERSION_CHECK=1 -- sh -c \
		'pip download -q --no-deps --no-cache-dir -i http://ok.example/simple --trusted-host ok.example -d "$HOME/pip-$$" thing && ls "$HOME/pip-$$"'
	permitted 'npm from a registry' 'thing@1.0.0' "${ok[@]}" -- sh -c \
		'cd "$(mktemp -d)" && npm --registry http://ok.example/npm/ --no-audit --no-fund install thing >/dev/null && npm ls'
	says 'npm, where nothing is permitted, is offline at once' 'ENOTCACHED' -- sh -c \
		'cd "$(mktemp -d)" && timeout 20 npm --registry http://ok.example/npm/ install thing'
}

# Operations of tests/network/connect.c.
operations() {
	local operation
	for operation in block poll epoll dup names passed again fastopen-later timeout; do
		permitted "C, $operation" '"address": "45.0.0.10"' "${ok[@]}" --grant connect:45.0.0.10:80 -- \
			./connect $operation 45.0.0.10 80 ok.example
		refused "C, $operation, refused" '"address"' \
			'.op == "connect" and .target == "45.0.0.11:80" and .address == "45.0.0.11" and .port == 80 and .protocol == "tcp" and .comm == "connect"' \
			--grant connect:45.0.0.10:80 -- ./connect $operation 45.0.0.11 80 ok.example
	done
	permitted 'C, many threads' '50 of 50' --grant connect:45.0.0.10:80 -- ./connect threads 45.0.0.10 80 ok.example
	permitted 'C, the newer protocol' '"host": "x"' --grant 'connect:[2600::10]:80' -- ./connect poll 2600::10 80 x
	permitted 'C, the older written into the newer' '45.0.0.10' --grant connect:45.0.0.10:80 -- \
		./connect poll ::ffff:45.0.0.10 80 ok.example
	refused 'C, the same, refused' '"address"' '.target == "45.0.0.11:80"' --grant connect:45.0.0.10:80 -- \
		./connect block ::ffff:45.0.0.11 80 ok.example
	permitted 'C, nobody listens' 'later: ECONNREFUSED' --grant connect:45.0.0.10 -- ./connect poll 45.0.0.10 81
	permitted 'C, nobody listens, waiting' 'connect: ECONNREFUSED' --grant connect:45.0.0.10 -- ./connect block 45.0.0.10 81
	permitted 'C, nobody answers' 'nothing in time' --grant connect:45.0.0.13 -- ./connect poll 45.0.0.13 80
	permitted 'C, nobody answers, in time' 'connect: EINPROGRESS' --grant connect:45.0.0.13 -- ./connect timeout 45.0.0.13 80
}

# The name that is spoken must be one of the address.
fronting() {
	refused 'another name in HTTP' '"host"' "$named" "${ok[@]}" -- \
		curl -sS -H 'Host: also.example' http://ok.example/who
	permitted 'control: that name is permitted' '"host": "also.example"' "${both[@]}" -- \
		sh -c 'getent hosts also.example >/dev/null; curl -sS -H "Host: also.example" http://ok.example/who'
	refused 'another name in TLS' '"host"' "$named" "${ok[@]}" -- \
		curl -sSk --connect-to also.example:443:ok.example:443 https://also.example/who
	refused 'a permitted name of another address' '"host"' '.name == "other.example" and .address == "45.0.0.10"' \
		"${both[@]}" -- sh -c 'getent hosts other.example >/dev/null; curl -sS -H "Host: other.example" http://ok.example/who'
	refused 'another name in the second request' 'also.example"' "$named" "${ok[@]}" -- \
		python3 clients.py second ok.example also.example
	permitted 'control: the second request' 'ok.example.*ok.example' "${ok[@]}" -- \
		python3 clients.py second ok.example ok.example
	refused 'another name, split over packets, in TLS' 'reached' "$named" "${ok[@]}" -- \
		python3 clients.py split-tls ok.example also.example
	permitted 'control: split over packets, in TLS' 'reached' "${ok[@]}" -- \
		python3 clients.py split-tls ok.example ok.example
	refused 'another name, split over packets, in HTTP' '"host"' "$named" "${ok[@]}" -- \
		python3 clients.py split-http ok.example also.example
	permitted 'control: split over packets, in HTTP' '"host": "ok.example"' "${ok[@]}" -- \
		python3 clients.py split-http ok.example ok.example
	refused 'TLS without a name' 'reached' '.because | test("names nobody")' "${ok[@]}" -- \
		python3 clients.py split-tls ok.example ''
	refused 'HTTP without a name' '200 OK' '.because | test("names nobody|certainty")' "${ok[@]}" -- \
		python3 clients.py raw ok.example 80 'GET /who HTTP/1.0\r\n\r\n'
	refused 'to a proxy, for another name' '"host"' "$named" "${ok[@]}" -- \
		curl -sS -x http://ok.example:80 http://also.example/who
	refused 'two names' '"host"' '.because | test("certainty")' "${ok[@]}" -- \
		python3 clients.py raw ok.example 80 'GET /who HTTP/1.1\r\nHost: ok.example\r\nHost: also.example\r\n\r\n'
	refused 'a request in the body of another' 'also.example' '.because | test("certainty")' "${ok[@]}" -- \
		python3 clients.py raw ok.example 80 'GET /who HTTP/1.1\r\nHost: ok.example\r\nContent-Length: 42\r\n\r\nGET /who HTTP/1.1\r\nHost: also.example\r\n\r\n'
	permitted 'control: a body where one belongs' '1 bytes' "${ok[@]}" -- \
		curl -sS -H 'Expect:' --data x http://ok.example/who
	refused 'to a proxy, for a port that is not permitted' '"host"' '.target == "ok.example:53"' \
		--grant connect:ok.example:80 -- curl -sS -p -x http://ok.example:80 http://ok.example:53/who
	refused 'the same without a tunnel' '"host"' '.target == "ok.example:53"' \
		--grant connect:ok.example:80 -- curl -sS -x http://ok.example:80 http://ok.example:53/who
	permitted 'control: for its own' 'Nothing matches' \
		--grant connect:ok.example:80 -- curl -sS -x http://ok.example:80 http://ok.example/who
	permitted 'TLS, where the server wants another hello' '"host": "ok.example' "${ok[@]}" -- \
		curl -sS --cacert ca.pem https://ok.example:8443/who
	refused 'another name in the second hello' 'answered' '.name == "also.example" and .port == 8443' "${ok[@]}" -- \
		python3 clients.py retry ok.example also.example
	permitted 'control: where both are permitted' 'retried answered' "${both[@]}" -- \
		python3 clients.py retry ok.example also.example
	printf 'version: 1\ngrant:\n  connect: [ok.example]\n' >"$place/ceiling.yaml"
	refused 'a ceiling takes an address away, and what it would say of names' '"host": "also' '.because | test("certainty|names nobody")' \
		-C "$place/ceiling.yaml" "${ok[@]}" --grant connect:45.0.0.0/8 -- \
		python3 clients.py raw ok.example 80 ' GET /who HTTP/1.1\r\nHost: also.example\r\n\r\n'
	permitted 'a ceiling below a wide grant' '"host": "ok.example"' -C "$place/ceiling.yaml" --grant 'connect:*' -- \
		curl -sS http://ok.example/who
	permitted 'a ceiling below a port' '"host": "ok.example"' -C "$place/ceiling.yaml" --grant 'connect:*:80' -- \
		curl -sS http://ok.example/who
	refused 'HTTP/2 without TLS' '"host"' '.because | test("HTTP/2")' "${ok[@]}" -- \
		curl -sS --http2-prior-knowledge http://ok.example/who
	permitted 'HTTP/2 is not asked for' '"upgrade": null' "${ok[@]}" -- curl -sS --http2 http://ok.example/who
	permitted 'WebSocket' 'switched:anything' "${ok[@]}" -- python3 clients.py websocket ok.example
	refused 'what names nobody, on a port of the web' 'banner' '.because | test("names nobody")' "${ok[@]}" -- \
		python3 clients.py raw ok.example 22 'SSH-2.0-x\r\n'
	refused 'a server that speaks first' 'banner' '.because | test("names nobody")' "${ok[@]}" -- \
		python3 clients.py raw ok.example 22 ''
	refused "the relay's own port" 'connected' '.target == "127.0.0.1:1"' "${ok[@]}" -- \
		python3 clients.py raw 127.0.0.1 1 x
	permitted 'control: with a rule for that port' 'heard:SSH' --grant connect:ok.example:22 -- \
		python3 clients.py raw ok.example 22 'SSH-2.0-x\r\n'
	refused 'a refused name at an address that is permitted' '"host"' '.name == "also.example"' "${web[@]}" \
		--deny connect:also.example -- curl -sSk --connect-to also.example:443:45.0.0.10:443 https://also.example/who
}

attacks() {
	local literal before
	for literal in 45.0.0.11 0x2d00000b 754974731 055.0.0.013 45.11 '[::ffff:45.0.0.11]' '[::ffff:2d00:b]'; do
		refused "an address written as $literal" '"host"' '.address == "45.0.0.11" and .class == "denied"' "${ok[@]}" -- \
			curl -sS "http://$literal/who"
	done
	permitted 'control: that address' '"host"' --grant connect:45.0.0.11 -- curl -sS http://0x2d00000b/who
	refused 'an address that is denied in another spelling' '"host"' '.address == "45.0.0.11"' "${web[@]}" \
		--deny 'connect:[::ffff:45.0.0.11]' -- curl -sS http://45.0.0.11/who
	for literal in rebind link private mapped; do
		refused "a permitted name with an address that is not public: $literal" '"host"' \
			".op == \"resolve\" and .name == \"$literal.example\" and (.because | test(\"public\"))" \
			--grant 'connect:*.example' -- curl -sS "http://$literal.example/who"
	done
	permitted 'control: such a name with a public address, too' '"host": "mixed.example"' \
		--grant 'connect:*.example' -- curl -sS http://mixed.example/who
	refused 'a redirect to metadata' 'secret' '.address == "169.254.169.254" and .port == 80' "${web[@]}" -- \
		curl -sSL --max-time 5 'http://ok.example/redirect?http://169.254.169.254/latest'
	permitted 'control: a redirect to a public address' '"host"' "${web[@]}" -- \
		curl -sSL 'http://ok.example/redirect?http://other.example/who'
	refused "the host's own address" 'host file' '.address == "45.0.0.2"' "${web[@]}" -- curl -sS http://self.example/
	refused 'another one of its addresses' 'host file' '.address == "45.0.0.3"' "${web[@]}" -- curl -sS http://45.0.0.3/
	refused 'a private address written into the newer kind' '"host"' '.address == "10.1.1.1" and .class == "denied"' \
		"${web[@]}" -- curl -sS 'http://[::ffff:10.1.1.1]/'
	for literal in fastopen fastopen-message multipath sctp raw; do
		refused "C, $literal" 'connected\|sent\|address' '.class == "denied" and .errno == "EPERM"' "${web[@]}" -- \
			./connect $literal 45.0.0.10 80 ok.example
	done
	for literal in datagram datagram-connected; do
		refused "C, $literal" 'sent' '.address == "45.0.0.10" or .target == "45.0.0.10:80"' "${web[@]}" -- \
			./connect $literal 45.0.0.10 80 ok.example
	done
	says 'C, datagram-message' 'sendmsg: ENETUNREACH' "${web[@]}" -- ./connect datagram-message 45.0.0.10 80
	refused 'any host, on another port' 'banner' '.target == "ok.example:22"' "${web[@]}" -- \
		python3 clients.py raw ok.example 22 x
	says 'an address that changes meanwhile' 'permitted some, forbidden 0' --grant connect:45.0.0.10:80 -- \
		./connect race 45.0.0.10 80 ok.example 45.0.0.11
	before=$(wc -l <"$internet/asked")
	refused 'data in look-ups' 'nothing' '.op == "resolve" and .name == "c2vjcmv0.other.example"' "${ok[@]}" -- sh -c \
		'getent hosts c2VjcmV0.other.example; getent hosts secret.ok.example; getent hosts "SeCrEt.ok.example"'
	if [ "$(wc -l <"$internet/asked")" = "$before" ]; then
		pass "nothing of that left, $user"
	else
		fail "nothing of that left, $user" "$(tail -n 2 "$internet/asked")"
	fi
	refused 'another name server' '45.0.0' '.target == "45.0.0.1:53"' "${ok[@]}" -- python3 clients.py ask 45.0.0.1 other.example
	permitted 'many look-ups below a wildcard: a few' 'found 20' --grant 'connect:*.wild.example' -- \
		python3 clients.py lookups wild.example 20
	refused 'many look-ups below a wildcard: no flood' 'found 1100' '.because | test("too many names")' \
		--grant 'connect:*.wild.example' -- python3 clients.py lookups wild.example 1100
	permitted 'the same name by TCP' '45.0.0.10' "${ok[@]}" -- python3 clients.py ask-tcp 127.0.0.1 ok.example
	permitted 'an alias' '"host": "chain.example"' --grant connect:chain.example -- curl -sS http://chain.example/who
}

# Where the policy asks.
asking() {
	local answer
	for answer in once no; do
		printf '#!/bin/sh\nread -r question\nprintf "%%s\\n" "$question" >>%s\necho "{\\"answer\\":\\"%s\\"}"\n' \
			"$place/questions" $answer >"$place/answer-$answer"
		chmod 755 "$place/answer-$answer"
	done
	install -m 666 /dev/null "$place/questions"
	permitted 'somebody is asked, and says yes' '"host": "ok.example"' --approve "exec:$place/answer-once" -- \
		curl -sS http://ok.example/who
	# Both kinds of address are looked up: one question where both wait, else the same again.
	if [ "$(jq -r '.operation + " " + .target + " " + .comm' "$place/questions" | uniq | tr '\n' ,)" = \
		'resolve ok.example:* curl,connect ok.example:80 curl,' ]; then
		pass "for the name, then for the peer, $user"
	else
		fail "for the name, then for the peer, $user" "$(cat "$place/questions")"
	fi
	# Of names that one address serves, only the one that was asked about may be spoken.
	printf '#!/bin/sh\nread -r question\ncase $question in\n*\\"target\\":\\"ok.example:*) echo "{\\"answer\\":\\"once\\"}" ;;\n*) echo "{\\"answer\\":\\"no\\"}" ;;\nesac\n' \
		>"$place/answer-ok"
	chmod 755 "$place/answer-ok"
	permitted 'control: only one is permitted' '"host": "ok.example"' --approve "exec:$place/answer-ok" -- \
		curl -sS http://ok.example/who
	refused 'another name at its address' '"host"' '.target == "also.example:80" and .verdict == "ask"' \
		--approve "exec:$place/answer-ok" -- curl -sS -H 'Host: also.example' http://ok.example/who
	refused 'the same by TLS' '"host"' '.target == "also.example:443" and .verdict == "ask"' \
		--approve "exec:$place/answer-ok" -- sh -c \
		'a=$(python3 clients.py ask 127.0.0.1 ok.example | grep -o "45[.0-9]*") && curl -sSk --resolve "also.example:443:$a" https://also.example/who'
	permitted 'control: each by its own name, back and forth' '"host": "ok.example"' --approve "exec:$place/answer-once" -- \
		sh -ec 'curl -sS http://ok.example/who; curl -sS http://also.example/who; curl -sS http://ok.example/who'
	permitted 'by its address, without a name' '"host"' --approve "exec:$place/answer-once" -- \
		curl -sSk https://45.0.0.10/who
	refused 'somebody is asked, and says no' '"host"' '.op == "resolve" and .verdict == "ask"' \
		--approve "exec:$place/answer-no" -- curl -sS http://ok.example/who
	refused 'the same, by its address' '"host"' '.target == "45.0.0.10:80" and .verdict == "ask"' \
		--approve "exec:$place/answer-no" -- curl -sS http://45.0.0.10/who
	permitted 'everything that asks is permitted' '"host": "ok.example"' --approve allow -- curl -sS http://ok.example/who
	refused 'but not what is not public' '"host"' '.address == "10.1.1.1" and .verdict == "deny"' --approve allow -- \
		curl -sS http://10.1.1.1/who
	refused 'nobody is there to ask' '"host"' '.target == "45.0.0.10:80" and .verdict == "ask" and .address == "45.0.0.10" and .port == 80' \
		--approve deny -- curl -sS http://45.0.0.10/who
}

inward() {
	local address
	permitted 'servers on the own localhost' 'served inside' -- sh -c \
		'echo served inside >"$HOME/page"; python3 -m http.server -d "$HOME" -b 127.0.0.1 4000 2>/dev/null & for i in $(seq 50); do sleep 0.2; curl -sS http://127.0.0.1:4000/page 2>/dev/null && break; done; kill $!'
	printf 'of the host\n' >"$place/home/page"
	(cd "$place/home" && exec python3 -m http.server -b 127.0.0.1 4001 >/dev/null 2>&1) &
	local web_of_host=$!
	for _ in {1..100}; do
		! curl -sS http://127.0.0.1:4001/page >/dev/null 2>&1 || break
		sleep 0.1
	done
	says "the host's localhost is not the tool's" 'Couldn.t connect\|refused' "${ok[@]}" -- curl -sS http://127.0.0.1:4001/page
	permitted "a rule that names it" 'of the host' --grant connect:127.0.0.1:4001 -- curl -sS http://127.0.0.1:4001/page
	for address in 127.0.0.1 0.0.0.0 ::ffff:0.0.0.0; do
		says "a localhost that is denied, as $address" 'Couldn.t connect\|refused' --grant connect:0.0.0.0/0 \
			--deny connect:127.0.0.0/8 -- curl -sS "http://$([[ $address = *:* ]] && echo "[$address]" || echo "$address"):4001/page"
	done
	permitted 'control: where it is not denied' 'of the host' --grant connect:0.0.0.0/0 -- curl -sS http://0.0.0.0:4001/page
	kill $web_of_host
	# Serves two requests: one before somebody asks at another address, and one after.
	(inside --publish 4002:4000 -- timeout 60 python3 -c 'if True:
		import functools, http.server, os
		home = os.environ["HOME"]
		open(home + "/page", "w").write("published\n")
		handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=home)
		server = http.server.HTTPServer(("127.0.0.1", 4000), handler)
		server.handle_request()
		server.handle_request()') &
	local published=$!
	for _ in {1..100}; do
		sleep 0.2
		curl -sS http://127.0.0.1:4002/page >"$place/page" 2>/dev/null && break
	done
	if grep -q published "$place/page" && ! curl -sS --max-time 2 http://45.0.0.2:4002/page >/dev/null 2>&1 &&
		curl -sS http://127.0.0.1:4002/page | grep -q published; then
		pass "a published port, $user"
	else
		fail "a published port, $user" "$(cat "$place/page")"
	fi
	wait $published
	rm -f "$place/host.socket"
	python3 "$here/network/local.py" "$place/host.socket" &
	local local_server=$!
	for _ in {1..200}; do
		[ ! -S "$place/host.socket" ] || break
		sleep 0.05
	done
	refused 'a socket of the host' 'said' '.effect == "connect" and (.target | endswith("host.socket"))' -- \
		python3 clients.py local "$place/host.socket"
	permitted 'control: granted by its path' 'said' --grant "read:$place/host.socket" -- python3 clients.py local "$place/host.socket"
	kill $local_server
}

many() {
	permitted 'two hundred clients, and one whom nobody answers' '200 of 200' "${ok[@]}" --grant connect:45.0.0.13 -- \
		sh -c './connect block 45.0.0.13 80 & python3 clients.py asyncio ok.example 200; kill $!'
	permitted 'half-close' 'helloend' --grant connect:ok.example:7 -- python3 clients.py half-close ok.example
	permitted 'a reset' 'reset 104' --grant connect:ok.example:9 -- python3 clients.py reset ok.example
	permitted 'a large download' '104857600' "${ok[@]}" -- sh -c 'curl -sS "http://ok.example/big?104857600" | wc -c'
	permitted 'a large upload' '20971520 bytes' "${ok[@]}" -- sh -c 'head -c 20971520 /dev/zero | curl -sS -H "Expect:" --data-binary @- http://ok.example/'
	permitted 'a large upload in chunks' '20971520 bytes' "${ok[@]}" -- sh -c 'head -c 20971520 /dev/zero | curl -sS -H "Expect:" -H "Transfer-Encoding: chunked" --data-binary @- http://ok.example/'
	permitted 'a socket that no answer reaches holds nothing up' 'deaf ended' "${ok[@]}" -- \
		python3 clients.py deaf ok.example
	permitted 'a slow reader holds nothing up' 'slow 8388608' "${ok[@]}" -- python3 clients.py slow ok.example 8388608
}

# What carries connections ends with the run, and the run with it. Its memory is bounded.
ends() {
	[ $user = root ] || return
	local kind run carrier victim memory status
	for kind in network resolver; do
		: >"$place/log"
		: >"$place/held"
		(cd "$place/root/work" && exec env HOME="$place/root/home" "$remit" run -q -a "$place/net.md" -w . \
			"${ok[@]}" -- python3 clients.py hold ok.example 400 2>"$place/out" >"$place/held") &
		run=$!
		for _ in {1..100}; do
			grep -q held "$place/held" && break
			sleep 0.1
		done
		# Of remit's processes it is the one with a child that executes nothing.
		carrier=''
		for victim in $(pgrep -P $run); do
			[ "$(cat "/proc/$victim/comm")" = remit ] && pgrep -P "$victim" -x remit >/dev/null && carrier=$victim
		done
		memory=$(awk '/^Pss:/ { print $2 }' "/proc/$carrier/smaps_rollup" 2>/dev/null)
		victim=$carrier
		[ $kind = network ] || victim=$(pgrep -P "$carrier" -x remit)
		if [ -z "$victim" ]; then
			fail "the run ends with its $kind" "there is none: $(cat "$place/out")"
			continue
		fi
		kill -9 "$victim"
		status=0
		wait $run || status=$?
		if [ $status = 125 ] && grep -q 'process has ended\|resolver has ended' "$place/out"; then
			pass "the run ends with its $kind"
		else
			fail "the run ends with its $kind" "status $status: $(cat "$place/out")"
		fi
	done
	if [ "${memory:-999999}" -lt 8192 ]; then
		pass "400 connections are held in $memory KB"
	else
		fail 'memory of who carries 400 connections' "$memory KB"
	fi
}

if [ "${1:-}" = heavy ]; then
	# shellcheck source-path=SCRIPTDIR source=network/heavy.sh
	. "$here/network/heavy.sh"
	report_close
	exit
fi
parts=("$@")
[ $# -gt 0 ] || parts=(clients operations fronting attacks asking inward many ends)
# What depends on who asks: how processes are looked into, ids are taken, namespaces are entered.
mine=("$@")
[ $# -gt 0 ] || mine=(operations fronting inward)
for user in root 4242; do
	[ $user = root ] || parts=("${mine[@]}")
	for part in "${parts[@]}"; do
		"$part"
	done
done
report_close
