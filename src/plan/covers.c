/* What is refused inside of what is shown. */
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>

int layout_look(const char *path, struct stat *status, struct error *err)
{
	cleanup_close int place = kernel_openat2(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
	                                         RESOLVE_NO_SYMLINKS);

	/* ENOTDIR: a file stands where a folder of the path would be. */
	if (place < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	if (place < 0 && errno == ELOOP)
		return 2;
	if (place < 0)
		return kernel_openat2_error(errno, path, err);
	if (fstat(place, status) < 0)
		return error_system(err, errno, "%s", path);
	return S_ISLNK(status->st_mode) ? 2 : 0;
}

/* The topmost writable tree that holds the path. */
static const struct point *writable_top(const struct layout *layout, const char *path)
{
	for (size_t i = 0; i < layout->points.count; i++) {
		const struct point *point = &layout->points.items[i];
		if (point->state == POINT_WRITE && path_below(path, point->path) &&
		    layout_state_above(layout, point) != POINT_WRITE)
			return point;
	}
	return NULL;
}

/* Every folder between a writable tree and something covered in it becomes a mount point, so that
 * the cover cannot be moved away with its parent. */
static int add_pins(struct layout *layout, const char *path, const char *because, struct error *err)
{
	const struct point *top = writable_top(layout, path);
	cleanup_free char *folder = path_parent(path);

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

/* Through its other name the file could be changed, and what is held is this name only. */
static int refuse_second_name(const char *path, const struct stat *status, const char *because,
                              struct error *err)
{
	if (!S_ISREG(status->st_mode) || status->st_nlink == 1)
		return 0;
	error_set(err, "%s: %s has a second name (a hard link), and cannot be held", because, path);
	return error_help(err, "make it a file of its own: cp -p FILE new && mv new FILE");
}

int layout_cover(struct layout *layout, enum mount_kind kind, const char *path,
                 const struct stat *status, const char *because, bool writable_above,
                 struct error *err)
{
	struct plan_mount *mount;

	if (writable_above && refuse_second_name(path, status, because, err) < 0)
		return -1;
	if (plan_add_mount(layout->plan, kind, path, NULL, because, &mount, err) < 0)
		return -1;
	mount->directory = S_ISDIR(status->st_mode);
	return writable_above ? add_pins(layout, path, because, err) : 0;
}

static void list(struct buffer *names, size_t *count, const char *path, const char *workspace)
{
	if ((*count)++)
		buffer_append_text(names, ", ");
	buffer_append_text(names,
	                   path_below(path, workspace) ? path + strlen(workspace) + 1 : path);
}

int layout_not_held(struct layout *layout, const struct point *point, struct error *err)
{
	cleanup_free char *name = escape_terminal_copy(point->path);
	struct buffer *names = point->secret ? &layout->unmasked : &layout->unheld;

	if (!name)
		return error_memory(err);
	list(names, point->secret ? &layout->unmasked_count : &layout->unheld_count, name,
	     layout->policy->workspace);
	return buffer_failed(names) ? error_memory(err) : 0;
}

/* No mount can hold a link in place, and what it leads to is another name's business. */
static int refuse_link(const struct point *point, const char *because, struct error *err)
{
	cleanup_free char *name = escape_terminal_copy(point->path);

	if (!name)
		return error_memory(err);
	error_set(err, "%s: %s is or leads through a symbolic link, which cannot be held in place",
	          because, name);
	return error_help(err,
	                  "put in its place what it leads to, or permit writing it by name: "
	                  "--grant write:%s",
	                  name);
}

int layout_check(struct layout *layout, const struct point *point, struct error *err)
{
	struct decision decision;
	struct stat status = {0};

	policy_decide(layout->policy, EFFECT_WRITE, point->path, &decision);
	if (decision.cause != CAUSE_PROTECTED || decision.verdict == VERDICT_ALLOW)
		return 0;
	switch (layout_look(point->path, &status, err)) {
	case 0:
		return refuse_second_name(point->path, &status, decision.because, err);
	case 1:
		return 0;
	case 2:
		return refuse_link(point, decision.because, err);
	default:
		return -1;
	}
}

int layout_refuse(struct layout *layout, enum mount_kind kind, const struct point *point,
                  struct error *err)
{
	bool writable_above = layout_state_above(layout, point) == POINT_WRITE;
	struct stat status = {0};

	switch (layout_look(point->path, &status, err)) {
	case 0:
		return layout_cover(layout, kind, point->path, &status, point->because,
		                    writable_above, err);
	case 1:
		break;
	case 2:
		/* What a link leads to has a point of its own (see points.c). */
		return writable_above ? refuse_link(point, point->because, err) : 0;
	default:
		return -1;
	}
	if (!writable_above)
		return 0;
	if (!point->named)
		return layout_not_held(layout, point, err);
	/* The broker decides on the name when somebody makes it. */
	if (kind == MOUNT_COVER && layout->request->decoy)
		return 0;
	error_set(err, "%s: %s does not exist and cannot be held at level namespaces",
	          point->because, point->path);
	return error_help(err, "create it before the run, or take writing away from its folder");
}

/* The deepest tree laid out so far that holds the path, or NULL. */
static const struct plan_mount *tree_of(const struct plan *plan, const char *path)
{
	const struct plan_mount *found = NULL;

	for (size_t i = 0; i < plan->mount_count; i++)
		if (plan->mounts[i].kind != MOUNT_PIN && path_within(path, plan->mounts[i].path) &&
		    (!found || path_below(plan->mounts[i].path, found->path)))
			found = &plan->mounts[i];
	return found;
}

static int pin_scratch(struct layout *layout, const char *path, const char *because,
                       struct error *err)
{
	cleanup_free char *folder = path_parent(path);

	while (folder && folder[1]) {
		const struct plan_mount *tree = tree_of(layout->plan, folder);
		struct plan_mount *mount;
		if (!tree || tree->kind != MOUNT_SCRATCH || strcmp(tree->path, folder) == 0)
			return 0;
		if (plan_add_mount(layout->plan, MOUNT_PIN, folder, NULL, because, &mount, err) < 0)
			return -1;
		mount->writable = true;
		mount->directory = true;
		mount->scratch = true;
		char *parent = path_parent(folder);
		free(folder);
		folder = parent;
	}
	return folder ? 0 : error_memory(err);
}

int layout_hold(struct layout *layout, struct error *err)
{
	size_t count = layout->plan->mount_count;

	for (size_t i = 0; i < count; i++) {
		const struct plan_mount *mount = &layout->plan->mounts[i];
		if (mount->kind != MOUNT_BIND || !mount->project || !mount->writable)
			continue;
		cleanup_free char *path = text_copy(mount->path);
		cleanup_free char *because = text_copy(mount->because);
		if (!path || !because)
			return error_memory(err);
		if (pin_scratch(layout, path, because, err) < 0)
			return -1;
	}
	return 0;
}
