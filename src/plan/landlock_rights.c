#include "plan/landlock_rights.h"

#define BIT(n) (UINT64_C(1) << (n))

const struct landlock_right landlock_rights[] = {
        {BIT(0), "execute", 1, RIGHT_EXECUTE, "execute a file"},
        {BIT(1), "write-file", 1, RIGHT_WRITE, "open a file for writing"},
        {BIT(2), "read-file", 1, RIGHT_READ, "open a file for reading"},
        {BIT(3), "read-dir", 1, RIGHT_READ, "list a folder"},
        {BIT(4), "remove-dir", 1, RIGHT_WRITE, "remove or rename an empty folder"},
        {BIT(5), "remove-file", 1, RIGHT_WRITE, "remove or rename a file"},
        {BIT(6), "make-char", 1, RIGHT_WRITE, "create a character device"},
        {BIT(7), "make-dir", 1, RIGHT_WRITE, "create a folder"},
        {BIT(8), "make-reg", 1, RIGHT_WRITE, "create a file"},
        {BIT(9), "make-sock", 1, RIGHT_WRITE, "create a socket"},
        {BIT(10), "make-fifo", 1, RIGHT_WRITE, "create a named pipe"},
        {BIT(11), "make-block", 1, RIGHT_WRITE, "create a block device"},
        {BIT(12), "make-sym", 1, RIGHT_WRITE, "create a symbolic link"},
        {BIT(13), "refer", 2, RIGHT_WRITE, "link or rename across folders"},
        /* Handling it makes the kernel walk to the root at every open. */
        {BIT(14), "truncate", 3, RIGHT_UNHANDLED_WRITE, "truncate a file"},
        {BIT(15), "ioctl-dev", 5, RIGHT_DEVICE, "control a device"},
        {BIT(16), "resolve-unix", 9, RIGHT_SOCKET, "connect to a socket by its path"},
};
const size_t landlock_rights_count = sizeof(landlock_rights) / sizeof(*landlock_rights);

const struct landlock_scope landlock_scopes[] = {
        {BIT(0), "abstract-unix-socket", 6},
        {LANDLOCK_SCOPE_SIGNALS, "signal", 6},
};
const size_t landlock_scopes_count = sizeof(landlock_scopes) / sizeof(*landlock_scopes);

uint64_t landlock_group(enum right_group group, int abi)
{
	uint64_t rights = 0;

	for (size_t i = 0; i < landlock_rights_count; i++)
		if (landlock_rights[i].group == group && landlock_rights[i].abi <= abi)
			rights |= landlock_rights[i].right;
	return rights;
}

uint64_t landlock_file_rights(uint64_t rights)
{
	/* execute, write-file, read-file, truncate, ioctl-dev, resolve-unix */
	return rights & (BIT(0) | BIT(1) | BIT(2) | BIT(14) | BIT(15) | BIT(16));
}
