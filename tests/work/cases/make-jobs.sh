# shellcheck shell=bash disable=SC2016 # they are for make
# A build of forty objects under the job server of make.
# needs: make gcc

prepare() {
	local number
	for number in $(seq 40); do
		printf 'int part_%d(void);\nint part_%d(void) { return %d; }\n' \
			"$number" "$number" "$number" >"part_$number.c"
	done
	{
		seq -f 'int part_%.0f(void);' 40
		printf '#include <stdio.h>\nint main(void)\n{\n\tprintf("%%d\\n", 0'
		seq -f ' + part_%.0f()' 40
		printf ');\n}\n'
	} >main.c
	printf 'objects := $(patsubst %%.c,%%.o,$(wildcard *.c))\nprogram: $(objects)\n\t$(CC) -o $@ $^\n' \
		>Makefile
}

inside() {
	make -j4 >log
	equal 820 "$(./program)"
	make -j4 | has 'up to date'
	touch part_7.c
	make -j4 | has 'part_7.c'
}
