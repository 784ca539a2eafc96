#include "watch/deep.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "watch/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LEVELS = 4096,
};

static char *told_path(int folder)
{
	char link[32];
	char path[PATH_MAX];

	process_own_link(folder, link, sizeof(link));
	ssize_t size = readlinkat(process_own_folder(), link, path, sizeof(path));
	return size <= 0 || (size_t)size == sizeof(path) || path[0] != '/'
	               ? NULL
	               : text_copy_size(path, (size_t)size);
}

static bool is_child(int parent, const char *name, const struct stat *child)
{
	struct stat status;

	return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       status.st_dev == child->st_dev && status.st_ino == child->st_ino;
}

/* The name that the folder has in its parent. */
static char *name_in(int parent, int folder)
{
	struct stat child;
	int list = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = list < 0 ? NULL : fdopendir(list);
	char *found = NULL;

	if (!names) {
		if (list >= 0)
			close(list);
		return NULL;
	}
	if (fstat(folder, &child) == 0) {
		for (const struct dirent *entry = readdir(names); entry && !found;
		     entry = readdir(names))
			if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			    is_child(parent, entry->d_name, &child))
				found = text_copy(entry->d_name);
	}
	closedir(names);
	return found;
}

char *deep_path(int folder)
{
	cleanup_close int at = fcntl(folder, F_DUPFD_CLOEXEC, 3);
	cleanup_free char *below = text_copy("");

	for (int level = 0; at >= 0 && below && level < LEVELS; level++) {
		cleanup_free char *told = told_path(at);
		if (told)
			return text_printf("%s%s", told, below);
		cleanup_close int parent = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		cleanup_free char *name = parent < 0 ? NULL : name_in(parent, at);
		if (!name)
			return NULL;
		char *longer = text_printf("/%s%s", name, below);
		free(below);
		below = longer;
		close(at);
		at = steal_descriptor(&parent);
	}
	return NULL;
}
