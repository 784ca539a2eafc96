/* What `why` says of each operation before the run, and what the host shows afterwards. */
#include "differential.h"

#include "base/cleanup.h"
#include "base/link.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

char *path_resolved(const char *path, bool follow)
{
	char *real = follow ? realpath(path, NULL) : NULL;

	if (real || strcmp(path, "/") == 0)
		return real ? real : text_copy(path);
	cleanup_free char *parent = path_parent(path);
	cleanup_free char *place = path_resolved(parent, true);
	return path_join(place, path_name(path));
}

static void lower_named(enum verdict *verdict, const char **because, const struct policy *policy,
                        enum effect effect, const char *path)
{
	struct decision decision;

	policy_decide(policy, effect, path, &decision);
	if (decision.verdict < *verdict) {
		*verdict = decision.verdict;
		*because = decision.because;
	}
	/* What cannot be read can be neither written nor executed. */
	if (effect == EFFECT_READ)
		return;
	policy_decide(policy, EFFECT_READ, path, &decision);
	bool scratch = !decision.no_region && decision.region == REGION_SCRATCH;
	if (decision.verdict >= *verdict || scratch)
		return;
	*verdict = decision.verdict;
	*because = decision.because;
}

/* The lowest verdict on the names between a path and what it leads to, each followed by `rest`. */
static void lower_links(enum verdict *verdict, const char **because, const struct policy *policy,
                        enum effect effect, const char *path, const char *rest)
{
	cleanup_free char *current = text_copy(path);

	for (int i = 0; i < MOST_LINKS; i++) {
		char *next = NULL;
		if (link_walk(current, &next) != LINK_FOUND) {
			free(next);
			return;
		}
		free(current);
		current = next;
		cleanup_free char *name = text_printf("%s%s", current, rest);
		lower_named(verdict, because, policy, effect, name);
	}
}

enum verdict path_verdict(const struct policy *policy, enum effect effect, const char *path)
{
	cleanup_free char *real = path_resolved(path, true);
	enum verdict verdict = VERDICT_ALLOW;
	const char *because = NULL;

	lower_named(&verdict, &because, policy, effect, path);
	lower_links(&verdict, &because, policy, effect, path, "");
	lower_named(&verdict, &because, policy, effect, real);
	return verdict;
}

static bool is_peer(const struct operation *operation)
{
	return operation->kind == OPERATION_CONNECT_INNER ||
	       operation->kind == OPERATION_CONNECT_OUTER;
}

void batch_locate(struct batch *batch, const struct world *world)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct operation *operation = &batch->items[i];
		const struct operation_name *name = &operation_names[operation->kind];
		if (is_peer(operation))
			continue;
		cleanup_free char *path = path_resolved(operation->path, name->follows);
		cleanup_free char *other =
		        name->both ? path_resolved(operation->other, false) : NULL;
		operation->in_world =
		        path_below(path, world->root) && (!other || path_below(other, world->root));
	}
}

static void lower(struct operation *operation, const struct policy *policy, enum effect effect,
                  const char *name, const char *real)
{
	const char *const paths[] = {name, real};

	for (size_t i = 0; i < 2; i++) {
		struct decision decision;
		policy_decide(policy, effect, paths[i], &decision);
		operation->at_launch |= decision.at_launch;
		operation->scratch |= effect != EFFECT_EXEC && !decision.no_region &&
		                      decision.region == REGION_SCRATCH;
		lower_named(&operation->verdict, &operation->because, policy, effect, paths[i]);
	}
	const char *because = NULL;
	lower_named(&operation->resolved, &because, policy, effect, real);
}

static void lower_path(struct operation *operation, const struct policy *policy, const char *path)
{
	const struct operation_name *kind = &operation_names[operation->kind];
	cleanup_free char *real = path_resolved(path, kind->follows);

	/* A link at the end that is not followed is judged by its own name alone. */
	lower(operation, policy, kind->effect, path, real);
	cleanup_free char *folder = path_parent(path);
	lower_links(&operation->verdict, &operation->because, policy, kind->effect,
	            kind->follows ? path : folder, kind->follows ? "" : path + strlen(folder));
	if (kind->effect == EFFECT_EXEC)
		lower(operation, policy, EFFECT_READ, path, real);
}

