#include "base/timing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum {
	MARKS = 80, /* some 30 are made */
};

struct mark {
	char part[16], stage[24];
	uint64_t time; /* nanoseconds on CLOCK_MONOTONIC */
};

struct timing {
	uint64_t start;
	size_t count; /* of marks; written last */
	struct mark marks[MARKS];
};

/* By the vDSO: without a system call, also behind a filter. */
static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

int timing_begin(struct timing **out, struct error *err)
{
	void *memory = mmap(NULL, sizeof(struct timing), PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return error_system(err, errno, "mmap");
	*out = memory;
	(*out)->start = now();
	return 0;
}

void timing_free(struct timing *timing)
{
	if (timing)
		munmap(timing, sizeof(*timing));
}

void timing_mark(struct timing *timing, const char *part, const char *stage)
{
	if (!timing)
		return;
	size_t count = __atomic_load_n(&timing->count, __ATOMIC_ACQUIRE);
	if (count >= MARKS)
		return;
	struct mark *mark = &timing->marks[count];
	snprintf(mark->part, sizeof(mark->part), "%s", part);
	snprintf(mark->stage, sizeof(mark->stage), "%s", stage);
	mark->time = now();
	__atomic_store_n(&timing->count, count + 1, __ATOMIC_RELEASE);
}

size_t timing_count(const struct timing *timing)
{
	size_t count = __atomic_load_n(&timing->count, __ATOMIC_ACQUIRE);

	return count < MARKS ? count : MARKS;
}

struct timing_row timing_row(const struct timing *timing, size_t number)
{
	const struct mark *mark = &timing->marks[number];
	uint64_t before = number ? timing->marks[number - 1].time : timing->start;
	struct timing_row row = {.nanoseconds = mark->time - before};

	memcpy(row.part, mark->part, sizeof(row.part) - 1);
	memcpy(row.stage, mark->stage, sizeof(row.stage) - 1);
	return row;
}

uint64_t timing_total(const struct timing *timing)
{
	size_t count = timing_count(timing);

	return count ? timing->marks[count - 1].time - timing->start : 0;
}
