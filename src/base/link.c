#include "base/link.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path with the link that its first `size` bytes name replaced by what it says. */
static char *replace_link(const char *path, const char *link, size_t size)
{
	cleanup_free char *text = calloc(1, PATH_MAX);
	cleanup_free char *parent = path_parent(link);

	if (!text || !parent || readlink(link, text, PATH_MAX - 1) < 0)
		return NULL;
	cleanup_free char *target = path_absolute(parent, text);
	if (!target)
		return NULL;
	bool top = strcmp(target, "/") == 0 && path[size];
	return text_printf("%s%s", top ? "" : target, path + size);
}

enum link_step link_walk(const char *path, char **out)
{
	*out = NULL;
	for (size_t size = 0; path[size];) {
		size += 1 + strcspn(path + size + 1, "/");
		cleanup_free char *name = text_copy_size(path, size);
		struct stat status;
		if (!name)
			return LINK_FAILED;
		if (lstat(name, &status) < 0) {
			*out = errno == EACCES ? path_parent(name) : NULL;
			return *out ? LINK_CLOSED : LINK_FAILED;
		}
		if (S_ISLNK(status.st_mode)) {
			*out = replace_link(path, name, size);
			return *out ? LINK_FOUND : LINK_FAILED;
		}
	}
	return LINK_NONE;
}
