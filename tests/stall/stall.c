/* stall FOLDER: a file system in which some operations are never answered.
 *
 * /fast answers. In /slow every name is looked up in vain, as in a folder that is empty, but what
 * would make something there, or open it, is not answered. /dead does not even answer a look-up.
 * It ends with its mount. */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const folders[] = {"/fast", "/slow", "/dead"};

/* The kernel waits for the answer; the thread is one of many. */
static int never(void)
{
	for (;;)
		pause();
	return -EIO;
}

static int below(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	return strncmp(path, folder, size) == 0 && path[size] == '/';
}

static int attributes(const char *path, struct stat *status, struct fuse_file_info *file)
{
	(void)file;
	memset(status, 0, sizeof(*status));
	status->st_uid = fuse_get_context()->uid;
	status->st_gid = fuse_get_context()->gid;
	status->st_mode = S_IFDIR | 0777;
	status->st_nlink = 2;
	if (strcmp(path, "/") == 0)
		return 0;
	for (size_t i = 0; i < 3; i++)
		if (strcmp(path, folders[i]) == 0)
			return 0;
	if (strcmp(path, "/slow/file") == 0 || strcmp(path, "/fast/file") == 0) {
		status->st_mode = S_IFREG | 0666;
		return 0;
	}
	return below(path, "/dead") ? never() : -ENOENT;
}

static int list(const char *path, void *out, fuse_fill_dir_t fill, off_t offset,
                struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
	(void)offset;
	(void)file;
	(void)flags;
	fill(out, ".", NULL, 0, 0);
	fill(out, "..", NULL, 0, 0);
	for (size_t i = 0; strcmp(path, "/") == 0 && i < 3; i++)
		fill(out, folders[i] + 1, NULL, 0, 0);
	return 0;
}

static int open_file(const char *path, struct fuse_file_info *file)
{
	(void)file;
	return below(path, "/fast") ? 0 : never();
}

static int create(const char *path, mode_t mode, struct fuse_file_info *file)
{
	(void)mode;
	(void)file;
	return below(path, "/fast") ? -ENOSPC : never();
}

static int make_folder(const char *path, mode_t mode)
{
	(void)mode;
	return below(path, "/fast") ? -ENOSPC : never();
}

static int change_mode(const char *path, mode_t mode, struct fuse_file_info *file)
{
	(void)mode;
	(void)file;
	return below(path, "/fast") ? 0 : never();
}

static int cut(const char *path, off_t size, struct fuse_file_info *file)
{
	(void)size;
	(void)file;
	return below(path, "/fast") ? 0 : never();
}

static const struct fuse_operations operations = {
        .getattr = attributes,
        .readdir = list,
        .open = open_file,
        .create = create,
        .mkdir = make_folder,
        .chmod = change_mode,
        .truncate = cut,
};

int main(int argc, char **argv)
{
	char *arguments[] = {argv[0],
	                     argv[1],
	                     (char *)"-f",
	                     (char *)"-o",
	                     (char *)"allow_other,default_permissions,max_idle_threads=400,"
	                             "entry_timeout=0,attr_timeout=0,negative_timeout=0",
	                     NULL};

	if (argc != 2) {
		fputs("usage: stall FOLDER\n", stderr);
		return 2;
	}
	return fuse_main(5, arguments, &operations, NULL);
}
