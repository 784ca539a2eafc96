/* Idmapped clones of the project's trees, for callers that are root. */
#include "plan/idmap.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/identity_map.h"
#include "base/kernel.h"
#include "base/text.h"
#include "plan/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int idmap_namespace(const struct plan_identity *identity, uid_t user, gid_t group, int *out,
                    struct error *err)
{
	pid_t self = getpid();
	pid_t holder = kernel_clone(CLONE_NEWUSER | SIGCHLD);

	if (holder == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != self)
			_exit(1);
		for (;;)
			pause();
	}
	if (holder < 0) {
		error_system(err, errno, "creating a user namespace");
		return error_help(err, "user namespaces are switched off on this machine "
		                       "(sysctl user.max_user_namespaces)");
	}

	int result = identity_map_write(holder, "uid_map", user, identity->outer_user, err);
	if (result == 0)
		result = identity_map_write(holder, "gid_map", group, identity->outer_group, err);
	cleanup_free char *path = text_printf("/proc/%d/ns/user", (int)holder);
	if (result == 0 && !path)
		result = error_memory(err);
	if (result == 0 && path) {
		*out = open(path, O_RDONLY | O_CLOEXEC);
		if (*out < 0)
			result = error_system(err, errno, "%s", path);
	}
	/* It would be waited for forever; it ends with this process, which does not go on. */
	if (kill(holder, SIGKILL) < 0)
		return error_system(err, errno, "ending the holder of a user namespace");
	while (waitpid(holder, NULL, 0) < 0 && errno == EINTR)
		;
	return result;
}

/* Opens the source and makes sure that it still is what the plan was made for. */
static int open_source(const struct plan_mount *mount, struct stat *status, struct error *err)
{
	cleanup_close int place = kernel_openat2(
	        AT_FDCWD, mount->source, O_PATH | O_NOFOLLOW | O_CLOEXEC, RESOLVE_NO_SYMLINKS);

	if (place < 0)
		return kernel_openat2_error(errno, mount->source, err);
	if (fstat(place, status) < 0)
		return error_system(err, errno, "%s", mount->source);
	if (status->st_dev != mount->device || status->st_ino != mount->inode)
		return error_set(err, "%s was replaced while remit was starting", mount->source);
	return steal_descriptor(&place);
}

struct map {
	uid_t user;
	gid_t group;
	int namespace;
};

/* The user namespace that maps the owner of `status`, made when the last one mapped another. */
static int find_map(const struct plan *plan, const struct stat *status, struct map *map,
                    struct error *err)
{
	if (map->namespace >= 0 && map->user == status->st_uid && map->group == status->st_gid)
		return 0;
	if (map->namespace >= 0)
		close(map->namespace);
	*map = (struct map){status->st_uid, status->st_gid, -1};
	return idmap_namespace(&plan->identity, status->st_uid, status->st_gid, &map->namespace,
	                       err);
}

/* Clones the source, idmapped where `map` is given. Returns 0; 1 where this file system cannot be
 * idmapped; negative on failure. */
static int clone_tree(struct plan *plan, struct plan_mount *mount, struct map *map,
                      struct error *err)
{
	struct stat status = {0};
	cleanup_close int place = open_source(mount, &status, err);

	if (place < 0)
		return -1;
	cleanup_close int tree = open_tree(
	        place, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0) {
		error_system(err, errno, "%s: cloning the tree", mount->source);
		return error_help(err, "root of a container may not mount: start remit as an "
		                       "ordinary user there; `remit doctor` says more");
	}
	if (map) {
		if (find_map(plan, &status, map, err) < 0)
			return -1;
		struct mount_attr attributes = {
		        .attr_set = MOUNT_ATTR_IDMAP,
		        .userns_fd = (unsigned)map->namespace,
		};
		if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
		                  sizeof(attributes)) < 0) {
			if (errno == EINVAL || errno == EPERM)
				return 1;
			return error_system(err, errno, "idmapped mount of %s", mount->source);
		}
	}
	mount->tree = steal_descriptor(&tree);
	return 0;
}

/* Where the file system of the workspace cannot be idmapped, the tool is the workspace's owner;
 * it is never root. */
static int fall_back(const struct plan_request *request, struct plan *plan, struct error *err)
{
	struct stat owner;

	if (stat(request->place->workspace, &owner) < 0)
		return error_system(err, errno, "%s", request->place->workspace);
	if (owner.st_uid == 0) {
		error_set(err,
		          "workspace %s belongs to root, and its file system, or one mounted in "
		          "it, cannot be idmapped",
		          request->place->workspace);
		return error_help(err, "give it another owner, or name one with --user UID");
	}
	plan->identity.inner_user = plan->identity.outer_user = owner.st_uid;
	plan->identity.inner_group = plan->identity.outer_group =
	        owner.st_gid ? owner.st_gid : (gid_t)owner.st_uid;
	return 0;
}

/* The tool's id cannot walk to everything that the caller's can, so the caller clones all trees;
 * those of the project are idmapped. Returns 0; 1 where a file system cannot be idmapped. */
static int clone_trees(struct plan *plan, struct map *map, struct error *err)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		struct plan_mount *mount = &plan->mounts[i];
		if (mount->kind != MOUNT_BIND)
			continue;
		if (mount->tree >= 0)
			close(steal_descriptor(&mount->tree));
		int result = clone_tree(plan, mount, mount->project ? map : NULL, err);
		if (result != 0)
			return result;
	}
	return 0;
}

int plan_idmap_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	struct map map = {.namespace = -1};

	if (!plan->identity.mapped)
		return 0;
	if (request->user >= 0)
		return clone_trees(plan, NULL, err);
	int result = clone_trees(plan, &map, err);
	if (map.namespace >= 0)
		close(map.namespace);
	if (result != 1)
		return result;
	return fall_back(request, plan, err) < 0 ? -1 : clone_trees(plan, NULL, err);
}
