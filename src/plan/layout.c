/* From points to mounts: what is visible, what is covered, what must stay in place. */
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/parts.h"
#include "plan/points.h"
#include "plan/visible.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct layout {
	const struct plan_request *request;
	const struct policy *policy;
	struct plan *plan;
	struct points points;
	struct buffer unheld; /* protected names that do not exist yet */
	size_t unheld_count;
};

static bool visible(enum point_state state)
{
	return state == POINT_READ || state == POINT_WRITE;
}

static const struct point *parent_of(const struct layout *layout, const struct point *point)
{
	return point->parent < 0 ? NULL : &layout->points.items[point->parent];
}

static enum point_state state_above(const struct layout *layout, const struct point *point)
{
	const struct point *parent = parent_of(layout, point);

	return parent ? parent->state : POINT_HIDDEN;
}

/* What stands at a path, no symbolic link followed. Returns 0 and the status; 1 where it is
 * absent; 2 where a symbolic link is on the way or at the end; negative on failure. */
static int look(const char *path, struct stat *status, struct error *err)
{
	cleanup_close int place = kernel_openat2(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
	                                         RESOLVE_NO_SYMLINKS);

	if (place < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	if (place < 0 && errno == ELOOP)
		return 2;
	if (place < 0)
		return error_system(err, errno, "%s", path);
	if (fstat(place, status) < 0)
		return error_system(err, errno, "%s", path);
	return S_ISLNK(status->st_mode) ? 2 : 0;
}

static void identify(struct plan_mount *mount, const struct stat *status)
{
	mount->directory = S_ISDIR(status->st_mode);
	mount->identified = true;
	mount->device = status->st_dev;
	mount->inode = status->st_ino;
}

/* A path of the system trees: links are rebuilt as links. */
static int add_system(struct layout *layout, const struct point *point, struct error *err)
{
	struct plan_mount *mount;
	struct stat status = {0};

	if (lstat(point->path, &status) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_system(err, errno, "%s", point->path);
	}
	if (S_ISLNK(status.st_mode)) {
		cleanup_free char *target = calloc(1, PATH_MAX);
		if (!target)
			return error_memory(err);
		if (readlink(point->path, target, PATH_MAX - 1) < 0)
			return error_system(err, errno, "%s", point->path);
		return plan_add_mount(layout->plan, MOUNT_LINK, point->path, target, point->because,
		                      NULL, err);
	}
	if (plan_add_mount(layout->plan, MOUNT_BIND, point->path, point->path, point->because,
	                   &mount, err) < 0)
		return -1;
	identify(mount, &status);
	return 0;
}

static int note_absent(struct layout *layout, const struct point *point, struct error *err)
{
	cleanup_free char *name = escape_terminal_copy(point->path);

	if (!name)
		return error_memory(err);
	return plan_add_note(
	        layout->plan, "absent",
	        text_printf("%s does not exist and is not there inside (%s)", name, point->because),
	        err);
}

static bool refused_by(const struct policy *policy, const struct rule *rule, bool writable)
{
	switch (rule->layer) {
	case RULE_DENY:
		return writable || rule->effect == EFFECT_READ;
	case RULE_SECRET:
		return refused_inside(policy, rule->pattern.root);
	case RULE_PROTECTED:
		return writable;
	default:
		return false;
	}
}

/* The first rule by which something that exists below `tree` is refused, or NULL. */
static const struct rule *refused_below(const struct policy *policy, const char *tree,
                                        bool writable)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->kind == TARGET_PATH && path_below(rule->pattern.root, tree) &&
		    refused_by(policy, rule, writable) &&
		    (access(rule->pattern.root, F_OK) == 0 || errno != ENOENT))
			return rule;
	}
	return NULL;
}

/* Covers lie at the names that rules speak of. Under another name of the same tree they would be
 * missing. */
static int refuse_other_name(const struct policy *policy, const struct point *point,
                             const char *real, bool writable, struct error *err)
{
	const struct rule *rule =
	        strcmp(real, point->path) == 0 ? NULL : refused_below(policy, real, writable);

	if (!rule)
		return 0;
	error_set(err, "%s is granted, but leads to %s, in which something is refused (%s)",
	          point->path, real, rule->because);
	return error_help(err, "name the folder by its real path: %s", real);
}

/* A tree of the project, of the home folder, or one that was granted: links are followed to what
 * they name, and that is bound at the name. */
static int add_bind(struct layout *layout, const struct point *point, bool writable,
                    struct error *err)
{
	/* Most toolchains of the list are on no machine: one call tells. */
	if (point->region == REGION_HOME && access(point->path, F_OK) < 0 && errno == ENOENT)
		return 0;
	cleanup_free char *real = realpath(point->path, NULL);
	struct plan_mount *mount;
	struct stat status = {0};

	if (real && strcmp(real, "/") == 0) {
		error_set(err, "%s is granted: the whole file system cannot be shown inside",
		          point->path);
		return error_help(err, "name the folders that are needed, one by one");
	}

