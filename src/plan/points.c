#include "plan/points.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void points_clear(struct points *points)
{
	for (size_t i = 0; i < points->count; i++)
		free(points->items[i].path);
	free(points->items);
	*points = (struct points){0};
}

static int compare_points(const void *a, const void *b)
{
	return path_compare(((const struct point *)a)->path, ((const struct point *)b)->path);
}

static int add(struct points *points, const char *path, const struct point *kind, struct error *err)
{
	void *items = points->items;
	struct point point = *kind;

	if (array_reserve(&items, &points->capacity, points->count, sizeof(*points->items)) < 0)
		return error_memory(err);
	points->items = items;
	point.path = text_copy(path);
	if (!point.path)
		return error_memory(err);
	points->items[points->count++] = point;
	return 0;
}

/* The folders in which most of the walls' names would stand, read once. */
struct listings {
	struct listing home, workspace, repository;
};

static int listings_read(const struct policy *policy, struct listings *out, struct error *err)
{
	bool around = policy->repository && strcmp(policy->repository, policy->workspace) != 0;

	if (listing_read(policy->home, &out->home, err) < 0 ||
	    listing_read(policy->workspace, &out->workspace, err) < 0)
		return -1;
	return around ? listing_read(policy->repository, &out->repository, err) : 0;
}

static void listings_clear(struct listings *listings)
{
	listing_clear(&listings->home);
	listing_clear(&listings->workspace);
	listing_clear(&listings->repository);
}

#define cleanup_listings __attribute__((cleanup(listings_clear)))

/* False where nothing can stand at that name. */
static bool may_exist(const struct listings *listings, const char *path)
{
	return listing_may_hold(&listings->home, path) &&
	       listing_may_hold(&listings->workspace, path) &&
	       listing_may_hold(&listings->repository, path);
}

/* Whether a secret of the home folder matters: not where the home folder is private and nothing can
 * stand at the name. */
static bool may_matter(const struct policy *policy, const struct listings *listings,
                       const char *path)
{
	const struct region *region = policy_region(policy, policy->home);

	return !region || region->kind != REGION_SCRATCH || listing_may_hold(&listings->home, path);
}

static int add_rules(const struct policy *policy, const struct listings *listings,
                     struct points *points, struct error *err)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		struct point kind = {
		        .wall = rule->layer == RULE_SECRET || rule->layer == RULE_PROTECTED,
		        .secret = rule->layer == RULE_SECRET,
		        .protected = rule->layer == RULE_PROTECTED,
		        .named = rule->layer == RULE_DENY || rule->layer == RULE_FORBIDDEN,
		};
		/* A secret is refused for every effect: one point is enough. */
		if (rule->kind != TARGET_PATH || rule->pattern.kind != PATTERN_TREE ||
		    (rule->effect != EFFECT_READ && rule->effect != EFFECT_WRITE) ||
		    (rule->layer == RULE_SECRET &&
		     (rule->effect != EFFECT_READ ||
		      !may_matter(policy, listings, rule->pattern.root))))
			continue;
		if (add(points, rule->pattern.root, &kind, err) < 0)
			return -1;
	}
	return 0;
}

/* The git internals of the repositories that are known without a walk. */
static int add_git(const char *root, struct points *points, struct error *err)
{
	const struct point kind = {.wall = true, .protected = true};

	for (size_t i = 0; i < table_protected_git_count; i++) {
		cleanup_free char *path =
		        text_printf("%s/.git/%s", root, table_protected_git[i].path);
		if (!path)
			return error_memory(err);
		if (add(points, path, &kind, err) < 0)
			return -1;
	}
	return 0;
}

