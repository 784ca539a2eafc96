#include "plan/homes.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

bool homes_part_of_system(const char *path)
{
	static const char *const trees[] = {"/usr",  "/etc",  "/bin", "/sbin", "/lib",
	                                    "/boot", "/proc", "/sys", "/dev"};
	static const char *const sources[] = {"/usr/src", "/usr/local/src"};

	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		if (path_below(path, sources[i]))
			return false;
	for (size_t i = 0; i < sizeof(trees) / sizeof(*trees); i++)
		if (path_within(path, trees[i]))
			return true;
	return false;
}

static int add(struct homes *homes, const struct passwd *entry, struct error *err)
{
	void *items = homes->items;
	struct home home = {.user = entry->pw_uid};

	if (array_reserve(&items, &homes->capacity, homes->count, sizeof(*homes->items)) < 0)
		return error_memory(err);
	homes->items = items;
	home.name = text_copy(entry->pw_name);
	home.path = path_absolute("/", entry->pw_dir);
	homes->items[homes->count++] = home;
	return home.name && home.path ? 0 : error_memory(err);
}

int homes_read(struct homes *out, struct error *err)
{
	cleanup_fclose FILE *stream = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	*out = (struct homes){0};
	if (!stream)
		return errno == ENOENT ? 0 : error_system(err, errno, "/etc/passwd");
	while ((entry = fgetpwent(stream)) != NULL)
		if (add(out, entry, err) < 0)
			return -1;
	/* NULL is the end of the file, and every error. */
	return feof(stream) && !ferror(stream)
	               ? 0
	               : error_set(err, "/etc/passwd could not be read to its end");
}

const struct home *homes_of(const struct homes *homes, uid_t user)
{
	for (size_t i = 0; i < homes->count; i++)
		if (homes->items[i].user == user)
			return &homes->items[i];
	return NULL;
}

const char *homes_within(const struct homes *homes, const char *folder)
{
	for (size_t i = 0; i < homes->count; i++) {
		const char *path = homes->items[i].path;
		if (path[1] != '\0' && path_within(path, folder) && !homes_part_of_system(path))
			return path;
	}
	return NULL;
}

void homes_clear(struct homes *homes)
{
	for (size_t i = 0; i < homes->count; i++) {
		free(homes->items[i].name);
		free(homes->items[i].path);
	}
	free(homes->items);
	*homes = (struct homes){0};
}
