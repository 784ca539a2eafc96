# shellcheck shell=bash
# Archives made and extracted, with modes, links and times.
# needs: tar gzip xz zip unzip

prepare() { :; }

inside() {
	mkdir -p tree/deep/deeper empty
	echo text >tree/deep/file
	ln -s file tree/deep/link
	ln tree/deep/file tree/hard
	chmod 750 tree/deep
	touch -d '2020-01-02 03:04:05' tree/deep/file
	local kind
	for kind in z J; do
		tar -c -$kind -f archive.tar.$kind tree
		mkdir "out$kind"
		tar -x -f archive.tar.$kind -C "out$kind"
		diff -r tree "out$kind/tree"
		equal 750 "$(stat -c %a "out$kind/tree/deep")"
		equal file "$(readlink "out$kind/tree/deep/link")"
		equal 2020 "$(date -r "out$kind/tree/deep/file" +%Y)"
		test "out$kind/tree/hard" -ef "out$kind/tree/deep/file"
	done
	zip -q -r archive.zip tree
	unzip -q archive.zip -d outzip
	diff -r tree outzip/tree
	gzip -k case.sh
	equal "$(cat case.sh)" "$(zcat case.sh.gz)"
}
