# shellcheck shell=bash
# Repositories that are made inside, with a remote, a bare one, and harmless settings.
# needs: git

prepare() { :; }

inside() {
	git init -q --bare shared.git
	git init -q -b main project
	cd project || return
	git config user.name tester
	git config user.email tester@example.invalid
	echo one >file
	git add file
	git commit -q -m first
	git remote add origin ../shared.git
	git push -q -u origin main
	equal origin "$(git config branch.main.remote)"
	git gc -q
	cd ..
	git clone -q -b main shared.git second
	cd second || return
	git config user.name tester
	git config user.email tester@example.invalid
	echo two >>file
	git commit -q -a -m second
	git push -q
	git -C ../project pull -q
	equal 2 "$(git -C ../project rev-list --count HEAD)"
	git worktree add -q ../tree -b side
	echo three >>../tree/file
	git -C ../tree commit -q -a -m third
	git worktree remove ../tree
	git fsck --no-progress
	held "$1" git config core.fsmonitor ./evil
	held "$1" bash -c 'echo exit 1 >.git/hooks/pre-commit'
	rm -f .git/hooks/pre-commit
	git status --porcelain
}
