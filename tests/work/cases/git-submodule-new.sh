# shellcheck shell=bash
# A submodule that is added inside, to a repository that is made inside.
# needs: git

prepare() { :; }

inside() {
	local name
	for name in library whole; do
		git init -q -b main "$name"
		git -C "$name" config user.name tester
		git -C "$name" config user.email tester@example.invalid
		echo "$name" >"$name/file"
		git -C "$name" add file
		git -C "$name" commit -q -m first
	done
	git -C whole -c protocol.file.allow=always submodule --quiet add "$PWD/library" part
	git -C whole commit -q -m part
	equal library "$(cat whole/part/file)"
	git -C whole/part checkout -q -b topic
	git -C whole submodule status | has part
	git -c protocol.file.allow=always clone -q --recurse-submodules whole copy
	equal library "$(cat copy/part/file)"
	held "$1" bash -c 'echo exit 1 >whole/.git/modules/part/hooks/pre-commit'
}
