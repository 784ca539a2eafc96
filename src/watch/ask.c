#include "watch/ask.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAITING_MOST = 256, /* calls; more are refused */
	STANDING_MOST = 4096,
	VERDICTS_MOST = 8, /* on one call: what asks for more changes its mind */
};

/* A question that was sent, and the calls that wait for its answer. */
struct waiting {
	struct question question; /* its texts are owned */
	struct notice *notices;
	size_t count;
	struct waiting *next;
};

/* What was answered about one call, until the call is answered. */
struct said {
	uint64_t call;
	char *target;
	bool protected; /* it was asked as a protected path */
	bool yes;
	struct said *next;
};

/* What was answered for good. */
struct standing {
	enum effect effect;
	enum answer_scope scope;
	char *target;
	struct standing *next;
};

struct asks {
	pthread_mutex_t lock;
	enum watch_approve approve;
	int socket;
	uint64_t last;
	size_t waiting_count, standing_count;
	struct waiting *waiting;
	struct said *verdicts;
	struct standing *standing;
	bool none;              /* "no to all" */
	bool all[EFFECT_COUNT]; /* "all of this effect" */
};

int asks_new(enum watch_approve approve, int socket, struct asks **out, struct error *err)
{
	struct asks *asks = calloc(1, sizeof(*asks));

	if (!asks)
		return error_memory(err);
	*asks = (struct asks){
	        .lock = PTHREAD_MUTEX_INITIALIZER, .approve = approve, .socket = socket};
	*out = asks;
	return 0;
}

/* --- Answers that stand ---------------------------------------------------------------------- */

/* The host of "host:port", which is what a folder is to a path. */
static bool same_host(const char *a, const char *b)
{
	const char *end_a = strrchr(a, ':');
	const char *end_b = strrchr(b, ':');

	return end_a && end_b && end_a - a == end_b - b && strncmp(a, b, (size_t)(end_a - a)) == 0;
}

static bool covers(const struct standing *standing, const struct question *question)
{
	if (standing->effect != question->effect)
		return false;
	if (standing->scope == ANSWER_NO)
		return strcmp(standing->target, question->target) == 0;
	return question->effect == EFFECT_CONNECT ? same_host(standing->target, question->target)
	                                          : path_within(question->target, standing->target);
}

/* What stands already. A protected path is opened by what names its own folder, no more. */
static bool stands(const struct asks *asks, const struct question *question, bool *yes)
{
	const struct standing *found = NULL;

	*yes = false;
	if (asks->none)
		return true;
	for (const struct standing *at = asks->standing; at && !found; at = at->next)
		if (covers(at, question) && (at->scope == ANSWER_NO || !question->protected))
			found = at;
	*yes = found ? found->scope != ANSWER_NO
	             : !question->protected && asks->all[question->effect];
	return found || *yes;
}

static void add_standing(struct asks *asks, const struct question *question,
                         enum answer_scope scope, char *target)
{
	struct standing *standing = calloc(1, sizeof(*standing));

	if (!standing || !target || asks->standing_count >= STANDING_MOST) {
		free(standing);
		free(target);
		return; /* it is asked again */
	}
	*standing = (struct standing){question->effect, scope, target, asks->standing};
	asks->standing = standing;
	asks->standing_count++;
}

static void keep(struct asks *asks, const struct question *question, enum answer_scope scope)
{
	switch (scope) {
	case ANSWER_NO:
		add_standing(asks, question, scope, text_copy(question->target));
		break;
	case ANSWER_NO_ALL:
		asks->none = true;
		break;
	case ANSWER_ONCE:
		break;
	case ANSWER_FOLDER:
		/* Of a protected path it is this one only. */
		if (!question->protected)
			add_standing(asks, question, scope,
			             question->effect == EFFECT_CONNECT
			                     ? text_copy(question->target)
			                     : path_parent(question->target));
		break;
	case ANSWER_EFFECT:
		asks->all[question->effect] = true;
		break;
	}
}

/* --- Verdicts on one call -------------------------------------------------------------------- */

/* A yes to a path that was not protected when it was asked for is none to what is protected since:
 * meanwhile its folder may have become a git folder, or hold something that is refused by name. */
static bool speaks_of(const struct said *said, const struct question *question)
{
	return strcmp(said->target, question->target) == 0 &&
	       (!said->yes || said->protected || !question->protected);
}

static const struct said *said_of(const struct asks *asks, uint64_t call,
                                  const struct question *question, size_t *count)
{
	const struct said *found = NULL;

	*count = 0;
	for (const struct said *at = asks->verdicts; at; at = at->next) {
		if (at->call != call)
			continue;
		++*count;
		if (speaks_of(at, question))
			found = at;
	}
	return found;
}

static void add_verdict(struct asks *asks, uint64_t call, const struct question *question, bool yes)
{
	struct said *verdict = calloc(1, sizeof(*verdict));
	char *copy = text_copy(question->target);

	if (!verdict || !copy) {
		free(verdict);
		free(copy);
		return; /* it is asked again */
	}
	*verdict = (struct said){call, copy, question->protected, yes, asks->verdicts};
	asks->verdicts = verdict;
}

void ask_forget(struct asks *asks, uint64_t call)
{
	pthread_mutex_lock(&asks->lock);
	for (struct said **place = &asks->verdicts; *place;) {
		struct said *verdict = *place;
		if (verdict->call != call) {
			place = &verdict->next;
			continue;
		}
		*place = verdict->next;
		free(verdict->target);
		free(verdict);
	}
	pthread_mutex_unlock(&asks->lock);
}

