# shellcheck shell=bash
# Address and undefined-behaviour sanitizers, and the leak sanitizer, which traces its own process.
# needs: gcc

prepare() {
	cat >leak.c <<-'TEXT'
	#include <stdlib.h>
	void *volatile lost;
	int main(int count, char **words)
	{
		(void)words;
		lost = malloc(77);
		if (count > 1)
			free(lost);
		lost = 0;
		return 0;
	}
	TEXT
	cat >overflow.c <<-'TEXT'
	#include <stdlib.h>
	int main(int count, char **words)
	{
		(void)words;
		char *text = malloc(4);
		text[3 + count] = 1;
		free(text);
		return 0;
	}
	TEXT
}

inside() {
	gcc -g -fsanitize=address,undefined -o leak leak.c
	gcc -g -fsanitize=address,undefined -o overflow overflow.c
	./leak clean
	held_by_sanitizer 'detected memory leaks' ./leak
	held_by_sanitizer 'heap-buffer-overflow' ./overflow
}

held_by_sanitizer() {
	local text=$1
	shift
	if "$@" 2>log; then
		echo "no report of $*" >&2
		return 1
	fi
	grep -q "$text" log
}
