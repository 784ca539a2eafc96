/* probe manifest DIR: one line for everything below a folder, with all that a change could
 * touch: type and mode, links, owner, size, times of change, inode flags, extended attributes, a
 * hash of the content. Compared before and after a run. Access times are left out: reading is
 * allowed. Lines are in the order of the names. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t add_to_hash(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ byte[i]) * FNV_PRIME;
	return hash;
}

static int hash_content(const char *path, uint64_t *hash)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char block[16384];
	ssize_t length;
	int flags = 0;

	if (file < 0)
		return -1;
	if (ioctl(file, FS_IOC_GETFLAGS, &flags) == 0)
		*hash = add_to_hash(*hash, &flags, sizeof(flags));
	while ((length = read(file, block, sizeof(block))) > 0)
		*hash = add_to_hash(*hash, block, (size_t)length);
	close(file);
	return length < 0 && errno != EISDIR ? -1 : 0;
}

static int hash_attributes(const char *path, uint64_t *hash)
{
	char names[4096];
	char value[4096];
	ssize_t length = llistxattr(path, names, sizeof(names));

	if (length < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (const char *name = names; name < names + length; name += strlen(name) + 1) {
		ssize_t size = lgetxattr(path, name, value, sizeof(value));

		if (size < 0)
			return -1;
		*hash = add_to_hash(*hash, name, strlen(name) + 1);
		*hash = add_to_hash(*hash, value, (size_t)size);
	}
	return 0;
}

static int print_entry(const FTSENT *entry)
{
	const struct stat *status = entry->fts_statp;
	uint64_t hash = FNV_START;
	char link[4096] = "";

	if (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode)) {
		if (hash_content(entry->fts_accpath, &hash) != 0)
			return -1;
	} else if (S_ISLNK(status->st_mode)) {
		if (readlink(entry->fts_accpath, link, sizeof(link) - 1) < 0)
			return -1;
		hash = add_to_hash(hash, link, strlen(link));
	}
	if (hash_attributes(entry->fts_accpath, &hash) != 0)
		return -1;
	printf("%s %o %ju %u:%u %jd %jd.%09ld %jd.%09ld %016" PRIx64 "\n", entry->fts_path,
	       status->st_mode, (uintmax_t)status->st_nlink, status->st_uid, status->st_gid,
	       S_ISDIR(status->st_mode) ? (intmax_t)0 : (intmax_t)status->st_size,
	       (intmax_t)status->st_mtim.tv_sec, status->st_mtim.tv_nsec,
	       (intmax_t)status->st_ctim.tv_sec, status->st_ctim.tv_nsec, hash);
	return 0;
}

static int by_name(const FTSENT **left, const FTSENT **right)
{
	return strcmp((*left)->fts_name, (*right)->fts_name);
}

int command_manifest(int count, char **arguments)
{
	char here[] = ".";
	char *roots[] = {here, NULL};
	FTS *walk;
	FTSENT *entry;

	if (count != 1 || chdir(arguments[0]) != 0) {
		fprintf(stderr, "usage: probe manifest DIR\n");
		return 2;
	}
	walk = fts_open(roots, FTS_PHYSICAL, by_name);
	if (!walk) {
		perror("probe: fts_open");
		return 1;
	}
	while ((entry = fts_read(walk))) {
		if (entry->fts_info == FTS_DP)
			continue;
		if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR ||
		    entry->fts_info == FTS_NS || print_entry(entry) != 0) {
			fprintf(stderr, "probe: %s: %s\n", entry->fts_path, strerror(errno));
			return 1;
		}
	}
	return fts_close(walk) == 0 ? 0 : 1;
}
