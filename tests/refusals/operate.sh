#!/bin/sh
# Makes the operations of a file of rows, as operate.c does: operate.sh ROWS >RESULTS
# A row is NUMBER, WAY and a command, with tabs between. WAY `self` is done by a shell, `other` by
# the program that the command names, which takes the shell's place. The result is what was said.
tab=$(printf '\t')
said=/tmp/remit-refusals-said.$$
while IFS=$tab read -r number way command; do
	[ "$way" = self ] || command="exec $command"
	sh -c "$command" </dev/null >/dev/null 2>"$said" &
	child=$!
	if wait $child; then
		result=OK
	else
		result=$(tail -n 1 "$said")
	fi
	printf '%s\t%s\t%s\n' "$number" "$child" "$result"
done <"$1"
rm -f "$said"