	if (!real && (errno == ENOENT || (errno == EACCES && !layout->request->place->home_exists)))
		return point->region == REGION_HOME ? 0 : note_absent(layout, point, err);
	if (!real)
		return error_system(err, errno, "%s", point->path);
	if (strcmp(real, point->path) != 0 && refused_inside(layout->policy, real)) {
		if (point->region == REGION_HOME)
			return 0;
		return error_set(err, "%s is granted, but leads to %s, which is refused",
		                 point->path, real);
	}
	if (refuse_other_name(layout->policy, point, real, writable, err) < 0)
		return point->region == REGION_HOME ? (error_clear(err), 0) : -1;
	if (stat(real, &status) < 0)
		return error_system(err, errno, "%s", real);
	if (plan_add_mount(layout->plan, MOUNT_BIND, point->path, real, point->because, &mount,
	                   err) < 0)
		return -1;
	identify(mount, &status);
	mount->writable = writable;
	mount->project = point->region == REGION_PROJECT;
	return 0;
}

/* Every folder between a writable tree and something covered in it becomes a mount point, so that
 * the cover cannot be moved away with its parent. */
static int add_pins(struct layout *layout, const char *path, const char *because, struct error *err)
{
	const struct point *top = NULL;
	cleanup_free char *folder = path_parent(path);

	for (size_t i = 0; i < layout->points.count; i++) {
		const struct point *point = &layout->points.items[i];
		if (point->state == POINT_WRITE && path_below(path, point->path) &&
		    (!top || !visible(state_above(layout, point)) ||
		     state_above(layout, point) != POINT_WRITE))
			top = point;
	}
	if (!folder)
		return error_memory(err);
	while (top && path_below(folder, top->path)) {
		struct plan_mount *mount;
		if (plan_add_mount(layout->plan, MOUNT_PIN, folder, NULL, because, &mount, err) < 0)
			return -1;
		mount->writable = true;
		mount->directory = true;
		char *parent = path_parent(folder);
		if (!parent)
			return error_memory(err);
		free(folder);
		folder = parent;
	}
	return 0;
}

static int add_cover(struct layout *layout, enum mount_kind kind, const char *path,
                     const struct stat *status, const char *because, bool writable_above,
                     struct error *err)
{
	struct plan_mount *mount;

	if (plan_add_mount(layout->plan, kind, path, NULL, because, &mount, err) < 0)
		return -1;
	mount->directory = S_ISDIR(status->st_mode);
	return writable_above ? add_pins(layout, path, because, err) : 0;
}

static int not_held(struct layout *layout, const char *path, struct error *err)
{
	cleanup_free char *name = escape_terminal_copy(path);

	if (!name)
		return error_memory(err);
	if (layout->unheld_count++)
		buffer_append_text(&layout->unheld, ", ");
	if (path_below(name, layout->policy->workspace))
		buffer_append_text(&layout->unheld, name + strlen(layout->policy->workspace) + 1);
	else
		buffer_append_text(&layout->unheld, name);
	return buffer_failed(&layout->unheld) ? error_memory(err) : 0;
}

/* Something is refused at a path inside a visible tree. */
static int refuse_at(struct layout *layout, enum mount_kind kind, const struct point *point,
                     struct error *err)
{
	bool writable_above = state_above(layout, point) == POINT_WRITE;
	struct stat status = {0};
	int found = look(point->path, &status, err);

	if (found < 0)
		return -1;
	if (found == 0)
		return add_cover(layout, kind, point->path, &status, point->because, writable_above,
		                 err);
	if (found == 2) {
		/* A deny needs the link or its target: the target is covered where it is, the link
		 * itself cannot be. */
		cleanup_free char *real = realpath(point->path, NULL);
		if (real && stat(real, &status) == 0 &&
		    add_cover(layout, kind, real, &status, point->because, writable_above, err) < 0)
			return -1;
		if (!real && errno != ENOENT && errno != ENOTDIR)
			return error_system(err, errno, "%s", point->path);
	}
	if (!writable_above)
		return 0;
	if (!point->named)
		return not_held(layout, point->path, err);
	error_set(err, "%s: %s %s and cannot be held at level namespaces", point->because,
	          point->path, found == 2 ? "is a symbolic link" : "does not exist");
	return error_help(err, "create it before the run, or take writing away from its folder");
}

static int add_scratch(struct layout *layout, const struct point *point, struct error *err)
{
	bool home = strcmp(point->path, layout->policy->home) == 0;
	struct plan_mount *mount;

	if (plan_add_mount(layout->plan, MOUNT_SCRATCH, point->path, NULL, point->because, &mount,
	                   err) < 0)
		return -1;
	mount->mode = home ? 0700 : 01777;
	return 0;
}

