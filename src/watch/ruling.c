/* What may be done to a name: the policy's verdict on its path, refined by what the guard finds on
 * the disk; asked about where the verdict is `ask`. */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/ask.h"
#include "watch/carried.h"
#include "watch/confine.h"
#include "watch/deed.h"
#include "watch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How a rule came out, before anybody is asked. */
struct verdict_on_name {
	enum verdict verdict;
	bool protected;
	const char *because; /* or NULL: the policy's */
};

void ruling_refuse(const struct deed *deed, const char *path, const char *because)
{
	struct foreseen *refused = &deed->out->refused;

	deed->out->kind = OUTCOME_REFUSED;
	judge_foresee(deed->context, EFFECT_WRITE, path, EROFS, refused);
	refused->layer = AUDIT_LAYER_BROKER;
	if (!because)
		return;
	char *copy = text_copy(because);
	if (copy) {
		free(refused->because);
		refused->because = copy;
	}
	/* What the guard protects is for nobody to suggest. */
	free(refused->remedy);
	refused->remedy = NULL;
}

/* Whether the operator granted writing the path by what it is protected for: of a protected rule
 * that covers it, the policy made an exception; or the grant names the path itself. */
static bool is_granted(const struct policy *policy, const char *path,
                       const struct decision *decision)
{
	if (decision->cause != CAUSE_GRANT)
		return false;
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->effect != EFFECT_WRITE || rule->kind != TARGET_PATH)
			continue;
		if (rule->layer == RULE_PROTECTED && pattern_matches(&rule->pattern, path))
			return true;
		if (rule->layer == RULE_GRANT && pattern_names_within(&rule->pattern, path) &&
		    pattern_matches(&rule->pattern, path))
			return true;
	}
	return false;
}

/* Whether the last name, or a folder above it, is one by which git would do as it says. */
static bool names_internals(const char *below)
{
	const char *name = path_name(below);

	if (strstr(below, "/hooks/"))
		return true;
	for (size_t i = 0; i < table_protected_git_count; i++)
		if (strcmp(table_protected_git[i].path, name) == 0)
			return true;
	return false;
}

/* Git's book-keeping of work trees and modules comes and goes. What is protected of those that were
 * there at the start stays. */
static bool is_kept_part(const char *folder, const struct listing *listing, const char *path)
{
	return path_below(path, folder) && listing_may_hold(listing, path) &&
	       names_internals(path + strlen(folder));
}

/* In the git folder of a repository that was there at the start, what is protected is the
 * operator's: not removed, either. What was made inside is the tool's. */
static bool is_operators(const struct watch_context *context, const char *path)
{
	const struct policy *policy = context->policy;

	for (size_t i = 0; i < 2; i++) {
		cleanup_free char *git = watch_git_folder(policy, i);
		if (!git && context->had_git[i])
			return true;
		if (!git || !path_within(path, git) ||
		    (!policy->git_folder && !context->had_git[i]))
			continue;
		cleanup_free char *trees = path_join(git, "worktrees");
		cleanup_free char *modules = path_join(git, "modules");
		if (!trees || !modules ||
		    (!path_below(path, trees) && !path_below(path, modules)) ||
		    is_kept_part(trees, &context->had_trees[i], path) ||
		    is_kept_part(modules, &context->had_modules[i], path))
			return true;
	}
	return false;
}

/* Where the repository of the start has its git folder elsewhere, nothing of what points there, or
 * lies there protected, is the tool's to change. */
static bool is_pointed(const struct watch_context *context, const char *path)
{
	const struct policy *policy = context->policy;
	const char *const roots[] = {policy->workspace, policy->repository};
	const char *const folders[] = {policy->git_folder, policy->git_own};

	for (size_t i = 0; i < 2; i++) {
		cleanup_free char *git =
		        context->had_pointer[i] ? path_join(roots[i], ".git") : NULL;
		if ((context->had_pointer[i] && (!git || strcmp(path, git) == 0)) ||
		    (folders[i] && path_within(path, folders[i])))
			return true;
	}
	return false;
}

static enum verdict least(enum verdict a, enum verdict b)
{
	return a < b ? a : b;
}

static struct verdict_on_name weigh(const struct watch_context *context,
                                    const struct matter *matter, const char *path,
                                    const struct decision *decision,
                                    const struct guard_finding *finding)
{
	const struct policy *policy = context->policy;
	bool protected = decision->cause == CAUSE_PROTECTED;
	enum verdict base = protected ? decision->beneath : decision->verdict;

	bool keeps = matter->deed == GUARD_REMOVE || matter->deed == GUARD_CHANGE;
	if (protected && (is_pointed(context, path) || (keeps && is_operators(context, path))))
		return (struct verdict_on_name){decision->verdict, true, NULL};
	switch (finding->verdict) {
	case GUARD_FREE:
		break;
	case GUARD_PROTECTED:
		if (is_granted(policy, path, decision))
			return (struct verdict_on_name){base, false, NULL};
		return (struct verdict_on_name){least(base, policy->mode_protected), true,
		                                finding->because};
	case GUARD_HARMLESS:
	case GUARD_CONTENT:
		return (struct verdict_on_name){base, false, NULL};
	}
	return (struct verdict_on_name){decision->verdict, protected, NULL};
}

/* Where a repository was at the start, its git folder stays. */
static bool is_git_of_start(const struct watch_context *context, const struct matter *matter,
                            const char *path)
{
	const struct policy *policy = context->policy;
	const char *const roots[] = {policy->workspace, policy->repository};

	for (size_t i = 0; i < 2 && matter->deed == GUARD_REMOVE; i++) {
		cleanup_free char *git = context->had_git[i] ? path_join(roots[i], ".git") : NULL;
		if (context->had_git[i] && (!git || path_within(git, path)))
			return true;
	}
	return false;
}

