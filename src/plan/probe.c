#include "plan/probe.h"

#include "base/cleanup.h"
#include "base/kernel.h"
#include "plan/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	/* No trial takes long; one that hangs must not hang the caller. Seconds. */
	PATIENCE = 5,
};

#define USER   CLONE_NEWUSER
#define MOUNTS (CLONE_NEWUSER | CLONE_NEWNS)

const struct probe probes[] = {
        {"identity", "user namespace", "an id of the tool's own, and every other namespace",
         PROBE_REQUIRED, .gives = USER, .try = probe_user_namespace,
         .causes = probe_causes_namespaces},
        {"identity", "id maps", "the tool is nobody else's user", PROBE_REQUIRED,
         .namespaces = USER, .gives = USER, .try = probe_nothing, .causes = probe_causes_identity},
        {"identity", "capabilities", "no privilege, none to be gained", PROBE_REQUIRED,
         .namespaces = USER, .try = probe_privileges, .causes = probe_causes_calls},

        {"namespaces", "mount namespace", "what can be seen and written", PROBE_REQUIRED,
         .namespaces = MOUNTS, .gives = CLONE_NEWNS, .try = probe_private_mounts,
         .causes = probe_causes_mounts},
        {"namespaces", "pid namespace", "other processes are out of reach", PROBE_REQUIRED,
         .namespaces = USER | CLONE_NEWPID, .gives = CLONE_NEWPID, .try = probe_first_process,
         .causes = probe_causes_namespaces},
        {"namespaces", "network namespace", "no network but a localhost of its own", PROBE_REQUIRED,
         .namespaces = USER | CLONE_NEWNET, .try = probe_loopback,
         .causes = probe_causes_namespaces},
        {"namespaces", "ipc namespace", "no shared memory or queues of others", PROBE_REQUIRED,
         .namespaces = USER | CLONE_NEWIPC, .try = probe_nothing,
         .causes = probe_causes_namespaces},
        {"namespaces", "uts namespace", "a host name that resolves", PROBE_REQUIRED,
         .namespaces = USER | CLONE_NEWUTS, .try = probe_host_name,
         .causes = probe_causes_namespaces},
        {"namespaces", "cgroup namespace", "control groups of others are not seen", PROBE_REQUIRED,
         .namespaces = USER | CLONE_NEWCGROUP, .try = probe_nothing,
         .causes = probe_causes_namespaces},

        {"mounts", "openat2", "no link of the host is followed", PROBE_REQUIRED,
         .try = probe_openat2, .major = 5, .minor = 6, .causes = probe_causes_calls},
        {"mounts", "trees of the host", "root clones granted trees for the tool", PROBE_REQUIRED,
         .only_root = true, .try = probe_host_trees, .major = 5, .minor = 2,
         .causes = probe_causes_host_trees},
        {"mounts", "private tmpfs", "a root, /tmp and home that belong to one run", PROBE_REQUIRED,
         .namespaces = MOUNTS, .try = probe_tmpfs, .major = 5, .minor = 2,
         .causes = probe_causes_mounts},
        {"mounts", "clones of trees", "granted trees, covers, pins, masks", PROBE_REQUIRED,
         .namespaces = MOUNTS, .try = probe_tree, .major = 5, .minor = 2,
         .causes = probe_causes_mounts},
        {"mounts", "mount attributes", "what is read-only, recursively", PROBE_REQUIRED,
         .namespaces = MOUNTS, .try = probe_attributes, .major = 5, .minor = 12,
         .causes = probe_causes_mounts},
        {"mounts", "terminals", "a /dev/pts of its own", PROBE_REQUIRED, .namespaces = MOUNTS,
         .try = probe_devpts, .major = 5, .minor = 2, .causes = probe_causes_mounts},
        {"mounts", "proc", "a /proc that knows only processes inside", PROBE_REQUIRED,
         .namespaces = MOUNTS | CLONE_NEWPID, .try = probe_proc, .major = 5, .minor = 2,
         .causes = probe_causes_proc},
        {"mounts", "change of root", "the host's tree is left", PROBE_REQUIRED,
         .namespaces = MOUNTS, .try = probe_pivot, .causes = probe_causes_mounts},
        {"mounts", "idmapped mounts", "files in a workspace of root's come out as root's",
         PROBE_SECOND, .only_root = true, .try = probe_idmap, .major = 5, .minor = 12,
         .causes = probe_causes_idmap},

        {"system calls", "filter", "the allow-list of system calls", PROBE_REQUIRED,
         .try = probe_filter, .causes = probe_causes_calls},
        {"system calls", "pidfd", "the supervisor knows when a run is over", PROBE_REQUIRED,
         .try = probe_pidfd, .major = 5, .minor = 3, .causes = probe_causes_calls},

        {"Landlock", "writing, executing", "the second wall against writes; `exec` limits",
         PROBE_SECOND, .try = probe_landlock, .value = 1, .major = 5, .minor = 13,
         .causes = probe_causes_landlock},
        {"Landlock", "refer", "links and renames across folders of a workspace work", PROBE_SECOND,
         .try = probe_landlock, .value = 2, .major = 5, .minor = 19,
         .causes = probe_causes_landlock},
        {"Landlock", "ioctl-dev", "devices are not controlled", PROBE_SECOND, .try = probe_landlock,
         .value = 5, .major = 6, .minor = 10, .causes = probe_causes_landlock},
        {"Landlock", "scopes", "signals and abstract sockets stay inside, once more", PROBE_SECOND,
         .try = probe_landlock, .value = 6, .major = 6, .minor = 12,
         .causes = probe_causes_landlock},
        {"Landlock", "resolve-unix", "sockets by path, once more", PROBE_SECOND,
         .try = probe_landlock, .value = 9, .major = 7, .minor = 1,
         .causes = probe_causes_landlock},

        {"seeing refusals", "notification", "refused calls, writes and connections are heard of",
         PROBE_DECOY, .try = probe_notification, .major = 5, .minor = 0,
         .causes = probe_causes_calls},
        {"seeing refusals", "decoy", "refused reads are heard of, with their path", PROBE_DECOY,
         .namespaces = MOUNTS, .try = probe_fuse, .major = 5, .minor = 2,
         .causes = probe_causes_fuse},
        {"later levels", "memory control group", "--limit memory", PROBE_LATER, .try = probe_memory,
         .causes = probe_causes_memory},
};
const size_t probes_count = sizeof(probes) / sizeof(*probes);

