#include "plan/locate.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/homes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* HOME where the caller's own cannot be one inside (unset, relative, "/", part of the system). */
static const char fallback_home[] = "/home/remit";

static const char shared_memory[] = "/dev/shm";

/* Folders that are everybody's: no project and no home of one caller. */
static bool shared_scratch(const char *path)
{
	return strcmp(path, "/tmp") == 0 || strcmp(path, "/var/tmp") == 0 ||
	       strcmp(path, shared_memory) == 0;
}

/* Below /dev, but for folders of files like /tmp. */
static bool part_of_system(const char *path)
{
	return homes_part_of_system(path) && !path_below(path, shared_memory);
}

static int find_home(const struct homes *homes, struct place *out, struct error *err)
{
	const struct home *own = homes_of(homes, getuid());
	const char *home = getenv("HOME");

	out->has_passwd = own != NULL;
	out->user_name = own ? text_copy(own->name) : NULL;
	if (own && !out->user_name)
		return error_memory(err);
	if (!home || !*home)
		home = own ? own->path : NULL;
	if (home && *home == '/') {
		cleanup_free char *real = NULL;
		if (file_real_path(home, &real, err) < 0)
			return -1;
		out->home_exists = real && access(real, X_OK) == 0;
		if (real && !out->home_exists && errno != EACCES)
			return error_system(err, errno, "%s", real);
		out->home = real ? steal_pointer(&real) : path_absolute("/", home);
		if (!out->home)
			return error_memory(err);
	}
	if (!out->home || strcmp(out->home, "/") == 0 || homes_part_of_system(out->home) ||
	    shared_scratch(out->home)) {
		free(out->home);
		out->home = text_copy(fallback_home);
		out->home_exists = false;
	}
	return out->home ? 0 : error_memory(err);
}

/* A folder that holds a person's files, or holds such folders. */
static int refuse_home(const char *workspace, const struct place *place, const struct homes *homes,
                       struct error *err)
{
	const char *home =
	        path_within(place->home, workspace) ? place->home : homes_within(homes, workspace);

	if (!home)
		return 0;
	if (strcmp(home, workspace) == 0)
		error_set(err, "workspace %s is a home folder", workspace);
	else
		error_set(err, "workspace %s holds the home folder %s", workspace, home);
	return error_help(err, "name the project's own folder with -w, or say "
	                       "--allow-weaker workspace");
}

static int judge_workspace(const struct place_request *request, const struct homes *homes,
                           const struct place *place, struct error *err)
{
	const char *workspace = place->workspace;

	if (request->explaining)
		return 0;
	if (strcmp(workspace, "/") == 0) {
		error_set(err, "the workspace cannot be /");
		return error_help(err, "name the project's own folder with -w");
	}
	if (request->allow_weaker)
		return 0;
	if (part_of_system(workspace) || shared_scratch(workspace)) {
		error_set(err, "workspace %s is part of the system", workspace);
		return error_help(err, "name the project's own folder with -w, or say "
		                       "--allow-weaker workspace");
	}
	return refuse_home(workspace, place, homes, err);
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
	if (lstat(out->workspace, &status) < 0)
		return error_system(err, errno, "workspace %s", wanted);
	if (!S_ISDIR(status.st_mode))
		return error_set(err, "workspace %s is not a folder", wanted);
	out->workspace_device = status.st_dev;
	out->workspace_inode = status.st_ino;
	return 0;
}

/* A git folder elsewhere must not open a home folder, the system, or what holds the workspace. */
static bool is_acceptable(const struct homes *homes, const struct place *place, const char *git)
{
	return strcmp(git, "/") != 0 && !path_within(place->home, git) &&
	       !homes_within(homes, git) && !path_within(place->workspace, git) &&
	       !homes_part_of_system(git);
}

/* Judges a folder with a `.git`: a repository belongs to the workspace's owner, as its `.git`
 * does. */
