# shellcheck shell=bash
# Valgrind finds the leak that is there.
# needs: valgrind gcc

prepare() {
	printf '#include <stdlib.h>\nvoid *lost;\nint main(void) { lost = malloc(99); lost = 0; }\n' >main.c
}

inside() {
	gcc -g -O0 -o program main.c
	local status=0
	valgrind --leak-check=full --error-exitcode=9 ./program 2>log || status=$?
	equal 9 "$status"
	grep -q 'definitely lost: 99 bytes' log
	valgrind -q --error-exitcode=9 true
}
