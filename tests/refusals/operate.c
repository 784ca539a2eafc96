/* Makes system calls, one a row, and says how each ended: operate ROWS >RESULTS
 *
 * A row is "NUMBER<tab>WAY<tab>OPERATION<tab>ARGUMENT...", a result "NUMBER<tab>PID<tab>ERRNO",
 * with OK for a call that succeeded. WAY is one of plain      in a process of its own cwd:FOLDER
 * the same, which went to the folder before at:FOLDER  the same, which names paths from a
 * descriptor of the folder daemon     after setsid and a second fork thread     in a thread of this
 * process; all such rows at once
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

/* Older names, which newer architectures do not have: there no row makes them. */
#ifndef SYS_open
#define SYS_open      (-1)
#define SYS_creat     (-1)
#define SYS_stat      (-1)
#define SYS_lstat     (-1)
#define SYS_access    (-1)
#define SYS_readlink  (-1)
#define SYS_mkdir     (-1)
#define SYS_mknod     (-1)
#define SYS_symlink   (-1)
#define SYS_link      (-1)
#define SYS_rename    (-1)
#define SYS_unlink    (-1)
#define SYS_rmdir     (-1)
#define SYS_chmod     (-1)
#define SYS_chown     (-1)
#define SYS_utimes    (-1)
#define SYS_utime     (-1)
#define SYS_futimesat (-1)
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

enum {
	ROWS = 1024,
	ARGUMENTS = 8,
};

struct row {
	const char *number, *way, *operation;
	char *arguments[ARGUMENTS + 1];
	int folder; /* that relative paths start at */
};

struct result {
	pid_t pid;
	int error;
};

static struct row rows[ROWS];
static size_t row_count;
static struct result *results; /* shared with the children */

/* --- Operations: 0 or more, or -1 with errno ------------------------------------------------- */

typedef long operation(const struct row *row, const char *path, const char *second);

static long done(int descriptor)
{
	if (descriptor >= 0)
		close(descriptor);
	return descriptor;
}

#define OPENS(name_, flags_)                                                           \
	static long name_(const struct row *row, const char *path, const char *second) \
	{                                                                              \
		(void)second;                                                          \
		return done(openat(row->folder, path, flags_, 0600));                  \
	}
OPENS(open_read, O_RDONLY)
OPENS(open_path, O_PATH)
OPENS(open_folder, O_RDONLY | O_DIRECTORY)
OPENS(open_link, O_RDONLY | O_NOFOLLOW)
OPENS(open_write, O_WRONLY)
OPENS(open_both, O_RDWR)
OPENS(open_append, O_WRONLY | O_APPEND)
OPENS(open_truncate, O_RDONLY | O_TRUNC)
OPENS(open_create, O_WRONLY | O_CREAT)
OPENS(open_exclusive, O_RDWR | O_CREAT | O_EXCL)
OPENS(open_unnamed, O_RDWR | O_TMPFILE)

/* An operation whose body is one expression of `row`, `path` and `second`. */
#define DOES(name_, expression_)                                                       \
	static long name_(const struct row *row, const char *path, const char *second) \
	{                                                                              \
		(void)row;                                                             \
		(void)path;                                                            \
		(void)second;                                                          \
		return (expression_);                                                  \
	}