static int take_repository(const struct homes *homes, const char *folder, const struct stat *git,
                           uid_t owner, struct place *out, struct error *err)
{
	struct stat root;

	if (lstat(folder, &root) < 0)
		return error_system(err, errno, "repository %s", folder);
	if (root.st_uid != owner || git->st_uid != owner)
		return 0;
	if (!S_ISDIR(git->st_mode)) {
		git_folder_find(folder, owner, &out->git);
		if (!out->git.shared)
			return 0;
		if (!is_acceptable(homes, out, out->git.shared)) {
			git_folder_clear(&out->git);
			return 0;
		}
	}
	out->repository = text_copy(folder);
	return out->repository ? 0 : error_memory(err);
}

/* The nearest folder at or above the workspace that holds a `.git`. A repository of somebody else,
 * or one that is or holds somebody's home, would open files that nobody named. */
static int find_repository(const struct homes *homes, uid_t owner, struct place *out,
                           struct error *err)
{
	cleanup_free char *folder = text_copy(out->workspace);

	if (!folder)
		return error_memory(err);
	while (strcmp(folder, "/") != 0 && !path_within(out->home, folder) &&
	       !homes_within(homes, folder)) {
		cleanup_free char *git = path_join(folder, ".git");
		struct stat status;

		if (!git)
			return error_memory(err);
		if (lstat(git, &status) == 0)
			return take_repository(homes, folder, &status, owner, out, err);
		if (errno != ENOENT)
			return error_system(err, errno, "%s", git);
		char *parent = path_parent(folder);
		if (!parent)
			return error_memory(err);
		free(folder);
		folder = parent;
	}
	return 0;
}

/* A folder that cannot be reached cannot be read either. */
static int add_home(const char *path, struct place *out, struct error *err)
{
	cleanup_free char *real = NULL;

	if (path && file_real_path(path, &real, err) < 0)
		return -1;
	bool known = !real || strcmp(real, "/") == 0 || strcmp(real, out->home) == 0;

	for (size_t i = 0; !known && i < out->other_home_count; i++)
		known = strcmp(real, out->owned_homes[i]) == 0;
	if (known)
		return 0;
	out->owned_homes[out->other_home_count] = steal_pointer(&real);
	out->other_homes[out->other_home_count] = out->owned_homes[out->other_home_count];
	out->other_home_count++;
	return 0;
}

static int add_homes(const struct homes *homes, uid_t owner, struct place *out, struct error *err)
{
	const struct home *own = homes_of(homes, getuid());
	const struct home *owners = homes_of(homes, owner);

	if (add_home(own ? own->path : NULL, out, err) < 0 ||
	    add_home(owners ? owners->path : NULL, out, err) < 0)
		return -1;
	if (out->repository && strcmp(out->repository, out->workspace) != 0)
		return add_home(out->repository, out, err);
	return 0;
}

static int find_all(const struct place_request *request, const struct homes *homes,
                    struct place *out, struct error *err)
{
	struct stat owner;

	if (find_home(homes, out, err) < 0 || find_workspace(request, out, err) < 0 ||
	    judge_workspace(request, homes, out, err) < 0)
		return -1;
	if (lstat(out->workspace, &owner) < 0)
		return error_system(err, errno, "workspace %s", out->workspace);
	if (find_repository(homes, owner.st_uid, out, err) < 0 ||
	    add_homes(homes, owner.st_uid, out, err) < 0 ||
	    file_real_path(".", &out->directory, err) < 0)
		return -1;
	if (!out->directory)
		out->directory = text_copy(out->workspace);
	return out->directory ? 0 : error_memory(err);
}

int place_find(const struct place_request *request, struct place *out, struct error *err)
{
	struct homes homes;

	*out = (struct place){0};
	int result = homes_read(&homes, err);
	if (result == 0)
		result = find_all(request, &homes, out, err);
	homes_clear(&homes);
	return result;
}

void place_clear(struct place *place)
{
	free(place->workspace);
	free(place->repository);
	git_folder_clear(&place->git);
	free(place->home);
	free(place->directory);
	free(place->user_name);
	for (size_t i = 0; i < place->other_home_count; i++)
		free(place->owned_homes[i]);
	*place = (struct place){0};
}
