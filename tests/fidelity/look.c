/* What is there: only what two runs have in common. */
#include "fidelity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { LISTED = 256 };

/* A folder's size is the file system's business. Times count where they were set, not where they
 * are the present. */
static void say_status(struct actor *actor, const struct stat *status)
{
	say(actor, " %o", status->st_mode);
	if (!S_ISDIR(status->st_mode))
		say(actor, " size=%lld", (long long)status->st_size);
	say(actor, " links=%lu%s%s", (unsigned long)status->st_nlink,
	    status->st_uid == getuid() ? "" : " not own",
	    status->st_gid == getgid() ? "" : " not own group");
	/* A socket's own times are whatever its memory held. */
	if (S_ISSOCK(status->st_mode))
		return;
	if (status->st_mtim.tv_sec < 1000000000 || status->st_mtim.tv_sec > 4000000000)
		say(actor, " time=%lld.%ld", (long long)status->st_mtim.tv_sec,
		    status->st_mtim.tv_nsec);
}

void look_stat(struct actor *actor)
{
	struct stat status;

	say(actor, "stat(");
	const char *path = make_path(actor);
	int flags = percent(actor, 50) ? AT_SYMLINK_NOFOLLOW : 0;
	say(actor, flags ? ", AT_SYMLINK_NOFOLLOW)" : ")");
	long result = fstatat(AT_FDCWD, path, &status, flags);
	say_result(actor, result, errno);
	if (result == 0)
		say_status(actor, &status);
	say(actor, "\n");
}

/* The name of a file without one, or of a socket, holds its inode. */
static void hide_number(char *target)
{
	char *number = strstr(target, "/#");

	if (!number)
		number = strstr(target, ":[");
	if (number)
		strcpy(number, "#");
}

/* What a descriptor leads to, by the kernel's own word. */
static void say_link_of(struct actor *actor, int descriptor)
{
	char name[64];
	char target[PATH_MAX];

	snprintf(name, sizeof(name), "/proc/thread-self/fd/%d", descriptor);
	ssize_t size = readlink(name, target, sizeof(target) - 1);
	if (size < 0) {
		say(actor, " ?%s", strerrorname_np(errno));
		return;
	}
	target[size] = '\0';
	hide_number(target);
	say(actor, " ");
	say_text(actor, target);
}

void say_descriptor(struct actor *actor, int descriptor)
{
	struct stat status;

	if (actor->hide_numbers)
		say(actor, " = descriptor");
	else
		say(actor, " = %d", descriptor);
	say(actor, " flags=%o%s", (unsigned)fcntl(descriptor, F_GETFL),
	    fcntl(descriptor, F_GETFD) & FD_CLOEXEC ? " cloexec" : "");
	if (fstat(descriptor, &status) == 0)
		say_status(actor, &status);
	say_link_of(actor, descriptor);
}

void look_status(struct actor *actor)
{
	size_t slot = choose_slot(actor);
	struct stat status;

	say(actor, "fstat(slot%zu)", slot);
	long result = fstat(actor->slots[slot], &status);
	say_result(actor, result, errno);
	if (result == 0) {
		say_status(actor, &status);
		say_link_of(actor, actor->slots[slot]);
	}
	say(actor, "\n");
}

void look_link(struct actor *actor)
{
	char target[PATH_MAX];

	say(actor, "readlink(");
	const char *path = make_path(actor);
	ssize_t size = readlink(path, target, sizeof(target) - 1);
	say(actor, ")");
	say_result(actor, size < 0 ? -1 : 0, errno);
	if (size >= 0) {
		target[size] = '\0';
		hide_number(target);
		say(actor, " ");
		say_text(actor, target);
	}
	say(actor, "\n");
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Not below /proc, where processes come and go, nor where the descriptors of the reading are. */
void look_list(struct actor *actor)
{
	char *found[LISTED];
	size_t count = 0;
	const struct dirent *entry;

	say(actor, "list(");
	const char *path = make_path(actor);
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
	say(actor, ")");
	say_result(actor, folder < 0 ? -1 : 0, errno);
	char place[PATH_MAX] = "";
	char name[64];
	snprintf(name, sizeof(name), "/proc/self/fd/%d", folder);
	if (folder >= 0 && readlink(name, place, sizeof(place) - 1) > 0 &&
	    strncmp(place, actor->base, strlen(actor->base)) == 0) {
		DIR *listing = fdopendir(folder);
		while (listing && (entry = readdir(listing)) != NULL && count < LISTED)
			found[count++] = strdup(entry->d_name);
		if (listing)
			closedir(listing);
	} else if (folder >= 0) {
		close(folder);
	}
	qsort(found, count, sizeof(*found), by_name);
	for (size_t i = 0; i < count; i++) {
		say(actor, " ");
		say_text(actor, found[i]);
		free(found[i]);
	}
	say(actor, "\n");
}

void look_where(struct actor *actor)
{
	char path[PATH_MAX];

	say(actor, "getcwd()");
	const char *result = getcwd(path, sizeof(path));
	if (result)
		say_text(actor, path);
	else
		say_result(actor, -1, errno);
	say(actor, "\n");
}

void look_read(struct actor *actor)
{
	char content[256];
	size_t slot = choose_slot(actor);
	struct stat status;
	uint64_t sum = 0;

	if (fstat(actor->slots[slot], &status) < 0 || !S_ISREG(status.st_mode))
		status.st_mode = 0;
	say(actor, "pread(slot%zu)", slot);
	if (actor->slots[slot] >= 0 && !status.st_mode) {
		say(actor, " not a file\n");
		return;
	}
	ssize_t size = pread(actor->slots[slot], content, sizeof(content), 0);
	say_result(actor, size, errno);
	for (ssize_t i = 0; i < size; i++)
		sum = mix(sum, (unsigned char)content[i]);
	say(actor, " %llx\n", (unsigned long long)sum);
}

void look_attributes(struct actor *actor)
{
	char attributes[8192];

	say(actor, "listxattr(");
	ssize_t size = listxattr(make_path(actor), attributes, sizeof(attributes));
	say(actor, ")");
	say_result(actor, size, errno);
	say(actor, "\n");
}
