#include "plan/submounts.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/parts.h"

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>

static bool served_by_kernel(const char *type)
{
	static const char *const types[] = {
	        "proc",    "sysfs",    "devtmpfs",    "devpts",     "cgroup", "cgroup2",
	        "debugfs", "tracefs",  "configfs",    "securityfs", "bpf",    "pstore",
	        "mqueue",  "efivarfs", "binfmt_misc", "rpc_pipefs", "autofs", "fusectl",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

/* The tree of the project that holds a mount of the host, or NULL. */
static const struct plan_mount *shown_in(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		if (mount->kind == MOUNT_BIND && mount->project && path_below(path, mount->source))
			return mount;
	}
	return NULL;
}

int submounts_mask(struct plan *plan, struct error *err)
{
	cleanup_fclose FILE *table = setmntent("/proc/self/mounts", "re");
	const struct mntent *entry;

	if (!table)
		return error_system(err, errno, "/proc/self/mounts");
	while ((entry = getmntent(table)) != NULL) {
		const struct plan_mount *tree =
		        served_by_kernel(entry->mnt_type) ? shown_in(plan, entry->mnt_dir) : NULL;
		if (!tree)
			continue;
		cleanup_free char *path =
		        text_printf("%s%s", tree->path, entry->mnt_dir + strlen(tree->source));
		if (!path)
			return error_memory(err);
		if (plan_add_mount(plan, MOUNT_MASK, path, NULL, "served by the kernel", NULL,
		                   err) < 0)
			return -1;
	}
	/* NULL is the end of the table, and every error but EAGAIN, which only leaves its mark. */
	return feof(table) && !ferror(table)
	               ? 0
	               : error_set(err, "/proc/self/mounts could not be read to its end");
}
