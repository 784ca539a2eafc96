# shellcheck shell=bash disable=SC2016 # it is JavaScript
# npm ci of packages that ship an editor's, a forge's and npm's own settings: below node_modules these
# are nobody's.
# needs: node npm tar

prepare() {
	mkdir -p package/.vscode package/.github/workflows package/.claude
	echo '{"name":"ships","version":"1.0.0","main":"index.js"}' >package/package.json
	echo 'module.exports = 42;' >package/index.js
	echo '{}' >package/.vscode/settings.json
	echo '{}' >package/.claude/settings.json
	echo 'on: push' >package/.github/workflows/test.yml
	echo 'loglevel=error' >package/.npmrc
	tar -c -z -f ships-1.0.0.tgz package
	rm -r package
	echo '{"name":"sample","version":"1.0.0","dependencies":{"ships":"file:ships-1.0.0.tgz"}}' >package.json
	npm install --package-lock-only --offline --no-audit --no-fund >/dev/null 2>&1
	test -f package-lock.json
}

inside() {
	npm ci --offline --no-audit --no-fund >log 2>&1 || {
		cat log
		return 1
	}
	equal 42 "$(node -p 'require("ships")')"
	test -f node_modules/ships/.vscode/settings.json
	test -f node_modules/ships/.github/workflows/test.yml
	test -f node_modules/ships/.npmrc
	rm -r node_modules
	npm ci --offline --no-audit --no-fund >log 2>&1
	held "$1" bash -c 'echo "script-shell=./evil" >.npmrc'
	held "$1" mkdir -p .github/workflows
}
