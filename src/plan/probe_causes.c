/* Why something is missing, and what mends it: looked up in the settings of this machine. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "plan/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first line of a file, or NULL. Owned by the caller. */
static char *first_line(const char *path)
{
	char *line = NULL;
	size_t capacity = 0;
	cleanup_fclose FILE *file = fopen(path, "re");

	if (!file || getline(&line, &capacity, file) < 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static bool setting_is(const struct probe_cause *cause, const struct probe_report *report)
{
	cleanup_free char *value = first_line(cause->path);

	(void)report;
	return value && strcmp(value, cause->value) == 0;
}

/* Settings that do not bind root. */
static bool ordinary_setting_is(const struct probe_cause *cause, const struct probe_report *report)
{
	return getuid() != 0 && setting_is(cause, report);
}

static bool number_is(const struct probe_cause *cause, const struct probe_report *report)
{
	return report->number == cause->number;
}

static bool file_is_absent(const struct probe_cause *cause, const struct probe_report *report)
{
	(void)report;
	return access(cause->path, F_OK) < 0 && errno == ENOENT;
}

static bool always(const struct probe_cause *cause, const struct probe_report *report)
{
	(void)cause;
	(void)report;
	return true;
}

/* A filter that this process did not load itself: of a container, a service, a launcher. */
static bool is_filtered(void)
{
	static const char field[] = "Seccomp:";
	char line[256];
	long mode = 0;
	cleanup_fclose FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, field, strlen(field)) == 0)
			mode = strtol(line + strlen(field), NULL, 10);
	return mode == 2; /* SECCOMP_MODE_FILTER */
}

static bool filtered(const struct probe_cause *cause, const struct probe_report *report)
{
	(void)cause;
	return (report->number == EPERM || report->number == ENOSYS || report->number == EACCES) &&
	       is_filtered();
}

/* In a chroot the root is no mount point, and the kernel refuses user namespaces there
 * (user_namespaces(7)). */
static bool is_chroot(void)
{
	char line[4096];
	char path[4096];
	bool seen = false;
	cleanup_fclose FILE *mounts = fopen("/proc/self/mountinfo", "re");

	if (!mounts)
		return false;
	while (!seen && fgets(line, sizeof(line), mounts))
		seen = sscanf(line, "%*s %*s %*s %*s %4095s", path) == 1 && strcmp(path, "/") == 0;
	return !seen;
}

static bool in_chroot(const struct probe_cause *cause, const struct probe_report *report)
{
	(void)cause;
	return report->number == EPERM && is_chroot();
}

/* A part of /proc that something is mounted on. A new proc would show it, so the kernel refuses
 * that. */
static bool proc_covered(const struct probe_cause *cause, const struct probe_report *report)
{
	static const char below[] = "/proc/";
	static const char empty[] = "/proc/sys/fs/binfmt_misc"; /* meant to be mounted on */
	char line[4096];
	char path[4096];
	cleanup_fclose FILE *mounts = fopen("/proc/self/mountinfo", "re");

	(void)cause;
	(void)report;
	while (mounts && fgets(line, sizeof(line), mounts))
		if (sscanf(line, "%*s %*s %*s %*s %4095s", path) == 1 &&
		    strncmp(path, below, strlen(below)) == 0 && strcmp(path, empty) != 0)
			return true;
	return false;
}

static bool profiled(const struct probe_cause *cause, const struct probe_report *report)
{
	cleanup_free char *profile = first_line("/proc/self/attr/apparmor/current");

	(void)cause;
	return (report->number == EPERM || report->number == EACCES) && profile &&
	       strncmp(profile, "unconfined", strlen("unconfined")) != 0;
}

#define USERNS_CLONE "/proc/sys/kernel/unprivileged_userns_clone"
#define MAXIMUM      "/proc/sys/user/max_user_namespaces"
#define APPARMOR     "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"

/* Rows that several lists have. */
#define CAUSE_DEBIAN                                                         \
	{                                                                    \
		ordinary_setting_is, USERNS_CLONE, "0", 0,                   \
		        "sysctl kernel.unprivileged_userns_clone=1 (Debian)" \
	}
#define CAUSE_UBUNTU                                                                             \
	{                                                                                        \
		ordinary_setting_is, APPARMOR, "1", 0,                                           \
		        "sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), or an " \
		        "AppArmor "                                                              \
		        "profile with `userns,` for remit"                                       \
	}
#define CAUSE_FILTER                                                                            \
	{                                                                                       \
		filtered, NULL, NULL, 0,                                                        \
		        "a system-call filter that was loaded before remit refuses it: in a "   \
		        "container "                                                            \
		        "--security-opt seccomp=unconfined; in a service no SystemCallFilter= " \
		        "and no "                                                               \
		        "RestrictNamespaces="                                                   \
	}
#define CAUSE_PROFILE                                                                    \
	{                                                                                \
		profiled, NULL, NULL, 0,                                                 \
		        "an AppArmor profile refuses it: in a container --security-opt " \
		        "apparmor=unconfined"                                            \
	}
#define END       \
	{         \
		0 \
	}