/* What is held open for reading. */
static int opened(const struct row *row, const char *path)
{
	int file = openat(row->folder, path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		abort();
	return file;
}

static struct stat status;
static struct statx longer;
static struct statfs system_status;
static char bytes[256];
static struct {
	struct file_handle head;
	unsigned char rest[MAX_HANDLE_SZ];
	int mount;
} place = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
static const struct timespec times[2] = {{1, 0}, {1, 0}};
static const struct timeval old_times[2] = {{1, 0}, {1, 0}};
static const struct utimbuf oldest_times = {1, 1};

DOES(open_old, done((int)syscall(SYS_open, path, O_RDONLY)))
DOES(creat_, done((int)syscall(SYS_creat, path, 0600)))
DOES(stat_, fstatat(row->folder, path, &status, 0))
DOES(stat_link, fstatat(row->folder, path, &status, AT_SYMLINK_NOFOLLOW))
DOES(stat_old, syscall(SYS_stat, path, &status))
DOES(lstat_old, syscall(SYS_lstat, path, &status))
DOES(statx_, statx(row->folder, path, 0, STATX_BASIC_STATS, &longer))
DOES(statfs_, statfs(path, &system_status))
DOES(access_, faccessat(row->folder, path, R_OK, 0))
DOES(access_old, syscall(SYS_access, path, F_OK))
DOES(access_new, syscall(SYS_faccessat2, row->folder, path, R_OK, AT_EACCESS))
DOES(chdir_, chdir(path))
DOES(readlink_, readlinkat(row->folder, path, bytes, sizeof(bytes)))
DOES(readlink_old, syscall(SYS_readlink, path, bytes, sizeof(bytes)))
DOES(getxattr_, getxattr(path, "user.remit", bytes, sizeof(bytes)))
DOES(lgetxattr_, lgetxattr(path, "user.remit", bytes, sizeof(bytes)))
DOES(listxattr_, listxattr(path, bytes, sizeof(bytes)))
DOES(llistxattr_, llistxattr(path, bytes, sizeof(bytes)))
DOES(watch_, inotify_add_watch(inotify_init1(IN_CLOEXEC), path, IN_MODIFY))
DOES(handle, name_to_handle_at(row->folder, path, &place.head, &place.mount, 0))
DOES(mkdir_, mkdirat(row->folder, path, 0700))
DOES(mkdir_old, syscall(SYS_mkdir, path, 0700))
DOES(mknod_pipe, mknodat(row->folder, path, S_IFIFO | 0600, 0))
DOES(mknod_file, mknodat(row->folder, path, S_IFREG | 0600, 0))
DOES(mknod_old, syscall(SYS_mknod, path, S_IFREG | 0600, 0))
DOES(symlink_, symlinkat("nowhere", row->folder, path))
DOES(symlink_old, syscall(SYS_symlink, "nowhere", path))
DOES(link_, linkat(row->folder, path, row->folder, second, 0))
DOES(link_old, syscall(SYS_link, path, second))
DOES(rename_, renameat(row->folder, path, row->folder, second))
DOES(rename_old, syscall(SYS_rename, path, second))
DOES(rename_keep, renameat2(row->folder, path, row->folder, second, RENAME_NOREPLACE))
DOES(rename_exchange, renameat2(row->folder, path, row->folder, second, RENAME_EXCHANGE))
DOES(rename_white, renameat2(row->folder, path, row->folder, second, RENAME_WHITEOUT))
DOES(unlink_, unlinkat(row->folder, path, 0))
DOES(unlink_old, syscall(SYS_unlink, path))
DOES(rmdir_, unlinkat(row->folder, path, AT_REMOVEDIR))
DOES(rmdir_old, syscall(SYS_rmdir, path))
DOES(chmod_, fchmodat(row->folder, path, 0600, 0))
DOES(chmod_old, syscall(SYS_chmod, path, 0600))
DOES(chmod_new, syscall(SYS_fchmodat2, row->folder, path, 0600, 0))
DOES(chmod_set_user, fchmodat(row->folder, path, 04755, 0))
DOES(chown_, fchownat(row->folder, path, getuid(), getgid(), 0))
DOES(chown_old, syscall(SYS_chown, path, getuid(), getgid()))
DOES(lchown_, lchown(path, getuid(), getgid()))
DOES(truncate_, truncate(path, 1))
DOES(utimensat_, utimensat(row->folder, path, times, 0))
DOES(utimensat_link, utimensat(row->folder, path, times, AT_SYMLINK_NOFOLLOW))
DOES(utimes_, syscall(SYS_utimes, path, old_times))
DOES(utime_, syscall(SYS_utime, path, &oldest_times))
DOES(futimesat_, syscall(SYS_futimesat, row->folder, path, old_times))
DOES(setxattr_, setxattr(path, "user.remit", "x", 1, 0))
DOES(lsetxattr_, lsetxattr(path, "user.remit", "x", 1, 0))
DOES(removexattr_, removexattr(path, "user.remit"))
DOES(lremovexattr_, lremovexattr(path, "user.remit"))
DOES(fchmod_, fchmod(opened(row, path), 0600))
DOES(fchown_, fchown(opened(row, path), getuid(), getgid()))
DOES(futimens_, futimens(opened(row, path), times))
DOES(fsetxattr_, fsetxattr(opened(row, path), "user.remit", "x", 1, 0))
DOES(fremovexattr_, fremovexattr(opened(row, path), "user.remit"))

/* By the name that /proc has for it. */
static long chmod_opened(const struct row *row, const char *path, const char *second)
{
	char name[64];

	(void)second;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", opened(row, path));
	return chmod(name, 0600);
}

DOES(open_set_user, done(openat(row->folder, path, O_WRONLY | O_CREAT, 04755)))

/* The pipe that the caller waits at closes with it. */
static long exec_(const struct row *row, const char *path, const char *second)
{
	char *const words[] = {row->arguments[0], NULL};

	(void)second;
	execve(path, words, (char *const[]){NULL});
	return -1;
}

static long exec_at(const struct row *row, const char *path, const char *second)
{
	char *const words[] = {row->arguments[0], NULL};

	(void)second;
	return syscall(SYS_execveat, row->folder, path, words, (char *const[]){NULL}, 0);
}

/* "192.0.2.1 80" or "2001:db8::1 80". */
static socklen_t peer_of(const char *host, const char *port, struct sockaddr_storage *out)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = four.sin_port};

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, host, &four.sin_addr) == 1) {
		memcpy(out, &four, sizeof(four));
		return sizeof(four);
	}
	if (inet_pton(AF_INET6, host, &six.sin6_addr) != 1)
		abort();
	memcpy(out, &six, sizeof(six));
	return sizeof(six);
}

