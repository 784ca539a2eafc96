# shellcheck shell=bash
# The workspace lies forty folders down.
# needs: git
# workspace: level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length/level_of_some_length

prepare() {
	mkdir -p "$(printf 'level_of_some_length/%.0s' $(seq 40))"
}

inside() {
	git init -q -b main project
	echo text >project/file
	git -C project add file
	git -C project -c user.name=t -c user.email=t@example.invalid commit -q -m first
	git clone -q project copy
	equal text "$(cat copy/file)"
}