static void judge(struct operation *operation, const struct policy *policy)
{
	const struct operation_name *kind = &operation_names[operation->kind];
	struct decision decision;

	operation->verdict = VERDICT_ALLOW;
	operation->resolved = VERDICT_ALLOW;
	if (is_peer(operation)) {
		policy_decide(policy, EFFECT_CONNECT, operation->path, &decision);
		operation->verdict = operation->resolved = decision.verdict;
		operation->because = decision.because;
		return;
	}
	lower_path(operation, policy, operation->path);
	if (kind->both)
		lower_path(operation, policy, operation->other);
	int found = kind->follows ? stat(operation->path, &operation->before)
	                          : lstat(operation->path, &operation->before);
	if (found < 0)
		operation->before = (struct stat){0};
}

void batch_judge(struct batch *batch, const struct policy *policy)
{
	for (size_t i = 0; i < batch->count; i++)
		judge(&batch->items[i], policy);
}

/* --- Afterwards ----------------------------------------------------------------------------- */

/* Whether that is the content of a file of the world which has no token. The helper shows a space
 * or a line's end as a dot. */
static bool is_content_of(const struct world *world, const char *path, const char *evidence)
{
	cleanup_free char *real = path_resolved(path, true);
	const struct node *node = world_find(world, real);

	if (!node || !*node->text)
		return false;
	for (const char *at = node->text; *at && *evidence; at++, evidence++)
		if (*at != *evidence && *evidence != '.')
			return false;
	return true;
}

/* What was read, looked at or listed is the host's, and not something that stands in its place. */
static bool was_seen(const struct operation *operation, const struct world *world)
{
	const char *evidence = operation->evidence;
	char identity[64];

	switch (operation->kind) {
	case OPERATION_READ:
		return operation->in_world
		               ? world_owner_of(world, evidence) != NULL ||
		                         is_content_of(world, operation->path, evidence) ||
		                         strncmp(evidence, ".ELF", 4) == 0
		               : strcmp(evidence, "-") != 0;
	case OPERATION_STAT:
		snprintf(identity, sizeof(identity), "%llu:%llu",
		         (unsigned long long)operation->before.st_dev,
		         (unsigned long long)operation->before.st_ino);
		return strcmp(identity, evidence) == 0;
	case OPERATION_LIST:
		return operation->in_world ? strncmp(evidence, MARKER, sizeof(MARKER) - 1) == 0
		                           : strcmp(evidence, "-") != 0;
	default:
		return true; /* executed, connected: the answer is the effect */
	}
}

static bool was_changed(const struct operation *operation)
{
	const struct stat *before = &operation->before;
	bool follows = operation_names[operation->kind].follows;
	struct stat now = {0};
	struct stat other = {0};
	bool there = (follows ? stat(operation->path, &now) : lstat(operation->path, &now)) == 0;
	bool other_there = operation->other && lstat(operation->other, &other) == 0;

	switch (operation->kind) {
	case OPERATION_APPEND:
		return there && now.st_size > before->st_size;
	case OPERATION_TRUNCATE:
		return there && now.st_size == 0 && before->st_size > 0;
	case OPERATION_CREATE:
	case OPERATION_MKDIR:
	case OPERATION_SYMLINK:
		return there && before->st_nlink == 0;
	case OPERATION_RENAME:
		return !there && other_there;
	case OPERATION_EXCHANGE:
		return there && now.st_ino != before->st_ino;
	case OPERATION_UNLINK:
	case OPERATION_RMDIR:
		return !there && before->st_nlink != 0;
	case OPERATION_CHMOD:
		return there && (now.st_mode & 07777) == CHANGED_MODE;
	case OPERATION_TOUCH:
		return there && now.st_mtim.tv_sec == CHANGED_TIME;
	case OPERATION_LINK:
		return other_there;
	default:
		return false;
	}
}

void batch_observe(struct batch *batch, const struct world *world)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct operation *operation = &batch->items[i];
		if (operation_names[operation->kind].changes)
			operation->happened = was_changed(operation);
		else
			operation->happened = operation->error == 0 && was_seen(operation, world);
	}
}
