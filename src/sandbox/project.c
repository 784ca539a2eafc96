#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/path.h"
#include "sandbox/place.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>

static int open_mount(const struct plan_mount *mount, struct error *err)
{
	int place = kernel_openat2(AT_FDCWD, mount->path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
	                           RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);

	return place < 0 ? kernel_openat2_error(errno, mount->path, err) : place;
}

/* Scratch that lies in the project stays the tool's own. */
static int keep_scratch(const struct plan *plan, const char *tree, struct error *err)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		if (mount->kind != MOUNT_SCRATCH || !path_below(mount->path, tree))
			continue;
		cleanup_close int place = open_mount(mount, err);
		if (place < 0 || place_attributes(place, 0, MOUNT_ATTR_RDONLY, false, err) < 0)
			return -1;
	}
	return 0;
}

/* Should: let the broker take its copy of the tree; then make the project read-only here.
 * Mustn't: go on before the copy is taken; leave one mount of the project writable: what the broker
 * lets go on rests on that. */
int stage_project(struct entering *entering, struct error *err)
{
	const struct plan *plan = entering->plan;

	if (!plan->broker)
		return 0;
	cleanup_close int tree = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (tree < 0)
		return error_system(err, errno, "/proc/self/ns/mnt");
	if (message_send(entering->gate, SANDBOX_GATE_TREE, tree, err) < 0 ||
	    message_expect(entering->gate, SANDBOX_GATE_COPIED, NULL, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		if (!mount->writable || mount->scratch ||
		    (mount->kind != MOUNT_BIND && mount->kind != MOUNT_PIN))
			continue;
		cleanup_close int place = open_mount(mount, err);
		if (place < 0 || place_attributes(place, MOUNT_ATTR_RDONLY, 0, true, err) < 0 ||
		    keep_scratch(plan, mount->path, err) < 0)
			return error_context(err, "%s", mount->path);
	}
	return 0;
}
