/* Walls: other processes, and what a process may be. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static int signal_outside(const struct scene *scene)
{
	return kill(TARGET_PROCESS(scene, outside), 0);
}

static int trace_outside(const struct scene *scene)
{
	return (int)ptrace(PTRACE_SEIZE, TARGET_PROCESS(scene, outside), NULL, NULL);
}

static int descriptor_of_outside(const struct scene *scene)
{
	return (int)syscall(SYS_pidfd_open, TARGET_PROCESS(scene, outside), 0);
}

static int steal_descriptor_of_outside(const struct scene *scene)
{
	int process = (int)syscall(SYS_pidfd_open, TARGET_PROCESS(scene, outside), 0);

	return process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, 0, 0);
}

static int read_memory_of_outside(const struct scene *scene)
{
	char word[sizeof(memory_word)] = "";
	struct iovec local = {word, sizeof(word) - 1};
	struct iovec remote = {memory_word, sizeof(word) - 1};
	pid_t process = TARGET_PROCESS(scene, outside);

	if (process_vm_readv(process, &local, 1, &remote, 1, 0) < 0)
		return -1;
	return strcmp(word, TARGET(scene, token)) == 0 ? 0 : refuse(EBADMSG);
}

static int write_memory_of_outside(const struct scene *scene)
{
	char word = 0;
	struct iovec local = {&word, 1};
	struct iovec remote = {memory_word + sizeof(memory_word) - 1, 1};

	return (int)process_vm_writev(TARGET_PROCESS(scene, outside), &local, 1, &remote, 1, 0);
}

static int compare_outside(const struct scene *scene)
{
	pid_t process = TARGET_PROCESS(scene, outside);

	return (int)syscall(SYS_kcmp, process, process, KCMP_VM, 0, 0);
}

static int limit_outside(const struct scene *scene)
{
	struct rlimit limit;

	return prlimit(TARGET_PROCESS(scene, outside), RLIMIT_NOFILE, NULL, &limit);
}

static int schedule_outside(const struct scene *scene)
{
	return setpriority(PRIO_PROCESS, (id_t)TARGET_PROCESS(scene, outside), 1);
}

/* pid 1 cannot be judged by kill(2)'s answer: the kernel reports success and drops the signal. */
static int kill_victim(const struct scene *scene)
{
	pid_t process = TARGET_PROCESS(scene, victim);

	if (process == 1 && in_namespace("pid", TARGET(scene, process_space)))
		give_up("pid 1 is the host's");
	if (kill(process, SIGKILL) != 0)
		return -1;
	for (int i = 0; i < 50; i++) {
		if (kill(process, 0) != 0 && errno == ESRCH)
			return 0;
		usleep(20000);
	}
	return refuse(EPERM);
}

static int trace_process(const struct scene *scene)
{
	return (int)ptrace(PTRACE_SEIZE, TARGET_PROCESS(scene, process), NULL, NULL);
}

static int steal_descriptor_of_process(const struct scene *scene)
{
	int process = (int)syscall(SYS_pidfd_open, TARGET_PROCESS(scene, process), 0);

	return process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, 0, 0);
}

static int share_memory(const struct scene *scene)
{
	unsigned long key = strtoul(TARGET(scene, memory_key), NULL, 10);
	int segment = shmget((key_t)key, 0, 0);
	char *word;

	if (segment < 0)
		return -1;
	word = shmat(segment, NULL, SHM_RDONLY);
	if ((intptr_t)word == -1)
		return -1;
	return strcmp(word, TARGET(scene, token)) == 0 ? 0 : refuse(EBADMSG);
}

static int open_message_queue(const struct scene *scene)
{
	return mq_open(TARGET(scene, message_queue), O_RDONLY);
}

/* argument: the row of /proc/self/status with a capability set. Succeeds where it is not empty. */
static int capability_set_not_empty(const struct scene *scene)
{
	FILE *status = fopen("/proc/self/status", "re");
	size_t length = strlen(scene->probe->argument);
	char line[256];

	if (!status)
		give_up("no /proc/self/status: %s", strerror(errno));
	while (fgets(line, sizeof(line), status))
		if (strncmp(line, scene->probe->argument, length) == 0) {
			note("%.*s", (int)strcspn(line, "\n"), line);
			return strtoull(line + length, NULL, 16) ? 0 : refuse(EPERM);
		}
	give_up("no %s in /proc/self/status", scene->probe->argument);
}

static int raise_ambient(const struct scene *scene)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	(void)scene;
	if (syscall(SYS_capget, &header, data) != 0)
		return -1;
	data[0].inheritable |= 1U << CAP_CHOWN;
	if (syscall(SYS_capset, &header, data) != 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
}

static int change_secure_bits(const struct scene *scene)
{
	(void)scene;
	return prctl(PR_SET_SECUREBITS, prctl(PR_GET_SECUREBITS), 0, 0, 0);
}

static int become_another(const struct scene *scene)
{
	(void)scene;
	return setresuid(4343, 4343, 4343);
}

static int may_gain_privileges(const struct scene *scene)
{
	(void)scene;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : refuse(EPERM);
}

