/* What several families of probes need. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

char memory_word[64];

const char *need_target(const char *value, const char *name)
{
	if (!value || !*value)
		give_up("the runner named no %s=", name);
	return value;
}

pid_t need_process(const char *value, const char *name)
{
	char *end = NULL;
	long number = strtol(need_target(value, name), &end, 10);

	if (*end || number <= 0)
		give_up("%s= is not a process number", name);
	return (pid_t)number;
}

char *format_text(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		give_up("out of memory");
	va_end(arguments);
	return text;
}

int refuse(int number)
{
	errno = number;
	return -1;
}

int descriptor_holds_token(const struct scene *scene, int descriptor)
{
	const char *token = TARGET(scene, token);
	char text[256] = "";
	ssize_t length = read(descriptor, text, sizeof(text) - 1);

	if (length < 0)
		return -1;
	text[length] = '\0';
	return strncmp(text, token, strlen(token)) == 0 ? 0 : refuse(EBADMSG);
}

int file_holds_token(const struct scene *scene, const char *path)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);

	return descriptor < 0 ? -1 : descriptor_holds_token(scene, descriptor);
}

int must_be_stdin(mode_t type)
{
	struct stat status;

	if (fstat(STDIN_FILENO, &status) != 0)
		return -1;
	return (status.st_mode & S_IFMT) == type ? 0 : refuse(EBADF);
}

static void write_text(const char *path, const char *text)
{
	int descriptor = open(path, O_WRONLY | O_CLOEXEC);

	if (descriptor < 0)
		return;
	if (write(descriptor, text, strlen(text)) < 0)
		errno = 0;
	close(descriptor);
}

bool in_namespace(const char *name, const char *link)
{
	char found[64] = "";
	char *path = format_text("/proc/self/ns/%s", name);

	if (readlink(path, found, sizeof(found) - 1) < 0)
		give_up("%s: %s", path, strerror(errno));
	return strcmp(found, link) == 0;
}

/* Real root needs no user namespace, in which others' files would be out of its reach. */
static bool become_root_of_mounts(int extra)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS | extra) != 0)
		return false;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		give_up("mounts would reach the host: %s", strerror(errno));
	return true;
}

void try_to_become_root(const struct scene *scene, int extra)
{
	uid_t user = geteuid();
	gid_t group = getegid();

	if (!become_root_of_mounts(extra) && unshare(CLONE_NEWUSER | CLONE_NEWNS | extra) == 0) {
		write_text("/proc/self/setgroups", "deny");
		write_text("/proc/self/uid_map", format_text("0 %u 1", user));
		write_text("/proc/self/gid_map", format_text("0 %u 1", group));
	}
	errno = 0;
	if (in_namespace("mnt", TARGET(scene, mount_space)))
		give_up("still in the host's mount namespace");
}
