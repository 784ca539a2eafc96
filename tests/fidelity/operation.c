/* The calls, one row each. */
#include "fidelity.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 6.6 and 6.13; headers may be older. */
enum { FCHMODAT2 = 452, SETXATTRAT = 463, REMOVEXATTRAT = 466 };

#define ONLY_LATER(n) 0, n

const struct operation operations[] = {
        {"open", 6, 8, SYS_open, {PATH, OPEN_FLAGS, MODE}, .opens = true},
        {"openat", 16, 18, SYS_openat, {FOLDER, PATH, OPEN_FLAGS, MODE}, .opens = true},
        {"creat", 8, 4, SYS_creat, {PATH, MODE}, .opens = true},
        {"mkdir", 12, 4, SYS_mkdir, {PATH, MODE}},
        {"mkdirat", 8, 4, SYS_mkdirat, {FOLDER, PATH, MODE}},
        {"mknod", 3, 3, SYS_mknod, {PATH, NODE_MODE, DEVICE}},
        {"mknodat", 2, 3, SYS_mknodat, {FOLDER, PATH, NODE_MODE, DEVICE}},
        {"rmdir", ONLY_LATER(4), SYS_rmdir, {PATH}},
        {"unlink", ONLY_LATER(4), SYS_unlink, {PATH}},
        {"unlinkat", ONLY_LATER(5), SYS_unlinkat, {FOLDER, PATH, UNLINK_FLAGS}},
        {"rename", ONLY_LATER(6), SYS_rename, {PATH, PATH}},
        {"renameat", ONLY_LATER(4), SYS_renameat, {FOLDER, PATH, FOLDER, PATH}},
        {"renameat2", ONLY_LATER(7), SYS_renameat2, {FOLDER, PATH, FOLDER, PATH, RENAME_FLAGS}},
        {"link", 3, 4, SYS_link, {PATH, PATH}},
        {"linkat", 2, 7, SYS_linkat, {FOLDER, PATH, FOLDER, PATH, LINK_FLAGS}},
        {"symlink", 8, 4, SYS_symlink, {TARGET, PATH}},
        {"symlinkat", 4, 3, SYS_symlinkat, {TARGET, FOLDER, PATH}},
        {"chmod", ONLY_LATER(4), SYS_chmod, {PATH, MODE}},
        {"fchmod", ONLY_LATER(3), SYS_fchmod, {DESCRIPTOR, MODE}},
        {"fchmodat", ONLY_LATER(3), SYS_fchmodat, {FOLDER, PATH, MODE}},
        {"fchmodat2", ONLY_LATER(4), FCHMODAT2, {FOLDER, PATH, MODE, CHMOD_FLAGS}},
        {"chown", ONLY_LATER(2), SYS_chown, {PATH, OWNER, GROUP}},
        {"lchown", ONLY_LATER(2), SYS_lchown, {PATH, OWNER, GROUP}},
        {"fchown", ONLY_LATER(2), SYS_fchown, {DESCRIPTOR, OWNER, GROUP}},
        {"fchownat", ONLY_LATER(3), SYS_fchownat, {FOLDER, PATH, OWNER, GROUP, CHOWN_FLAGS}},
        {"truncate", ONLY_LATER(5), SYS_truncate, {PATH, SIZE}},
        {"ftruncate", ONLY_LATER(4), SYS_ftruncate, {DESCRIPTOR, SIZE}},
        {"utime", ONLY_LATER(2), SYS_utime, {PATH, TIMES_OLD}},
        {"utimes", ONLY_LATER(2), SYS_utimes, {PATH, TIMES_MICRO}},
        {"futimesat", ONLY_LATER(2), SYS_futimesat, {FOLDER, PATH, TIMES_MICRO}},
        {"utimensat", ONLY_LATER(5), SYS_utimensat, {FOLDER, PATH, TIMES_NANO, TIME_FLAGS}},
        {"futimens", ONLY_LATER(3), SYS_utimensat, {DESCRIPTOR, NO_ARGUMENT, TIMES_NANO}},
        {"setxattr",
         ONLY_LATER(3),
         SYS_setxattr,
         {PATH, XATTR_NAME, XATTR_VALUE, NO_ARGUMENT, XATTR_FLAGS}},
        {"lsetxattr",
         ONLY_LATER(2),
         SYS_lsetxattr,
         {PATH, XATTR_NAME, XATTR_VALUE, NO_ARGUMENT, XATTR_FLAGS}},
        {"fsetxattr",
         ONLY_LATER(2),
         SYS_fsetxattr,
         {DESCRIPTOR, XATTR_NAME, XATTR_VALUE, NO_ARGUMENT, XATTR_FLAGS}},
        {"setxattrat",
         ONLY_LATER(2),
         SETXATTRAT,
         {FOLDER, PATH, XATTR_AT_FLAGS, XATTR_NAME, XATTR_STRUCTURE, XATTR_STRUCTURE_SIZE}},
        {"removexattr", ONLY_LATER(2), SYS_removexattr, {PATH, XATTR_NAME}},
        {"lremovexattr", ONLY_LATER(1), SYS_lremovexattr, {PATH, XATTR_NAME}},
        {"fremovexattr", ONLY_LATER(1), SYS_fremovexattr, {DESCRIPTOR, XATTR_NAME}},
        {"removexattrat", ONLY_LATER(1), REMOVEXATTRAT, {FOLDER, PATH, XATTR_AT_FLAGS, XATTR_NAME}},
        {"access", ONLY_LATER(3), SYS_access, {PATH, ACCESS_MODE}},
        {"faccessat", ONLY_LATER(2), SYS_faccessat, {FOLDER, PATH, ACCESS_MODE}},
        {"faccessat2", ONLY_LATER(4), SYS_faccessat2, {FOLDER, PATH, ACCESS_MODE, ACCESS_FLAGS}},
        {"bind", 2, 5, SYS_bind, {DESCRIPTOR, ADDRESS, ADDRESS_SIZE}},
        {"socket", 4, 4, .perform = make_socket},
        {"connect to what listens", ONLY_LATER(2), .perform = listen_and_connect},
        {"write", 6, 6, .perform = write_descriptor},
        {"device", ONLY_LATER(2), .perform = open_device},
        {"close", 2, 6, .perform = close_descriptor},
        {"chdir", 3, 5, .perform = change_folder},
        {"fchdir", 1, 2, .perform = change_folder_by_descriptor},
        {"umask", 2, 3, .perform = change_umask},
        {"limit of descriptors", ONLY_LATER(3), .perform = limit_files},
        {"limit of size", ONLY_LATER(3), .perform = limit_size},
        {"access list", 1, 3, .perform = set_access_list},
        {"removed folder", ONLY_LATER(1), .perform = lose_folder},
        {"unnamed file", ONLY_LATER(2), .perform = publish_unnamed},
        {"stat", ONLY_LATER(6), .perform = look_stat},
        {"fstat", ONLY_LATER(4), .perform = look_status},
        {"readlink", ONLY_LATER(3), .perform = look_link},
        {"list", ONLY_LATER(3), .perform = look_list},
        {"getcwd", ONLY_LATER(1), .perform = look_where},
        {"read", ONLY_LATER(3), .perform = look_read},
        {"listxattr", ONLY_LATER(2), .perform = look_attributes},
        {"fork", ONLY_LATER(2), .perform = be_two},
        {"threads", ONLY_LATER(1), .perform = be_many},
        {"meet at a fifo", ONLY_LATER(1), .perform = meet_at_fifo},
};
const size_t operation_count = sizeof(operations) / sizeof(*operations);