static long reach(const char *host, const char *port, int type, bool send)
{
	struct sockaddr_storage peer;
	socklen_t size = peer_of(host, port, &peer);
	int one = socket(peer.ss_family, type | SOCK_CLOEXEC, 0);

	if (one < 0)
		abort();
	return send ? sendto(one, "x", 1, 0, (struct sockaddr *)&peer, size)
	            : connect(one, (struct sockaddr *)&peer, size);
}

DOES(connect_stream, reach(path, second, SOCK_STREAM, false))
DOES(connect_datagram, reach(path, second, SOCK_DGRAM, false))
DOES(send_datagram, reach(path, second, SOCK_DGRAM, true))

/* With the address in memory that nobody but the kernel reads. */
static long send_message(const struct row *row, const char *path, const char *second)
{
	struct sockaddr_storage peer;
	struct iovec data = {.iov_base = bytes, .iov_len = 1};
	struct msghdr message = {.msg_name = &peer, .msg_iov = &data, .msg_iovlen = 1};

	(void)row;
	message.msg_namelen = peer_of(path, second, &peer);
	return sendmsg(socket(peer.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), &message, 0);
}

static long local(const char *path, int type, bool make)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int one = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (one < 0 || strlen(path) >= sizeof(name.sun_path))
		abort();
	memcpy(name.sun_path, path, strlen(path));
	return make ? bind(one, (struct sockaddr *)&name, sizeof(name))
	            : connect(one, (struct sockaddr *)&name, sizeof(name));
}

DOES(connect_local, local(path, SOCK_STREAM, false))
DOES(bind_local, local(path, SOCK_STREAM, true))
DOES(bind_local_datagram, local(path, SOCK_DGRAM, true))

/* Any call by its number; its arguments are numbers. */
static long call(const struct row *row, const char *path, const char *second)
{
	long values[ARGUMENTS] = {0};

	(void)second;
	for (size_t i = 1; i < ARGUMENTS && row->arguments[i]; i++)
		values[i] = (long)strtoull(row->arguments[i], NULL, 0);
	return syscall(strtol(path, NULL, 10), values[1], values[2], values[3], values[4],
	               values[5], values[6]);
}

static const struct {
	const char *name;
	operation *make;
} operations[] = {
        {"open-read", open_read},
        {"open-old", open_old},
        {"open-path", open_path},
        {"open-folder", open_folder},
        {"open-link", open_link},
        {"open-write", open_write},
        {"open-both", open_both},
        {"open-append", open_append},
        {"open-truncate", open_truncate},
        {"open-create", open_create},
        {"open-exclusive", open_exclusive},
        {"open-unnamed", open_unnamed},
        {"open-set-user", open_set_user},
        {"creat", creat_},
        {"stat", stat_},
        {"stat-link", stat_link},
        {"stat-old", stat_old},
        {"lstat-old", lstat_old},
        {"statx", statx_},
        {"statfs", statfs_},
        {"access", access_},
        {"access-old", access_old},
        {"access-new", access_new},
        {"chdir", chdir_},
        {"readlink", readlink_},
        {"readlink-old", readlink_old},
        {"getxattr", getxattr_},
        {"lgetxattr", lgetxattr_},
        {"listxattr", listxattr_},
        {"llistxattr", llistxattr_},
        {"watch", watch_},
        {"handle", handle},
        {"mkdir", mkdir_},
        {"mkdir-old", mkdir_old},
        {"mknod-pipe", mknod_pipe},
        {"mknod-file", mknod_file},
        {"mknod-old", mknod_old},
        {"symlink", symlink_},
        {"symlink-old", symlink_old},
        {"link", link_},
        {"link-old", link_old},
        {"rename", rename_},
        {"rename-old", rename_old},
        {"rename-keep", rename_keep},
        {"rename-exchange", rename_exchange},
        {"rename-white", rename_white},
        {"unlink", unlink_},
        {"unlink-old", unlink_old},
        {"rmdir", rmdir_},
        {"rmdir-old", rmdir_old},
        {"chmod", chmod_},
        {"chmod-old", chmod_old},
        {"chmod-new", chmod_new},
        {"chmod-set-user", chmod_set_user},
        {"chown", chown_},
        {"chown-old", chown_old},
        {"lchown", lchown_},
        {"truncate", truncate_},
        {"utimensat", utimensat_},
        {"utimensat-link", utimensat_link},
        {"utimes", utimes_},
        {"utime", utime_},
        {"futimesat", futimesat_},
        {"setxattr", setxattr_},
        {"lsetxattr", lsetxattr_},
        {"removexattr", removexattr_},
        {"lremovexattr", lremovexattr_},
        {"fchmod", fchmod_},
        {"chmod-opened", chmod_opened},
        {"fchown", fchown_},
        {"futimens", futimens_},
        {"fsetxattr", fsetxattr_},
        {"fremovexattr", fremovexattr_},
        {"exec", exec_},
        {"exec-at", exec_at},
        {"connect-stream", connect_stream},
        {"connect-datagram", connect_datagram},
        {"send-datagram", send_datagram},
        {"send-message", send_message},
        {"connect-local", connect_local},
        {"bind-local", bind_local},
        {"bind-local-datagram", bind_local_datagram},
        {"call", call},
};

