#include "base/cleanup.h"
#include "base/text.h"
#include "policy/tables.h"
#include "sandbox/place.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <sys/mount.h>

static int make_read_only(const struct entering *entering, int target, struct error *err)
{
	(void)entering;
	cleanup_close int tree = place_clone(target, err);

	if (tree < 0 || place_attributes(tree, MOUNT_ATTR_RDONLY, 0, true, err) < 0)
		return -1;
	return place_attach(tree, target, err);
}

/* Does to every part of a list what `cover` does to one; kernels do not have all of them. */
static int cover_all(const struct entering *entering, const struct table_path *parts, size_t count,
                     int (*cover)(const struct entering *, int, struct error *), struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *path = text_printf("/proc/%s", parts[i].path);
		if (!path)
			return error_memory(err);
		cleanup_close int target = place_open(entering, path);
		if (target < 0 && errno == ENOENT)
			continue;
		if (target < 0)
			return error_system(err, errno, "%s", path);
		if (cover(entering, target, err) < 0)
			return error_context(err, "%s", path);
	}
	return 0;
}

/* Should: mount a /proc of the new pid namespace, its switches for the whole machine read-only.
 * Mustn't: ask access(2) whether a switch is writable: for a caller that is root the answer is
 * about another id. */
int stage_proc(struct entering *entering, struct error *err)
{
	cleanup_close int context = fsopen("proc", FSOPEN_CLOEXEC);
	cleanup_close int target = place_open(entering, "/proc");

	if (target < 0)
		return error_system(err, errno, "/proc");
	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		error_system(err, errno, "mounting proc");
		return error_help(err, "in a container whose /proc is partly covered no new one "
		                       "can be mounted; start it with an uncovered /proc");
	}
	cleanup_close int mount = fsmount(context, FSMOUNT_CLOEXEC,
	                                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (mount < 0) {
		error_system(err, errno, "mounting proc");
		return error_help(err, "in a container whose /proc is partly covered no new one "
		                       "can be mounted; start it with an uncovered /proc");
	}
	if (place_attach(mount, target, err) < 0)
		return -1;
	if (cover_all(entering, table_trees_proc, table_trees_proc_count, make_read_only, err) < 0)
		return -1;
	return cover_all(entering, table_trees_proc_masked, table_trees_proc_masked_count,
	                 place_mask, err);
}
