/* Everything below a folder, as it is. */
#include "differential.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>

static struct snapshot *filled;

/* FNV-1a. */
static uint64_t digest(const char *data, size_t size)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ (unsigned char)data[i]) * 0x100000001b3u;
	return sum;
}

/* Generated files are short, programs are told apart by size and times. */
static uint64_t content_of(const char *path, const struct stat *status)
{
	char content[PATH_MAX];
	ssize_t size = 0;

	if (S_ISLNK(status->st_mode)) {
		size = readlink(path, content, sizeof(content));
	} else if (S_ISREG(status->st_mode)) {
		cleanup_close int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		size = file < 0 ? 0 : read(file, content, sizeof(content));
	}
	return digest(content, size < 0 ? 0 : (size_t)size);
}

static int add_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	void *items = filled->items;
	struct snapshot_entry entry = {.path = text_copy(path), .status = *status};

	(void)type;
	if (array_reserve(&items, &filled->capacity, filled->count, sizeof(entry)) < 0 ||
	    !entry.path)
		give_up("out of memory");
	filled->items = items;
	entry.content = content_of(path, status);
	if (place->level == 0)
		free(entry.path);
	else
		filled->items[filled->count++] = entry;
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct snapshot_entry *)a)->path,
	              ((const struct snapshot_entry *)b)->path);
}

void snapshot_take(struct snapshot *snapshot, const char *root)
{
	*snapshot = (struct snapshot){0};
	filled = snapshot;
	if (nftw(root, add_entry, 32, FTW_PHYS) < 0)
		give_up("%s: %s", root, strerror(errno));
	qsort(snapshot->items, snapshot->count, sizeof(*snapshot->items), compare_entries);
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* What happens in a folder is told by its entries: its own times and size say nothing. */
static bool is_same(const struct snapshot_entry *a, const struct snapshot_entry *b)
{
	const struct stat *left = &a->status;
	const struct stat *right = &b->status;

	if (left->st_dev != right->st_dev || left->st_ino != right->st_ino ||
	    left->st_mode != right->st_mode || left->st_uid != right->st_uid ||
	    left->st_gid != right->st_gid || a->content != b->content)
		return false;
	return S_ISDIR(left->st_mode) ||
	       (left->st_nlink == right->st_nlink && left->st_size == right->st_size &&
	        same_time(&left->st_mtim, &right->st_mtim) &&
	        same_time(&left->st_ctim, &right->st_ctim));
}

/* A name that changes is a change of the file's status. */
bool snapshot_is_moved(const struct snapshot_entry *a, const struct snapshot_entry *b)
{
	struct snapshot_entry same = *b;

	same.status.st_ctim = a->status.st_ctim;
	return strcmp(a->path, b->path) != 0 && is_same(a, &same);
}

const struct snapshot_entry *snapshot_find(const struct snapshot *snapshot, const char *path)
{
	const struct snapshot_entry key = {.path = (char *)(uintptr_t)path};

	return bsearch(&key, snapshot->items, snapshot->count, sizeof(*snapshot->items),
	               compare_entries);
}

void snapshot_compare(const struct snapshot *before, const struct snapshot *after,
                      void (*changed)(void *data, const char *path, bool existed), void *data)
{
	size_t old = 0;
	size_t new = 0;

	while (old < before->count || new < after->count) {
		int order = old == before->count ? 1
		            : new == after->count
		                    ? -1
		                    : compare_entries(&before->items[old], &after->items[new]);
		if (order < 0)
			changed(data, before->items[old++].path, true);
		else if (order > 0)
			changed(data, after->items[new ++].path, false);
		else if (!is_same(&before->items[old++], &after->items[new ++]))
			changed(data, before->items[old - 1].path, true);
	}
}

void snapshot_clear(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++)
		free(snapshot->items[i].path);
	free(snapshot->items);
	*snapshot = (struct snapshot){0};
}
