#include "base/fuse_mount.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>

static int set_number(int context, const char *key, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return fsconfig(context, FSCONFIG_SET_STRING, key, text, 0);
}

int mount_fuse(uid_t user, gid_t group, int *device, int *mount, struct error *err)
{
	/* Opened here: the kernel demands that it was in the user namespace that mounts. */
	cleanup_close int answers = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (answers < 0)
		return error_system(err, errno, "/dev/fuse");
	cleanup_close int context = fsopen("fuse", FSOPEN_CLOEXEC);
	if (context < 0 || set_number(context, "fd", (unsigned)answers) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "rootmode", "40000", 0) < 0 ||
	    set_number(context, "user_id", user) < 0 ||
	    set_number(context, "group_id", group) < 0 ||
	    fsconfig(context, FSCONFIG_SET_FLAG, "allow_other", NULL, 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_system(err, errno, "mounting a file system of FUSE");
	*mount = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (*mount < 0)
		return error_system(err, errno, "mounting a file system of FUSE");
	*device = steal_descriptor(&answers);
	return 0;
}
