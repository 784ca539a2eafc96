#include "watch/workers.h"

#include "base/message.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	/* At the most: as many calls may stall before others have to wait. The watch's main thread
	 * looks names up, too. */
	THREADS = WATCH_THREADS - 1,
	STACK = 256 * 1024,
	PLACES = 64,         /* that are told apart */
	STALLED_MOST = 4,    /* threads in one place */
	WAITING_MOST = 4096, /* calls; more are refused */
};

/* What a thread has in hand. */
struct hand {
	const struct notice *notice;
	unsigned place; /* where it stalls; 0 while it does not */
};

struct job {
	struct notice notice;
	struct job *next;
};

/* Messages between who starts the first thread and that thread, in this order. */
enum {
	GATE_ENTER = 'E',
	GATE_STANDING = 'S', /* from the thread that stands by first, which it made */
	GATE_ENTERED = 'D',
	GATE_LEAD = 'L',
};

struct workers {
	struct workers_request request;
	const struct notify *notify;
	int gates[2];         /* to the first thread, and its own end */
	bool begun_once;      /* the first thread has begun: others need not */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct job *jobs, **jobs_end;
	struct job *waiting[PLACES]; /* calls to a place in which others stall */
	unsigned waiting_count;
	unsigned stalled[PLACES];
	struct hand hands[THREADS]; /* of each thread */
	unsigned slots;             /* of `hands` that are given away */
	struct hand *leads;         /* the leader's */
	_Atomic bool stalls;        /* some place is crowded */
	unsigned threads, idle;
	bool has_leader;
	bool over; /* nobody is left who could call */

	_Atomic unsigned
	        leader;        /* how many there have been: a thread that is not the last is none */
	_Atomic unsigned busy; /* the leader, while it has a call in hand; else 0 */
	_Atomic unsigned begun; /* calls that leaders took in hand */
	_Atomic int event;      /* to be told of the next call; -1: nobody waits */
	unsigned last_begun;    /* at the last tick */
	unsigned last_leader;
};

static void *work(void *data);

static int add_thread(struct workers *workers)
{
	pthread_attr_t attributes;
	pthread_t thread;

	if (workers->threads >= THREADS)
		return EAGAIN;
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK);
	int number = pthread_create(&thread, &attributes, work, workers);
	pthread_attr_destroy(&attributes);
	if (number == 0)
		workers->threads++;
	return number;
}

static _Noreturn void fail(const struct workers *workers, struct error *err)
{
	watch_fail(workers->request.context, err);
}

/* Where a place is crowded, the call waits without a thread. Returns whether it was taken over. */
static bool wait_outside(struct workers *workers, struct notice *notice)
{
	struct error err = {0};

	if (!atomic_load_explicit(&workers->stalls, memory_order_relaxed))
		return false;
	unsigned place = workers->request.place(workers->request.context, notice);
	if (!place || place >= PLACES)
		return false;
	pthread_mutex_lock(&workers->lock);
	bool crowded = workers->stalled[place] >= STALLED_MOST;
	struct job *job =
	        crowded && workers->waiting_count < WAITING_MOST ? malloc(sizeof(*job)) : NULL;
	if (job && notice_new(notice->notify, &job->notice, &err) < 0) {
		error_clear(&err);
		free(job);
		job = NULL;
	}
	if (job) {
		notice_copy(&job->notice, notice);
		job->next = workers->waiting[place];
		workers->waiting[place] = job;
		workers->waiting_count++;
	}
	pthread_mutex_unlock(&workers->lock);
	if (crowded && !job && notice_refuse(notice, EIO, &err) < 0)
		watch_fail(workers->request.context, &err);
	return crowded;
}

/* The lock is held. */
static void add_job(struct workers *workers, struct job *job)
{
	job->next = NULL;
	*workers->jobs_end = job;
	workers->jobs_end = &job->next;
	pthread_cond_signal(&workers->changed);
}

