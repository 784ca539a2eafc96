# shellcheck shell=bash
# A repository that is made inside: all of git works.
# needs: git

prepare() { :; }

inside() {
	git init -q -b main project
	cd project || return
	git config user.name tester
	git config user.email tester@example.invalid
	echo one >file
	git add file
	git commit -q -m first
	git checkout -q -b topic
	echo two >>file
	git commit -q -a -m second
	git checkout -q main
	echo three >other
	git add other
	git commit -q -m third
	git merge -q -m merged topic
	git tag -a -m tagged v1
	git branch -m topic renamed
	git branch -d renamed
	git stash list
	echo four >>file
	git stash -q
	git stash pop -q
	git restore file
	git gc -q
	git fsck --no-progress
	equal 4 "$(git rev-list --count HEAD)"
	git clone -q . ../copy
	git -C ../copy log --oneline | has merged
	git worktree add -q ../tree v1
	test -f ../tree/file
}