/* --- Asking ---------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static struct waiting *same_question(const struct asks *asks, const struct question *question)
{
	for (struct waiting *at = asks->waiting; at; at = at->next)
		if (at->question.effect == question->effect &&
		    at->question.protected == question->protected &&
		    same_text(at->question.operation, question->operation) &&
		    same_text(at->question.target, question->target))
			return at;
	return NULL;
}

static void free_waiting(struct waiting *waiting)
{
	union {
		const char *in;
		char *out;
	} owned[] = {{waiting->question.comm},
	             {waiting->question.exe},
	             {waiting->question.operation},
	             {waiting->question.target},
	             {waiting->question.because}};

	for (size_t i = 0; i < sizeof(owned) / sizeof(*owned); i++)
		free(owned[i].out);
	free(waiting->notices);
	free(waiting);
}

static const char *own(const char *text, bool *failed)
{
	const char *copy = text ? text_copy(text) : NULL;

	*failed |= text && !copy;
	return copy;
}

static struct waiting *send_question(struct asks *asks, const struct question *question)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	struct error err = {0};
	bool failed = false;

	if (!waiting)
		return NULL;
	waiting->question = *question;
	waiting->question.id = ++asks->last;
	waiting->question.comm = own(question->comm, &failed);
	waiting->question.exe = own(question->exe, &failed);
	waiting->question.operation = own(question->operation, &failed);
	waiting->question.target = own(question->target, &failed);
	waiting->question.because = own(question->because, &failed);
	if (failed || question_send(asks->socket, &waiting->question, &err) < 0) {
		error_clear(&err);
		free_waiting(waiting);
		return NULL;
	}
	waiting->next = asks->waiting;
	asks->waiting = waiting;
	return waiting;
}

static bool wait_for(struct asks *asks, struct waiting *waiting, struct notice *notice)
{
	struct notice *more =
	        realloc(waiting->notices, (waiting->count + 1) * sizeof(*waiting->notices));
	struct error err = {0};

	if (!more)
		return false;
	waiting->notices = more;
	if (notice_new(notice->notify, &more[waiting->count], &err) < 0) {
		error_clear(&err);
		return false;
	}
	notice_copy(&more[waiting->count++], notice);
	asks->waiting_count++;
	return true;
}

static enum asking ask(struct asks *asks, struct notice *notice, const struct question *question)
{
	size_t count;
	bool yes;
	const struct said *verdict = said_of(asks, notice->call->id, question, &count);

	if (verdict)
		return verdict->yes ? ASKED_YES : ASKED_NO;
	if (stands(asks, question, &yes))
		return yes ? ASKED_YES : ASKED_NO;
	if (count >= VERDICTS_MOST || asks->waiting_count >= WAITING_MOST || asks->socket < 0)
		return ASKED_NO;
	struct waiting *waiting = same_question(asks, question);
	if (!waiting)
		waiting = send_question(asks, question);
	return waiting && wait_for(asks, waiting, notice) ? ASKED_LATER : ASKED_NO;
}

enum asking ask_about(struct asks *asks, struct notice *notice, const struct question *question)
{
	switch (asks->approve) {
	case WATCH_APPROVE_DENY:
		return ASKED_NO;
	case WATCH_APPROVE_ALLOW:
		return question->protected ? ASKED_NO : ASKED_YES;
	case WATCH_APPROVE_ASK:
		break;
	}
	pthread_mutex_lock(&asks->lock);
	enum asking asking = ask(asks, notice, question);
	pthread_mutex_unlock(&asks->lock);
	return asking;
}

static void settle(struct asks *asks, struct waiting *waiting, const struct answer *answer,
                   ask_again *again, void *data)
{
	bool yes = answer->scope >= ANSWER_ONCE;

	for (size_t i = 0; i < waiting->count; i++) {
		add_verdict(asks, waiting->notices[i].call->id, &waiting->question, yes);
		again(data, &waiting->notices[i]);
	}
	asks->waiting_count -= waiting->count;
}

void ask_answer(struct asks *asks, const struct answer *answer, ask_record *record,
                ask_again *again, void *data)
{
	struct waiting **place = &asks->waiting;

	pthread_mutex_lock(&asks->lock);
	while (*place && (*place)->question.id != answer->id)
		place = &(*place)->next;
	struct waiting *waiting = *place;
	if (waiting) {
		*place = waiting->next;
		keep(asks, &waiting->question, answer->scope);
	}
	pthread_mutex_unlock(&asks->lock);
	if (!waiting)
		return;
	record(data, &waiting->question, answer);
	pthread_mutex_lock(&asks->lock);
	settle(asks, waiting, answer, again, data);
	pthread_mutex_unlock(&asks->lock);
	free_waiting(waiting);
}

void ask_close(struct asks *asks, ask_record *record, ask_again *again, void *data)
{
	for (;;) {
		pthread_mutex_lock(&asks->lock);
		asks->none = true;
		asks->socket = -1;
		struct answer answer = {
		        .id = asks->waiting ? asks->waiting->question.id : 0,
		        .scope = ANSWER_NO,
		        .who = "nobody",
		};
		pthread_mutex_unlock(&asks->lock);
		if (!answer.id)
			return;
		ask_answer(asks, &answer, record, again, data);
	}
}
