/* Walls: what /proc and /sys tell and let change. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* argument: the path. Opening is the attack; nothing is written. */
static int open_to_write(const struct scene *scene)
{
	return open(scene->probe->argument, O_WRONLY | O_CLOEXEC);
}

static int open_to_read(const struct scene *scene)
{
	int descriptor = open(scene->probe->argument, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char word[8]; /* page flags come in words only */

	if (descriptor < 0)
		return -1;
	/* A cover of the file (an empty one) opens as well, but holds nothing. */
	return read(descriptor, word, sizeof(word)) > 0 ? 0 : refuse(errno ? errno : ENODATA);
}

static char *read_whole(const char *path, size_t *length)
{
	static char text[65536];
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count;

	*length = 0;
	if (descriptor < 0)
		return NULL;
	while ((count = read(descriptor, text + *length, sizeof(text) - *length)) > 0)
		*length += (size_t)count;
	close(descriptor);
	return count < 0 ? NULL : text;
}

static int file_contains(const char *path, const char *word)
{
	size_t length;
	char *text = read_whole(path, &length);

	if (!text)
		return -1;
	return memmem(text, length, word, strlen(word)) ? 0 : refuse(ENODATA);
}

static int environment_of_outside(const struct scene *scene)
{
	const char *path = format_text("/proc/%s/environ", TARGET(scene, outside));

	return file_contains(path, TARGET(scene, token));
}

static int see_outside(const struct scene *scene)
{
	const char *path = format_text("/proc/%s/cmdline", TARGET(scene, outside));

	return file_contains(path, TARGET(scene, marker));
}

static int environment_of_first(const struct scene *scene)
{
	size_t length;

	/* Its content is judged by environment.c; here it must not even open. */
	return read_whole(format_text("/proc/%s/environ", TARGET(scene, process)), &length) ? 0
	                                                                                    : -1;
}

static int command_line_of_first(const struct scene *scene)
{
	return file_contains(format_text("/proc/%s/cmdline", TARGET(scene, process)),
	                     TARGET(scene, marker));
}

static int memory_of_first(const struct scene *scene)
{
	return open(format_text("/proc/%s/mem", TARGET(scene, process)), O_RDWR | O_CLOEXEC);
}

static int map_of_first(const struct scene *scene)
{
	size_t length;

	return read_whole(format_text("/proc/%s/maps", TARGET(scene, process)), &length) ? 0 : -1;
}

/* argument: a link of the first process that leads to a file or folder. */
static int follow_of_first(const struct scene *scene)
{
	const char *path =
	        format_text("/proc/%s/%s", TARGET(scene, process), scene->probe->argument);

	return open(path, O_PATH | O_CLOEXEC);
}

static int secret_through_first(const struct scene *scene)
{
	return file_holds_token(scene, format_text("/proc/%s/root%s", TARGET(scene, process),
	                                           TARGET(scene, secret)));
}

/* argument: a map of ids. The control first makes a user namespace, whose map is still empty. */
static int write_id_map(const struct scene *scene)
{
	bool groups = strstr(scene->probe->argument, "gid_map") != NULL;
	char *line = format_text("0 %u 1", groups ? getegid() : geteuid());
	int descriptor;

	if (unshare(CLONE_NEWUSER) != 0)
		errno = 0;
	if (groups) {
		int setgroups = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);

		if (setgroups < 0 || write(setgroups, "deny", 4) != 4)
			return -1;
	}
	descriptor = open(scene->probe->argument, O_WRONLY | O_CLOEXEC);
	return descriptor < 0 ? -1 : (int)write(descriptor, line, strlen(line));
}

#define ROOT PROBE_ROOT
#define PATH ABSENT_PATH

