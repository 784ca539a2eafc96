#include "plan/listing.h"

#include "base/buffer.h"
#include "base/path.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

enum {
	/* Beyond this, asking for each name costs less than reading all. */
	MOST_NAMES = 1000,
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add(struct listing *listing, const char *name, struct error *err)
{
	void *names = listing->names;

	if (array_reserve(&names, &listing->capacity, listing->count, sizeof(*listing->names)) < 0)
		return error_memory(err);
	listing->names = names;
	listing->names[listing->count] = text_copy(name);
	return listing->names[listing->count++] ? 0 : error_memory(err);
}

/* Whether a name that is not listed is not there, either: look-up is by the exact bytes, and
 * nothing comes into being when it is looked up (as with automounters, networks and FUSE). */
static bool exact(int folder)
{
	static const long known[] = {EXT4_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC};
	struct statfs system;
	int flags = 0;

	if (fstatfs(folder, &system) < 0)
		return false;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (system.f_type != known[i])
			continue;
		if (ioctl(folder, FS_IOC_GETFLAGS, &flags) < 0)
			return errno == ENOTTY;
		return !(flags & FS_CASEFOLD_FL);
	}
	return false;
}

int listing_read(const char *folder, struct listing *out, struct error *err)
{
	const struct dirent *entry;
	int result = 0;

	*out = (struct listing){.folder = text_copy(folder)};
	if (!out->folder)
		return error_memory(err);
	DIR *stream = opendir(folder);
	if (!stream)
		return 0;
	if (!exact(dirfd(stream))) {
		closedir(stream);
		return 0;
	}
	errno = 0;
	while (result == 0 && out->count < MOST_NAMES && (entry = readdir(stream)) != NULL)
		result = add(out, entry->d_name, err);
	out->complete = result == 0 && out->count < MOST_NAMES && errno == 0;
	closedir(stream);
	qsort(out->names, out->count, sizeof(*out->names), compare);
	return result;
}

bool listing_may_hold(const struct listing *listing, const char *path)
{
	if (!listing->folder || !listing->complete || !path_below(path, listing->folder))
		return true;

	const char *name = path + strlen(listing->folder) + 1;
	size_t size = strcspn(name, "/");
	size_t low = 0;
	size_t high = listing->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncmp(name, listing->names[middle], size);
		if (order == 0 && listing->names[middle][size] == '\0')
			return true;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

void listing_clear(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->names[i]);
	free(listing->names);
	free(listing->folder);
	*listing = (struct listing){0};
}
