#include "plan/submounts.h"

#include "base/cleanup.h"
#include "base/mount_table.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/parts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

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

/* Whether nothing is there any more: another mount lies on top of a folder above. */
static bool is_hidden(const char *path)
{
	struct stat status;

	return lstat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

static int mask(struct plan *plan, const struct mount_entry *entry, struct error *err)
{
	const struct plan_mount *tree =
	        served_by_kernel(entry->type) ? shown_in(plan, entry->path) : NULL;

	if (!tree || is_hidden(entry->path))
		return 0;
	cleanup_free char *path =
	        text_printf("%s%s", tree->path, entry->path + strlen(tree->source));
	if (!path)
		return error_memory(err);
	return plan_add_mount(plan, MOUNT_MASK, path, NULL, "served by the kernel", NULL, err);
}

int submounts_mask(struct plan *plan, struct error *err)
{
	cleanup_mount_table struct mount_table table;
	struct mount_entry entry;
	int found = mount_table_read(&table, err);

	if (found < 0)
		return -1;
	while ((found = mount_table_next(&table, &entry, err)) > 0)
		if (mask(plan, &entry, err) < 0)
			return -1;
	return found;
}
