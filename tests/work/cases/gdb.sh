# shellcheck shell=bash
# A debugger on a child: breakpoint, back trace, a changed variable.
# needs: gdb gcc

prepare() {
	cat >main.c <<-'TEXT'
	#include <stdio.h>
	static int twice(int number) { return number * 2; }
	int main(void) { printf("%d\n", twice(21)); }
	TEXT
}

inside() {
	gcc -g -O0 -o program main.c
	gdb -nx -batch -ex 'break twice' -ex run -ex backtrace -ex 'set var number = 50' -ex continue \
		./program >log 2>&1
	grep -q '#1 .* main' log
	grep -q '^100' log
}
