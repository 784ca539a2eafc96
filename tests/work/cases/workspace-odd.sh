# shellcheck shell=bash disable=SC2016 # the name is meant as it stands
# The workspace has a name that shells, makefiles and mount tables would like to misread.
# needs: make
# workspace: a b\011ü$(x) "q"

prepare() {
	mkdir 'a b\011ü$(x) "q"'
}

inside() {
	printf 'out: in\n\tcp in out\n' >Makefile
	echo text >in
	make >log
	equal text "$(cat "$PWD/out")"
	mkdir -p folder
	mv out folder/
	test -f "$PWD/folder/out"
}
