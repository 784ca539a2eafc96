#include "sandbox/place.h"

#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static int open_below(int folder, const char *path)
{
	return kernel_openat2(folder, path, O_PATH | O_NOFOLLOW | O_CLOEXEC,
	                      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

int place_open(const struct entering *entering, const char *path)
{
	return open_below(entering->root, path[1] ? path + 1 : ".");
}

/* Creates one name in a folder of the private tmpfs. */
static int make_name(const struct entering *entering, int folder, const char *name, bool directory,
                     struct error *err)
{
	struct stat status;

	if (fstat(folder, &status) < 0)
		return error_system(err, errno, "%s", name);
	if (status.st_dev != entering->store_device)
		return error_set(err, "%s does not exist, and nothing is created on the host",
		                 name);
	if (directory)
		return mkdirat(folder, name, 0755) < 0 ? error_system(err, errno, "%s", name) : 0;
	cleanup_close int file =
	        openat(folder, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0444);
	return file < 0 ? error_system(err, errno, "%s", name) : 0;
}

int place_make(const struct entering *entering, const char *path, bool directory, struct error *err)
{
	int found = place_open(entering, path);

	if (found >= 0)
		return found;
	if (errno != ENOENT)
		return error_system(err, errno, "%s", path);

	cleanup_free char *names = text_copy(path + 1);
	cleanup_close int folder = open_below(entering->root, ".");
	if (!names)
		return error_memory(err);
	if (folder < 0)
		return error_system(err, errno, "/");
	for (char *name = names; name;) {
		char *rest = strchr(name, '/');
		if (rest)
			*rest++ = '\0';
		int next = open_below(folder, name);
		if (next < 0 && errno == ENOENT) {
			if (make_name(entering, folder, name, rest || directory, err) < 0)
				return error_context(err, "%s", path);
			next = open_below(folder, name);
		}
		if (next < 0)
			return error_system(err, errno, "%s", path);
		close(folder);
		folder = next;
		name = rest;
	}
	return steal_descriptor(&folder);
}

int place_clone(int place, struct error *err)
{
	int tree = open_tree(place, "",
	                     AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return tree < 0 ? error_system(err, errno, "open_tree") : tree;
}

int place_attributes(int mount, uint64_t set, uint64_t clear, bool recursive, struct error *err)
{
	struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};

	if (mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes,
	                  sizeof(attributes)) < 0)
		return error_system(err, errno, "mount_setattr");
	return 0;
}

int place_attach(int mount, int target, struct error *err)
{
	if (move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
	    0)
		return error_system(err, errno, "move_mount");
	return 0;
}

int place_decoy(const struct entering *entering, const char *path, struct error *err)
{
	cleanup_close int place = open_below(entering->decoy, path[1] ? path + 1 : ".");

	if (place < 0)
		return error_system(err, errno, "%s in the decoy", path);
	return place_clone(place, err);
}

int place_mask(const struct entering *entering, int target, struct error *err)
{
	struct stat status;

	if (fstat(target, &status) < 0)
		return error_system(err, errno, "covering");
	const char *name = S_ISDIR(status.st_mode) ? "masked-folder" : "masked-file";
	cleanup_close int mask =
	        open_tree(entering->store, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (mask < 0)
		return error_system(err, errno, "open_tree of a mask");
	const uint64_t attributes =
	        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	if (place_attributes(mask, attributes, 0, true, err) < 0)
		return -1;
	return place_attach(mask, target, err);
}
