/* What is shown of the host. */
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/layout.h"
#include "plan/visible.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void identify(struct plan_mount *mount, const struct stat *status)
{
	mount->directory = S_ISDIR(status->st_mode);
	mount->identified = true;
	mount->device = status->st_dev;
	mount->inode = status->st_ino;
}

static int bind(struct layout *layout, const struct point *point, const char *source,
                const struct stat *status, struct error *err)
{
	struct plan_mount *mount;

	if (plan_add_mount(layout->plan, MOUNT_BIND, point->path, source, point->because, &mount,
	                   err) < 0)
		return -1;
	identify(mount, status);
	mount->writable = point->state == POINT_WRITE;
	mount->project = point->region == REGION_PROJECT;
	return 0;
}

int layout_add_system(struct layout *layout, const struct point *point, struct error *err)
{
	struct stat status = {0};

	if (lstat(point->path, &status) < 0)
		return errno == ENOENT ? 0 : error_system(err, errno, "%s", point->path);
	if (!S_ISLNK(status.st_mode))
		return bind(layout, point, point->path, &status, err);

	/* /bin and its like: a link is rebuilt as a link. */
	cleanup_free char *target = calloc(1, PATH_MAX);
	if (!target)
		return error_memory(err);
	if (readlink(point->path, target, PATH_MAX - 1) < 0)
		return error_system(err, errno, "%s", point->path);
	return plan_add_mount(layout->plan, MOUNT_LINK, point->path, target, point->because, NULL,
	                      err);
}

static int note(struct layout *layout, const struct point *point, const char *what,
                struct error *err)
{
	cleanup_free char *name = escape_terminal_copy(point->path);

	if (!name)
		return error_memory(err);
	return plan_add_note(
	        layout->plan, "absent",
	        text_printf("%s %s and is not there inside (%s)", name, what, point->because), err);
}

static bool granted_by_operator(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer == RULE_GRANT && rule->kind == TARGET_PATH &&
		    strcmp(rule->pattern.root, path) == 0)
			return true;
	}
	return false;
}

/* Whether what a link leads to is permitted by a name of its own: an allow needs the link and its
 * target. */
static bool target_permitted(const struct policy *policy, const struct point *point,
                             const char *real)
{
	const struct region *region = policy_region(policy, real);
	enum effect effect = point->state == POINT_WRITE ? EFFECT_WRITE : EFFECT_READ;
	struct decision decision;

	policy_decide(policy, effect, real, &decision);
	return region && region->kind == REGION_PROJECT && decision.verdict == VERDICT_ALLOW;
}

/* A name of the project that is, or leads through, a symbolic link. Nothing is bound there: where
 * the target is permitted too, it is shown at its own place, and the name is a link to it. */
static int add_link(struct layout *layout, const struct point *point, struct error *err)
{
	cleanup_free char *real = realpath(point->path, NULL);

	if (!real && (errno == ENOENT || errno == ELOOP))
		return note(layout, point, "leads nowhere", err);
	if (!real)
		return error_system(err, errno, "%s", point->path);
	if (!target_permitted(layout->policy, point, real)) {
		if (!granted_by_operator(layout->policy, point->path))
			return note(layout, point, "is a link to what is not permitted", err);
		error_set(err, "%s is granted, but leads to %s, which is not", point->path, real);
		return error_help(err, "name the folder by its real path: %s", real);
	}
	/* Inside a visible tree the host's own link is there already. */
	if (layout_visible(layout_state_above(layout, point)))
		return 0;
	return plan_add_mount(layout->plan, MOUNT_LINK, point->path, real, point->because, NULL,
	                      err);
}

/* The workspace must still be the folder that was judged. */
static bool is_judged(const struct place *place, const struct point *point,
                      const struct stat *status)
{
	return strcmp(point->path, place->workspace) != 0 ||
	       (status->st_dev == place->workspace_device &&
	        status->st_ino == place->workspace_inode);
}

static int add_project(struct layout *layout, const struct point *point, struct error *err)
{
	struct stat status = {0};

	if (strcmp(point->path, "/") == 0) {
		error_set(err, "/ is granted: the whole file system cannot be shown inside");
		return error_help(err, "name the folders that are needed, one by one");
	}
	switch (layout_look(point->path, &status, err)) {
	case 0:
		break;
	case 1:
		return note(layout, point, "does not exist", err);
	case 2:
		return add_link(layout, point, err);
	default:
		return -1;
	}
	if (!is_judged(layout->request->place, point, &status))
		return error_set(err, "workspace %s was replaced while remit was starting",
		                 point->path);
	return bind(layout, point, point->path, &status, err);
}

/* Whether something that exists below a tree is refused by name. Its covers would be missing under
 * another name of the tree. */
static bool refused_below(const struct policy *policy, const char *tree)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->kind == TARGET_PATH && rule->effect == EFFECT_READ &&
		    (rule->layer == RULE_DENY || rule->layer == RULE_FORBIDDEN ||
		     rule->layer == RULE_SECRET) &&
		    path_below(rule->pattern.root, tree) &&
		    (access(rule->pattern.root, F_OK) == 0 || errno != ENOENT))
			return true;
	}
	return false;
}

/* Whether a link of the home folder may be followed: one link, straight to a place in the system's
 * trees or in the home folder. A chain can lead through the workspace, where a tool changes it; and
 * nothing is followed to what is refused, or holds the home folder or the workspace. */
static bool home_link_harmless(const struct policy *policy, const char *path, const char *real)
{
	cleanup_free char *text = calloc(1, PATH_MAX);
	cleanup_free char *parent = path_parent(path);
	const struct region *region = policy_region(policy, real);

	if (!text || !parent || readlink(path, text, PATH_MAX - 1) < 0)
		return false;
	cleanup_free char *target = path_absolute(parent, text);
	cleanup_free char *folder = realpath(parent, NULL);
	bool straight =
	        target && folder && strcmp(target, real) == 0 && strcmp(folder, parent) == 0;
	bool home = path_below(real, policy->home) && region && region->kind != REGION_PROJECT;
	bool system = region && region->kind == REGION_SYSTEM;

	return straight && (home || system) && !refused_inside(policy, real) &&
	       !refused_below(policy, real) && !path_within(policy->home, real) &&
	       !path_within(policy->workspace, real);
}

/* Toolchains and plain configuration: most are on no machine, and what cannot be shown safely is
 * left out. */
static int add_home(struct layout *layout, const struct point *point, struct error *err)
{
	struct stat status = {0};

	if (!layout->request->place->home_exists ||
	    (access(point->path, F_OK) < 0 && errno == ENOENT))
		return 0;
	cleanup_free char *real = realpath(point->path, NULL);
	if (!real)
		return errno == ENOENT ? 0 : error_system(err, errno, "%s", point->path);
	if (strcmp(real, point->path) != 0 &&
	    !home_link_harmless(layout->policy, point->path, real))
		return 0;
	int found = layout_look(real, &status, err);
	if (found < 0)
		return -1;
	if (found != 0)
		return error_set(err, "%s was replaced while remit was starting", real);
	return bind(layout, point, real, &status, err);
}

int layout_add_bind(struct layout *layout, const struct point *point, struct error *err)
{
	return point->region == REGION_HOME ? add_home(layout, point, err)
	                                    : add_project(layout, point, err);
}
