# shellcheck shell=bash
# Copies, moves across folders, links, modes, times, sparse and large files, names of all kinds.
# needs: cp mv ln chmod

prepare() { :; }

inside() {
	mkdir -p one/two three
	echo text >one/two/file
	chmod 640 one/two/file
	cp -a one copy
	equal 640 "$(stat -c %a copy/two/file)"
	mv one/two/file three/moved
	mv three/moved one/two
	ln one/two/moved three/hard
	ln -s ../one/two/moved three/soft
	equal text "$(cat three/soft)"
	mv -T copy three/folder
	chmod -R u+rwX,go-w three
	touch -h -d '2001-02-03' three/soft
	touch -d '2001-02-03' three/hard
	truncate -s 1M sparse
	equal 1048576 "$(stat -c %s sparse)"
	fallocate -l 64K allocated
	dd if=/dev/zero of=large bs=1M count=64 status=none
	cp --reflink=auto large other
	cmp large other
	rm large other
	echo x >'name with spaces, "quotes", ümlauts 文 and *'
	compgen -G '*文*' | has 文
	local deep
	deep=$(printf 'deeper/%.0s' $(seq 60))
	mkdir -p "$deep"
	echo down >"$deep/file"
	find deeper -type f | has file
	rm -rf deeper
	install -m 755 case.sh three/installed
	(umask 077 && echo x >private)
	equal 600 "$(stat -c %a private)"
	sync three/hard
	unlink three/hard
	rmdir one/two 2>/dev/null && return 1
	mktemp -d | has '^/tmp/'
	mktemp -p . | has .
}
