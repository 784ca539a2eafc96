#include "audit/output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(int number, struct error *err)
{
	error_system(err, number, "audit log: a record could not be written");
	return error_help(err, number == EPIPE ? "keep the reader of the log until remit has ended"
	                                       : "let --audit name a place with room");
}

/* Waits until the descriptor takes more, or `caller` has hung up. */
static int wait_for_room(int descriptor, int caller, struct error *err)
{
	struct pollfd places[] = {
	        {.fd = descriptor, .events = POLLOUT},
	        {.fd = caller}, /* asked for nothing, it tells of a hang-up all the same */
	};

	while (poll(places, 2, -1) < 0)
		if (errno != EINTR)
			return error_system(err, errno, "audit log");
	return places[1].revents ? error_set(err, "audit log: nobody waits for it any more") : 0;
}

/* One write(2) that is not interrupted. Returns how many bytes were taken, or negative. */
static ssize_t write_once(int descriptor, const char *data, size_t size, struct error *err)
{
	for (;;) {
		ssize_t taken = write(descriptor, data, size);
		if (taken >= 0)
			return taken;
		if (errno == EAGAIN && wait_for_room(descriptor, -1, err) < 0)
			return -1;
		if (errno != EINTR && errno != EAGAIN)
			return fail(errno, err);
	}
}

/* Cuts the last `size` bytes off, where they are still the last: another run may have appended. */
static bool take_back(int descriptor, off_t size)
{
	struct stat status;
	off_t end = lseek(descriptor, 0, SEEK_CUR);

	if (end < size || fstat(descriptor, &status) < 0 || status.st_size != end ||
	    ftruncate(descriptor, end - size) < 0)
		return false;
	/* Without O_APPEND the next line begins where the descriptor stands. */
	return lseek(descriptor, end - size, SEEK_SET) >= 0;
}

/* A line into a pipe, a socket, a terminal: each part of a size for which one that has room does
 * not block, since who blocks does not see the caller go. */
static int write_parts(int descriptor, int caller, const char *data, size_t size, struct error *err)
{
	while (size) {
		size_t part = size < PIPE_BUF ? size : PIPE_BUF;
		if (wait_for_room(descriptor, caller, err) < 0)
			return -1;
		ssize_t taken = write_once(descriptor, data, part, err);
		if (taken < 0)
			return -1;
		data += taken;
		size -= (size_t)taken;
	}
	return 0;
}

/* A file took a part: only an attempt at the rest says why. Where it fails, what was taken is taken
 * back. */
static int finish_or_take_back(int descriptor, const char *line, size_t size, size_t taken,
                               struct error *err)
{
	off_t end = lseek(descriptor, 0, SEEK_CUR);
	ssize_t more = write_once(descriptor, line + taken, size - taken, err);
	size_t rest = more < 0 ? 0 : (size_t)more;
	bool together = lseek(descriptor, 0, SEEK_CUR) == end + (off_t)rest;

	if (together && taken + rest == size)
		return 0;
	if (more >= 0)
		fail(ENOSPC, err);
	if (!together || !take_back(descriptor, (off_t)(taken + rest)))
		error_context(err, "a part of a record is left in the log");
	return -1;
}

int output_line(int descriptor, int caller, const char *line, size_t size, struct error *err)
{
	struct stat status;

	if (fstat(descriptor, &status) < 0)
		return error_system(err, errno, "audit log");
	if (!S_ISREG(status.st_mode))
		return write_parts(descriptor, caller, line, size, err);
	ssize_t taken = write_once(descriptor, line, size, err);
	if (taken < 0 || (size_t)taken == size)
		return taken < 0 ? -1 : 0;
	return finish_or_take_back(descriptor, line, size, (size_t)taken, err);
}