static operation *find(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (strcmp(operations[i].name, name) == 0)
			return operations[i].make;
	fprintf(stderr, "operate: no operation %s\n", name);
	exit(2);
}

/* --- Ways ------------------------------------------------------------------------------------ */

static void make(size_t index)
{
	const struct row *row = &rows[index];
	operation *function = find(row->operation);

	results[index].pid = getpid();
	errno = 0;
	if (function(row, row->arguments[0], row->arguments[1]) < 0)
		results[index].error = errno;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* In a child; does not return. */
static _Noreturn void make_alone(size_t index)
{
	struct row *row = &rows[index];

	if (begins(row->way, "cwd:") && chdir(row->way + strlen("cwd:")) < 0)
		abort();
	if (begins(row->way, "at:")) {
		row->folder = open(row->way + strlen("at:"), O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (row->folder < 0)
			abort();
	}
	if (strcmp(row->way, "daemon") == 0) {
		if (setsid() < 0)
			abort();
		pid_t child = fork();
		if (child != 0)
			_exit(child < 0);
	}
	make(index);
	_exit(0);
}

/* Until nobody is left who could make it: then the pipe is closed. */
static void make_and_wait(size_t index)
{
	int ends[2];
	char nothing;

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	pid_t child = fork();
	if (child < 0)
		abort();
	if (child == 0)
		make_alone(index);
	close(ends[1]);
	while (read(ends[0], &nothing, 1) < 0 && errno == EINTR)
		;
	close(ends[0]);
	waitpid(child, NULL, 0);
}

static pthread_barrier_t start;

static void *make_in_thread(void *data)
{
	pthread_barrier_wait(&start);
	make((size_t)((struct row *)data - rows));
	return NULL;
}

static void make_at_once(void)
{
	pthread_t threads[ROWS];
	unsigned count = 0;
	unsigned made = 0;

	for (size_t i = 0; i < row_count; i++)
		count += strcmp(rows[i].way, "thread") == 0;
	if (count == 0)
		return;
	pthread_barrier_init(&start, NULL, count);
	for (size_t i = 0; i < row_count; i++)
		if (strcmp(rows[i].way, "thread") == 0 &&
		    pthread_create(&threads[made++], NULL, make_in_thread, &rows[i]) != 0)
			abort();
	for (unsigned i = 0; i < made; i++)
		pthread_join(threads[i], NULL);
}

/* --- Rows ------------------------------------------------------------------------------------ */

static void read_row(char *line)
{
	struct row *row = &rows[row_count++];
	char *next = line;
	size_t count = 0;

	line[strcspn(line, "\n")] = '\0';
	row->folder = AT_FDCWD;
	row->number = strsep(&next, "\t");
	row->way = strsep(&next, "\t");
	row->operation = strsep(&next, "\t");
	while (next && count < ARGUMENTS)
		row->arguments[count++] = strsep(&next, "\t");
	if (!row->operation || !row->arguments[0])
		abort();
}

static void read_rows(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;

	if (!file)
		abort();
	for (; row_count < ROWS && getline(&line, &capacity, file) > 0; line = NULL, capacity = 0)
		read_row(line); /* which points into it */
	free(line);
	fclose(file);
}

int main(int count, char **arguments)
{
	if (count != 2)
		return 2;
	results = mmap(NULL, sizeof(*results) * ROWS, PROT_READ | PROT_WRITE,
	               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED)
		return 2;
	read_rows(arguments[1]);
	make_at_once();
	for (size_t i = 0; i < row_count; i++)
		if (strcmp(rows[i].way, "thread") != 0)
			make_and_wait(i);
	for (size_t i = 0; i < row_count; i++)
		printf("%s\t%d\t%s\n", rows[i].number, (int)results[i].pid,
		       results[i].error ? strerrorname_np(results[i].error) : "OK");
	return 0;
}
