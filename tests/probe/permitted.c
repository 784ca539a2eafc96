/* The control of the walls: what a writing agent may do, and must still be able to do. A sandbox
 * in which nothing works refuses every attack as well. These succeed inside. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_word(int descriptor)
{
	return descriptor < 0 ? -1 : (int)write(descriptor, "changed\n", 8);
}

static int append(const struct scene *scene)
{
	return write_word(open(scene->probe->argument, O_WRONLY | O_APPEND | O_CLOEXEC));
}

static int create(const struct scene *scene)
{
	return write_word(open(scene->probe->argument, O_CREAT | O_EXCL | O_WRONLY, 0644));
}

static int write_workspace(const struct scene *scene)
{
	const char *path = format_text("%s/spare-file", TARGET(scene, workspace));

	return write_word(open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
}

/* argument: a scratch folder; inside it is the sandbox's own. */
static int create_scratch(const struct scene *scene)
{
	char *path = format_text("%s/remit-probe-XXXXXX", scene->probe->argument);
	int descriptor = mkstemp(path);

	if (write_word(descriptor) < 0)
		return -1;
	return unlink(path);
}

static int create_in_home(const struct scene *scene)
{
	char *path = format_text("%s/remit-probe-XXXXXX", TARGET(scene, home));
	int descriptor = mkstemp(path);

	if (write_word(descriptor) < 0)
		return -1;
	return unlink(path);
}

static int read_system_file(const struct scene *scene)
{
	return open(scene->probe->argument, O_RDONLY | O_CLOEXEC);
}

static int use_loopback(const struct scene *scene)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)scene;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (server < 0 || client < 0 || bind(server, (struct sockaddr *)&address, length) != 0 ||
	    listen(server, 1) != 0 ||
	    getsockname(server, (struct sockaddr *)&address, &length) != 0)
		return -1;
	return connect(client, (struct sockaddr *)&address, length);
}

static int use_socket_pair(const struct scene *scene)
{
	int ends[2];

	(void)scene;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

static int trace_child(const struct scene *scene)
{
	pid_t child = fork();
	int status = 0;

	(void)scene;
	if (child == 0) {
		for (;;)
			pause();
	}
	if (child < 0 || ptrace(PTRACE_SEIZE, child, NULL, NULL) != 0)
		return -1;
	return kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child ? 0 : -1;
}

static int execute_memory(const struct scene *scene)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)scene;
	if (memory == MAP_FAILED)
		return -1;
	return mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

static int execute_shell(const struct scene *scene)
{
	(void)scene;
	return system("exit 0") == 0 ? 0 : refuse(ENOEXEC);
}

static int make_session(const struct scene *scene)
{
	(void)scene;
	return setsid() < 0 ? -1 : 0;
}

const struct probe permitted_probes[] = {
        {"may_write_workspace", write_workspace, NULL, 0, 0, 0, "write a file of the workspace"},
        {"may_write_index", append, ".git/index", 0, 0, 0, "the index of git"},
        {"may_make_object", create, ".git/objects/new", 0, 0, 0, "an object of git"},
        {"may_make_branch", create, ".git/refs/heads/new", 0, 0, 0, "a branch"},
        {"may_write_log", append, ".git/logs/HEAD", 0, 0, 0, "the log of git"},
        {"may_use_tmp", create_scratch, "/tmp", 0, 0, 0, "scratch"},
        {"may_use_var_tmp", create_scratch, "/var/tmp", 0, 0, 0, "scratch"},
        {"may_use_shm", create_scratch, "/dev/shm", 0, 0, 0, "shared memory"},
        {"may_use_home", create_in_home, NULL, 0, 0, 0, "a home folder"},
        {"may_read_system", read_system_file, "/usr/lib/os-release", 0, 0, 0,
         "files of the system"},
        {"may_read_null", read_system_file, "/dev/null", 0, 0, 0, "the usual devices"},
        {"may_use_loopback", use_loopback, NULL, 0, 0, 0, "its own localhost"},
        {"may_use_socket_pair", use_socket_pair, NULL, 0, 0, 0, "socketpair"},
        {"may_trace_child", trace_child, NULL, 0, 0, 0, "ptrace of its own child"},
        {"may_make_code", execute_memory, NULL, 0, 0, 0, "mprotect(PROT_EXEC)"},
        {"may_run_shell", execute_shell, NULL, 0, 0, 0, "execute the shell"},
        {"may_make_session", make_session, NULL, 0, 0, 0, "setsid"},
        {0},
};
