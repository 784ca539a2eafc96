#include "watch/foreign.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/mount_table.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/process.h"
#include "watch/target.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct foreign {
	char **paths; /* inside */
	size_t count, capacity;
};

static int add(struct foreign *foreign, char *path, struct error *err)
{
	void *items = foreign->paths;

	if (!path || array_reserve(&items, &foreign->capacity, foreign->count,
	                           sizeof(*foreign->paths)) < 0) {
		free(path);
		return error_memory(err);
	}
	foreign->paths = items;
	foreign->paths[foreign->count++] = path;
	return 0;
}

static int add_where_shown(struct foreign *foreign, const struct plan *plan, const char *path,
                           struct error *err)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct plan_mount *mount = &plan->mounts[i];
		if (mount->kind == MOUNT_BIND && mount->project &&
		    path_below(path, mount->source) &&
		    add(foreign, text_printf("%s%s", mount->path, path + strlen(mount->source)),
		        err) < 0)
			return -1;
	}
	return 0;
}

int foreign_find(const struct plan *plan, struct foreign **out, struct error *err)
{
	cleanup_mount_table struct mount_table table;
	struct foreign *foreign = calloc(1, sizeof(*foreign));
	struct mount_entry entry;
	int found = mount_table_read(&table, err);

	if (!foreign)
		return error_memory(err);
	*out = foreign;
	while (found >= 0 && (found = mount_table_next(&table, &entry, err)) > 0)
		if (add_where_shown(foreign, plan, entry.path, err) < 0)
			return -1;
	return found;
}

static unsigned of_text(const struct foreign *foreign, const char *text)
{
	cleanup_free char *path = text ? path_absolute("/", text) : NULL;
	unsigned deepest = 0;

	for (size_t i = 0; path && i < foreign->count; i++)
		if (path_within(path, foreign->paths[i]) &&
		    (!deepest || strlen(foreign->paths[i]) > strlen(foreign->paths[deepest - 1])))
			deepest = (unsigned)i + 1;
	return deepest;
}

static unsigned of_argument(const struct foreign *foreign, const struct notice *notice, int folder,
                            int path)
{
	const uint64_t *arguments = (const uint64_t *)notice->call->data.args;
	cleanup_free char *text = path == CALL_NONE
	                                  ? text_copy("")
	                                  : process_text((pid_t)notice->call->pid, arguments[path]);
	const struct target_request request = {
	        .thread = (pid_t)notice->call->pid,
	        .folder = folder == CALL_NONE ? AT_FDCWD : (int)arguments[folder],
	        .path = text,
	        .empty = true,
	};
	cleanup_free char *whole = text ? target_text(&request) : NULL;

	return of_text(foreign, whole);
}

unsigned foreign_of(const struct foreign *foreign, const struct notice *notice,
                    const struct watched_call *call)
{
	unsigned found = 0;

	if (!foreign->count || (call->path == CALL_NONE && call->folder == CALL_NONE))
		return 0;
	found = of_argument(foreign, notice, call->folder, call->path);
	return found || call->to_path == CALL_NONE
	               ? found
	               : of_argument(foreign, notice, call->to_folder, call->to_path);
}