const struct probe proc_probes[] = {
        {"proc_environ_outside", environment_of_outside, NULL, 0, 0, 0, "environment of the host"},
        {"proc_cmdline_outside", see_outside, NULL, 0, 0, 0, "see a process of the host"},
        {"proc_environ_first", environment_of_first, NULL, 0, 0, 0, "/proc/1/environ"},
        {"proc_cmdline_first", command_line_of_first, NULL, 0, 0, 0,
         "/proc/1/cmdline shows policy"},
        {"proc_mem_first", memory_of_first, NULL, 0, 0, 0, "/proc/1/mem"},
        {"proc_maps_first", map_of_first, NULL, 0, 0, 0, "/proc/1/maps"},
        {"proc_root_first", follow_of_first, "root", 0, 0, 0, "/proc/1/root"},
        {"proc_cwd_first", follow_of_first, "cwd", 0, 0, 0, "/proc/1/cwd"},
        {"proc_exe_first", follow_of_first, "exe", 0, 0, 0, "/proc/1/exe"},
        {"proc_descriptor_first", follow_of_first, "fd/0", 0, 0, 0, "/proc/1/fd/0"},
        {"proc_secret_first", secret_through_first, NULL, 0, 0, 0, "/proc/1/root/KEY"},
        {"proc_uid_map", write_id_map, "/proc/self/uid_map", 0, 0, 0, "write /proc/self/uid_map"},
        {"proc_gid_map", write_id_map, "/proc/self/gid_map", 0, 0, 0, "write /proc/self/gid_map"},
        {"proc_core_pattern", open_to_write, "/proc/sys/kernel/core_pattern", 0, PATH, ROOT,
         "write core_pattern"},
        {"proc_modprobe", open_to_write, "/proc/sys/kernel/modprobe", 0, PATH, ROOT,
         "write the module loader's path"},
        {"proc_drop_caches", open_to_write, "/proc/sys/vm/drop_caches", 0, PATH, ROOT,
         "write drop_caches"},
        {"proc_forwarding", open_to_write, "/proc/sys/net/ipv4/ip_forward", 0, PATH, ROOT,
         "write ip_forward"},
        {"proc_host_name", open_to_write, "/proc/sys/kernel/hostname", 0, PATH, ROOT,
         "write hostname"},
        {"proc_binary_formats", open_to_write, "/proc/sys/fs/binfmt_misc/register", 0, PATH, ROOT,
         "register a binary format"},
        {"proc_sysrq", open_to_write, "/proc/sysrq-trigger", 0, PATH, ROOT, "write sysrq-trigger"},
        {"proc_irq", open_to_write, "/proc/irq/default_smp_affinity", 0, PATH, ROOT,
         "write interrupt affinity"},
        {"proc_kcore", open_to_read, "/proc/kcore", 0, PATH, ROOT, "read the kernel's memory"},
        {"proc_kmsg", open_to_read, "/proc/kmsg", EAGAIN, PATH, ROOT, "read the kernel's log"},
        {"proc_timers", open_to_read, "/proc/timer_list", 0, PATH, ROOT, "read all timers"},
        {"proc_page_flags", open_to_read, "/proc/kpageflags", 0, PATH, ROOT, "read page flags"},
        {"proc_keys", open_to_read, "/proc/keys", 0, PATH, 0, "read the caller's keys"},
        {"sys_power", open_to_write, "/sys/power/state", 0, PATH, ROOT, "suspend the machine"},
        {"sys_event_helper", open_to_write, "/sys/kernel/uevent_helper", 0, PATH, ROOT,
         "a program run by the kernel"},
        {"sys_cgroup", open_to_write, "/sys/fs/cgroup/cgroup.procs", 0, PATH, ROOT,
         "leave the cgroup"},
        {"sys_cgroup_pids", open_to_write, "/sys/fs/cgroup/pids/cgroup.procs", 0, PATH, ROOT,
         "leave the cgroup (version 1)"},
        {"sys_cpu_online", open_to_write, "/sys/devices/system/cpu/cpu1/online", 0, PATH, ROOT,
         "take a processor away"},
        {0},
};
