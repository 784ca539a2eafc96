/* create NUMBER: nanoseconds of one creation of a file, as the best of ten parts of NUMBER. The
 * files are removed between the parts, which is not measured. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t part(unsigned long number)
{
	char name[64];
	int64_t begin = now();

	for (unsigned long i = 0; i < number; i++) {
		snprintf(name, sizeof(name), "created.%lu", i);
		int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (file < 0)
			return -1;
		close(file);
	}
	int64_t time = now() - begin;
	for (unsigned long i = 0; i < number; i++) {
		snprintf(name, sizeof(name), "created.%lu", i);
		unlink(name);
	}
	return time / (int64_t)number;
}

int main(int argc, char **argv)
{
	unsigned long number = argc == 2 ? strtoul(argv[1], NULL, 10) / 10 : 0;
	int64_t best = -1;

	if (number == 0)
		return 2;
	for (int i = 0; i < 10; i++) {
		int64_t time = part(number);
		if (time < 0)
			return 1;
		if (best < 0 || time < best)
			best = time;
	}
	printf("%lld\n", (long long)best);
	return 0;
}
