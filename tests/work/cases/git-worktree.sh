# shellcheck shell=bash
# The workspace is a linked work tree: its repository is elsewhere, and its own files are not shown.
# needs: git
# workspace: side

prepare() {
	git init -q -b main main
	git -C main config user.name tester
	git -C main config user.email tester@example.invalid
	echo one >main/file
	git -C main add file
	git -C main commit -q -m first
	git -C main branch other
	git -C main worktree add -q -b side ../side
	git -C main worktree add -q ../third other
	echo /case.sh >>main/.git/info/exclude
}

inside() {
	local common
	common=$(git rev-parse --path-format=absolute --git-common-dir)
	echo two >>file
	git status --porcelain | has '^ M file'
	git add file
	git commit -q -m second
	git commit -q --amend -m changed
	git branch topic
	git checkout -q topic
	echo three >topic-file
	git add topic-file
	git commit -q -m third
	git checkout -q side
	git merge -q --no-ff -m merged topic
	git branch -q -d topic
	echo more >>file
	git stash -q
	git stash pop -q
	git reset -q --hard
	git rebase -q HEAD~1
	git tag v1
	git repack -q -d
	git pack-refs --all
	git fsck --no-progress
	git log --oneline | has third
	held "$1" git gc -q # shortens the logs of other work trees, too
	held "$1" git config core.editor vi
	held "$1" bash -c "echo exit 1 >'$common/hooks/pre-commit'"
	rm -f "$common/hooks/pre-commit" || [ "$1" = confined ]
	held "$1" touch "$common/worktrees/third/gitdir"
	held "$1" touch "$common/worktrees/third/new"
	held "$1" touch "$common/worktrees/side/gitdir"
	held "$1" touch "$common/worktrees/side/commondir"
	held "$1" touch "$common/HEAD"
	held "$1" touch "$common/index"
	held "$1" touch .git
	held "$1" test -e ../main/file
	held "$1" test -e ../third/file
	git log --oneline | has changed
}
