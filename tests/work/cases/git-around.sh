# shellcheck shell=bash
# The workspace is a folder of a repository.
# needs: git
# workspace: part

prepare() {
	git init -q -b main .
	git config user.name tester
	git config user.email tester@example.invalid
	mkdir part
	echo one >part/file
	echo one >beside
	git add part/file beside
	git commit -q -m first
}

inside() {
	equal one "$(cat ../beside)"
	held "$1" bash -c 'echo two >../beside'
	[ "$1" = confined ] || git checkout -q -- ..
	echo two >>file
	git commit -q -m second file
	git log --oneline | has second
	equal 2 "$(git rev-list --count HEAD)"
	git branch topic
	held "$1" git config core.editor vi
}
