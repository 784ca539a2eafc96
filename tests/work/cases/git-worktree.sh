# shellcheck shell=bash
# The workspace is a linked worktree; the repository lies elsewhere.
# needs: git
# workspace: tree

prepare() {
	git init -q -b main main
	git -C main config user.name tester
	git -C main config user.email tester@example.invalid
	echo one >main/file
	git -C main add file
	git -C main commit -q -m first
	git -C main worktree add -q -b topic ../tree
}

inside() {
	echo two >>file
	git commit -q -m second file
	equal 2 "$(git rev-list --count topic)"
	git status --porcelain | grep -v '^??' && return 1
	held "$1" git config core.editor vi
}
