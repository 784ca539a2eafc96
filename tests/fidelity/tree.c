/* What a sequence left behind. */
#include "fidelity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NAMES = 1024, LINKED = 1024 };

/* Files of more than one name: each is numbered in the order in which it is met. */
static struct {
	ino_t inode;
	char *first;
} linked[LINKED];
static size_t linked_count;

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static void print_name(const char *name)
{
	for (; *name; name++) {
		if (*name > ' ' && *name < 127)
			putchar(*name);
		else
			printf("{%02x}", (unsigned char)*name);
	}
}

static uint64_t sum_of(const char *text, size_t size)
{
	uint64_t sum = size;

	for (size_t i = 0; i < size; i++)
		sum = mix(sum, (unsigned char)text[i]);
	return sum;
}

static void print_content(int folder, const char *name)
{
	static char content[1 << 16];
	ssize_t size;
	uint64_t sum = 0;
	int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (file < 0) {
		printf(" unread:%s", strerrorname_np(errno));
		return;
	}
	/* Most of a large one is a hole. */
	size = pread(file, content, sizeof(content), 0);
	if (size > 0)
		sum = sum_of(content, (size_t)size);
	close(file);
	printf(" %llx", (unsigned long long)sum);
}

/* Attributes by their path in /proc: also of what cannot be opened. */
static void print_attributes(int folder, const char *name)
{
	char path[64];
	char names[8192];
	static char value[70000];
	int file = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	ssize_t size = listxattr(path, names, sizeof(names));
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t length = getxattr(path, names + at, value, sizeof(value));
		printf(" %.12s:%zd:%llx", names + at, length,
		       length > 0 ? (unsigned long long)sum_of(value, (size_t)length) : 0);
	}
	close(file);
}

static void print_links(const struct stat *status, const char *path)
{
	if (status->st_nlink < 2 || S_ISDIR(status->st_mode))
		return;
	for (size_t i = 0; i < linked_count; i++) {
		if (linked[i].inode == status->st_ino) {
			printf(" same as %s", linked[i].first);
			return;
		}
	}
	if (linked_count < LINKED)
		linked[linked_count].inode = status->st_ino,
		linked[linked_count++].first = strdup(path);
}

static void print_entry(int folder, const char *name, const char *path, const struct stat *status)
{
	char target[8192];

	print_name(path);
	printf(" %o %u:%u links=%lu", status->st_mode, status->st_uid, status->st_gid,
	       (unsigned long)status->st_nlink);
	if (!S_ISDIR(status->st_mode))
		printf(" size=%lld", (long long)status->st_size);
	if (status->st_mtim.tv_sec < 1000000000 || status->st_mtim.tv_sec > 4000000000)
		printf(" time=%lld.%ld", (long long)status->st_mtim.tv_sec,
		       status->st_mtim.tv_nsec);
	if (S_ISLNK(status->st_mode)) {
		ssize_t size = readlinkat(folder, name, target, sizeof(target) - 1);
		target[size < 0 ? 0 : size] = '\0';
		printf(" -> ");
		/* Links may hold the path of the whole, which differs in one word. */
		char *base = strstr(target, "/inner/");
		if (!base)
			base = strstr(target, "/outer/");
		if (base)
			memcpy(base, "/where/", 7);
		print_name(target);
	}
	if (S_ISREG(status->st_mode))
		print_content(folder, name);
	if (!S_ISLNK(status->st_mode))
		print_attributes(folder, name);
	print_links(status, path);
	putchar('\n');
}

static int walk(int parent, const char *name, const char *path, bool remove);

static int walk_entry(int folder, const char *name, const char *path, bool remove)
{
	struct stat status;
	char below[16384];
	int result = 0;

	snprintf(below, sizeof(below), "%s/%s", path, name);
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		fprintf(stderr, "fidelity: %s: %s\n", below, strerror(errno));
		return -1;
	}
	print_entry(folder, name, below, &status);
	if (S_ISDIR(status.st_mode))
		result = walk(folder, name, below, remove);
	if (remove && unlinkat(folder, name, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0) < 0) {
		fprintf(stderr, "fidelity: %s: %s\n", below, strerror(errno));
		return -1;
	}
	return result;
}

static int walk(int parent, const char *name, const char *path, bool remove)
{
	char *found[NAMES];
	size_t count = 0;
	int result = 0;
	const struct dirent *entry;
	struct stat status;

	/* Closed ones are the user's own. */
	if (fstatat(parent, name, &status, 0) == 0 && (status.st_mode & 0700) != 0700 && remove &&
	    fchmodat(parent, name, 0700, 0) < 0)
		result = -1;
	int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *listing = folder < 0 ? NULL : fdopendir(folder);
	if (!listing) {
		fprintf(stderr, "fidelity: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while ((entry = readdir(listing)) != NULL && count < NAMES)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			found[count++] = strdup(entry->d_name);
	if (count == NAMES) {
		fprintf(stderr, "fidelity: %s: too many names\n", path);
		result = -1;
	}
	qsort(found, count, sizeof(*found), by_name);
	for (size_t i = 0; i < count; i++) {
		if (walk_entry(folder, found[i], path, remove) < 0)
			result = -1;
		free(found[i]);
	}
	closedir(listing);
	return result;
}

int tree_print(const char *folder, bool remove)
{
	int parent = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0) {
		fprintf(stderr, "fidelity: %s: %s\n", folder, strerror(errno));
		return -1;
	}
	int result = walk(parent, ".", "", remove);
	close(parent);
	return result;
}
