# shellcheck shell=bash
# A repository that exists at launch: work goes on, its configuration stays as it is.
# needs: git

prepare() {
	git init -q -b main .
	git config user.name tester
	git config user.email tester@example.invalid
	echo '/log' >.git/info/exclude
	echo one >file
	git add file
	git commit -q -m first
}

inside() {
	echo two >>file
	git status --porcelain | has '^ M file'
	git diff --stat | has file
	git add file
	git commit -q -m second
	git checkout -q -b topic
	echo three >topic-file
	git add topic-file
	git commit -q -m third
	git checkout -q main
	git merge -q --no-ff -m merged topic
	git rebase -q HEAD~1
	git tag v1
	echo more >>file
	git stash -q
	git stash pop -q
	git reset -q --hard
	git gc -q
	git fsck --no-progress
	git log --oneline | has third
	if [ "$1" = outside ] || grep -q " $PWD ro," /proc/self/mountinfo; then
		git remote add upstream ../elsewhere # harmless, so the broker publishes it
		git config branch.topic.remote upstream
		git branch -m topic renamed
		git config branch.renamed.remote | has upstream
	else # level namespaces
		held "$1" git remote add upstream ../elsewhere
		held "$1" git branch -m topic renamed # renames the branch, fails at its configuration
	fi
	held "$1" git config core.editor vi
	held "$1" git config core.hooksPath elsewhere
	held "$1" bash -c 'echo exit 1 >.git/hooks/pre-commit'
	git log --oneline | has second
}
