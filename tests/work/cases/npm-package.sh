# shellcheck shell=bash disable=SC2016 # it is JavaScript
# npm ci and npm test of a package with a file: dependency, then a packed one; all offline.
# needs: node npm

prepare() {
	mkdir greeter test
	echo '{"name":"greeter","version":"1.0.0","main":"index.js"}' >greeter/package.json
	echo 'module.exports = (name) => `hello ${name}`;' >greeter/index.js
	cat >package.json <<-'TEXT'
	{
	  "name": "sample", "version": "1.0.0", "private": true,
	  "scripts": { "postinstall": "node -e \"require('fs').writeFileSync('installed', '')\"",
	               "test": "node --test test/" },
	  "dependencies": { "greeter": "file:greeter" }
	}
	TEXT
	cat >package-lock.json <<-'TEXT'
	{
	  "name": "sample", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
	  "packages": {
	    "": { "name": "sample", "version": "1.0.0", "hasInstallScript": true,
	          "dependencies": { "greeter": "file:greeter" } },
	    "greeter": { "version": "1.0.0" },
	    "node_modules/greeter": { "resolved": "greeter", "link": true }
	  }
	}
	TEXT
	cat >test/greeter.test.js <<-'TEXT'
	const test = require('node:test');
	const assert = require('node:assert');
	test('greets', () => assert.equal(require('greeter')('you'), 'hello you'));
	TEXT
}

inside() {
	npm ci --no-audit --no-fund >log 2>&1
	test -f node_modules/greeter/index.js # a link or a copy, by the version of npm
	test -f installed
	npm test >>log 2>&1
	grep -q 'pass 1' log
	npm pack --silent ./greeter >>log
	mkdir other
	cd other || return
	echo '{"name":"other","version":"1.0.0"}' >package.json
	npm install --offline --no-audit --no-fund ../greeter-1.0.0.tgz >>../log 2>&1
	equal 'hello x' "$(node -p 'require("greeter")("x")')"
}
