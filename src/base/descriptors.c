#include "base/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	KEPT_MOST = 32,
};

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Should: hold nothing of the caller but what is asked for.
 * Mustn't: leave 0, 1 or 2 free: what is opened next would take their place. */
int descriptors_keep(const int *keep, size_t count, struct error *err)
{
	int sorted[KEPT_MOST];
	unsigned next = STDERR_FILENO + 1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (null < 0 || count > sizeof(sorted) / sizeof(*sorted))
		return error_system(err, errno, "/dev/null");
	for (int stream = 0; stream <= STDERR_FILENO; stream++)
		if (dup2(null, stream) < 0)
			return error_system(err, errno, "standard streams");
	for (size_t i = 0; i < count; i++)
		sorted[i] = keep[i];
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 0; i < count; i++) {
		if (sorted[i] < (int)next)
			continue;
		unsigned kept = (unsigned)sorted[i];
		if (kept > next && close_range(next, kept - 1, 0) < 0)
			return error_system(err, errno, "closing descriptors");
		next = kept + 1;
	}
	return close_range(next, ~0U, 0) < 0 ? error_system(err, errno, "closing descriptors") : 0;
}
