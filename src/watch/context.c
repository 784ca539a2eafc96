#include "watch/context.h"

#include "base/path.h"
#include "base/text.h"
#include "watch/process.h"

#include <string.h>
#include <unistd.h>

char *watch_git_folder(const struct policy *policy, size_t number)
{
	const char *const roots[] = {policy->workspace, policy->repository};
	const char *const folders[] = {policy->git_folder, policy->git_own};

	if (folders[number])
		return text_copy(folders[number]);
	return roots[number] ? path_join(roots[number], ".git") : NULL;
}

void watch_own(struct watch_context *context)
{
	for (size_t i = 0; i < WATCH_THREADS; i++) {
		pid_t none = 0;
		if (atomic_compare_exchange_strong(&context->own[i], &none, gettid()))
			return;
	}
}

bool watch_is_own(const struct watch_context *context, pid_t thread)
{
	for (size_t i = 0; i < WATCH_THREADS; i++) {
		pid_t own = atomic_load_explicit(&context->own[i], memory_order_relaxed);
		if (own == thread || !own)
			return own == thread;
	}
	return false;
}

void watch_record(struct watch_context *context, const struct refusal *refusal)
{
	struct error err = {0};

	pthread_mutex_lock(&context->lock);
	int result = audit_log_refusal(context->log, refusal, &err);
	pthread_mutex_unlock(&context->lock);
	if (result < 0) {
		error_context(&err, "a refusal could not be recorded");
		watch_fail(context, &err);
	}
}

void watch_record_answer(struct watch_context *context, const struct question *question,
                         const struct answer *answer)
{
	static const enum answered_how hows[] = {
	        [ANSWER_NO] = ANSWERED_NO,         [ANSWER_NO_ALL] = ANSWERED_NO_ALL,
	        [ANSWER_ONCE] = ANSWERED_ONCE,     [ANSWER_FOLDER] = ANSWERED_FOLDER,
	        [ANSWER_EFFECT] = ANSWERED_EFFECT,
	};
	const struct answered answered = {
	        .pid = question->pid,
	        .comm = question->comm,
	        .exe = question->exe,
	        .effect = question->effect,
	        .operation = question->operation,
	        .target = question->target,
	        .target_size = strlen(question->target),
	        .protected = question->protected,
	        .because = question->because,
	        .how = hows[answer->scope],
	        .by = answer->who,
	        .microseconds = answer->microseconds,
	};
	struct error err = {0};

	pthread_mutex_lock(&context->lock);
	int result = audit_log_answer(context->log, &answered, &err);
	pthread_mutex_unlock(&context->lock);
	if (result < 0) {
		error_context(&err, "an answer could not be recorded");
		watch_fail(context, &err);
	}
}

/* A pattern that means the path itself. */
static bool is_literal(const char *path)
{
	return !strpbrk(path, "*?[]{}\\");
}

/* What a grant would have to name: one for all of the workspace, not one for each of its files. */
static char *grant(const struct policy *policy, enum effect effect, const char *target)
{
	bool files = effect == EFFECT_READ || effect == EFFECT_WRITE;
	const char *place =
	        files && path_within(target, policy->workspace) ? policy->workspace : target;

	return is_literal(place) ? text_printf("--grant %s:%s", effect_name(effect), place) : NULL;
}

char *watch_remedy(const struct policy *policy, const struct decision *decision, enum effect effect,
                   const char *target)
{
	switch (decision->cause) {
	case CAUSE_MODE:
		return text_copy(effect == EFFECT_CONNECT ? "--mode bypassPermissions"
		                                          : "--mode acceptEdits");
	case CAUSE_UNGRANTED:
		return effect < EFFECT_COUNT ? grant(policy, effect, target) : NULL;
	default:
		return NULL;
	}
}

const struct plan_mount *watch_mount_of(const struct plan *plan, const char *path)
{
	const struct plan_mount *found = NULL;

	for (size_t i = 0; i < plan->mount_count; i++)
		if (path_within(path, plan->mounts[i].path) &&
		    (!found || strlen(plan->mounts[i].path) >= strlen(found->path)))
			found = &plan->mounts[i];
	return found;
}
