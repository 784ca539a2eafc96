/* Theory of operation. To look a folder up takes four system calls, and more than the making of a
 * file in it. A folder that the kernel calls by the same path as before, is what that path leads
 * to, if no link is on the way and nothing else is mounted: the broker's tree has its mounts for
 * good. So its name is all that has to be asked.
 *
 * What this does not show is whether the folders above may still be searched. Changes that are made
 * inside pass the broker, and all is forgotten then, and nothing kept for a while where the kernel
 * does the deed after the answer (in scratch, where folders above the project may lie); of those
 * that are made outside, what is kept takes no notice for as long as it is kept. Nor does it show
 * what a server says of a name, so folders of network file systems and of FUSE are looked up each
 * time. */
#include "watch/folders.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "watch/target.h"

#include <linux/magic.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
	PLACES = 4,             /* a rename has two folders, and more than one file is in work */
	SETTLED_AFTER_MS = 200, /* from the answer to what was let go on */
	KEPT_FOR_MS = 20,       /* from when it was looked up */
	MS_PER_SECOND = 1000,
	NS_PER_MS = 1000000,
};

struct kept {
	char *path; /* NULL: nothing */
	size_t size;
	int folder; /* -1: it was named once, and is kept when it is named again */
	unsigned age;
	int64_t until; /* ms, CLOCK_MONOTONIC_COARSE */
	unsigned call; /* that used it last */
	struct folder_facts facts;
};

static _Thread_local struct kept places[PLACES];
static _Thread_local unsigned calls;
static _Atomic unsigned changes;
static _Atomic int64_t unsettled; /* ms; until then */

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return (int64_t)time.tv_sec * MS_PER_SECOND + time.tv_nsec / NS_PER_MS;
}

void folders_begin(void)
{
	calls++;
}

void folders_forget(void)
{
	atomic_fetch_add(&changes, 1);
}

void folders_forget_soon(void)
{
	atomic_store(&unsettled, now() + SETTLED_AFTER_MS);
	folders_forget();
}

unsigned folders_age(void)
{
	return atomic_load(&changes);
}

static struct kept *find(const char *path, size_t size)
{
	for (size_t i = 0; i < PLACES; i++)
		if (places[i].path && places[i].size == size &&
		    memcmp(places[i].path, path, size) == 0)
			return &places[i];
	return NULL;
}

static bool is_lent(const struct kept *kept)
{
	return kept->folder >= 0 && kept->call == calls;
}

static void drop(struct kept *kept)
{
	if (kept->folder >= 0)
		close(kept->folder);
	kept->folder = -1;
}

int folders_recall(const char *path, size_t size)
{
	struct kept *kept = find(path, size);

	if (!kept || kept->folder < 0)
		return -1;
	int64_t time = now();
	if (kept->age != folders_age() || kept->until < time || atomic_load(&unsettled) > time) {
		if (!is_lent(kept))
			drop(kept);
		return -1;
	}
	kept->call = calls;
	return kept->folder;
}

int folders_recall_there(const char *path, size_t size)
{
	int folder = folders_recall(path, size);
	cleanup_free char *called = folder < 0 ? NULL : target_path(folder);

	return called && strlen(called) == size && memcmp(called, path, size) == 0 ? folder : -1;
}

/* The place that was not used for longest. */
static struct kept *free_place(void)
{
	struct kept *oldest = NULL;

	for (size_t i = 0; i < PLACES; i++) {
		if (!places[i].path)
			return &places[i];
		if (!is_lent(&places[i]) &&
		    (!oldest || calls - places[i].call > calls - oldest->call))
			oldest = &places[i];
	}
	return oldest;
}

/* File systems whose names change by calls of this kernel only. */
static bool is_of_this_kernel(const struct statfs *system)
{
	static const unsigned long types[] = {
	        EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,       BTRFS_SUPER_MAGIC,
	        F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if ((unsigned long)system->f_type == types[i])
			return true;
	return false;
}

static bool learn(int folder, const char *path, size_t size, struct folder_facts *out)
{
	cleanup_free char *called = target_path(folder);
	struct statfs system;
	struct stat status;

	/* A folder that was removed is called so, and others may be. */
	if (!called || strlen(called) != size || memcmp(called, path, size) != 0 ||
	    strstr(called, " (deleted)") || fstatfs(folder, &system) < 0 ||
	    !is_of_this_kernel(&system) || fstat(folder, &status) < 0 || !S_ISDIR(status.st_mode))
		return false;
	*out = (struct folder_facts){
	        .device = status.st_dev,
	        .read_only = ((unsigned long)system.f_flags & ST_RDONLY) != 0,
	};
	return true;
}

bool folders_keep(const char *path, size_t size, int folder, unsigned age)
{
	struct kept *kept = find(path, size);

	if (atomic_load(&unsettled) > now())
		return false;
	if (!kept) {
		kept = free_place();
		char *copy = kept ? text_copy_size(path, size) : NULL;
		if (!copy)
			return false;
		if (kept->path)
			drop(kept);
		free(kept->path);
		*kept = (struct kept){.path = copy, .size = size, .folder = -1, .call = calls};
		return false;
	}
	if (is_lent(kept))
		return false;
	drop(kept);
	kept->call = calls;
	if (!learn(folder, path, size, &kept->facts))
		return false;
	kept->folder = folder;
	kept->age = age;
	kept->until = now() + KEPT_FOR_MS;
	return true;
}

bool folders_know(int folder, struct folder_facts *out)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (places[i].path && places[i].folder == folder && folder >= 0) {
			*out = places[i].facts;
			return true;
		}
	}
	return false;
}
