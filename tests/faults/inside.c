/* What remit executes while faults are tried. It proves that it was executed, tries the walls one
 * by one, and says everything about its confinement that a process can see of itself. Two runs
 * that print the same are confined alike; the walls of the run without a fault are shown by
 * tests/walls.sh.
 *
 *   inside NAME=VALUE...      targets: see below
 *
 * Output: "executed", "wall NAME held|open DETAIL", "state KEY VALUE", "end"; exit status 7. Run
 * outside of remit every wall should be open: its control. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	EXIT_STATUS = 7, /* remit must hand it on */
	LAYERS = 16,     /* how many Landlock rulesets a process can stack */
};

static int target_count;
static char **targets;

/* The value of NAME=VALUE on the command line, or NULL. */
static const char *target(const char *name)
{
	size_t length = strlen(name);

	for (int i = 0; i < target_count; i++)
		if (strncmp(targets[i], name, length) == 0 && targets[i][length] == '=')
			return targets[i] + length + 1;
	return NULL;
}

/* --- walls: each returns 0 or more when it is open, negative with errno when it holds */

static int open_for_reading(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int open_for_writing(const char *path)
{
	return open(path, O_WRONLY | O_CLOEXEC);
}

static int execute(const char *path)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execl(path, path, (char *)NULL);
		_exit(99);
	}
	errno = EACCES;
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	                       WEXITSTATUS(status) != 99
	               ? 0
	               : -1;
}