static void merge_equal(struct points *points)
{
	size_t kept = 0;

	for (size_t i = 0; i < points->count; i++) {
		struct point *point = &points->items[i];
		struct point *last = kept ? &points->items[kept - 1] : NULL;
		if (last && strcmp(last->path, point->path) == 0) {
			last->wall &= point->wall;
			last->secret |= point->secret;
			last->protected |= point->protected;
			last->named |= point->named;
			last->given &= point->given;
			last->region_root |= point->region_root;
			free(point->path);
			continue;
		}
		points->items[kept++] = *point;
	}
	points->count = kept;
}

/* Whether anything may come to be written: what asks, where somebody can answer. */
static bool may_write(const struct points_request *request, const struct decision *write)
{
	return write->verdict == VERDICT_ALLOW ||
	       (write->verdict == VERDICT_ASK && request->broker && request->asks);
}

/* What the verdicts on one path come to. Write without read cannot be held by a mount and is
 * refused whole. */
static void judge(const struct points_request *request, struct point *point)
{
	const struct policy *policy = request->policy;
	const struct region *region = policy_region(policy, point->path);
	struct decision read;
	struct decision write;

	point->state = POINT_HIDDEN;
	if (!region)
		return;
	point->region = region->kind;
	point->because = region->because;
	if (region->kind == REGION_SCRATCH) {
		point->state = POINT_SCRATCH;
		return;
	}
	policy_decide(policy, EFFECT_READ, point->path, &read);
	if (region->kind == REGION_PROJECT)
		policy_decide(policy, EFFECT_WRITE, point->path, &write);
	else
		write = (struct decision){.verdict = VERDICT_DENY, .because = read.because};
	point->because = read.because;
	if (read.verdict == VERDICT_ALLOW) {
		point->state = may_write(request, &write) ? POINT_WRITE : POINT_READ;
		point->because = write.because;
	} else if (strcmp(point->path, policy->workspace) == 0) {
		point->state = POINT_EMPTY;
	} else if (read.class == DECISION_DENIED) {
		point->state = POINT_MASKED;
	}
}

static bool nothing_at(const struct listings *listings, const char *path)
{
	if (!may_exist(listings, path))
		return true;
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

/* The walls, the system's trees and the toolchains are hundreds of names, most of which exist
 * nowhere. They are judged only where something stands at the name, and walls only where the tree
 * around them lets something through. */
static bool settle(const struct points_request *request, struct points *points,
                   const struct listings *listings, struct point *point)
{
	bool wall = point->wall && !point->named && !point->region_root;

	if (point->parent < 0 || (!wall && !point->given))
		return point->given && nothing_at(listings, point->path);

	const struct point *parent = &points->items[point->parent];
	if (wall) {
		point->state = parent->state;
		point->region = parent->region;
		if (parent->state != POINT_READ && parent->state != POINT_WRITE)
			return true;
		if (parent->state == POINT_READ && !point->secret)
			return true;
	}
	bool brokered = wall && !point->secret && request->broker;
	if (!nothing_at(listings, point->path)) {
		point->brokered = brokered;
		return brokered;
	}
	point->state = parent->state;
	point->region = parent->region;
	point->absent = !brokered;
	return true;
}

static void find_parents(struct points *points)
{
	for (size_t i = 0; i < points->count; i++) {
		long parent = (long)i - 1;

		while (parent >= 0 &&
		       !path_below(points->items[i].path, points->items[parent].path))
			parent = points->items[parent].parent;
		points->items[i].parent = parent;
	}
}

static bool host_visible(const struct point *point, enum effect effect)
{
	return point->state == POINT_WRITE || (effect == EFFECT_READ && point->state == POINT_READ);
}

/* Whether anything that a deny with wildcards speaks of can be reached. */
static bool reaches(const struct points *points, const struct rule *rule)
{
	for (size_t i = 0; i < points->count; i++) {
		const struct point *point = &points->items[i];
		if (host_visible(point, rule->effect) &&
		    (path_within(point->path, rule->pattern.root) ||
		     path_within(rule->pattern.root, point->path)))
			return true;
	}
	return false;
}

/* Whether a permission with wildcards permits something that the trees do not permit already. */
static bool adds(const struct policy *policy, const struct rule *rule)
{
	struct decision decision;

	if (rule->layer == RULE_TOOLS && policy->mode_cells[rule->effect] != VERDICT_ALLOW)
		return false;
	policy_decide(policy, rule->effect, rule->pattern.root, &decision);
	return decision.verdict != VERDICT_ALLOW;
}

/* Wildcards need somebody who looks at each name. Where a rule with wildcards makes a difference,
 * it is not held by mounts, and nothing runs. */
static int refuse_wildcards(const struct points_request *request, const struct points *points,
                            struct error *err)
{
	const struct policy *policy = request->policy;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		bool matters = false;

		if (rule->kind != TARGET_PATH || rule->pattern.kind == PATTERN_TREE ||
		    (rule->effect != EFFECT_READ && rule->effect != EFFECT_WRITE) ||
		    (rule->effect == EFFECT_WRITE && request->broker))
			continue;
		if (rule->layer == RULE_TOOLS || rule->layer == RULE_GRANT)
			matters = adds(policy, rule);
		else if (rule->layer == RULE_DENY || rule->layer == RULE_FORBIDDEN ||
		         rule->layer == RULE_CEILING)
			matters = reaches(points, rule);
		if (!matters)
			continue;
		error_set(err, "%s: %s %s cannot be held at level namespaces", rule->because,
		          effect_name(rule->effect), rule->pattern.text);
		return error_help(err, "name folders without wildcards, anchored like ./dir/** "
		                       "(a bare name matches at every depth)");
	}
	return 0;
}

