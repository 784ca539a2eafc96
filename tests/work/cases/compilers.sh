# shellcheck shell=bash
# Preprocessor, assembler, linker, a shared library that is loaded at run time, threads, profile data.
# needs: gcc

prepare() {
	printf 'int answer(void);\nint answer(void) { return 42; }\n' >plugin.c
	cat >main.c <<-'TEXT'
	#include <dlfcn.h>
	#include <pthread.h>
	#include <stdio.h>
	static void *run(void *data) { *(int *)data += 1; return data; }
	int main(void)
	{
		void *plugin = dlopen("./plugin.so", RTLD_NOW);
		int (*answer)(void) = plugin ? (int (*)(void))dlsym(plugin, "answer") : 0;
		int count = 0;
		pthread_t thread;
		if (answer == 0 || pthread_create(&thread, 0, run, &count) || pthread_join(thread, 0))
			return 1;
		printf("%d\n", answer() + count);
		return 0;
	}
	TEXT
}

inside() {
	gcc -shared -fPIC -o plugin.so plugin.c
	gcc -pipe -flto -fprofile-arcs -o program main.c -ldl -lpthread
	equal 43 "$(./program)"
	ls ./*.gcda >/dev/null
	gcc -c plugin.c
	ar rcs library.a plugin.o
	gcc -S -o - plugin.c | gcc -x assembler -c -o assembled.o -
	strip program
	equal 43 "$(./program)"
}
