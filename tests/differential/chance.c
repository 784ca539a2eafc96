#include "differential.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

void give_up(const char *format, ...)
{
	va_list arguments;

	fputs("differential: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("\n", stderr);
	exit(2);
}

void chance_seed(uint64_t seed)
{
	state = seed;
}

/* SplitMix64. */
size_t choose(size_t count)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (size_t)((z ^ (z >> 31)) % count);
}

bool percent(unsigned chance)
{
	return choose(100) < chance;
}
