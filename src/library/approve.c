/* The queue. What a way does is behind approve_way.h. */
#include "library/approve.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "library/approve_way.h"
#include "library/terminal.h"
#include "policy/network.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The watch decides those two by itself. */
static const struct approve_way approve_deny = {.name = "deny", .kind = WATCH_APPROVE_DENY};
static const struct approve_way approve_allow = {.name = "allow", .kind = WATCH_APPROVE_ALLOW};

static const struct approve_way *const ways[] = {
        &approve_tty,
        &approve_deny,
        &approve_allow,
        &approve_exec,
};

long long approve_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (long long)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* --- Ways ------------------------------------------------------------------------------------- */

static const struct approve_way *find_way(const char *text, const char **argument)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		size_t length = strlen(ways[i]->name);
		if (strncmp(text, ways[i]->name, length) != 0)
			continue;
		*argument = text + length + (ways[i]->argument != NULL);
		if (ways[i]->argument ? text[length] == ':' && text[length + 1] : !text[length])
			return ways[i];
	}
	return NULL;
}

int approve_check(const char *way, struct error *err)
{
	const char *argument;

	if (!way || find_way(way, &argument))
		return 0;
	error_set(err, "--approve %s: not a way to answer", way);
	return error_help(err, "tty, deny, allow, or exec:PROGRAM");
}

/* Whether the policy asks about writing anywhere, or about any peer. */
static bool asks(const struct policy *policy)
{
	struct decision decision;
	const char *peer;

	if (network_permits(policy, VERDICT_ASK, &decision, &peer) &&
	    decision.verdict == VERDICT_ASK)
		return true;
	policy_decide(policy, EFFECT_WRITE, policy->workspace, &decision);
	return decision.verdict == VERDICT_ASK ||
	       (decision.verdict == VERDICT_ALLOW && policy->mode_protected == VERDICT_ASK);
}

static const struct approve_way *choose_way(const struct approve_request *request)
{
	return request->watched && asks(request->policy) && terminal_has_person() ? &approve_tty
	                                                                          : &approve_deny;
}

static int open_way(struct approver *approver, const char *argument, struct error *err)
{
	const struct approve_request *request = approver->request;
	const struct approve_way *way = approver->way;

	if (way->kind != WATCH_APPROVE_DENY && !request->watched) {
		error_set(err, "--approve %s: at level namespaces nobody hears what is asked",
		          request->way);
		return error_help(err, "--layers auto, or --approve deny");
	}
	if (way->kind != WATCH_APPROVE_ASK && request->remember) {
		error_set(err, "--remember keeps answers, and nobody gives any (%s)", way->name);
		return error_help(err, "--approve tty or --approve exec:PROGRAM");
	}
	approver->who = text_copy(request->way ? request->way : way->name);
	if (!approver->who)
		return error_memory(err);
	if (way->open && way->open(approver, argument, err) < 0)
		return error_context(err, "--approve %s", approver->who);
	return request->remember
	               ? remember_open(request->remember, request->policy, &approver->remember, err)
	               : 0;
}

bool approve_answers(const struct approve_request *request)
{
	const char *argument;
	const struct approve_way *way =
	        request->way ? find_way(request->way, &argument) : choose_way(request);

	return way && way->kind != WATCH_APPROVE_DENY;
}

int approver_new(const struct approve_request *request, struct approver **out, struct error *err)
{
	const char *argument = NULL;
	struct approver *approver = calloc(1, sizeof(*approver));

	*out = NULL;
	if (!approver)
		return error_memory(err);
	approver->request = request;
	approver->questions = -1;
	approver->way = request->way ? find_way(request->way, &argument) : choose_way(request);
	int result = approver->way ? open_way(approver, argument, err)
	                           : approve_check(request->way, err);
	if (result < 0) {
		approver_free(approver);
		return -1;
	}
	*out = approver;
	return 0;
}

enum watch_approve approver_kind(const struct approver *approver)
{
	return approver->way->kind;
}

/* --- What an answer speaks of ----------------------------------------------------------------- */

char *approve_folder(const struct question *question)
{
	const char *target = question->target;

	if (question->effect == EFFECT_WRITE)
		return *target == '/' ? path_parent(target) : text_copy(target);
	const char *end = *target == '[' ? strchr(target, ']') : strrchr(target, ':');
	if (!end)
		return text_copy(target);
	return text_copy_size(target, (size_t)(end - target) + (*target == '['));
}

bool approve_is_refusal(enum answer_scope scope)
{
	return scope == ANSWER_NO || scope == ANSWER_NO_ALL;
}

bool approve_may(const struct question *question, enum answer_scope scope)
{
	if (question->protected && !approve_is_refusal(scope))
		return scope == ANSWER_ONCE;
	if (scope != ANSWER_FOLDER || question->effect != EFFECT_WRITE)
		return true;
	/* A name at the root has no folder that could be meant. */
	return *question->target == '/' && strchr(question->target + 1, '/');
}

static bool same_target(const struct question *one, const struct question *other)
{
	return one->effect == other->effect && one->protected == other->protected &&
	       strcmp(one->target, other->target) == 0;
}

