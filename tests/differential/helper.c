/* Carries out operations and says what became of each. Started inside `remit run` and, for the
 * control, without it.
 *
 * A line of standard input is "NUMBER KIND PATH OTHER", the paths in hexadecimal ("-" for none). A
 * line of standard output is "NUMBER ERRNO EVIDENCE": the beginning of a file, the identity of what
 * was looked at, a name out of a listing. `helper exit` only ends, with a status of its own. */
#include "operations.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char evidence[LONGEST_EVIDENCE + 1];

/* Keeps evidence on one line, in one word. */
static void show(const char *text, size_t size)
{
	size_t kept = size < LONGEST_EVIDENCE ? size : LONGEST_EVIDENCE;

	for (size_t i = 0; i < kept; i++)
		evidence[i] = text[i] > ' ' && text[i] < 127 ? text[i] : '.';
	evidence[kept] = '\0';
}

static int read_file(const char *path, const char *other)
{
	char content[LONGEST_EVIDENCE];
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	(void)other;
	if (file < 0)
		return -1;
	ssize_t size = read(file, content, sizeof(content));
	int error = errno;
	close(file);
	errno = error;
	if (size < 0)
		return -1;
	show(content, (size_t)size);
	return 0;
}

static int look_at(const char *path, const char *other)
{
	char text[64];
	struct stat status;

	(void)other;
	if (stat(path, &status) < 0)
		return -1;
	show(text,
	     (size_t)snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)status.st_dev,
	                      (unsigned long long)status.st_ino));
	return 0;
}

static int list(const char *path, const char *other)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	(void)other;
	if (!folder)
		return -1;
	while ((entry = readdir(folder)) != NULL) {
		if (!evidence[0] && entry->d_name[0] != '.')
			show(entry->d_name, strlen(entry->d_name));
		if (strncmp(entry->d_name, MARKER, sizeof(MARKER) - 1) == 0)
			show(entry->d_name, strlen(entry->d_name));
	}
	closedir(folder);
	return 0;
}

/* The child says through its status why it could not execute. */
static int execute(const char *path, const char *other)
{
	int status;
	char *const arguments[] = {(char *)path, (char *)"exit", NULL};
	char *const environment[] = {NULL};

	(void)other;
	pid_t child = fork();
	if (child < 0)
		return -1;
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execve(path, arguments, environment);
		_exit(128 + errno);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) > 128) {
		errno = WEXITSTATUS(status) - 128;
		return -1;
	}
	return 0;
}

static int connect_port(in_port_t port)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (peer < 0)
		return -1;
	int result = connect(peer, (const struct sockaddr *)&address, sizeof(address));
	int error = errno;
	close(peer);
	errno = error;
	return result;
}

static int connect_outer(const char *path, const char *port)
{
	(void)path;
	return connect_port(htons((in_port_t)atoi(port)));
}

static int connect_inner(const char *path, const char *other)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)path;
	(void)other;
	if (listener < 0)
		return -1;
	int result = bind(listener, (const struct sockaddr *)&address, sizeof(address));
	if (result == 0)
		result = listen(listener, 1);
	if (result == 0)
		result = getsockname(listener, (struct sockaddr *)&address, &size);
	if (result == 0)
		result = connect_port(address.sin_port);
	int error = errno;
	close(listener);
	errno = error;
	return result;
}

static int put(const char *path, int flags, const char *text)
{
	int file = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0644);

	if (file < 0)
		return -1;
	ssize_t written = write(file, text, strlen(text));
	int error = errno;
	close(file);
	errno = error;
	return written < 0 ? -1 : 0;
}

static int append(const char *path, const char *other)
{
	(void)other;
	return put(path, O_WRONLY | O_APPEND, APPENDED);
}

static int create(const char *path, const char *other)
{
	(void)other;
	return put(path, O_WRONLY | O_CREAT | O_EXCL, APPENDED);
}

/* Alternately by name and by a flag that Landlock and mounts judge apart. */
static int cut(const char *path, const char *other)
{
	(void)other;
	if (strlen(path) % 2)
		return truncate(path, 0);
	int file = open(path, O_RDONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return -1;
	return close(file);
}

static int make_folder(const char *path, const char *other)
{
	(void)other;
	return mkdir(path, 0755);
}

static int exchange(const char *path, const char *other)
{
	return renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE);
}

static int remove_file(const char *path, const char *other)
{
	(void)other;
	return unlink(path);
}

static int remove_folder(const char *path, const char *other)
{
	(void)other;
	return rmdir(path);
}

static int change_mode(const char *path, const char *other)
{
	(void)other;
	return chmod(path, CHANGED_MODE);
}

static int touch(const char *path, const char *other)
{
	const struct timespec times[2] = {{.tv_sec = CHANGED_TIME}, {.tv_sec = CHANGED_TIME}};

	(void)other;
	return utimensat(AT_FDCWD, path, times, 0);
}

static int make_symlink(const char *path, const char *other)
{
	return symlink(other, path);
}

static int (*const operations[OPERATION_COUNT])(const char *path, const char *other) = {
        [OPERATION_READ] = read_file,
        [OPERATION_STAT] = look_at,
        [OPERATION_LIST] = list,
        [OPERATION_EXEC] = execute,
        [OPERATION_CONNECT_INNER] = connect_inner,
        [OPERATION_CONNECT_OUTER] = connect_outer,
        [OPERATION_APPEND] = append,
        [OPERATION_CREATE] = create,
        [OPERATION_TRUNCATE] = cut,
        [OPERATION_MKDIR] = make_folder,
        [OPERATION_RENAME] = rename,
        [OPERATION_EXCHANGE] = exchange,
        [OPERATION_UNLINK] = remove_file,
        [OPERATION_RMDIR] = remove_folder,
        [OPERATION_CHMOD] = change_mode,
        [OPERATION_TOUCH] = touch,
        [OPERATION_SYMLINK] = make_symlink,
        [OPERATION_LINK] = link,
};

/* The bytes behind hexadecimal digits, in place. */
static int decode(char *text)
{
	char *out = text;

	if (strcmp(text, "-") == 0) {
		*text = '\0';
		return 0;
	}
	for (const char *at = text; *at; at += 2) {
		const char digits[3] = {at[0], at[1], '\0'};
		char *end;
		if (!at[1])
			return -1;
		*out++ = (char)strtoul(digits, &end, 16);
		if (*end)
			return -1;
	}
	*out = '\0';
	return 0;
}

static int carry_out(char *line)
{
	char *rest = NULL;
	const char *number = strtok_r(line, " \n", &rest);
	const char *kind = strtok_r(NULL, " \n", &rest);
	char *path = strtok_r(NULL, " \n", &rest);
	char *other = strtok_r(NULL, " \n", &rest);

	if (!number || !kind || !path || !other || decode(path) < 0 || decode(other) < 0 ||
	    atoi(kind) < 0 || atoi(kind) >= OPERATION_COUNT)
		return -1;
	evidence[0] = '\0';
	errno = 0;
	int result = operations[atoi(kind)](path, other);
	printf("%s %d %s\n", number, result < 0 ? errno : 0, evidence[0] ? evidence : "-");
	return 0;
}

int main(int count, char **arguments)
{
	char *line = NULL;
	size_t capacity = 0;

	(void)arguments;
	if (count > 1)
		return PROGRAM_STATUS;
	umask(022);
	while (getline(&line, &capacity, stdin) > 0) {
		if (carry_out(line) < 0) {
			fputs("helper: not an operation\n", stderr);
			return 1;
		}
	}
	free(line);
	return fflush(stdout) == 0 ? 0 : 1;
}
