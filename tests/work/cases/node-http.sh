# shellcheck shell=bash
# A server and its client on localhost, in one process and in two.
# needs: node

prepare() { :; }

inside() {
	cat >server.js <<-'TEXT'
	const http = require('http');
	const server = http.createServer((request, response) => {
		response.end('served ' + request.url);
		if (request.url === '/end') server.close();
	});
	server.listen(0, 'localhost', () =>
		require('fs').writeFileSync('port', String(server.address().port)));
	TEXT
	cat >client.js <<-'TEXT'
	const port = require('fs').readFileSync('port', 'utf8');
	fetch(`http://localhost:${port}/end`).then((r) => r.text()).then(console.log);
	TEXT
	node server.js &
	until_true 20 test -s port
	equal 'served /end' "$(node client.js)"
	wait $!
}
