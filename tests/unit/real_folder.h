/* A folder of the test's own, on the disk. */
#ifndef REMIT_UNIT_REAL_FOLDER_H
#define REMIT_UNIT_REAL_FOLDER_H

#include "base/cleanup.h"
#include "base/text.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[64];

static inline void make_root(void)
{
	strcpy(root, "/tmp/remit-guard-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static inline int remove_one(const char *path, const struct stat *status, int type,
                             struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

static inline void remove_root(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void run(const char *script)
{
	cleanup_free char *command = text_printf("cd %s && set -e && { %s\n}", root, script);

	ck_assert_ptr_nonnull(command);
	ck_assert_msg(system(command) == 0, "%s", script);
}

static inline int open_path(const char *path)
{
	int descriptor = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	ck_assert_msg(descriptor >= 0, "%s: %m", path);
	return descriptor;
}

#endif
