/* The sandbox's tree of files.
 *
 * Theory of operation: one private tmpfs, the store, is attached where no path look-up of this
 * process meets it. A folder of it becomes the sandbox's root; other
 * folders become /dev, the scratch folders, the empty and the unreadable things that cover what is
 * refused. Every step of the plan then opens its place by descriptor and attaches a clone there.
 * At the end what must not be written is made read-only, and the root is changed. */
#include "base/cleanup.h"
#include "base/kernel.h"
#include "base/message.h"
#include "base/path.h"
#include "base/text.h"
#include "sandbox/place.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder that every kernel has and where nothing is looked up: there the store and the root are
 * attached while they are built. */
static const char unseen[] = "/proc/driver";

enum {
	PLAIN = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
};

static int make_tmpfs(const char *size, struct error *err)
{
	cleanup_close int context = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (context < 0)
		return error_system(err, errno, "fsopen tmpfs");
	if (*size && fsconfig(context, FSCONFIG_SET_STRING, "size", size, 0) < 0)
		return error_system(err, errno, "tmpfs of size %s", size);
	if (fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_system(err, errno, "tmpfs");
	int mount = fsmount(context, FSMOUNT_CLOEXEC, PLAIN);
	return mount < 0 ? error_system(err, errno, "fsmount tmpfs") : mount;
}

/* What answers for all that was not granted comes from whoever watches, and becomes the root. A
 * second clone stays in the tool's way nowhere: pieces of it lie over what is refused by name. */
static int take_decoy(struct entering *entering, struct error *err)
{
	processor_hold(entering->processor, &entering->hold);
	if (message_expect(entering->gate, SANDBOX_GATE_DECOY, &entering->decoy, err) < 0)
		return -1;
	if (entering->decoy < 0)
		return error_set(err, "no decoy came");
	if (move_mount(entering->decoy, "", AT_FDCWD, unseen, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_system(err, errno, "attaching the decoy");
	entering->root =
	        open_tree(entering->decoy, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return entering->root < 0 ? error_system(err, errno, "open_tree of the decoy") : 0;
}

/* Without a decoy the root is a folder of the store. */
static int make_root(struct entering *entering, struct error *err)
{
	if (entering->gate >= 0)
		return take_decoy(entering, err);
	entering->root = open_tree(entering->store, "root", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return entering->root < 0 ? error_system(err, errno, "open_tree of the root") : 0;
}

/* Should: cut propagation, make the store, attach the root on top of the host's.
 * Mustn't: leave a mount shared with the host; depend on any folder of the host. */
int stage_store(struct entering *entering, struct error *err)
{
	struct stat status;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		error_system(err, errno, "making mounts private");
		return error_help(err, "user namespaces may not mount here; on Ubuntu: sysctl "
		                       "kernel.apparmor_restrict_unprivileged_userns=0");
	}
	entering->store = make_tmpfs(entering->plan->scratch_size, err);
	if (entering->store < 0)
		return -1;
	if (move_mount(entering->store, "", AT_FDCWD, unseen, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_system(err, errno, "attaching the private tmpfs");
	if (mkdirat(entering->store, "root", 0755) < 0 ||
	    mkdirat(entering->store, "dev", 0755) < 0 ||
	    mkdirat(entering->store, "masked-folder", 0) < 0 ||
	    mknodat(entering->store, "masked-file", S_IFREG, 0) < 0 ||
	    fstat(entering->store, &status) < 0)
		return error_system(err, errno, "filling the private tmpfs");
	entering->store_device = status.st_dev;
	if (make_root(entering, err) < 0)
		return -1;
	if (move_mount(entering->root, "", AT_FDCWD, unseen, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_system(err, errno, "attaching the root");
	static const char *const folders[] = {"/dev", "/proc", "/run", "/var"};
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		cleanup_close int folder = place_make(entering, folders[i], true, err);
		if (folder < 0)
			return -1;
	}
	return 0;
}

/* A fresh folder of the store, as a detached mount. */
static int clone_folder(const struct entering *entering, const char *kind, size_t number,
                        mode_t mode, struct error *err)
{
	cleanup_free char *name = text_printf("%s-%zu", kind, number);

	if (!name)
		return error_memory(err);
	/* The umask of the caller must not narrow /tmp. */
	if (mkdirat(entering->store, name, mode) < 0 ||
	    fchmodat(entering->store, name, mode, 0) < 0)
		return error_system(err, errno, "%s", name);
	int tree = open_tree(entering->store, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return tree < 0 ? error_system(err, errno, "open_tree %s", name) : tree;
}

static int write_all(int file, const char *text, struct error *err)
{
	size_t size = strlen(text);

	while (size) {
		ssize_t written = write(file, text, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return error_system(err, errno, "writing to the private tmpfs");
		text += written;
		size -= (size_t)written;
	}
	return 0;
}

static int clone_content(const struct entering *entering, const char *content, size_t number,
                         struct error *err)
{
	cleanup_free char *name = text_printf("content-%zu", number);

	if (!name)
		return error_memory(err);
	cleanup_close int file =
	        openat(entering->store, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
	if (file < 0)
		return error_system(err, errno, "%s", name);
	if (fchmod(file, 0444) < 0)
		return error_system(err, errno, "%s", name);
	if (write_all(file, content, err) < 0)
		return -1;
	int tree = open_tree(entering->store, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return tree < 0 ? error_system(err, errno, "open_tree %s", name) : tree;
}

/* A clone of the host's tree, which must still be the object that the plan was made for. */
static int clone_source(const struct plan_mount *mount, struct error *err)
{
	struct stat status;

	if (mount->tree >= 0) {
		int tree = fcntl(mount->tree, F_DUPFD_CLOEXEC, 3);
		return tree < 0 ? error_system(err, errno, "%s", mount->source) : tree;
	}
	cleanup_close int place = kernel_openat2(
	        AT_FDCWD, mount->source, O_PATH | O_NOFOLLOW | O_CLOEXEC, RESOLVE_NO_SYMLINKS);
	if (place < 0 || fstat(place, &status) < 0)
		return error_system(err, errno, "%s", mount->source);
	if (mount->identified && (status.st_dev != mount->device || status.st_ino != mount->inode))
		return error_set(err, "%s was replaced while remit was starting", mount->source);
	return place_clone(place, err);
}

static int attach_new(const struct entering *entering, const struct plan_mount *mount, int tree,
                      bool directory, uint64_t attributes, struct error *err)
{
	cleanup_close int owned = tree;

	if (owned < 0)
		return -1;
	cleanup_close int target = place_make(entering, mount->path, directory, err);
	if (target < 0)
		return -1;
	if (place_attributes(owned, attributes, 0, true, err) < 0)
		return -1;
	return place_attach(owned, target, err);
}

/* Covers `target` by what refuses it, and says so where there is a decoy. The decoy holds what the
 * plan knows; a mask of another type only refuses. */
static int cover_up(const struct entering *entering, const struct plan_mount *mount, int target,
                    struct error *err)
{
	struct stat status;

	if (fstat(target, &status) < 0)
		return error_system(err, errno, "%s", mount->path);
	if (entering->decoy < 0 || mount->directory != S_ISDIR(status.st_mode))
		return place_mask(entering, target, err);
	cleanup_close int tree = place_decoy(entering, mount->path, err);
	if (tree < 0 || place_attributes(tree, PLAIN | MOUNT_ATTR_RDONLY, 0, true, err) < 0)
		return -1;
	return place_attach(tree, target, err);
}

/* Over what is there: a cover, a mask, a pin. */
static int attach_over(const struct entering *entering, const struct plan_mount *mount,
                       struct error *err)
{
	cleanup_close int target = mount->scratch ? place_make(entering, mount->path, true, err)
	                                          : place_open(entering, mount->path);

	if (target < 0)
		return mount->scratch ? -1 : error_system(err, errno, "%s", mount->path);
	if (mount->kind == MOUNT_MASK)
		return cover_up(entering, mount, target, err);
	cleanup_close int tree = place_clone(target, err);
	if (tree < 0)
		return -1;
	uint64_t attributes = PLAIN | (mount->writable ? 0 : MOUNT_ATTR_RDONLY);
	if (place_attributes(tree, attributes, 0, true, err) < 0)
		return -1;
	return place_attach(tree, target, err);
}

static int make_link(const struct entering *entering, const struct plan_mount *mount,
                     struct error *err)
{
	if (entering->decoy >= 0)
		return 0; /* it has the plan's links */
	cleanup_free char *parent = path_parent(mount->path);

	if (!parent)
		return error_memory(err);
	cleanup_close int folder = place_make(entering, parent, true, err);
	if (folder < 0)
		return -1;
	if (symlinkat(mount->source, folder, path_name(mount->path)) < 0)
		return error_system(err, errno, "%s", mount->path);
	return 0;
}

static int carry_out(const struct entering *entering, size_t number, struct error *err)
{
	const struct plan_mount *mount = &entering->plan->mounts[number];
	uint64_t attributes = PLAIN | (mount->writable ? 0 : MOUNT_ATTR_RDONLY);

	switch (mount->kind) {
	case MOUNT_BIND:
		return attach_new(entering, mount, clone_source(mount, err), mount->directory,
		                  attributes, err);
	case MOUNT_SCRATCH:
		return attach_new(entering, mount,
		                  clone_folder(entering, "scratch", number, mount->mode, err), true,
		                  PLAIN, err);
	case MOUNT_EMPTY:
		/* Made read-only by stage_seal: something may still have to be mounted inside. */
		if (entering->decoy >= 0)
			return attach_new(entering, mount, place_decoy(entering, mount->path, err),
			                  true, PLAIN, err);
		return attach_new(entering, mount,
		                  clone_folder(entering, "empty", number, 0555, err), true, PLAIN,
		                  err);
	case MOUNT_CONTENT:
		return attach_new(entering, mount,
		                  clone_content(entering, mount->source, number, err), false,
		                  PLAIN | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, err);
	case MOUNT_DECOY:
		return attach_new(entering, mount, place_decoy(entering, mount->path, err),
		                  mount->directory, PLAIN | MOUNT_ATTR_RDONLY, err);
	case MOUNT_LINK:
		return make_link(entering, mount, err);
	case MOUNT_MASK:
	case MOUNT_COVER:
	case MOUNT_PIN:
		return attach_over(entering, mount, err);
	}
	return error_set(err, "unknown kind of mount");
}

/* Should: carry out the plan's mounts in order.
 * Mustn't: follow a link; create anything outside of the store; leave out a step. */
int stage_mounts(struct entering *entering, struct error *err)
{
	for (size_t i = 0; i < entering->plan->mount_count; i++)
		if (carry_out(entering, i, err) < 0)
			return error_context(err, "%s", entering->plan->mounts[i].path);
	return 0;
}

static int seal(const struct entering *entering, const char *path, struct error *err)
{
	cleanup_close int place = place_open(entering, path);

	if (place < 0)
		return error_system(err, errno, "%s", path);
	return place_attributes(place, MOUNT_ATTR_RDONLY, 0, false, err);
}

/* Should: make read-only what was writable only for building.
 * Mustn't: touch scratch and the project. */
int stage_seal(struct entering *entering, struct error *err)
{
	for (size_t i = 0; i < entering->plan->mount_count; i++)
		if (entering->plan->mounts[i].kind == MOUNT_EMPTY &&
		    seal(entering, entering->plan->mounts[i].path, err) < 0)
			return -1;
	return seal(entering, "/dev", err) < 0 || seal(entering, "/", err) < 0 ? -1 : 0;
}

/* Should: make the tree the root of this process and forget the host's.
 * Mustn't: keep a descriptor or a mount through which the host's root can be reached. */
int stage_root(struct entering *entering, struct error *err)
{
	if (fchdir(entering->root) < 0)
		return error_system(err, errno, "entering the root");
	if (kernel_pivot_root(".", ".") < 0)
		return error_system(err, errno, "pivot_root");
	/* What lies on the new root now is the host's root, and the store below that. */
	if (umount2(".", MNT_DETACH) < 0)
		return error_system(err, errno, "leaving the host's root");
	if (chdir("/") < 0)
		return error_system(err, errno, "/");
	close(steal_descriptor(&entering->root));
	close(steal_descriptor(&entering->store));
	if (entering->decoy >= 0)
		close(steal_descriptor(&entering->decoy));
	if (chdir(entering->plan->directory) < 0)
		return error_system(err, errno, "%s", entering->plan->directory);
	return 0;
}