int probe_failed(struct probe_report *report, const char *step)
{
	report->number = errno;
	snprintf(report->step, sizeof(report->step), "%s", step);
	return -1;
}

/* --- in the process that tries --- */

static int write_own(const char *path, const char *text, struct probe_report *report)
{
	cleanup_close int file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text))
		return probe_failed(report, path);
	return 0;
}

static int map_self(uid_t user, gid_t group, struct probe_report *report)
{
	char users[64];
	char groups[64];

	snprintf(users, sizeof(users), "%u %u 1", user, user);
	snprintf(groups, sizeof(groups), "%u %u 1", group, group);
	if (write_own("/proc/self/setgroups", "deny", report) < 0 ||
	    write_own("/proc/self/uid_map", users, report) < 0)
		return -1;
	return write_own("/proc/self/gid_map", groups, report);
}

static int take_id(int ready, struct probe_report *report)
{
	char byte;

	if (read(ready, &byte, 1) != 1)
		_exit(0); /* the parent has said why */
	if (setgroups(0, NULL) < 0)
		return probe_failed(report, "dropping groups");
	if (setresgid(IDENTITY_INNER, IDENTITY_INNER, IDENTITY_INNER) < 0 ||
	    setresuid(IDENTITY_INNER, IDENTITY_INNER, IDENTITY_INNER) < 0)
		return probe_failed(report, "becoming the tool's id");
	return 0;
}

struct caller {
	uid_t user;
	gid_t group;
};

static _Noreturn void try_inside(const struct probe *probe, const struct caller *caller, int ready,
                                 struct probe_report *report)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int result = caller->user ? map_self(caller->user, caller->group, report)
	                          : take_id(ready, report);
	/* A change of ids clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (result == 0)
		probe->try(probe->value, report);
	report->done = true;
	_exit(0);
}

static int map_child(pid_t child, int ready, struct probe_report *report)
{
	static const char *const names[] = {"uid_map", "gid_map"};
	char path[64];
	char line[64];

	snprintf(line, sizeof(line), "%d %d 1", IDENTITY_INNER, IDENTITY_UNUSED);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, names[i]);
		if (write_own(path, line, report) == 0)
			continue;
		probe_failed(report, "mapping an unused id of this machine");
		return -1;
	}
	return write(ready, "", 1) == 1 ? 0 : probe_failed(report, "pipe");
}

static void try_in_namespaces(const struct probe *probe, struct probe_report *report)
{
	const struct caller caller = {getuid(), getgid()};
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		probe_failed(report, "pipe");
		report->done = true;
		return;
	}
	pid_t child = kernel_clone(probe->namespaces | SIGCHLD);
	if (child == 0) {
		close(ends[1]);
		try_inside(probe, &caller, ends[0], report);
	}
	if (child < 0) {
		probe_failed(report, "creating namespaces");
		report->done = true;
		return;
	}
	if (caller.user == 0 && map_child(child, ends[1], report) < 0)
		report->done = true;
	close(ends[1]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static _Noreturn void try(const struct probe *probe, struct probe_report *report)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	alarm(PATIENCE);
	if (probe->namespaces) {
		try_in_namespaces(probe, report);
	} else {
		probe->try(probe->value, report);
		report->done = true;
	}
	_exit(0);
}

/* --- in the caller --- */