const struct probe_cause probe_causes_namespaces[] = {
        CAUSE_DEBIAN,
        {setting_is, MAXIMUM, "0", 0, "sysctl user.max_user_namespaces=15000"},
        {number_is, NULL, NULL, ENOSPC,
         "too many namespaces, or too deeply nested: raise sysctl user.max_user_namespaces and "
         "its like (user.max_*_namespaces)"},
        {file_is_absent, "/proc/self/ns/user", NULL, 0, "a kernel with CONFIG_USER_NS=y"},
        {in_chroot, NULL, NULL, 0,
         "the kernel refuses user namespaces in a chroot: enter the tree with pivot_root "
         "(systemd-nspawn, bwrap, unshare --mount) instead"},
        CAUSE_UBUNTU,
        CAUSE_FILTER,
        CAUSE_PROFILE,
        {number_is, NULL, NULL, EINVAL, "a kernel with CONFIG_NAMESPACES=y and all of its kinds"},
        END,
};

const struct probe_cause probe_causes_identity[] = {
        CAUSE_UBUNTU,
        CAUSE_FILTER,
        {number_is, NULL, NULL, EPERM,
         "--user UID with an id that /proc/self/uid_map has (root of a container may not map "
         "others), or an ordinary user"},
        END,
};

const struct probe_cause probe_causes_mounts[] = {
        CAUSE_UBUNTU,
        CAUSE_FILTER,
        CAUSE_PROFILE,
        {number_is, NULL, NULL, ENODEV, "a kernel that has this file system"},
        {number_is, NULL, NULL, ENOSPC, "sysctl fs.mount-max=100000"},
        END,
};

const struct probe_cause probe_causes_host_trees[] = {
        CAUSE_FILTER,
        CAUSE_PROFILE,
        {number_is, NULL, NULL, EPERM,
         "root without CAP_SYS_ADMIN, as in a container: start remit as an ordinary user there, "
         "or give it --cap-add SYS_ADMIN"},
        END,
};

const struct probe_cause probe_causes_proc[] = {
        CAUSE_UBUNTU,
        CAUSE_FILTER,
        {proc_covered, NULL, NULL, 0,
         "parts of /proc are covered here: in a container --security-opt "
         "systempaths=unconfined (Kubernetes: procMount: Unmasked)"},
        CAUSE_PROFILE,
        END,
};

const struct probe_cause probe_causes_idmap[] = {
        CAUSE_FILTER,
        {always, NULL, NULL, 0,
         "a workspace on ext4, xfs, btrfs or tmpfs, or one that is not root's, or --user UID"},
        END,
};

const struct probe_cause probe_causes_calls[] = {
        CAUSE_FILTER,
        {number_is, NULL, NULL, ENOSYS, "a newer kernel, or one with CONFIG_SECCOMP_FILTER=y"},
        END,
};

const struct probe_cause probe_causes_landlock[] = {
        {number_is, NULL, NULL, EOPNOTSUPP,
         "add landlock to lsm= on the kernel's command line (now: /sys/kernel/security/lsm)"},
        CAUSE_FILTER,
        {number_is, NULL, NULL, ENOSYS,
         "a kernel with CONFIG_SECURITY_LANDLOCK=y, and landlock in lsm= on its command line"},
        END,
};

const struct probe_cause probe_causes_fuse[] = {
        {number_is, NULL, NULL, ENOENT, "modprobe fuse; in a container --device /dev/fuse"},
        {number_is, NULL, NULL, ENODEV, "modprobe fuse"},
        {number_is, NULL, NULL, EACCES, "chmod 666 /dev/fuse"},
        {number_is, NULL, NULL, EPERM, "in a container --device /dev/fuse"},
        END,
};

const struct probe_cause probe_causes_memory[] = {
        {file_is_absent, "/sys/fs/cgroup/cgroup.controllers", NULL, 0,
         "control groups of version 2 (systemd.unified_cgroup_hierarchy=1 on the kernel's "
         "command line)"},
        {always, NULL, NULL, 0,
         "start remit in a delegated group: systemd-run --user --scope -p Delegate=yes"},
        END,
};

const struct probe_setting probe_settings[] = {
        {"kernel.unprivileged_userns_clone", USERNS_CLONE,
         "Debian: 0 refuses user namespaces to everybody but root"},
        {"user.max_user_namespaces", MAXIMUM, "0 refuses user namespaces"},
        {"kernel.apparmor_restrict_unprivileged_userns", APPARMOR,
         "Ubuntu: 1 takes the privileges in user namespaces from everybody but root"},
        {"kernel.apparmor_restrict_unprivileged_unconfined",
         "/proc/sys/kernel/apparmor_restrict_unprivileged_unconfined",
         "Ubuntu: 1 refuses changes to another profile"},
        {"kernel.yama.ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope",
         "2 and 3 keep debuggers from working, inside, too"},
        {"lsm", "/sys/kernel/security/lsm", "security modules in force; landlock is one"},
        {"AppArmor profile", "/proc/self/attr/apparmor/current", "what confines this process"},
};
const size_t probe_settings_count = sizeof(probe_settings) / sizeof(*probe_settings);

char *probe_setting_value(const struct probe_setting *setting)
{
	return first_line(setting->path);
}

static void add(struct buffer *out, const char *line)
{
	buffer_append(out, line, strlen(line) + 1);
}

void probe_surroundings(struct buffer *out)
{
	static const struct {
		const char *path;
		const char *line;
	} marks[] = {
	        {"/.dockerenv", "a container of Docker"},
	        {"/run/.containerenv", "a container of Podman"},
	        {"/var/run/secrets/kubernetes.io", "a container of Kubernetes"},
	        {"/run/systemd/container", "a container, as systemd says"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (access(marks[i].path, F_OK) == 0)
			add(out, marks[i].line);
	if (is_chroot())
		add(out, "a chroot");
	if (is_filtered())
		add(out, "a system-call filter that was loaded before remit");
	if (proc_covered(NULL, NULL))
		add(out, "a /proc of which parts are covered");
}
