/* Walls: system calls that only widen what can be attacked. Where a call can be made without
 * effect it is made for real; where it cannot, it is made with an argument that the kernel
 * refuses with an error of its own (`expected`), which tells kernel from filter. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/personality.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEY_GET_ID = 0, KEY_SESSION = -3 };

static int use_io_uring(const struct scene *scene)
{
	struct io_uring_params parameters = {0};

	(void)scene;
	return (int)syscall(SYS_io_uring_setup, 1, &parameters);
}

static int load_bpf(const struct scene *scene)
{
	union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_ARRAY};

	(void)scene;
	attributes.key_size = 4;
	attributes.value_size = 4;
	attributes.max_entries = 1;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));
}

/* Without privilege the call ends in the kernel's own EPERM; a bad size in EINVAL or E2BIG
 * before it, so that the control works for everyone. */
static int reach_bpf(const struct scene *scene)
{
	(void)scene;
	return (int)syscall(SYS_bpf, 9999, NULL, 1 << 20);
}

static int open_perf_event(const struct scene *scene)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
	                                     .size = sizeof(attributes),
	                                     .config = PERF_COUNT_SW_TASK_CLOCK,
	                                     .exclude_kernel = 1,
	                                     .exclude_hv = 1};

	(void)scene;
	return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}

static int handle_page_faults(const struct scene *scene)
{
	(void)scene;
	return (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
}

static int read_session_keyring(const struct scene *scene)
{
	(void)scene;
	return (int)syscall(SYS_keyctl, KEY_GET_ID, KEY_SESSION, 1);
}

static int add_key(const struct scene *scene)
{
	/* Into the keyring of this process alone, which ends with it. */
	(void)scene;
	return (int)syscall(SYS_add_key, "user", "remit-probe", "x", 1, -2);
}

static int request_key(const struct scene *scene)
{
	(void)scene;
	return (int)syscall(SYS_request_key, "user", "remit-probe-none", NULL, 0);
}

static int readable_means_executable(const struct scene *scene)
{
	(void)scene;
	return personality(READ_IMPLIES_EXEC);
}

static int watch_file_system(const struct scene *scene)
{
	(void)scene;
	return fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY);
}

static int load_module(const struct scene *scene)
{
	(void)scene;
	return (int)syscall(SYS_init_module, NULL, 0, NULL);
}

static int remove_module(const struct scene *scene)
{
	(void)scene;
	return (int)syscall(SYS_delete_module, "remit_no_such_module", O_NONBLOCK);
}

static int load_kernel(const struct scene *scene)
{
	(void)scene;
	return (int)syscall(SYS_kexec_load, 0, 0, NULL, ~0UL);
}

static int restart_machine(const struct scene *scene)
{
	/* Wrong magic numbers: EINVAL after the capability was checked. */
	(void)scene;
	return (int)syscall(SYS_reboot, 1, 1, 0, NULL);
}

static int add_swap(const struct scene *scene)
{
	(void)scene;
	return swapon("/nonexistent/remit", 0);
}

static int account_processes(const struct scene *scene)
{
	(void)scene;
	return acct("/nonexistent/remit");
}

static int read_kernel_log(const struct scene *scene)
{
	char text[64];

	(void)scene;
	return klogctl(3, text, sizeof(text));
}

static int set_clock(const struct scene *scene)
{
	/* An hour of 61 minutes west: EINVAL after the capability was checked. */
	struct timezone zone = {.tz_minuteswest = 100000};

	(void)scene;
	return (int)syscall(SYS_settimeofday, NULL, &zone);
}

static int unshare_argument(const struct scene *scene)
{
	return unshare((int)strtol(scene->probe->argument, NULL, 0));
}

static int clone_user_namespace(const struct scene *scene)
{
	long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

	(void)scene;
	if (child == 0)
		_exit(0);
	return (int)child;
}

static int clone3_user_namespace(const struct scene *scene)
{
	struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	long child = syscall(SYS_clone3, &arguments, sizeof(arguments));

	(void)scene;
	if (child == 0)
		_exit(0);
	return (int)child;
}

#if defined(__x86_64__)
static int call_as_i386(const struct scene *scene)
{
	int result;

	(void)scene;
	/* 20 is getpid for i386, writev for x86-64. */
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return result > 0 ? 0 : refuse(-result);
}

static int call_as_x32(const struct scene *scene)
{
	(void)scene;
	return (int)syscall(0x40000000L | SYS_getpid);
}
#else
static int call_as_i386(const struct scene *scene)
{
	(void)scene;
	raise(SIGILL);
	return refuse(ENOSYS);
}

static int call_as_x32(const struct scene *scene)
{
	(void)scene;
	return refuse(ENOSYS);
}
#endif