/* A thread came back from where it had stalled: who waits may try. The lock is held. */
static void come_back(struct workers *workers, struct hand *hand)
{
	unsigned place = hand->place;

	hand->place = 0;
	if (!place)
		return;
	workers->stalled[place]--;
	while (workers->waiting[place]) {
		struct job *job = workers->waiting[place];
		workers->waiting[place] = job->next;
		workers->waiting_count--;
		add_job(workers, job);
	}
}

static void answer(struct workers *workers, struct notice *notice)
{
	struct error err = {0};

	if (!wait_outside(workers, notice) &&
	    workers->request.answer(workers->request.context, notice, &err) < 0)
		fail(workers, &err);
}

/* Calls are answered one after the other until somebody else leads, or nobody calls any more. The
 * lock is not held. */
static void lead(struct workers *workers, struct notice *notice, unsigned self)
{
	struct error err = {0};

	while (atomic_load_explicit(&workers->leader, memory_order_acquire) == self) {
		int received = notice_receive(notice, &err);
		if (received < 0)
			fail(workers, &err);
		if (received == 0) {
			struct pollfd place = {.fd = workers->notify->listener};
			if (poll(&place, 1, 0) > 0 && (place.revents & POLLHUP))
				return;
			continue;
		}
		unsigned busy = self;
		atomic_store(&workers->busy, self);
		atomic_fetch_add(&workers->begun, 1);
		int event = atomic_load_explicit(&workers->event, memory_order_relaxed);
		if (event >= 0 && atomic_exchange(&workers->event, -1) >= 0) {
			const uint64_t one = 1;
			(void)!write(event, &one, sizeof(one));
		}
		answer(workers, notice);
		/* Where another leads meanwhile, it says so itself. */
		atomic_compare_exchange_strong(&workers->busy, &busy, 0);
	}
}

static void do_job(struct workers *workers)
{
	struct job *job = workers->jobs;

	workers->jobs = job->next;
	if (!workers->jobs)
		workers->jobs_end = &workers->jobs;
	if (workers->idle == 0)
		add_thread(workers); /* the leader may stall meanwhile */
	pthread_mutex_unlock(&workers->lock);
	answer(workers, &job->notice);
	notice_clear(&job->notice);
	free(job);
	pthread_mutex_lock(&workers->lock);
}

/* Takes the lead. Somebody must stand by then: a thread that is made here sees what this one
 * does. */
static void take_lead(struct workers *workers, struct hand *hand, struct notice *notice)
{
	workers->has_leader = true;
	unsigned self = atomic_fetch_add(&workers->leader, 1) + 1;
	if (workers->idle == 0)
		add_thread(workers); /* where there can be none, the last one is not replaced */
	hand->notice = notice;
	workers->leads = hand;
	pthread_mutex_unlock(&workers->lock);
	lead(workers, notice, self);
	pthread_mutex_lock(&workers->lock);
	come_back(workers, hand);
	if (atomic_load(&workers->leader) == self) {
		workers->has_leader = false;
		workers->over = true;
	}
}

/* What can fail of threads fails before COMMAND is executed: the first that stands by is made, and
 * has begun. */
static int stand_by(struct workers *workers, struct error *err)
{
	workers->begun_once = true;
	int number = add_thread(workers);
	return number ? error_system(err, number, "a thread that stands by")
	              : message_expect(workers->gates[1], GATE_STANDING, NULL, err);
}

/* The first thread's beginning. */
static void begin(struct workers *workers)
{
	int gate = workers->gates[1];
	struct error err = {0};

	if (message_expect(gate, GATE_ENTER, NULL, &err) < 0 ||
	    workers->request.enter(workers->request.context, workers->request.data, &err) < 0 ||
	    stand_by(workers, &err) < 0 || message_send(gate, GATE_ENTERED, -1, &err) < 0 ||
	    message_expect(gate, GATE_LEAD, NULL, &err) < 0)
		fail(workers, &err);
}

/* Whether calls are received already. */
static bool is_led(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	bool led = workers->notify != NULL;
	pthread_mutex_unlock(&workers->lock);
	return led;
}

