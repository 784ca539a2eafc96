# shellcheck shell=bash
# A key made in the scratch home, with the agent that gpg starts; a signature checked.
# needs: gpg gpgconf gpg-agent

prepare() { :; }

inside() {
	gpg --batch --quiet --passphrase '' --quick-generate-key 'Sample <sample@example.invalid>' \
		ed25519 sign never 2>log
	echo text >file
	gpg --batch --quiet --detach-sign file
	gpg --batch --verify file.sig file 2>>log
	grep -q 'Good signature' log
	gpgconf --kill gpg-agent
	# The control writes into a home of its own; inside nothing of this reaches the host.
	[ "$1" = confined ] || rm -rf "$HOME/.gnupg"
}
