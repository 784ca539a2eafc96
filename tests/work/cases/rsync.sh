# shellcheck shell=bash
# A copy of a tree, then of what changed in it.
# needs: rsync

prepare() { :; }

inside() {
	mkdir -p source/deep
	seq 1000 >source/deep/numbers
	ln -s numbers source/deep/link
	rsync -a source/ target
	diff -r source target
	echo more >>source/deep/numbers
	rm source/deep/link
	rsync -a --delete --itemize-changes source/ target >log
	diff -r source target
	grep -q 'deleting  *deep/link' log
}
