#include "plan/locate.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* HOME where the caller's own cannot be one inside (unset, relative, "/", part of the system). */
static const char fallback_home[] = "/home/remit";

/* Reads /etc/passwd itself: name services would load code and talk to daemons. */
static int find_user(struct place *out, char **passwd_home, struct error *err)
{
	cleanup_fclose FILE *stream = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	if (!stream && errno == ENOENT)
		return 0;
	if (!stream)
		return error_system(err, errno, "/etc/passwd");
	while ((entry = fgetpwent(stream)) != NULL) {
		if (entry->pw_uid != getuid())
			continue;
		out->has_passwd = true;
		out->user_name = text_copy(entry->pw_name);
		*passwd_home = text_copy(entry->pw_dir);
		if (!out->user_name || !*passwd_home)
			return error_memory(err);
		return 0;
	}
	return 0;
}

static bool part_of_system(const char *path)
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

/* Folders that are everybody's: no project of one caller. */
static bool shared_scratch(const char *path)
{
	return strcmp(path, "/tmp") == 0 || strcmp(path, "/var/tmp") == 0;
}

static int find_home(struct place *out, struct error *err)
{
	cleanup_free char *passwd_home = NULL;
	const char *home = getenv("HOME");

	if (find_user(out, &passwd_home, err) < 0)
		return -1;
	if (!home || !*home)
		home = passwd_home;
	if (home && *home == '/') {
		cleanup_free char *real = realpath(home, NULL);
		out->home_exists = real && access(real, X_OK) == 0;
		out->home = real ? steal_pointer(&real) : path_absolute("/", home);
		if (!out->home)
			return error_memory(err);
	}
	if (!out->home || strcmp(out->home, "/") == 0 || part_of_system(out->home) ||
	    shared_scratch(out->home)) {
		free(out->home);
		out->home = text_copy(fallback_home);
		out->home_exists = false;
	}
	return out->home ? 0 : error_memory(err);
}

/* A folder that holds a person's files, or holds such folders. */
static int refuse_home(const char *workspace, const struct place *place, struct error *err)
{
	cleanup_fclose FILE *stream = fopen("/etc/passwd", "re");
	const struct passwd *entry;
	const char *home = path_within(place->home, workspace) ? place->home : NULL;

	while (stream && !home && (entry = fgetpwent(stream)) != NULL)
		if (entry->pw_dir[0] == '/' && entry->pw_dir[1] != '\0' &&
		    path_within(entry->pw_dir, workspace) && !part_of_system(entry->pw_dir) &&
		    !path_within("/var", workspace))
			home = entry->pw_dir;
	if (!home)
		return 0;
	if (strcmp(home, workspace) == 0)
		error_set(err, "workspace %s is a home folder", workspace);
	else
		error_set(err, "workspace %s holds the home folder %s", workspace, home);
	return error_help(err, "name the project's own folder with -w, or say "
	                       "--allow-weaker workspace");
}

static int find_workspace(const struct place_request *request, struct place *out, struct error *err)
{
	const char *wanted = request->workspace ? request->workspace : ".";
	struct stat status;

	if (!request->workspace && request->must_name) {
		error_set(err, "no workspace");
		return error_help(err, "with --tool the workspace must be named: -w DIR or "
		                       "REMIT_WORKSPACE (a folder that a model chose must not "
		                       "become writable)");
	}
	out->workspace = realpath(wanted, NULL);
	if (!out->workspace) {
		error_system(err, errno, "workspace %s", wanted);
		return error_help(err, "-w takes a folder that exists");
	}
	if (stat(out->workspace, &status) < 0)
		return error_system(err, errno, "workspace %s", wanted);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, "workspace %s is not a folder", wanted);
	if (request->explaining)
		return 0;
	if (strcmp(out->workspace, "/") == 0) {
		error_set(err, "the workspace cannot be /");
		return error_help(err, "name the project's own folder with -w");
	}
	if ((part_of_system(out->workspace) || shared_scratch(out->workspace)) &&
	    !request->allow_weaker) {
		error_set(err, "workspace %s is part of the system", out->workspace);
		return error_help(err, "name the project's own folder with -w, or say "
		                       "--allow-weaker workspace");
	}
	return request->allow_weaker ? 0 : refuse_home(out->workspace, out, err);
}

/* The nearest folder at or above the workspace that holds a `.git` folder and belongs to the
 * workspace's owner. A repository of somebody else, or one whose root is a home folder, would
 * open files that nobody named. */
static int find_repository(struct place *out, struct error *err)
{
	cleanup_free char *folder = text_copy(out->workspace);
	struct stat workspace;

	if (!folder)
		return error_memory(err);
	if (stat(out->workspace, &workspace) < 0)
		return error_system(err, errno, "workspace %s", out->workspace);
	while (strcmp(folder, "/") != 0 && !path_within(out->home, folder)) {
		cleanup_free char *git = path_join(folder, ".git");
		struct stat root;
		struct stat status;

		if (!git)
			return error_memory(err);
		int found = lstat(git, &status);
		if (found < 0 && errno != ENOENT)
			return error_system(err, errno, "%s", git);
		/* A `.git` that is a file points elsewhere: no repository of this place. */
		if (found == 0 && !S_ISDIR(status.st_mode))
			return 0;
		if (found == 0) {
			if (stat(folder, &root) < 0)
				return error_system(err, errno, "repository %s", folder);
			if (root.st_uid == workspace.st_uid && status.st_uid == workspace.st_uid)
				out->repository = steal_pointer(&folder);
			return 0;
		}
		char *parent = path_parent(folder);
		if (!parent)
			return error_memory(err);
		free(folder);
		folder = parent;
	}
	return 0;
}

int place_find(const struct place_request *request, struct place *out, struct error *err)
{
	*out = (struct place){0};
	if (find_home(out, err) < 0 || find_workspace(request, out, err) < 0 ||
	    find_repository(out, err) < 0)
		return -1;
	out->directory = realpath(".", NULL);
	if (!out->directory)
		out->directory = text_copy(out->workspace);
	return out->directory ? 0 : error_memory(err);
}

void place_clear(struct place *place)
{
	free(place->workspace);
	free(place->repository);
	free(place->home);
	free(place->directory);
	free(place->user_name);
	*place = (struct place){0};
}
