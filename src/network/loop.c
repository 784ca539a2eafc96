#include "network/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

enum {
	EVENTS = 64,
};

int loop_open(struct loop *loop, struct error *err)
{
	*loop = (struct loop){.poll = epoll_create1(EPOLL_CLOEXEC)};
	loop->last = &loop->first;
	return loop->poll < 0 ? error_system(err, errno, "epoll_create1") : 0;
}

int loop_add(struct loop *loop, int descriptor, uint32_t events, struct loop_source *source)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(loop->poll, EPOLL_CTL_ADD, descriptor, &event);
}

void loop_later(struct loop *loop, struct loop_later *later)
{
	if (later->queued)
		return;
	later->queued = true;
	later->next = NULL;
	*loop->last = later;
	loop->last = &later->next;
}

/* What is queued meanwhile waits for the next round: nobody keeps the others from their events. */
static int run_later(struct loop *loop, struct error *err)
{
	struct loop_later *later = loop->first;

	loop->first = NULL;
	loop->last = &loop->first;
	while (later) {
		struct loop_later *next = later->next;
		later->queued = false;
		if (later->run(later, err) < 0)
			return -1;
		later = next;
	}
	return 0;
}

int loop_step(struct loop *loop, int milliseconds, struct error *err)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(loop->poll, events, EVENTS, loop->first ? 0 : milliseconds);

	if (count < 0 && errno != EINTR)
		return error_system(err, errno, "epoll_wait");
	for (int i = 0; i < count; i++) {
		struct loop_source *source = events[i].data.ptr;
		if (source->ready(source, events[i].events, err) < 0)
			return -1;
	}
	return run_later(loop, err);
}

uint64_t loop_milliseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

uint64_t loop_seconds(void)
{
	return loop_milliseconds() / 1000;
}