static int lay_point(struct layout *layout, const struct point *point, struct error *err)
{
	enum point_state above = state_above(layout, point);
	const struct point *parent = parent_of(layout, point);
	bool enters_project = point->region == REGION_PROJECT && point->region_root && parent &&
	                      parent->region != REGION_PROJECT;

	if (point->absent)
		return point->state == POINT_WRITE ? not_held(layout, point->path, err) : 0;
	switch (point->state) {
	case POINT_SCRATCH:
		return point->region_root ? add_scratch(layout, point, err) : 0;
	case POINT_EMPTY:
		if (visible(above))
			return refuse_at(layout, MOUNT_EMPTY, point, err);
		return plan_add_mount(layout->plan, MOUNT_EMPTY, point->path, NULL, point->because,
		                      NULL, err);
	case POINT_HIDDEN:
	case POINT_MASKED:
		return visible(above) ? refuse_at(layout, MOUNT_MASK, point, err) : 0;
	case POINT_READ:
	case POINT_WRITE:
		break;
	}
	if (above == point->state && !enters_project)
		return 0;
	if (above == POINT_WRITE && point->state == POINT_READ)
		return refuse_at(layout, MOUNT_COVER, point, err);
	if (point->region == REGION_SYSTEM && point->region_root)
		return add_system(layout, point, err);
	return add_bind(layout, point, point->state == POINT_WRITE, err);
}

/* Below a mask, something may be granted again: the mask is then an empty folder that shows the
 * granted names. */
static void open_masks(struct points *points)
{
	for (size_t i = 0; i < points->count; i++) {
		if (points->items[i].state == POINT_MASKED ||
		    points->items[i].state == POINT_HIDDEN)
			continue;
		for (long up = points->items[i].parent; up >= 0; up = points->items[up].parent)
			if (points->items[up].state == POINT_MASKED)
				points->items[up].state = POINT_EMPTY;
	}
}

/* Protected things of the workspace that no name alone tells: a `.git` that is a file, and the
 * layout of a bare repository. */
static int cover_git(struct layout *layout, const char *root, struct error *err)
{
	cleanup_free char *git = path_join(root, ".git");
	struct stat status = {0};
	bool bare = true;
	static const char *const marks[] = {"HEAD", "objects", "refs"};

	if (!git)
		return error_memory(err);
	int found = look(git, &status, err);
	if (found < 0)
		return -1;
	if (found == 0 && !S_ISDIR(status.st_mode) &&
	    add_cover(layout, MOUNT_COVER, git, &status, "protected.yaml: .git that is a file",
	              true, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		cleanup_free char *mark = path_join(root, marks[i]);
		if (!mark)
			return error_memory(err);
		found = look(mark, &status, err);
		if (found < 0)
			return -1;
		bare = bare && found == 0;
	}
	for (size_t i = 0; bare && i < table_protected_git_count; i++) {
		cleanup_free char *path = path_join(root, table_protected_git[i].path);
		if (!path)
			return error_memory(err);
		found = look(path, &status, err);
		if (found < 0)
			return -1;
		if (found == 0 && add_cover(layout, MOUNT_COVER, path, &status,
		                            "protected.yaml: bare repository", true, err) < 0)
			return -1;
	}
	return 0;
}

static bool writes_at(const struct layout *layout, const char *path)
{
	for (size_t i = 0; i < layout->points.count; i++)
		if (layout->points.items[i].state == POINT_WRITE &&
		    strcmp(layout->points.items[i].path, path) == 0)
			return true;
	return false;
}

/* One line for what no mount can hold: names that do not exist yet. */
static int finish_notes(struct layout *layout, struct error *err)
{
	bool writes = false;
	const char *names;

	for (size_t i = 0; i < layout->points.count; i++)
		writes |= layout->points.items[i].state == POINT_WRITE;
	if (!writes)
		return 0;
	if (!layout->unheld_count)
		buffer_append_text(&layout->unheld, "none");
	if (buffer_failed(&layout->unheld))
		return error_memory(err);
	names = layout->unheld.data;
	if (layout->request->strict) {
		error_set(err,
		          "protected names that do not exist yet cannot be held at level "
		          "namespaces: %s",
		          names);
		return error_help(err, "create them before the run, or leave out --strict");
	}
	if (plan_add_note(layout->plan, "not-held-names",
	                  text_printf("protected names missing at the workspace root: %s", names),
	                  err) < 0)
		return -1;
	return plan_add_note(layout->plan, "at-launch",
	                     text_printf("protected names are held only where they exist at launch "
	                                 "(%zu do not; -v lists them)",
	                                 layout->unheld_count),
	                     err);
}

static int lay_out(struct layout *layout, struct error *err)
{
	const struct policy *policy = layout->policy;

	if (points_find(policy, &layout->points, err) < 0)
		return -1;
	open_masks(&layout->points);
	for (size_t i = 0; i < layout->points.count; i++)
		if (lay_point(layout, &layout->points.items[i], err) < 0)
			return -1;
	if (writes_at(layout, policy->workspace) && cover_git(layout, policy->workspace, err) < 0)
		return -1;
	return finish_notes(layout, err);
}

int plan_layout_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	struct layout layout = {.request = request, .policy = request->policy, .plan = plan};
	int result = lay_out(&layout, err);

	points_clear(&layout.points);
	buffer_free(&layout.unheld);
	return result;
}
