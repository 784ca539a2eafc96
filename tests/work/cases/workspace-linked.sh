# shellcheck shell=bash
# The workspace is named by a symbolic link.
# needs: gcc
# workspace: link

prepare() {
	mkdir -p real/below
	ln -s real link
}

inside() {
	echo text >file
	equal text "$(cat "$PWD/file")"
	equal text "$(cat "$(pwd -P)/file")"
	printf 'int main(void) { return 0; }\n' >main.c
	gcc -o below/program main.c
	./below/program
}
