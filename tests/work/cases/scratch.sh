# shellcheck shell=bash
# Scratch space: files, sockets and programs in /tmp, /var/tmp, /dev/shm and the home folder.
# needs: bash

prepare() { :; }

inside() {
	local folder place
	for folder in /tmp /var/tmp /dev/shm "$HOME"; do
		place=$(mktemp -d "$folder/scratch.XXXXXX")
		echo text >"$place/file"
		mv "$place/file" "$place/moved"
		ln -s moved "$place/link"
		equal text "$(cat "$place/link")"
		rm -r "$place"
	done
	printf '#!/bin/sh\necho runs\n' >/tmp/remit-work-program.$$
	chmod +x /tmp/remit-work-program.$$
	equal runs "$(/tmp/remit-work-program.$$)"
	rm /tmp/remit-work-program.$$
	mkdir -p "$HOME/.cache/sample"
	echo kept >"$HOME/.cache/sample/file"
	equal kept "$(cat ~/.cache/sample/file)"
	rm -r "$HOME/.cache"
}
