# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # variables of tests/network.sh
# Runtimes that take long to start, and many clients for long (sourced by tests/network.sh).

user=root
work=$place/root/work
if command -v javac >/dev/null; then
	cp "$here/network/Client.java" "$work"
	(cd "$work" && javac Client.java) || exit 1
	keytool -importcert -noprompt -alias t -file "$internet/certificate.pem" -keystore "$work/trust" \
		-storepass changeit 2>/dev/null
	java=(java -Djavax.net.ssl.trustStore=trust -Djavax.net.ssl.trustStorePassword=changeit Client)
	permitted 'Java, HttpClient' '"host": "ok.example"' "${ok[@]}" -- "${java[@]}" http://ok.example/who
	permitted 'Java, HttpClient over TLS' '"host": "ok.example"' "${ok[@]}" -- "${java[@]}" https://ok.example/who
	refused 'Java, HttpClient, refused' '"host"' '.name == "other.example"' "${ok[@]}" -- "${java[@]}" http://other.example/who
else
	skip 'Java' 'no javac'
fi
if command -v go >/dev/null; then
	cp "$here/network/client.go" "$work"
	(cd "$work" && HOME=$place GOFLAGS=-mod=mod GO111MODULE=off CGO_ENABLED=0 go build -o client client.go) || exit 1
	permitted 'Go, net/http' '"host": "ok.example"' "${ok[@]}" -- ./client http://ok.example/who
	permitted 'Go, net/http over TLS' '"host": "ok.example"' "${ok[@]}" --env SSL_CERT_FILE=ca.pem -- ./client https://ok.example/who
	refused 'Go, net/http, refused' '"host"' '.name == "other.example"' "${ok[@]}" -- ./client http://other.example/who
else
	skip 'Go' 'no go'
fi
if command -v busybox >/dev/null; then
	permitted 'busybox, wget' '"host": "ok.example"' "${ok[@]}" -- busybox wget -qO- http://ok.example/who
else
	skip 'busybox' 'not installed'
fi
if command -v musl-gcc >/dev/null; then
	musl-gcc -D_GNU_SOURCE -O2 -static -o "$work/resolve" "$here/network/resolve.c" || exit 1
	permitted 'musl, static' 'ok.example: 45.0.0.10' "${ok[@]}" -- ./resolve ok.example
	refused 'musl, static, refused' '45.0.0' '.op == "resolve" and .name == "other.example" and .comm == "resolve"' \
		"${ok[@]}" -- ./resolve other.example
else
	skip 'musl' 'no musl-gcc'
fi
permitted 'two thousand clients, one behind the other' '2000 of 2000' "${ok[@]}" -- sh -c \
	'for i in 1 2 3 4 5 6 7 8 9 10; do python3 clients.py asyncio ok.example 200; done | awk "{n += \$1} END {print n \" of 2000\"}"'