static bool same_question(const struct question *one, const struct question *other)
{
	return same_target(one, other) && strcmp(one->operation, other->operation) == 0;
}

static bool in_folder(const struct question *answered, const struct question *other)
{
	cleanup_free char *folder = approve_folder(answered);
	cleanup_free char *host = approve_folder(other);

	/* What is protected is permitted by name only. */
	if (!folder || !host || answered->effect != other->effect || other->protected)
		return false;
	return other->effect == EFFECT_WRITE ? path_below(other->target, folder)
	                                     : strcmp(host, folder) == 0;
}

/* Whether an answer to `answered` also answers `other`, which waits. */
static bool speaks_of(const struct question *answered, enum answer_scope scope,
                      const struct question *other)
{
	switch (scope) {
	case ANSWER_NO_ALL:
		return true;
	case ANSWER_NO:
		return same_target(answered, other);
	case ANSWER_ONCE:
		return false; /* those that ask for the same were one */
	case ANSWER_FOLDER:
		return in_folder(answered, other);
	case ANSWER_EFFECT:
		return answered->effect == other->effect && !other->protected;
	}
	return false;
}

/* --- The queue -------------------------------------------------------------------------------- */

static void free_asked(struct asked *asked)
{
	free(asked->memory);
	free(asked->callers);
	free(asked);
}

static void forget(struct approver *approver, struct asked *asked)
{
	struct asked **place = &approver->first;

	while (*place != asked)
		place = &(*place)->next;
	*place = asked->next;
	approver->waiting -= asked->caller_count;
	free_asked(asked);
}

static void withdraw(struct approver *approver)
{
	if (approver->asking && approver->way->withdraw)
		approver->way->withdraw(approver);
	approver->asking = NULL;
}

/* Nobody is there who would hear an answer: the watch takes that for a no to all. */
static void lose_watch(struct approver *approver)
{
	withdraw(approver);
	while (approver->first)
		forget(approver, approver->first);
	if (approver->questions >= 0)
		close(steal_descriptor(&approver->questions));
}

/* Negative where the watch is gone. */
static int reply(struct approver *approver, const struct caller *caller, enum answer_scope scope,
                 const char *who)
{
	cleanup_error struct error err = {0};
	struct answer answer = {
	        .id = caller->id,
	        .scope = scope,
	        .microseconds = (uint64_t)(approve_now() - caller->since),
	};

	memcpy(answer.who, who, strnlen(who, sizeof(answer.who) - 1));
	return answer_send(approver->questions, &answer, &err);
}

/* Of a question that is answered along with another, only the operation itself is permitted. */
static int reply_all(struct approver *approver, const struct asked *asked, enum answer_scope scope,
                     const char *who)
{
	for (size_t i = 0; i < asked->caller_count; i++)
		if (reply(approver, &asked->callers[i], scope, who) < 0)
			return -1;
	return 0;
}

static bool permits(enum answer_scope scope)
{
	return scope != ANSWER_NO && scope != ANSWER_NO_ALL;
}

static void remember(struct approver *approver, const struct question *question,
                     enum answer_scope scope)
{
	struct error err = {0};

	if (approver->remember && permits(scope) &&
	    remember_answer(approver->remember, question, scope, &err) < 0 &&
	    !approver->trouble.message) {
		approver->trouble = err;
		return;
	}
	error_clear(&err);
}

static enum answer_scope along(enum answer_scope scope)
{
	return permits(scope) ? ANSWER_ONCE : scope;
}

void approver_settle(struct approver *approver, enum answer_scope scope, const char *who)
{
	struct asked *answered = approver->asking;

	if (!answered)
		return;
	approver->asking = NULL;
	approver->closed |= scope == ANSWER_NO_ALL;
	if (!approve_may(&answered->question, scope))
		scope = ANSWER_NO;
	remember(approver, &answered->question, scope);
	int result = reply_all(approver, answered, scope, who);
	for (struct asked *next, *asked = answered->next; asked && result == 0; asked = next) {
		next = asked->next;
		if (!speaks_of(&answered->question, scope, &asked->question))
			continue;
		result = reply_all(approver, asked, along(scope), who);
		forget(approver, asked);
	}
	forget(approver, answered);
	if (result < 0)
		lose_watch(approver);
}

static int add_caller(struct approver *approver, struct asked *asked, uint64_t id)
{
	void *items = asked->callers;

	if (array_reserve(&items, &asked->caller_capacity, asked->caller_count + 1,
	                  sizeof(*asked->callers)) < 0)
		return -1;
	asked->callers = items;
	asked->callers[asked->caller_count++] = (struct caller){id, approve_now()};
	approver->waiting++;
	return 0;
}

/* Takes `memory` over, in which the texts lie. */
static struct asked *add_asked(struct approver *approver, const struct question *question,
                               char *memory)
{
	struct asked **place = &approver->first;
	struct asked *asked = calloc(1, sizeof(*asked));

	if (!asked) {
		free(memory);
		return NULL;
	}
	asked->question = *question;
	asked->memory = memory;
	if (add_caller(approver, asked, question->id) < 0) {
		free_asked(asked);
		return NULL;
	}
	while (*place)
		place = &(*place)->next;
	*place = asked;
	return asked;
}