static void *work(void *data)
{
	struct workers *workers = data;
	struct notice notice = {0};
	struct error err = {0};

	/* The mask of new files' rights and the current folder are each broker's own. */
	if (workers->request.context->broker && unshare(CLONE_FS) < 0) {
		error_system(&err, errno, "a worker's own file mask");
		fail(workers, &err);
	}
	watch_own(workers->request.context);
	/* Others are made by threads that have begun. */
	if (!workers->begun_once)
		begin(workers);
	else if (!is_led(workers) && message_send(workers->gates[0], GATE_STANDING, -1, &err) < 0)
		fail(workers, &err);
	pthread_mutex_lock(&workers->lock);
	struct hand *hand = &workers->hands[workers->slots++];
	for (;;) {
		if (workers->jobs) {
			do_job(workers);
		} else if (workers->notify && !workers->has_leader && !workers->over) {
			if (!notice.call && notice_new(workers->notify, &notice, &err) < 0)
				fail(workers, &err);
			take_lead(workers, hand, &notice);
		} else {
			workers->idle++;
			pthread_cond_wait(&workers->changed, &workers->lock);
			workers->idle--;
		}
	}
}

int workers_start(const struct workers_request *request, struct workers **out, struct error *err)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (!workers)
		return error_memory(err);
	*workers = (struct workers){
	        .request = *request,
	        .lock = PTHREAD_MUTEX_INITIALIZER,
	        .changed = PTHREAD_COND_INITIALIZER,
	        .event = -1,
	};
	workers->jobs_end = &workers->jobs;
	if (message_pair(workers->gates, err) < 0)
		return -1;
	int number = add_thread(workers);
	if (number)
		return error_system(err, number, "a thread that answers calls");
	*out = workers;
	return 0;
}

int workers_enter(struct workers *workers, struct error *err)
{
	return message_send(workers->gates[0], GATE_ENTER, -1, err) < 0
	               ? -1
	               : message_expect(workers->gates[0], GATE_ENTERED, NULL, err);
}

int workers_lead(struct workers *workers, const struct notify *notify, struct error *err)
{
	pthread_mutex_lock(&workers->lock);
	workers->notify = notify;
	pthread_mutex_unlock(&workers->lock);
	return message_send(workers->gates[0], GATE_LEAD, -1, err);
}

int workers_later(struct workers *workers, struct notice *notice)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return -1;
	job->notice = *notice;
	*notice = (struct notice){0};
	pthread_mutex_lock(&workers->lock);
	add_job(workers, job);
	pthread_mutex_unlock(&workers->lock);
	return 0;
}

/* The leader stalls: where? The lock is held. */
static void note_stall(struct workers *workers)
{
	unsigned place = workers->request.place(workers->request.context, workers->leads->notice);

	if (!place || place >= PLACES)
		return;
	workers->leads->place = place;
	if (++workers->stalled[place] >= STALLED_MOST)
		atomic_store(&workers->stalls, true);
}

bool workers_tick(struct workers *workers)
{
	unsigned begun = atomic_load(&workers->begun);
	unsigned leader = atomic_load(&workers->leader);
	unsigned busy = atomic_load(&workers->busy);
	bool stalls = busy && busy == leader && begun == workers->last_begun &&
	              leader == workers->last_leader;
	bool came = begun != workers->last_begun;

	workers->last_begun = begun;
	workers->last_leader = leader;
	pthread_mutex_lock(&workers->lock);
	if (stalls && workers->has_leader && workers->idle > 0 &&
	    atomic_compare_exchange_strong(&workers->busy, &busy, 0)) {
		/* What it has in hand is its own: when it is done, it finds that another leads. */
		atomic_fetch_add(&workers->leader, 1);
		workers->has_leader = false;
		note_stall(workers);
		pthread_cond_signal(&workers->changed);
	}
	pthread_mutex_unlock(&workers->lock);
	return came || stalls;
}

void workers_wake(struct workers *workers, int event)
{
	atomic_store(&workers->event, event);
}

bool workers_idle(const struct workers *workers)
{
	return atomic_load(&workers->busy) == 0;
}
