/* A supervisor as it should not be: it looks at the path, then lets the call go on, and the kernel
 * looks again. */
#include "races.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The calls of the attack, and which of their arguments is the path that counts. */
static const struct {
	int number;
	unsigned path;
} watched[] = {{SYS_openat, 1},   {SYS_mkdir, 0},  {SYS_rename, 1},    {SYS_link, 1},
               {SYS_symlink, 1},  {SYS_mknod, 0},  {SYS_mknodat, 1},   {SYS_chmod, 0},
               {SYS_truncate, 0}, {SYS_linkat, 3}, {SYS_symlinkat, 2}, {SYS_mkdirat, 1},
               {SYS_renameat, 3}};

enum { WATCHED = sizeof(watched) / sizeof(*watched) };

/* Installs the filter and returns its listener. */
static int watch_self(void)
{
	struct sock_filter program[2 * WATCHED + 2];
	unsigned short size = 0;

	program[size++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                                               offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < WATCHED; i++) {
		program[size++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		                                               (unsigned)watched[i].number, 0, 1);
		program[size++] =
		        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	program[size++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = {.len = size, .filter = program};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
	                    &filter);
}

/* The look that comes too early. The process has the supervisor's folder. */
static bool is_permitted(const struct seccomp_notif *call)
{
	char path[PATH_MAX] = "";
	char folder[PATH_MAX] = "";
	struct iovec here = {path, sizeof(path) - 1};
	unsigned argument = 0;

	for (size_t i = 0; i < WATCHED; i++)
		if (watched[i].number == call->data.nr)
			argument = watched[i].path;
	/* Not past the page that the string is in. */
	struct iovec there = {(void *)call->data.args[argument],
	                      4096 - call->data.args[argument] % 4096};
	if (process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0) < 0)
		return true;
	return !realpath(dirname(path), folder) || strstr(folder, "/forbidden") == NULL;
}

static void supervise(int listener)
{
	for (;;) {
		struct seccomp_notif call = {0};
		struct seccomp_notif_resp answer = {0};
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			return;
		}
		answer.id = call.id;
		if (is_permitted(&call))
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else
			answer.error = -EACCES;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

/* The listener is the child's descriptor; its number comes through the pipe. */
static int fetch_listener(pid_t child, int numbers)
{
	int number = -1;
	int process = (int)syscall(SYS_pidfd_open, child, 0);

	if (process < 0 || read(numbers, &number, sizeof(number)) != sizeof(number) || number < 0)
		return -1;
	return (int)syscall(SYS_pidfd_getfd, process, number, 0);
}

int control(unsigned ways, unsigned long rounds)
{
	int numbers[2];
	int status = 0;

	if (pipe2(numbers, O_CLOEXEC) < 0)
		return 2;
	pid_t child = fork();
	if (child < 0)
		return 2;
	if (child == 0) {
		int listener = watch_self();
		if (write(numbers[1], &listener, sizeof(listener)) != sizeof(listener))
			_exit(2);
		int reached = attack(ways, rounds, true);
		fflush(stdout);
		_exit(reached < 0 ? 2 : (unsigned)reached == ways ? 1 : 0);
	}
	int listener = fetch_listener(child, numbers[0]);
	pid_t supervisor = listener < 0 ? -1 : fork();
	if (supervisor == 0) {
		supervise(listener);
		_exit(0);
	}
	if (supervisor < 0)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	if (supervisor > 0) {
		kill(supervisor, SIGKILL);
		waitpid(supervisor, NULL, 0);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
