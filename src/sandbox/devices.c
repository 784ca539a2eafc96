#include "base/cleanup.h"
#include "base/text.h"
#include "policy/tables.h"
#include "sandbox/place.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Binds a device of the host, if it is the `same` (may be NULL). The mount may not carry NODEV, so
 * each is a mount of its own. */
static int bind_device(const struct entering *entering, const char *source, const char *path,
                       const struct stat *same, struct error *err)
{
	/* Read-only: its mode and owner stay; a device can be written all the same. */
	const uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY;
	struct stat status;
	cleanup_close int device = open(source, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (device < 0 && errno == ENOENT)
		return 0;
	if (device < 0 || fstat(device, &status) < 0)
		return error_system(err, errno, "%s", source);
	if (!S_ISCHR(status.st_mode))
		return error_set(err, "%s is no character device", source);
	if (same && (same->st_dev != status.st_dev || same->st_ino != status.st_ino))
		return 0;
	cleanup_close int tree = place_clone(device, err);
	if (tree < 0)
		return -1;
	cleanup_close int target = place_make(entering, path, false, err);
	if (target < 0 || place_attributes(tree, attributes, 0, false, err) < 0)
		return -1;
	return place_attach(tree, target, err);
}

static int make_links(const struct entering *entering, struct error *err)
{
	static const struct {
		const char *name;
		const char *target;
	} links[] = {
	        {"ptmx", "pts/ptmx"},          {"fd", "/proc/self/fd"},
	        {"stdin", "/proc/self/fd/0"},  {"stdout", "/proc/self/fd/1"},
	        {"stderr", "/proc/self/fd/2"},
	};
	cleanup_close int folder = place_open(entering, "/dev");

	if (folder < 0)
		return error_system(err, errno, "/dev");
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlinkat(links[i].target, folder, links[i].name) < 0)
			return error_system(err, errno, "/dev/%s", links[i].name);
	return 0;
}

/* Terminals of the sandbox's own. */
static int mount_pts(const struct entering *entering, struct error *err)
{
	cleanup_close int context = fsopen("devpts", FSOPEN_CLOEXEC);
	cleanup_close int target = place_make(entering, "/dev/pts", true, err);

	if (target < 0)
		return -1;
	if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "mode", "0620", 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_system(err, errno, "devpts");
	cleanup_close int mount =
	        fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		return error_system(err, errno, "fsmount devpts");
	return place_attach(mount, target, err);
}

/* The terminal that remit was started on lies in the host's /dev/pts, which is not there inside:
 * at /dev/console, ttyname(3) finds it. */
static int bind_terminal(const struct entering *entering, struct error *err)
{
	for (int stream = 0; stream < 3; stream++) {
		char link[32];
		char name[128];

		struct stat status;

		if (!isatty(stream))
			continue;
		if (fstat(stream, &status) < 0)
			return error_system(err, errno, "standard stream %d", stream);
		snprintf(link, sizeof(link), "/proc/self/fd/%d", stream);
		ssize_t length = readlink(link, name, sizeof(name) - 1);
		if (length < 0)
			return error_system(err, errno, "%s", link);
		name[length] = '\0';
		if (strncmp(name, "/dev/", 5) == 0)
			return bind_device(entering, name, "/dev/console", &status, err);
	}
	return 0;
}

/* Should: make a minimal /dev: the listed devices, terminals of its own, the caller's terminal.
 * Mustn't: show a device that is not listed. */
int stage_devices(struct entering *entering, struct error *err)
{
	cleanup_close int tree =
	        open_tree(entering->store, "dev", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	cleanup_close int target = place_open(entering, "/dev");

	if (tree < 0 || target < 0)
		return error_system(err, errno, "/dev");
	if (place_attach(tree, target, err) < 0)
		return -1;
	for (size_t i = 0; i < table_trees_devices_count; i++) {
		cleanup_free char *path = text_printf("/dev/%s", table_trees_devices[i].path);
		if (!path)
			return error_memory(err);
		if (bind_device(entering, path, path, NULL, err) < 0)
			return -1;
	}
	if (make_links(entering, err) < 0 || mount_pts(entering, err) < 0)
		return -1;
	return bind_terminal(entering, err);
}