/* The runner's copy of this program is set-uid to another id; `whoami` exits 0 when it got it. */
static int gain_by_setuid(const struct scene *scene)
{
	const char *program = TARGET(scene, setuid);
	int status = 0;
	pid_t child;

	if (access(program, X_OK) != 0)
		give_up("%s cannot be executed: %s", program, strerror(errno));
	child = fork();
	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (child == 0) {
		execl(program, program, "whoami", (char *)NULL);
		_exit(126);
	}
	if (waitpid(child, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : refuse(EPERM);
}

static int inner_id_is_root(const struct scene *scene)
{
	(void)scene;
	return getuid() == 0 ? 0 : refuse(EPERM);
}

/* argument: an entry of /proc/self/ns. Succeeds where it is the host's. */
static int same_namespace(const struct scene *scene, const char *host)
{
	return in_namespace(scene->probe->argument, host) ? 0 : refuse(EXDEV);
}

static int same_mount_namespace(const struct scene *scene)
{
	return same_namespace(scene, TARGET(scene, mount_space));
}

static int same_process_namespace(const struct scene *scene)
{
	return same_namespace(scene, TARGET(scene, process_space));
}

static int same_ipc_namespace(const struct scene *scene)
{
	return same_namespace(scene, TARGET(scene, ipc_space));
}

static int same_uts_namespace(const struct scene *scene)
{
	return same_namespace(scene, TARGET(scene, uts_space));
}

static int same_network_namespace(const struct scene *scene)
{
	return same_namespace(scene, TARGET(scene, network_space));
}

static int same_cgroup_namespace(const struct scene *scene)
{
	return same_namespace(scene, TARGET(scene, cgroup_space));
}

static int same_user_namespace(const struct scene *scene)
{
	return same_namespace(scene, TARGET(scene, user_space));
}

/* For an ordinary user the control needs a user namespace of its own. */
static int change_host_name(const struct scene *scene)
{
	struct utsname names;

	try_to_become_root(scene, CLONE_NEWUTS);
	if (uname(&names) != 0)
		return -1;
	return sethostname(names.nodename, strlen(names.nodename));
}

static int lower_nice_value(const struct scene *scene)
{
	(void)scene;
	return setpriority(PRIO_PROCESS, 0, -5);
}

static int take_real_time(const struct scene *scene)
{
	struct sched_param parameters = {.sched_priority = 1};

	(void)scene;
	return sched_setscheduler(0, SCHED_FIFO, &parameters);
}

#define ROOT PROBE_ROOT

const struct probe process_probes[] = {
        {"signal_outside", signal_outside, NULL, 0, 0, 0, "kill(2) to a process of the host"},
        {"trace_outside", trace_outside, NULL, 0, 0, 0, "ptrace it"},
        {"pidfd_outside", descriptor_of_outside, NULL, 0, 0, 0, "pidfd_open"},
        {"pidfd_getfd_outside", steal_descriptor_of_outside, NULL, 0, 0, 0, "take its descriptor"},
        {"read_memory_outside", read_memory_of_outside, NULL, 0, 0, 0, "process_vm_readv"},
        {"write_memory_outside", write_memory_of_outside, NULL, 0, 0, 0, "process_vm_writev"},
        {"kcmp_outside", compare_outside, NULL, 0, ABSENT_CALL, 0, "kcmp"},
        {"prlimit_outside", limit_outside, NULL, 0, 0, 0, "prlimit"},
        {"setpriority_outside", schedule_outside, NULL, 0, 0, 0, "setpriority"},
        {"kill_first_process", kill_victim, NULL, 0, 0, 0, "SIGKILL to pid 1"},
        {"trace_first_process", trace_process, NULL, 0, 0, 0, "ptrace pid 1"},
        {"pidfd_getfd_first_process", steal_descriptor_of_process, NULL, 0, 0, 0,
         "take a descriptor of pid 1"},
        {"host_shared_memory", share_memory, NULL, 0, ABSENT_CALL, 0,
         "System V segment of the host"},
        {"host_message_queue", open_message_queue, NULL, 0, ABSENT_CALL, 0,
         "POSIX queue of the host"},
        {"capabilities_bounding", capability_set_not_empty, "CapBnd:", 0, 0, 0, "bounding set"},
        {"capabilities_permitted", capability_set_not_empty, "CapPrm:", 0, 0, ROOT,
         "permitted set"},
        {"capabilities_effective", capability_set_not_empty, "CapEff:", 0, 0, ROOT,
         "effective set"},
        {"capabilities_ambient", raise_ambient, NULL, 0, 0, ROOT, "raise an ambient capability"},
        {"secure_bits", change_secure_bits, NULL, 0, 0, ROOT, "set the secure bits"},
        {"become_another", become_another, NULL, 0, 0, ROOT, "setresuid to another id"},
        {"new_privileges", may_gain_privileges, NULL, 0, 0, 0, "no_new_privs is not set"},
        {"gain_by_setuid", gain_by_setuid, NULL, 0, 0, PROBE_SETUID, "execute a set-uid program"},
        {"inner_id_is_root", inner_id_is_root, NULL, 0, 0, ROOT, "the tool's id is 0"},
        {"namespace_mount", same_mount_namespace, "mnt", 0, 0, 0, "the host's mount namespace"},
        {"namespace_process", same_process_namespace, "pid", 0, 0, 0, "the host's pid namespace"},
        {"namespace_ipc", same_ipc_namespace, "ipc", 0, 0, 0, "the host's ipc namespace"},
        {"namespace_uts", same_uts_namespace, "uts", 0, 0, 0, "the host's uts namespace"},
        {"namespace_network", same_network_namespace, "net", 0, 0, 0, "the host's network"},
        {"namespace_cgroup", same_cgroup_namespace, "cgroup", 0, 0, 0,
         "the host's cgroup namespace"},
        {"namespace_user", same_user_namespace, "user", 0, 0, 0, "the host's user namespace"},
        {"change_host_name", change_host_name, NULL, 0, 0, 0, "sethostname"},
        {"lower_nice_value", lower_nice_value, NULL, 0, 0, ROOT, "a higher priority than given"},
        {"take_real_time", take_real_time, NULL, 0, 0, ROOT, "real-time scheduling"},
        {0},
};