static struct asked *find_same(const struct approver *approver, const struct question *question)
{
	for (struct asked *asked = approver->first; asked; asked = asked->next)
		if (same_question(&asked->question, question))
			return asked;
	return NULL;
}

/* Negative where the watch is gone. Takes `memory` over. */
static int take(struct approver *approver, const struct question *question, char *memory)
{
	const struct caller caller = {question->id, approve_now()};
	struct asked *same = find_same(approver, question);
	bool taken;

	if (approver->closed || approver->waiting >= APPROVE_WAITING) {
		free(memory);
		return reply(approver, &caller, approver->closed ? ANSWER_NO_ALL : ANSWER_NO,
		             approver->closed ? approver->who : "queue");
	}
	if (same) {
		taken = add_caller(approver, same, question->id) == 0;
		free(memory);
	} else {
		taken = add_asked(approver, question, memory) != NULL;
	}
	return taken ? 0 : reply(approver, &caller, ANSWER_NO, "memory");
}

/* Memory that a question does not fill is never touched. */
static void hear(struct approver *approver)
{
	cleanup_error struct error err = {0};
	struct question question;
	char *memory = malloc(QUESTION_MOST);

	if (!memory || question_receive(approver->questions, memory, &question, &err) < 0) {
		free(memory);
		lose_watch(approver);
		return;
	}
	if (take(approver, &question, memory) < 0)
		lose_watch(approver);
}

/* --- The loop --------------------------------------------------------------------------------- */

int approver_terminal(const struct approver *approver, unsigned *streams)
{
	const struct terminal *terminal =
	        approver->way == &approve_tty ? approve_tty_terminal(approver) : NULL;

	*streams = terminal ? terminal_streams(terminal) : 0;
	return terminal ? terminal_inner(terminal) : -1;
}

void approver_begin(struct approver *approver, int questions)
{
	approver->questions = questions;
	if (approver->way->begin)
		approver->way->begin(approver);
}

static long long seconds(const struct approver *approver)
{
	return approver->request->seconds ? approver->request->seconds : APPROVE_SECONDS;
}

static bool is_ready(const struct approver *approver)
{
	return !approver->way->ready || approver->way->ready(approver);
}

/* The turn of a question begins when it is the first, whether or not somebody is there. */
static void put_next(struct approver *approver)
{
	struct asked *first;

	while ((first = approver->first)) {
		if (!first->deadline)
			first->deadline = approve_now() + seconds(approver) * 1000000;
		if (approve_now() < first->deadline)
			break;
		withdraw(approver);
		approver->asking = first;
		approver_settle(approver, ANSWER_NO, "timeout");
	}
	if (!first)
		return;
	if (!approver->asking && is_ready(approver)) {
		approver->asking = first;
		approver->way->ask(approver, first);
	} else if (approver->asking && !is_ready(approver)) {
		withdraw(approver);
	}
}

void approver_places(const struct approver *approver, struct pollfd *places)
{
	for (size_t i = 0; i < APPROVE_PLACES; i++)
		places[i] = (struct pollfd){.fd = -1};
	places[0] = (struct pollfd){.fd = approver->questions, .events = POLLIN};
	if (approver->way->places)
		approver->way->places(approver, places + 1);
}

int approver_patience(const struct approver *approver)
{
	long long now = approve_now();
	long long wakes = approver->way->wakes_at ? approver->way->wakes_at(approver, now) : 0;

	if (approver->first && (!wakes || approver->first->deadline < wakes))
		wakes = approver->first->deadline;
	if (!wakes)
		return -1;
	if (wakes <= now)
		return 0;
	/* Rounded up: to wake too early is to wake again. */
	long long left = (wakes - now + 999) / 1000;
	return left > INT_MAX ? INT_MAX : (int)left;
}

void approver_work(struct approver *approver, const struct pollfd *places)
{
	if (places[0].fd >= 0 && places[0].revents)
		hear(approver);
	if (approver->way->work)
		approver->way->work(approver, places + 1, approve_now());
	put_next(approver);
}

bool approver_signal(struct approver *approver, int number)
{
	return approver->way->signal && approver->way->signal(approver, number);
}

bool approver_command_stopped(struct approver *approver)
{
	return approver->way->stopped && approver->way->stopped(approver);
}

/* --- The end ---------------------------------------------------------------------------------- */

int approver_end(struct approver *approver, struct error *err)
{
	struct error *trouble = &approver->trouble;

	lose_watch(approver);
	if (approver->way->close && approver->state)
		approver->way->close(approver);
	approver->state = NULL;
	if (!trouble->message)
		return 0;
	*err = *trouble;
	*trouble = (struct error){0};
	return error_context(err, "--remember %s", approver->request->remember);
}

void approver_free(struct approver *approver)
{
	cleanup_error struct error err = {0};

	if (!approver)
		return;
	if (approver->way)
		approver_end(approver, &err);
	remember_free(approver->remember);
	free(approver->who);
	free(approver);
}
