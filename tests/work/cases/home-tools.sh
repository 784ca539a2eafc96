# shellcheck shell=bash
# Programs and plain configuration of the home folder: ~/.local/bin, and the name in ~/.gitconfig.
# needs: git

prepare() {
	mkdir -p ~/.local/bin
	printf '#!/bin/sh\necho from home\n' >~/.local/bin/home-tool
	chmod +x ~/.local/bin/home-tool
	printf '[user]\n\tname = Home Sample\n\temail = sample@example.invalid\n' >~/.gitconfig
}

inside() {
	equal 'from home' "$(PATH=~/.local/bin:$PATH home-tool)"
	git init -q -b main project
	echo text >project/file
	git -C project add file
	git -C project commit -q -m first
	equal 'Home Sample' "$(git -C project log --format=%an)"
	held "$1" bash -c 'echo changed >>~/.local/bin/home-tool'
	held "$1" git config --global core.editor vi
}