static int connect_to(const char *port)
{
	struct sockaddr_in peer = {
	        .sin_family = AF_INET,
	        .sin_port = htons((in_port_t)strtoul(port, NULL, 10)),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return end < 0 ? -1 : connect(end, (struct sockaddr *)&peer, sizeof(peer));
}

static int signal_process(const char *number)
{
	return kill((pid_t)strtol(number, NULL, 10), 0);
}

static int find_variable(const char *name)
{
	errno = ENODATA;
	return getenv(name) ? 0 : -1;
}

static int use_descriptor(const char *number)
{
	return fcntl((int)strtol(number, NULL, 10), F_GETFD);
}

static int open_netlink(const char *unused)
{
	(void)unused;
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* Changing the mode of standard input, a file opened for reading, to what it is. */
static int change_input(const char *unused)
{
	struct stat status;

	(void)unused;
	return fstat(0, &status) < 0 ? 0 : fchmod(0, status.st_mode & 07777);
}

/* In a child, which is then in other namespaces. */
static int unshare_and_mount(const char *folder)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0)
			_exit(0);
		_exit(mount("none", folder, "tmpfs", 0, NULL) == 0 ? 0 : errno);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return 0;
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

/* VALUE: TYPE of /proc/self/ns, a comma, the host's. */
static int in_namespace(const char *value)
{
	char path[64];
	char found[64] = "";
	size_t length = strcspn(value, ",");

	snprintf(path, sizeof(path), "/proc/self/ns/%.*s", (int)length, value);
	if (readlink(path, found, sizeof(found) - 1) < 0)
		return 0;
	errno = ENOENT;
	return strcmp(found, value + length + 1) == 0 ? 0 : -1;
}

static const struct {
	const char *name; /* also of the target */
	int (*attempt)(const char *value);
} walls[] = {
        {"secret", open_for_reading},
        {"masked", open_for_reading},
        {"denied", open_for_reading},
        {"served", open_for_reading},
        {"system", open_for_writing},
        {"protected", open_for_writing},
        {"hook", open_for_writing},
        {"readonly", open_for_writing},
        {"switch", open_for_writing},
        {"program", execute},
        {"port", connect_to},
        {"process", signal_process},
        {"variable", find_variable},
        {"descriptor", use_descriptor},
        {"netlink", open_netlink},
        {"input", change_input},
        {"mount", unshare_and_mount},
        {"mount_space", in_namespace},
        {"process_space", in_namespace},
        {"network_space", in_namespace},
        {"ipc_space", in_namespace},
        {"name_space", in_namespace},
        {"user_space", in_namespace},
        {"control_group_space", in_namespace},
};

static void try_walls(void)
{
	for (size_t i = 0; i < sizeof(walls) / sizeof(*walls); i++) {
		const char *value = target(walls[i].name);
		if (!value)
			continue;
		int result = walls[i].attempt(value);
		if (result < 0)
			printf("wall %s held %s\n", walls[i].name, strerror(errno));
		else
			printf("wall %s open\n", walls[i].name);
	}
}

/* --- state */

static void print_file(const char *key, const char *path)
{
	char line[4096];
	FILE *stream = fopen(path, "re");

	while (stream && fgets(line, sizeof(line), stream))
		printf("state %s %s", key, line);
	if (stream)
		fclose(stream);
	else
		printf("state %s unreadable: %s\n", key, strerror(errno));
}

static void print_status(void)
{
	static const char *const keys[] = {
	        "Umask:",  "Uid:",    "Gid:",        "Groups:",  "SigBlk:",
	        "SigIgn:", "SigCgt:", "CapInh:",     "CapPrm:",  "CapEff:",
	        "CapBnd:", "CapAmb:", "NoNewPrivs:", "Seccomp:", "Seccomp_filters:"};
	char line[4096];
	FILE *stream = fopen("/proc/self/status", "re");

	while (stream && fgets(line, sizeof(line), stream))
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			if (strncmp(line, keys[i], strlen(keys[i])) == 0)
				printf("state status %s", line);
	if (stream)
		fclose(stream);
	else
		printf("state status unreadable\n");
}

/* Cuts a word out of a line; says whether it was there. */
static bool cut(char *line, const char *word)
{
	char *found = strstr(line, word);

	if (found)
		memmove(found, found + strlen(word), strlen(found + strlen(word)) + 1);
	return found != NULL;
}

/* Cuts an option with a number out of a line and keeps the number. */
static void cut_number(char *line, const char *option, unsigned long *number)
{
	char *found = strstr(line, option);
	char *end;

	if (!found)
		return;
	*number = strtoul(found + strlen(option), &end, 10);
	memmove(found, end, strlen(end) + 1);
}

/* A line of mountinfo without the numbers that differ from run to run:
 *     36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/root rw */
static void print_mount(const char *line)
{
	for (int skipped = 0; skipped < 3; skipped++) {
		line = strchr(line, ' ');
		if (!line)
			return;
		line++;
	}
	printf("state mount ");
	for (const char *at = line; *at; at++) {
		putchar(*at);
		/* Peer groups: the kind counts, the number does not. */
		if (*at == ':')
			at += strspn(at + 1, "0123456789");
	}
}

static void print_mounts(void)
{
	char line[8192];
	int idmapped = 0;
	unsigned long user = 0;
	unsigned long group = 0;
	FILE *stream = fopen("/proc/self/mountinfo", "re");

	while (stream && fgets(line, sizeof(line), stream)) {
		idmapped += cut(line, ",idmapped");
		cut_number(line, ",uid=", &user);
		cut_number(line, ",gid=", &group);
		print_mount(line);
	}
	if (stream)
		fclose(stream);
	else
		printf("state mount unreadable\n");
	printf("state idmapped %d\n", idmapped);
	printf("state owner %lu %lu\n", user, group);
}

static void print_names(const char *key, const char *folder)
{
	struct dirent **names = NULL;
	int count = scandir(folder, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		printf("state %s %s\n", key, names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static void print_processes(void)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	while (folder && (entry = readdir(folder)))
		count += strspn(entry->d_name, "0123456789") == strlen(entry->d_name);
	if (folder)
		closedir(folder);
	printf("state processes %d\n", count);
}

static void print_descriptors(void)
{
	for (int i = 0; i < 1024; i++) {
		struct stat status;
		int flags = fcntl(i, F_GETFL);
		if (flags >= 0 && fstat(i, &status) == 0)
			printf("state descriptor %d type %o flags %o at %ld\n", i,
			       (unsigned)(status.st_mode & S_IFMT), (unsigned)flags,
			       i == 0 ? (long)lseek(i, 0, SEEK_CUR) : 0L);
	}
}

static void print_limits(void)
{
	for (int i = 0; i < RLIMIT_NLIMITS; i++) {
		struct rlimit limit = {0};
		if (getrlimit((__rlimit_resource_t)i, &limit) == 0)
			printf("state limit %d %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
			       (unsigned long long)limit.rlim_max);
	}
}

static bool stack_ruleset(void)
{
	const struct landlock_ruleset_attr attributes = {
	        .handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_BLOCK,
	};
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);

	if (ruleset < 0)
		return false;
	bool stacked = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return stacked;
}

/* The kernel shows nobody whether a process has Landlock rulesets, but it stacks only so many. In
 * a child: this one is to be confined by remit alone. */
static void print_landlock(void)
{
	int status = 0;
	fflush(stdout);
	pid_t child = fork();

	if (child == 0) {
		int stacked = 0;
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		while (stacked < LAYERS && stack_ruleset())
			stacked++;
		_exit(stacked);
	}
	if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status))
		printf("state landlock %d\n", LAYERS - WEXITSTATUS(status));
	else
		printf("state landlock unknown\n");
}

static void print_state(void)
{
	char name[256] = "";
	char folder[4096] = "";

	print_status();
	print_landlock();
	print_file("uid_map", "/proc/self/uid_map");
	print_file("gid_map", "/proc/self/gid_map");
	print_file("setgroups", "/proc/self/setgroups");
	printf("state securebits %d\n", prctl(PR_GET_SECUREBITS));
	print_mounts();
	print_names("root", "/");
	print_names("device", "/dev");
	print_names("home", getenv("HOME") ? getenv("HOME") : "/nonexistent");
	print_processes();
	print_descriptors();
	print_limits();
	for (char **variable = environ; *variable; variable++)
		printf("state variable %s\n", *variable);
	if (gethostname(name, sizeof(name)) == 0 && getcwd(folder, sizeof(folder)))
		printf("state host %s\nstate folder %s\n", name, folder);
	printf("state terminal %s\n", ttyname(0) ? ttyname(0) : "none");
}

int main(int count, char **arguments)
{
	target_count = count - 1;
	targets = arguments + 1;
	printf("executed\n");
	fflush(stdout);
	try_walls();
	print_state();
	printf("end\n");
	return fflush(stdout) == 0 ? EXIT_STATUS : 1;
}
