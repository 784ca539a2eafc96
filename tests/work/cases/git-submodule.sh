# shellcheck shell=bash
# The workspace is a submodule: its git folder is in the repository around it, which is not shown.
# needs: git
# workspace: whole/part

prepare() {
	git init -q -b main library
	git -C library -c user.name=tester -c user.email=tester@example.invalid \
		commit -q --allow-empty -m first
	git init -q -b main whole
	echo one >whole/beside
	git -C whole -c protocol.file.allow=always submodule --quiet add "$PWD/library" part
	git -C whole/part config user.name tester
	git -C whole/part config user.email tester@example.invalid
}

inside() {
	local folder
	folder=$(git rev-parse --absolute-git-dir)
	echo one >file
	git add file
	git commit -q -m second
	git checkout -q -b topic
	echo two >>file
	git commit -q -m third file
	git checkout -q main
	git merge -q topic
	git gc -q
	git log --oneline | has third
	held "$1" git config core.editor vi
	held "$1" bash -c "echo exit 1 >'$folder/hooks/pre-commit'"
	rm -f "$folder/hooks/pre-commit" || [ "$1" = confined ]
	held "$1" touch .git
	held "$1" test -e ../beside
	held "$1" test -e ../.git/config
	git log --oneline | has second
}
