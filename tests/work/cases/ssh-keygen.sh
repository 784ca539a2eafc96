# shellcheck shell=bash
# A pair of keys, its fingerprint, a signature.
# needs: ssh-keygen

prepare() { :; }

inside() {
	ssh-keygen -q -t ed25519 -N '' -C sample -f key
	ssh-keygen -l -f key.pub | has ED25519
	echo text >file
	ssh-keygen -q -Y sign -f key -n file file
	test -s file.sig
	equal 600 "$(stat -c %a key)"
}
