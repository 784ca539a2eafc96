# shellcheck shell=bash
# sed -i, awk, perl -pi, diff and patch, sort with scratch files, find -exec.
# needs: sed awk perl patch diff

prepare() { :; }

inside() {
	seq 10 >numbers
	cp numbers before
	sed -i 's/^5$/five/' numbers
	perl -pi -e 's/^6$/six/' numbers
	equal 'five six' "$(sed -n '5,6p' numbers | paste -sd' ')"
	diff -u before numbers >change || true
	cp before after
	patch -s after change
	cmp after numbers
	equal 55 "$(awk '{ sum += $1 } END { print sum }' before)"
	equal 200000 "$(seq 200000 | shuf | sort -n -S 1M | tail -1)"
	find . -name numbers -exec cp {} found \;
	test -f found
	find . -maxdepth 1 -type f -print0 | xargs -0 -P 2 -n 1 wc -l >/dev/null
	perl -MFile::Temp=tempfile -e '($h, $n) = tempfile(); print $h "x"; unlink $n or die'
	echo 'print "from perl"' | perl | has 'from perl'
}
