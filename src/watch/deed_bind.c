/* A socket gets a name in the project. */
#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/path.h"
#include "base/text.h"
#include "watch/deed.h"
#include "watch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

struct address {
	struct sockaddr_un socket;
	char end; /* the path need not end with NUL */
};

/* The process's socket, as one of the broker's. */
static int take_socket(const struct deed *deed)
{
	cleanup_process struct process process = {0};

	/* A thread may have descriptors of its own; older kernels speak of whole processes only. */
	cleanup_close int holder = (int)syscall(SYS_pidfd_open, deed->thread, PIDFD_THREAD);
	if (holder < 0) {
		process_describe(deed->thread, &process);
		holder = process.process ? (int)syscall(SYS_pidfd_open, process.process, 0) : -1;
	}
	return holder < 0 ? -1
	                  : (int)syscall(SYS_pidfd_getfd, holder, (int)deed_argument(deed, 0), 0);
}

/* Goes to where the text leads to `whole` by itself: without a link on the way, through folders
 * that stay where they are. False where there is no such place. */
static bool enter_base(const struct deed *deed, const char *text, const char *whole)
{
	size_t below = strlen(text);
	size_t size = strlen(whole);
	cleanup_target struct target base = {.holder = -1};

	if (*text == '/')
		return strcmp(text, whole) == 0;
	if (below >= size || whole[size - below - 1] != '/' ||
	    strcmp(whole + size - below, text) != 0)
		return false;
	cleanup_free char *path = text_copy_size(whole, size - below - 1);
	return path && deed_find_path(deed, path, &base) && strcmp(base.path, path) == 0 &&
	       deed_in_project(deed, base.holder, path) && fchdir(base.holder) == 0;
}

/* The text that the process gave becomes the socket's address, and is looked up once more, by the
 * kernel. What it leads through must not change meanwhile, which only the folders of the project
 * are known not to do: else the socket is called by its last name, from its folder. */
static int bind_there(const struct deed *deed, int socket, const struct matter *matter,
                      struct address *address, socklen_t size)
{
	cleanup_free char *whole = path_join(matter->path, matter->name);
	char *text = address->socket.sun_path;

	if (!whole || !enter_base(deed, text, whole)) {
		size_t room = strlen(matter->name); /* the end need not be NUL */
		if (fchdir(matter->folder) < 0)
			return -1;
		memcpy(text, matter->name, room); /* which is a part of it */
		size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + room);
	}
	return bind(socket, (const struct sockaddr *)&address->socket, size);
}

/* Under the lock. */
static void give_name(const struct deed *deed, const struct matter *matter, struct address *address,
                      socklen_t size)
{
	cleanup_close int socket = take_socket(deed);
	struct stat status;

	if (socket < 0) {
		deed_fail(deed, errno);
		return;
	}
	if (!deed_take_umask(deed) || !deed_is_wanted(deed))
		return;
	if (fstat(socket, &status) == 0 && !S_ISSOCK(status.st_mode)) {
		deed->out->kind = OUTCOME_PLAIN; /* the kernel says what it is */
		return;
	}
	int result = bind_there(deed, socket, matter, address, size);
	int number = errno;
	if (fchdir(process_own_folder()) < 0)
		abort();
	errno = number;
	deed_finish(deed, result);
}

void deed_bind(const struct deed *deed)
{
	struct address address = {0};
	uint64_t size = deed_argument(deed, 2);
	cleanup_guard_finding struct guard_finding finding = {0};
	cleanup_place struct deed_place place = {.at = {.folder = -1}};

	if (size <= offsetof(struct sockaddr_un, sun_path) || size > sizeof(address.socket) ||
	    process_memory(deed->thread, deed_argument(deed, 1), &address, size) != (ssize_t)size ||
	    address.socket.sun_family != AF_UNIX || !address.socket.sun_path[0])
		return;
	struct stat status;
	if (!deed_place(deed, CALL_NONE, address.socket.sun_path, &place) ||
	    !deed_place_is_plain(&place) || !deed_in_project(deed, place.at.folder, place.path) ||
	    fstatat(place.at.folder, place.at.name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	const struct matter matter = {
	        .folder = place.at.folder,
	        .path = place.path,
	        .name = place.at.name,
	        .deed = GUARD_MAKE_OTHER,
	        .object = -1,
	};
	if (ruling_of_name(deed, &matter, &finding) == RULING_DO)
		give_name(deed, &matter, &address, (socklen_t)size);
}