/* Makes a terminal of its own the controlling one and sends it the request by the raw call, as
 * the wrapper of the C library would cut the number to 32 bits by itself. */
static int request_of_terminal(const struct scene *scene, unsigned long request, void *argument)
{
	int master = -1;
	int slave = -1;

	(void)scene;
	if (openpty(&master, &slave, NULL, NULL, NULL) != 0)
		give_up("no terminal: %s", strerror(errno));
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) != 0)
		give_up("no controlling terminal: %s", strerror(errno));
	return (int)syscall(SYS_ioctl, slave, request, argument);
}

static int push_input(const struct scene *scene)
{
	char letter = 'x';

	return request_of_terminal(scene, TIOCSTI, &letter);
}

static int push_input_disguised(const struct scene *scene)
{
	char letter = 'x';

	return request_of_terminal(scene, TIOCSTI | 0x7700000000UL, &letter);
}

/* A pseudo-terminal answers ENOTTY: the kernel was reached. */
static int paste_selection(const struct scene *scene)
{
	char subcode = 12;

	return request_of_terminal(scene, TIOCLINUX, &subcode);
}

static int paste_selection_disguised(const struct scene *scene)
{
	char subcode = 12;

	return request_of_terminal(scene, TIOCLINUX | 0x100000000UL, &subcode);
}

#define ROOT PROBE_ROOT
#define CALL ABSENT_CALL

const struct probe syscall_probes[] = {
        {"io_uring_setup", use_io_uring, NULL, 0, CALL, 0, "io_uring"},
        {"bpf_map_create", load_bpf, NULL, 0, CALL, ROOT, "bpf"},
        {"bpf_reached", reach_bpf, NULL, E2BIG, CALL, 0, "bpf with a bad size"},
        {"perf_event_open", open_perf_event, NULL, 0, CALL, 0, "perf events"},
        {"userfaultfd", handle_page_faults, NULL, 0, CALL, 0, "user page faults"},
        {"keyctl", read_session_keyring, NULL, 0, CALL, 0, "the session's keys"},
        {"add_key", add_key, NULL, 0, CALL, 0, "add a key"},
        {"request_key", request_key, NULL, ENOKEY, CALL, 0, "request a key"},
        {"personality", readable_means_executable, NULL, 0, CALL, 0, "READ_IMPLIES_EXEC"},
        {"fanotify_init", watch_file_system, NULL, 0, CALL, 0, "watch a file system"},
        {"init_module", load_module, NULL, ENOEXEC, CALL, ROOT, "load a kernel module"},
        {"delete_module", remove_module, NULL, ENOENT, CALL, ROOT, "remove a kernel module"},
        {"kexec_load", load_kernel, NULL, EINVAL, CALL, ROOT, "load another kernel"},
        {"reboot", restart_machine, NULL, EINVAL, CALL, ROOT, "restart"},
        {"swapon", add_swap, NULL, ENOENT, CALL, ROOT, "swap"},
        {"acct", account_processes, NULL, ENOENT, CALL, ROOT, "process accounting"},
        {"syslog", read_kernel_log, NULL, 0, CALL, ROOT, "the kernel's log"},
        {"settimeofday", set_clock, NULL, EINVAL, CALL, ROOT, "the clock"},
        {"unshare_user", unshare_argument, "0x10000000", 0, 0, 0, "unshare(CLONE_NEWUSER)"},
        {"unshare_user_and_mount", unshare_argument, "0x10020000", 0, 0, 0, "and CLONE_NEWNS"},
        {"unshare_mount", unshare_argument, "0x00020000", 0, 0, ROOT, "unshare(CLONE_NEWNS)"},
        {"unshare_network", unshare_argument, "0x40000000", 0, 0, ROOT, "unshare(CLONE_NEWNET)"},
        {"clone_user", clone_user_namespace, NULL, 0, 0, 0, "clone(CLONE_NEWUSER)"},
        {"clone3_user", clone3_user_namespace, NULL, 0, CALL, 0, "clone3(CLONE_NEWUSER)"},
        {"i386_call", call_as_i386, NULL, 0, ABSENT_SEGFAULT, 0, "int 0x80"},
        {"x32_call", call_as_x32, NULL, 0, CALL, 0, "a call by its x32 number"},
        {"push_input", push_input, NULL, 0, ABSENT_TERMINAL, 0, "TIOCSTI"},
        {"push_input_disguised", push_input_disguised, NULL, 0, ABSENT_TERMINAL, 0,
         "TIOCSTI with high bits"},
        {"paste_selection", paste_selection, NULL, ENOTTY, 0, 0, "TIOCLINUX"},
        {"paste_selection_disguised", paste_selection_disguised, NULL, ENOTTY, 0, 0,
         "TIOCLINUX with high bits"},
        {0},
};