/* Where a permission with wildcards may permit something, the broker needs a tree that can be
 * written. */
static void open_wildcards(const struct points_request *request, struct points *points)
{
	for (size_t i = 0; request->broker && i < request->policy->rule_count; i++) {
		const struct rule *rule = &request->policy->rules[i];
		bool gives = rule->layer == RULE_GRANT ||
		             (rule->layer == RULE_TOOLS &&
		              (request->policy->mode_cells[EFFECT_WRITE] == VERDICT_ALLOW ||
		               (request->policy->mode_cells[EFFECT_WRITE] == VERDICT_ASK &&
		                request->asks)));
		if (!gives || rule->effect != EFFECT_WRITE || rule->kind != TARGET_PATH ||
		    rule->pattern.kind == PATTERN_TREE)
			continue;
		for (size_t k = 0; k < points->count; k++) {
			struct point *point = &points->items[k];
			if (point->state == POINT_READ && point->region == REGION_PROJECT &&
			    !point->named &&
			    (path_within(point->path, rule->pattern.root) ||
			     path_within(rule->pattern.root, point->path)))
				point->state = POINT_WRITE;
		}
	}
}

int points_find(const struct points_request *request, struct points *out, struct error *err)
{
	const struct policy *policy = request->policy;

	*out = (struct points){0};
	for (size_t i = 0; i < policy->region_count; i++) {
		const struct point kind = {
		        .region_root = true,
		        .given = policy->regions[i].kind == REGION_SYSTEM ||
		                 policy->regions[i].kind == REGION_HOME,
		};
		if (add(out, policy->regions[i].root, &kind, err) < 0)
			return -1;
	}
	cleanup_listings struct listings listings = {0};
	if (listings_read(policy, &listings, err) < 0 ||
	    add_rules(policy, &listings, out, err) < 0 ||
	    add_git(policy->workspace, out, err) < 0 ||
	    (policy->repository && strcmp(policy->repository, policy->workspace) != 0 &&
	     add_git(policy->repository, out, err) < 0))
		return -1;
	qsort(out->items, out->count, sizeof(*out->items), compare_points);
	merge_equal(out);
	find_parents(out);
	for (size_t i = 0; i < out->count; i++)
		if (!settle(request, out, &listings, &out->items[i]))
			judge(request, &out->items[i]);
	open_wildcards(request, out);
	return refuse_wildcards(request, out, err);
}
