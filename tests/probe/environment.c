/* Walls: what the caller leaves lying about: variables, descriptors, limits. The runner passes
 * the variables and descriptors named here. */
#include "probe.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int variable_is_set(const struct scene *scene)
{
	return getenv(scene->probe->argument) ? 0 : refuse(ENODATA);
}

/* argument: a variable whose name is harmless and whose value is not. */
static int variable_holds_secret(const struct scene *scene)
{
	const char *value = getenv(scene->probe->argument);

	if (!value)
		return refuse(ENODATA);
	return strstr(value, "ghp_") || strstr(value, "sesame@") ? 0 : refuse(ENODATA);
}

static int environment_contains_token(const char *path, const char *token)
{
	static char text[65536];
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (descriptor < 0)
		return -1;
	length = read(descriptor, text, sizeof(text));
	close(descriptor);
	if (length < 0)
		return -1;
	return memmem(text, (size_t)length, token, strlen(token)) ? 0 : refuse(ENODATA);
}

static int own_environment(const struct scene *scene)
{
	return environment_contains_token("/proc/self/environ", TARGET(scene, token));
}

static int any_environment(const struct scene *scene)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	int found = 0;

	if (!folder)
		give_up("no /proc");
	while ((entry = readdir(folder)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    environment_contains_token(format_text("/proc/%s/environ", entry->d_name),
		                               TARGET(scene, token)) == 0)
			found++;
	return found > 0 ? 0 : refuse(ENODATA);
}

/* argument: the descriptor's number. */
static int write_descriptor(const struct scene *scene)
{
	return (int)write((int)strtol(scene->probe->argument, NULL, 10), "", 0);
}

static int read_descriptor(const struct scene *scene)
{
	return descriptor_holds_token(scene, (int)strtol(scene->probe->argument, NULL, 10));
}

static int read_through_folder(const struct scene *scene)
{
	int folder = (int)strtol(scene->probe->argument, NULL, 10);
	int file = openat(folder, TARGET(scene, secret) + 1, O_RDONLY | O_CLOEXEC);

	return file < 0 ? -1 : descriptor_holds_token(scene, file);
}

static int enter_folder(const struct scene *scene)
{
	return fchdir((int)strtol(scene->probe->argument, NULL, 10));
}

static int descriptors_beyond_standard(const struct scene *scene)
{
	(void)scene;
	for (int i = 3; i < 1024; i++)
		if (fcntl(i, F_GETFD) >= 0) {
			note("descriptor %d", i);
			return 0;
		}
	return refuse(EBADF);
}

const struct probe environment_probes[] = {
        {"variable_unknown", variable_is_set, "REMIT_PROBE_TOKEN", 0, 0, 0, "an unlisted variable"},
        {"variable_cloud_key", variable_is_set, "AWS_SECRET_ACCESS_KEY", 0, 0, 0, "a cloud key"},
        {"variable_agent_socket", variable_is_set, "SSH_AUTH_SOCK", 0, 0, 0, "the key agent"},
        {"variable_bus", variable_is_set, "DBUS_SESSION_BUS_ADDRESS", 0, 0, 0, "the session bus"},
        {"variable_preload", variable_is_set, "LD_PRELOAD", 0, 0, 0, "the loader's preload"},
        {"variable_shell_start", variable_is_set, "BASH_ENV", 0, 0, 0, "the shell's start file"},
        {"variable_token_value", variable_holds_secret, "CI", 0, 0, 0,
         "a token in a listed variable"},
        {"variable_password_value", variable_holds_secret, "LANG", 0, 0, 0,
         "a URL with a password in a listed variable"},
        {"environment_own", own_environment, NULL, 0, 0, 0, "/proc/self/environ"},
        {"environment_any", any_environment, NULL, 0, 0, 0,
         "/proc/PID/environ of all that is seen"},
        {"descriptor_writable", write_descriptor, "7", 0, 0, 0, "an inherited writable file"},
        {"descriptor_folder", read_through_folder, "8", 0, 0, 0, "openat an inherited folder"},
        {"descriptor_folder_enter", enter_folder, "8", 0, 0, 0, "fchdir to an inherited folder"},
        {"descriptor_secret", read_descriptor, "9", 0, 0, 0, "an inherited open secret"},
        {"descriptor_high", write_descriptor, "250", 0, 0, 0, "one with a high number"},
        {"descriptors_beyond_standard", descriptors_beyond_standard, NULL, 0, 0, 0, "any at all"},
        {0},
};