static enum ruling settle(const struct deed *deed, const char *path,
                          const struct verdict_on_name *on, bool content)
{
	struct watch_context *context = deed->context;
	cleanup_process struct process process = {0};
	struct decision decision;

	if (on->verdict == VERDICT_ALLOW)
		return content ? RULING_CONTENT : RULING_DO;
	if (on->verdict == VERDICT_ASK) {
		policy_decide(context->policy, EFFECT_WRITE, path, &decision);
		process_describe(deed->thread, &process);
		if (!deed_is_wanted(deed))
			return RULING_DONE;
		const struct question question = {
		        .effect = EFFECT_WRITE,
		        .protected = on->protected,
		        .pid = process.process,
		        .comm = process.comm,
		        .exe = process.exe,
		        .operation = deed->call->operation,
		        .target = path,
		        .because = on->because ? on->because : decision.because,
		};
		switch (ask_about(context->asks, deed->notice, &question)) {
		case ASKED_YES:
			return content ? RULING_CONTENT : RULING_DO;
		case ASKED_LATER:
			deed->out->kind = OUTCOME_LATER;
			return RULING_DONE;
		case ASKED_NO:
			break;
		}
	}
	ruling_refuse(deed, path, on->because);
	if (deed->out->refused.error)
		deed->out->refused.verdict =
		        on->verdict == VERDICT_ASK ? VERDICT_ASK : VERDICT_DENY;
	return RULING_DONE;
}

bool ruling_asks(const struct deed *deed, const char *path, const char *because)
{
	const struct verdict_on_name on = {deed->context->policy->mode_protected, true, because};

	return settle(deed, path, &on, false) == RULING_DO;
}

const char *ruling_top(const struct policy *policy, const char *path)
{
	const char *top = path;

	for (size_t i = 0; i < policy->region_count; i++)
		if (policy->regions[i].kind == REGION_PROJECT &&
		    path_within(top, policy->regions[i].root))
			top = policy->regions[i].root;
	return top;
}

static int look(const struct guard_place *place, const struct matter *matter, char **spelled,
                struct guard_finding *finding, struct error *err)
{
	return guard_spell(place, spelled, err) < 0
	               ? -1
	               : guard_find(place, matter->deed, matter->object, finding, err);
}

/* What the tool has in hand may lie below folders that it may not search, or be one. There the
 * guard looks with more rights: nothing but the verdict comes of it. */
static int look_with_rights(const struct guard_place *place, const struct matter *matter,
                            char **spelled, struct guard_finding *finding, struct error *err)
{
	cleanup_error struct error odd = {0};

	if (look(place, matter, spelled, finding, &odd) == 0)
		return 0;
	if (confine_search(true, err) < 0)
		return -1;
	free(*spelled);
	*spelled = NULL;
	guard_finding_clear(finding);
	int result = look(place, matter, spelled, finding, err);
	cleanup_error struct error failure = {0};
	if (confine_search(false, &failure) < 0)
		abort();
	return result;
}

/* The guard cannot see: nothing is done. */
static enum ruling cannot_tell(const struct deed *deed, struct error *err)
{
	error_clear(err);
	deed_fail(deed, EACCES);
	return RULING_DONE;
}

/* Judges the name, whole `path`. Returns 0, or negative where that cannot be told. */
static int judge_name(const struct deed *deed, const struct matter *matter, const char *path,
                      struct guard_finding *finding, struct verdict_on_name *on, struct error *err)
{
	const struct policy *policy = deed->context->policy;
	const struct guard_place place = {
	        .folder = matter->folder,
	        .path = matter->path,
	        .name = matter->name,
	        .top = ruling_top(policy, path),
	};
	/* Where the file system takes another spelling for the same name, so does the verdict. */
	cleanup_free char *spelled = NULL;
	struct decision decision;

	if (look_with_rights(&place, matter, &spelled, finding, err) < 0)
		return -1;
	policy_decide(policy, EFFECT_WRITE, spelled ? spelled : path, &decision);
	*on = weigh(deed->context, matter, path, &decision, finding);
	enum verdict carried = VERDICT_ALLOW;
	const char *because = carried_refusal(policy, matter, spelled ? spelled : path, &carried);
	if (because && least(on->verdict, carried) < VERDICT_ALLOW)
		*on = (struct verdict_on_name){least(on->verdict, carried), true, because};
	else if (is_git_of_start(deed->context, matter, path))
		*on = (struct verdict_on_name){
		        least(on->verdict, policy->mode_protected), true,
		        "protected.yaml: the git folder of a repository that "
		        "was there at the start"};
	return 0;
}

enum ruling ruling_of_name(const struct deed *deed, const struct matter *matter,
                           struct guard_finding *finding)
{
	cleanup_free char *path = path_join(matter->path, matter->name);
	struct verdict_on_name on;
	struct error err = {0};

	*finding = (struct guard_finding){0};
	if (!path) {
		deed_fail(deed, ENOMEM);
		return RULING_DONE;
	}
	if (judge_name(deed, matter, path, finding, &on, &err) < 0)
		return cannot_tell(deed, &err);
	return settle(deed, path, &on, finding->verdict == GUARD_CONTENT);
}

bool ruling_is_plain(const struct deed *deed, const struct matter *matter)
{
	cleanup_guard_finding struct guard_finding finding = {0};
	cleanup_free char *path = path_join(matter->path, matter->name);
	cleanup_error struct error err = {0};
	struct verdict_on_name on;

	return path && judge_name(deed, matter, path, &finding, &on, &err) == 0 &&
	       on.verdict == VERDICT_ALLOW && finding.verdict == GUARD_FREE && !finding.seal_config;
}
