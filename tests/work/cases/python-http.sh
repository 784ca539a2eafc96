# shellcheck shell=bash
# http.server and urllib on localhost, over IPv4 and IPv6; UDP; a socket with a path.
# needs: python3

prepare() { :; }

inside() {
	echo text >page
	python3 -u -m http.server --bind 127.0.0.1 0 >server.log 2>&1 &
	local server=$!
	until_true 20 grep -q 'port [1-9]' server.log
	local port
	port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' server.log)
	equal text "$(python3 -c "
import urllib.request
print(urllib.request.urlopen('http://localhost:$port/page').read().decode().strip())")"
	kill $server
	wait $server || true
	python3 - <<-'TEXT'
	import socket, threading

	def talk(family, kind, address):
	    server, client = socket.socket(family, kind), socket.socket(family, kind)
	    server.bind(address)
	    if kind == socket.SOCK_STREAM:
	        server.listen()
	        threading.Thread(target=lambda: server.accept()[0].sendall(b"answer")).start()
	        client.connect(server.getsockname())
	    else:
	        client.bind((address[0], 0))
	        server.sendto(b"answer", client.getsockname())
	    assert client.recv(6) == b"answer"

	talk(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
	talk(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
	talk(socket.AF_UNIX, socket.SOCK_STREAM, "socket")
	talk(socket.AF_UNIX, socket.SOCK_STREAM, "\0remit-work-abstract")
	if socket.has_ipv6:
	    talk(socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))
	assert socket.gethostbyname("localhost") == "127.0.0.1"
	TEXT
}
