#include "plan/closed.h"

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/link.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder that cannot be entered on the way to `path`; NULL where none is found. */
static char *find_closed(const char *path)
{
	cleanup_free char *current = text_copy(path);

	for (int i = 0; current && i < MOST_LINKS; i++) {
		char *at = NULL;
		enum link_step step = link_walk(current, &at);
		if (step == LINK_CLOSED)
			return at;
		if (step != LINK_FOUND)
			return NULL;
		free(current);
		current = at;
	}
	return NULL;
}

int closed_refuse(const char *path, struct error *err)
{
	cleanup_free char *folder = find_closed(path);
	struct stat status;

	if (folder && geteuid() != 0 && lstat(folder, &status) == 0 && status.st_uid != geteuid())
		return 0;
	cleanup_free char *name = escape_terminal_copy(path);
	cleanup_free char *closed = escape_terminal_copy(folder ? folder : path);
	if (!name || !closed)
		return error_memory(err);
	error_set(err, "%s may have to be covered, and cannot be looked at: %s cannot be entered",
	          name, closed);
	return error_help(err, "its owner, which the tool is, could open it: chmod u+x, or take it "
	                       "away");
}
