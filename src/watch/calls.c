#include "watch/calls.h"

#include "base/kernel.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>

#define NONE CALL_NONE
/* Paths of calls that take folders, of those that do not, and of two names. */
#define AT(folder_, path_, flags_)                                                \
	.folder = (folder_), .path = (path_), .to_folder = NONE, .to_path = NONE, \
	.flags = (flags_), .address = NONE
#define PLAIN(path_) AT(NONE, path_, NONE)
/* Of what the first argument holds open. */
#define OPENED AT(0, NONE, NONE)
#define TWO(from_, path_, to_, to_path_, flags_)                                       \
	.folder = (from_), .path = (path_), .to_folder = (to_), .to_path = (to_path_), \
	.flags = (flags_), .address = NONE
#define PEER(address_)                                                                   \
	.folder = NONE, .path = NONE, .to_folder = NONE, .to_path = NONE, .flags = NONE, \
	.address = (address_)

static const struct watched_call calls[] = {
        {SYS_openat, "open", CALL_OPEN, AT(0, 1, 2)},
        {SYS_mkdirat, "mkdir", CALL_CREATE, AT(0, 1, NONE)},
        {SYS_mknodat, "mknod", CALL_CREATE, AT(0, 1, NONE)},
        {SYS_symlinkat, "symlink", CALL_CREATE, AT(1, 2, NONE)},
        {SYS_unlinkat, "unlink", CALL_REMOVE, AT(0, 1, NONE)},
        {SYS_renameat2, "rename", CALL_RENAME, TWO(0, 1, 2, 3, NONE)},
        {SYS_linkat, "link", CALL_LINK, TWO(0, 1, 2, 3, 4), .no_follow = true},
        {SYS_fchmodat, "chmod", CALL_ATTRIBUTES, AT(0, 1, NONE)},
        {SYS_fchmodat2, "chmod", CALL_ATTRIBUTES, AT(0, 1, 3)},
        {SYS_fchownat, "chown", CALL_ATTRIBUTES, AT(0, 1, 4)},
        {SYS_truncate, "truncate", CALL_ATTRIBUTES, PLAIN(0)},
        {SYS_utimensat, "utime", CALL_ATTRIBUTES, AT(0, 1, 3)},
        {SYS_setxattr, "setxattr", CALL_ATTRIBUTES, PLAIN(0)},
        {SYS_lsetxattr, "setxattr", CALL_ATTRIBUTES, PLAIN(0), .no_follow = true},
        {SYS_setxattrat, "setxattr", CALL_ATTRIBUTES, AT(0, 1, 2)},
        {SYS_removexattr, "removexattr", CALL_ATTRIBUTES, PLAIN(0)},
        {SYS_lremovexattr, "removexattr", CALL_ATTRIBUTES, PLAIN(0), .no_follow = true},
        {SYS_removexattrat, "removexattr", CALL_ATTRIBUTES, AT(0, 1, 2)},
        {SYS_fchmod, "chmod", CALL_ATTRIBUTES, OPENED},
        {SYS_fchown, "chown", CALL_ATTRIBUTES, OPENED},
        {SYS_fsetxattr, "setxattr", CALL_ATTRIBUTES, OPENED},
        {SYS_fremovexattr, "removexattr", CALL_ATTRIBUTES, OPENED},
        {SYS_execve, "exec", CALL_EXECUTE, PLAIN(0)},
        {SYS_connect, "connect", CALL_CONNECT, PEER(1)},
        {SYS_sendto, "send", CALL_CONNECT, PEER(4)},
        {SYS_bind, "bind", CALL_BIND, PEER(1)},
        {SYS_umask, "umask", CALL_UMASK, PLAIN(NONE)},
        {SYS_faccessat, "access", CALL_ACCESS, AT(0, 1, NONE)},
        {SYS_faccessat2, "access", CALL_ACCESS, AT(0, 1, 3)},
        {SYS_inotify_add_watch, "watch", CALL_LOOK, PLAIN(1)},
        {SYS_name_to_handle_at, "handle", CALL_LOOK, AT(0, 1, 4), .no_follow = true},
#ifdef SYS_renameat
        {SYS_renameat, "rename", CALL_RENAME, TWO(0, 1, 2, 3, NONE)},
#endif
/* Older names, which newer architectures do not have. */
#ifdef SYS_open
        {SYS_open, "open", CALL_OPEN, AT(NONE, 0, 1)},
        {SYS_creat, "open", CALL_OPEN, PLAIN(0), .open_flags = O_CREAT | O_WRONLY | O_TRUNC},
        {SYS_access, "access", CALL_ACCESS, PLAIN(0)},
        {SYS_mkdir, "mkdir", CALL_CREATE, PLAIN(0)},
        {SYS_mknod, "mknod", CALL_CREATE, PLAIN(0)},
        {SYS_symlink, "symlink", CALL_CREATE, PLAIN(1)},
        {SYS_rmdir, "unlink", CALL_REMOVE, PLAIN(0)},
        {SYS_unlink, "unlink", CALL_REMOVE, PLAIN(0)},
        {SYS_rename, "rename", CALL_RENAME, TWO(NONE, 0, NONE, 1, NONE)},
        {SYS_link, "link", CALL_LINK, TWO(NONE, 0, NONE, 1, NONE), .no_follow = true},
        {SYS_chmod, "chmod", CALL_ATTRIBUTES, PLAIN(0)},
        {SYS_chown, "chown", CALL_ATTRIBUTES, PLAIN(0)},
        {SYS_lchown, "chown", CALL_ATTRIBUTES, PLAIN(0), .no_follow = true},
        {SYS_utime, "utime", CALL_ATTRIBUTES, PLAIN(0)},
        {SYS_utimes, "utime", CALL_ATTRIBUTES, PLAIN(0)},
        {SYS_futimesat, "utime", CALL_ATTRIBUTES, AT(0, 1, NONE)},
#endif
};

int watched_call_next(const struct watched_call *call)
{
	return (call->path == CALL_NONE ? call->folder : call->path) + 1;
}

bool watched_call_may_lack_path(const struct watched_call *call)
{
#ifdef SYS_futimesat
	if (call->number == SYS_futimesat)
		return true;
#endif
	return call->number == SYS_utimensat;
}

const struct watched_call *watched_call(int number)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}
