/* least COMMAND...: runs COMMAND under the least that a broker of files can be. It hears of each
 * opening that may make a file, finds where the path starts, opens it and hands the descriptor
 * over: nothing is decided, and all else goes on by itself. What whole commands take with it is
 * what the machine takes for any broker: two turns of a processor for each file, and nine system
 * calls. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Newer than the installed headers: Linux 6.6. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

enum {
	PATH_MOST = 4096,
	PAGE = 4096,
};

static int listen_to_changes(void)
{
	static const unsigned heard[] = {
	        SYS_mkdirat,  SYS_mknodat,  SYS_symlinkat, SYS_unlinkat,  SYS_linkat, SYS_renameat2,
	        SYS_fchmodat, SYS_fchownat, SYS_truncate,  SYS_utimensat,
#ifdef SYS_mkdir /* and its like, which newer architectures do not have */
	        SYS_mkdir,    SYS_mknod,    SYS_symlink,   SYS_unlink,    SYS_rmdir,  SYS_link,
	        SYS_rename,   SYS_chmod,    SYS_chown,     SYS_lchown,    SYS_utimes, SYS_creat,
#endif
	};
	enum { HEARD = sizeof(heard) / sizeof(*heard), FIRST = 6 };
	struct sock_filter statements[FIRST + 2 * HEARD + 1] = {
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
	        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
	        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	for (size_t i = 0; i < HEARD; i++) {
		statements[FIRST + 2 * i] =
		        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, heard[i], 0, 1);
		statements[FIRST + 2 * i + 1] =
		        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	statements[FIRST + 2 * HEARD] =
	        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = {
	        .len = sizeof(statements) / sizeof(*statements),
	        .filter = statements,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
	                    &program);
}

/* The child's filter is heard by the parent: the descriptor has the same number in both, since the
 * table is shared until the command is executed. */
static int start(char **words, pid_t *child)
{
	int pair[2];
	int listener = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	*child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);
	if (*child == 0) {
		int own = listen_to_changes();
		if (own < 0 || write(pair[1], &own, sizeof(own)) != sizeof(own))
			_exit(1);
		execvp(words[0], words);
		_exit(127);
	}
	if (*child < 0 || read(pair[0], &listener, sizeof(listener)) != sizeof(listener))
		return -1;
	return listener;
}

/* The folder that the path starts at; -1 for one that starts at the root. */
static int folder_of(const struct seccomp_notif *call, const char *path)
{
	char link[64];

	if (path[0] == '/')
		return -1;
	if ((int)call->data.args[0] == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%u/cwd", call->pid);
	else
		snprintf(link, sizeof(link), "/proc/%u/fd/%d", call->pid, (int)call->data.args[0]);
	return open(link, O_PATH | O_CLOEXEC);
}

/* To the end of its page, and of the next one where it goes on there. */
static void read_path(const struct seccomp_notif *call, char *path)
{
	uint64_t address = call->data.args[1];
	size_t size = 0;

	while (size < PATH_MOST) {
		size_t rest = PAGE - (address + size) % PAGE;
		const struct iovec here = {path + size,
		                           rest < PATH_MOST - size ? rest : PATH_MOST - size};
		const struct iovec there = {(void *)(uintptr_t)(address + size), here.iov_len};
		ssize_t got = process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0);
		if (got <= 0 || memchr(path + size, '\0', (size_t)got))
			return;
		size += (size_t)got;
	}
}

static void answer(int listener, const struct seccomp_notif *call)
{
	char path[PATH_MOST + 1];
	struct seccomp_notif_resp reply = {.id = call->id};

	if (call->data.nr != SYS_openat) {
		reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
		return;
	}

	path[0] = '\0';
	path[PATH_MOST] = '\0';
	read_path(call, path);
	int folder = folder_of(call, path);
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) < 0)
		return;
	int file = openat(folder, path, (int)call->data.args[2] | O_CLOEXEC,
	                  (mode_t)call->data.args[3]);
	reply.error = file < 0 ? -errno : 0;
	const struct seccomp_notif_addfd put = {
	        .id = call->id,
	        .flags = SECCOMP_ADDFD_FLAG_SEND,
	        .srcfd = (uint32_t)file,
	        .newfd_flags = (uint32_t)call->data.args[2] & O_CLOEXEC,
	};
	if (file < 0)
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	else
		ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &put);
	if (file >= 0)
		close(file);
	if (folder >= 0)
		close(folder);
}

int main(int argc, char **argv)
{
	struct seccomp_notif call;
	pid_t child;
	int status;

	if (argc < 2)
		return 2;
	int listener = start(argv + 1, &child);
	if (listener < 0)
		return 1;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	for (;;) {
		struct pollfd place = {.fd = listener};
		memset(&call, 0, sizeof(call));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0)
			answer(listener, &call);
		else if (errno != EINTR && errno != ENOENT)
			break;
		else if (poll(&place, 1, 0) > 0 && (place.revents & POLLHUP))
			break;
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