static bool kernel_is_older(int major, int minor)
{
	struct utsname name;
	char *rest;

	if (!major || uname(&name) < 0)
		return false;
	long has_major = strtol(name.release, &rest, 10);
	if (*rest != '.')
		return false;
	long has_minor = strtol(rest + 1, NULL, 10);
	return has_major < major || (has_major == major && has_minor < minor);
}

static void find_mend(const struct probe *probe, const struct probe_report *report,
                      struct probe_result *out)
{
	if (kernel_is_older(probe->major, probe->minor)) {
		snprintf(out->mend, sizeof(out->mend), "Linux %d.%d or newer", probe->major,
		         probe->minor);
		return;
	}
	for (const struct probe_cause *cause = probe->causes; cause->mend; cause++) {
		if (!cause->applies(cause, report))
			continue;
		snprintf(out->mend, sizeof(out->mend), "%s", cause->mend);
		return;
	}
}

static void conclude(const struct probe *probe, const struct probe_report *report, int status,
                     struct probe_result *out)
{
	out->state = PROBE_MISSING;
	if (*report->step && report->number)
		snprintf(out->detail, sizeof(out->detail), "%s: %s", report->step,
		         strerror(report->number));
	else if (*report->step)
		snprintf(out->detail, sizeof(out->detail), "%s", report->step);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(out->detail, sizeof(out->detail), "no answer within %d s", PATIENCE);
	else if (WIFSIGNALED(status))
		snprintf(out->detail, sizeof(out->detail), "ended by signal %d", WTERMSIG(status));
	else if (!report->done)
		snprintf(out->detail, sizeof(out->detail), "the trial was ended from outside");
	else
		out->state = PROBE_HOLDS;
	if (out->state == PROBE_HOLDS)
		snprintf(out->detail, sizeof(out->detail), "%s", report->detail);
	else
		find_mend(probe, report, out);
}

static int run(const struct probe *probe, struct probe_report *report, struct probe_result *out,
               struct error *err)
{
	int status = 0;

	*report = (struct probe_report){0};
	pid_t child = fork();
	if (child == 0)
		try(probe, report);
	if (child < 0)
		return error_system(err, errno, "fork");
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return error_system(err, errno, "waiting for a trial");
	}
	conclude(probe, report, status, out);
	return 0;
}

/* Tries the probes that `wanted` picks; the others are left as not tried. */
static int run_all(bool only_required, struct probe_result *results, struct error *err)
{
	uint64_t lacking = 0;
	struct probe_report *report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
	                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result = 0;

	if (report == MAP_FAILED)
		return error_system(err, errno, "mmap");
	for (size_t i = 0; result == 0 && i < probes_count; i++) {
		const struct probe *probe = &probes[i];
		results[i] = (struct probe_result){.probe = probe, .state = PROBE_NOT_TRIED};
		if (only_required && probe->need != PROBE_REQUIRED)
			continue;
		if (probe->only_root && getuid() != 0) {
			snprintf(results[i].detail, sizeof(results[i].detail), "for root only");
		} else if (probe->namespaces & lacking) {
			snprintf(results[i].detail, sizeof(results[i].detail),
			         "needs a namespace that is missing");
			lacking |= probe->gives;
		} else {
			result = run(probe, report, &results[i], err);
			if (results[i].state == PROBE_MISSING)
				lacking |= probe->gives;
		}
	}
	munmap(report, sizeof(*report));
	return result;
}

int probe_all(struct probe_result **out, struct error *err)
{
	cleanup_free struct probe_result *results = calloc(probes_count, sizeof(*results));

	if (!results)
		return error_memory(err);
	if (run_all(false, results, err) < 0)
		return -1;
	*out = steal_pointer(&results);
	return 0;
}

const struct probe_result *probe_obstacle(const struct probe_result *results)
{
	for (size_t i = 0; i < probes_count; i++)
		if (probes[i].need == PROBE_REQUIRED && results[i].state == PROBE_MISSING)
			return &results[i];
	return NULL;
}

int probe_level(struct error *err)
{
	cleanup_free struct probe_result *results = calloc(probes_count, sizeof(*results));

	if (!results)
		return error_memory(err);
	if (run_all(true, results, err) < 0)
		return -1;
	const struct probe_result *obstacle = probe_obstacle(results);
	if (!obstacle)
		return 0;
	error_set(err, "level namespaces cannot be had here: %s: %s", obstacle->probe->name,
	          obstacle->detail);
	return *obstacle->mend ? error_help(err, "%s", obstacle->mend) : -1;
}