/* A descriptor that was opened goes into a slot; what was there is closed. */
void keep(struct actor *actor, int descriptor)
{
	size_t slot = choose(actor, SLOTS);

	say(actor, " slot%zu", slot);
	if (actor->slots[slot] >= 0)
		close(actor->slots[slot]);
	actor->slots[slot] = descriptor;
}

bool would_wait(struct actor *actor, int folder, const char *path)
{
	struct stat status;

	(void)actor;
	return fstatat(folder, path, &status, 0) == 0 && S_ISFIFO(status.st_mode);
}

/* An open that waits for the other end of a fifo is a scene of its own. */
static bool waits(struct actor *actor, const struct operation *operation, const long *arguments)
{
	size_t at = operation->arguments[0] == FOLDER;
	long flags = operation->number == SYS_creat ? O_WRONLY : arguments[at + 1];

	if (!operation->opens || (flags & (O_PATH | O_NONBLOCK)) || (flags & O_ACCMODE) == O_RDWR)
		return false;
	return would_wait(actor, at ? (int)arguments[0] : AT_FDCWD, (const char *)arguments[at]);
}

/* The size of a value is written beside it. */
static long value_argument(struct actor *actor, const struct operation *operation, size_t i)
{
	if (operation->arguments[i] != NO_ARGUMENT)
		return make_argument(actor, operation->arguments[i]);
	if (i > 0 && operation->arguments[i - 1] == XATTR_VALUE)
		return make_argument(actor, XATTR_VALUE_SIZE);
	return 0;
}

static void make_call(struct actor *actor, const struct operation *operation)
{
	long arguments[6] = {0};

	actor->folder = AT_FDCWD;
	actor->rubbish = percent(actor, 8) ? 0xdeadbeef00000000u : 0;
	say(actor, actor->rubbish ? "%s!(" : "%s(", operation->name);
	for (size_t i = 0; i < 6; i++) {
		if (operation->arguments[i] != NO_ARGUMENT && i > 0)
			say(actor, ", ");
		if (operation->arguments[i] == PATH &&
		    (i == 0 || operation->arguments[i - 1] != FOLDER))
			actor->folder = AT_FDCWD;
		arguments[i] = value_argument(actor, operation, i);
	}
	say(actor, ")");
	if (waits(actor, operation, arguments)) {
		say(actor, " would wait\n");
		return;
	}
	errno = 0;
	long result = syscall(operation->number, arguments[0], arguments[1], arguments[2],
	                      arguments[3], arguments[4], arguments[5]);
	int error = errno;
	if (result >= 0 && operation->opens) {
		say_descriptor(actor, (int)result);
		keep(actor, (int)result);
	} else {
		say_result(actor, result, error);
	}
	say(actor, "\n");
}

/* Scenes change what threads have in common: the current folder, limits, who is there. */
static bool fits(const struct actor *actor, const struct operation *operation)
{
	return !actor->tame || operation->number != 0 || operation->perform == look_stat ||
	       operation->perform == write_descriptor || operation->perform == close_descriptor;
}

void operate(struct actor *actor, bool building)
{
	size_t total = 0;
	size_t chosen = 0;

	for (size_t i = 0; i < operation_count; i++)
		total += building ? operations[i].building : operations[i].later;
	size_t drawn = choose(actor, total);
	for (;; chosen++) {
		size_t share = building ? operations[chosen].building : operations[chosen].later;
		if (drawn < share)
			break;
		drawn -= share;
	}
	if (!fits(actor, &operations[chosen]))
		chosen = 1; /* openat */
	actor->regions = 0;
	if (operations[chosen].perform) {
		actor->folder = AT_FDCWD;
		operations[chosen].perform(actor);
	} else {
		make_call(actor, &operations[chosen]);
	}
}
