/* The supervisor's side: makes the process that becomes the sandbox. */
#include "base/cleanup.h"
#include "base/identity_map.h"
#include "base/kernel.h"
#include "base/text.h"
#include "sandbox/sandbox.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                   CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

static bool is_local_socket(int stream)
{
	int domain = -1;
	socklen_t size = sizeof(domain);

	return getsockopt(stream, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

int sandbox_check_streams(struct error *err)
{
	static const char *const names[] = {"standard input", "standard output", "standard error"};

	for (int stream = 0; stream < 3; stream++) {
		struct stat status;
		int flags = fcntl(stream, F_GETFL);
		if (flags < 0 && errno == EBADF) {
			/* The lowest free descriptor is this one. */
			if (open("/dev/null", O_RDWR | O_NOCTTY) != stream)
				return error_system(err, errno, "/dev/null");
			continue;
		}
		if (flags < 0 || fstat(stream, &status) < 0)
			return error_system(err, errno, "%s", names[stream]);
		if (S_ISSOCK(status.st_mode) && !is_local_socket(stream)) {
			error_set(err,
			          "%s is a network socket: through it the tool could reach the "
			          "host's network",
			          names[stream]);
			return error_help(err, "pipe it: cat | remit run ... | cat");
		}
		if (S_ISDIR(status.st_mode) || (flags & O_PATH)) {
			error_set(err, "%s is a folder: through it the tool could leave",
			          names[stream]);
			return error_help(err, "redirect it from a file, a pipe or /dev/null");
		}
	}
	return 0;
}

/* For a caller that is root: the tool's ids, then one byte that says so. */
static int map_ids(const struct plan_identity *identity, pid_t process, int lifeline,
                   struct error *err)
{
	if (identity_map_write(process, "uid_map", identity->inner_user, identity->outer_user,
	                       err) < 0 ||
	    identity_map_write(process, "gid_map", identity->inner_group, identity->outer_group,
	                       err) < 0)
		return -1;
	if (write(lifeline, "", 1) != 1)
		return error_system(err, errno, "lifeline");
	return 0;
}

/* What is blocked is read from the descriptor `arriving`. With a time limit the terminal does not
 * stop the supervisor: a tool that takes the terminal could have the kernel do so. A supervisor
 * that has set up the terminal is not stopped before it has given that back. */
static int block_signals(struct sandbox *out, bool timed, bool relayed, struct error *err)
{
	static const int untouched[] = {SIGSEGV, SIGBUS,  SIGABRT, SIGFPE, SIGILL,
	                                SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(untouched) / sizeof(*untouched); i++)
		sigdelset(&all, untouched[i]);
	if (timed || relayed) {
		sigaddset(&all, SIGTTIN);
		sigaddset(&all, SIGTTOU);
	}
	if (relayed) {
		sigaddset(&all, SIGTSTP);
		sigaddset(&all, SIGCONT);
	}
	if (sigprocmask(SIG_SETMASK, &all, &out->signals) < 0)
		return error_system(err, errno, "blocking signals");
	out->blocked = true;
	out->arriving = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return out->arriving < 0 ? error_system(err, errno, "signalfd") : 0;
}

/* In the child every signal waits until pid 1 asks for it. */
static _Noreturn void enter(const struct sandbox_request *request, const struct sandbox *sandbox,
                            int lifeline)
{
	struct entering entering = {
	        .plan = request->plan,
	        .report = sandbox->report,
	        .event = sandbox->event,
	        .lifeline = lifeline,
	        .processor = request->processor,
	        .gate = request->gate,
	        .network = request->network,
	        .listener = -1,
	        .decoy = -1,
	        .terminal = request->terminal,
	        .terminal_streams = request->terminal_streams,
	        .arguments = request->arguments,
	        .arguments_size = request->arguments_size,
	        .timing = request->timing,
	        .signals = sandbox->signals,
	        .caller = request->plan->identity.outer_user,
	        .caller_group = request->plan->identity.outer_group,
	        .store = -1,
	        .root = -1,
	};
	sigset_t all;

	timing_mark(entering.timing, "launch", "namespaces");
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0 || close(sandbox->lifeline) < 0)
		_exit(125);
	sandbox_enter(&entering);
}

static int make_channels(struct sandbox *out, int *lifeline, struct error *err)
{
	int ends[2];

	out->report = mmap(NULL, sizeof(*out->report), PROT_READ | PROT_WRITE,
	                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (out->report == MAP_FAILED) {
		out->report = NULL;
		return error_system(err, errno, "mmap");
	}
	out->event = eventfd(0, EFD_CLOEXEC);
	if (out->event < 0)
		return error_system(err, errno, "eventfd");
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_system(err, errno, "pipe");
	*lifeline = ends[0];
	out->lifeline = ends[1];
	return 0;
}

static int explain_clone(int number, struct error *err)
{
	error_system(err, number, "creating namespaces");
	return error_help(err, "user namespaces are switched off or used up on this machine: "
	                       "sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone "
	                       "(Debian), kernel.apparmor_restrict_unprivileged_userns (Ubuntu)");
}

static int start(const struct sandbox_request *request, struct sandbox *out, struct error *err)
{
	cleanup_close int lifeline = -1;

	if (sandbox_check_streams(err) < 0 || make_channels(out, &lifeline, err) < 0)
		return -1;
	timing_mark(request->timing, "launch", "channels");
	/* Where the caller is not root, nothing that can fail may come after this: the child does
	 * not wait, and 125 says that nothing was executed. */
	out->init = kernel_clone_process(namespaces | SIGCHLD, &out->process);
	if (out->init == 0)
		enter(request, out, lifeline);
	if (out->init < 0)
		return explain_clone(errno, err);
	if (request->plan->identity.mapped)
		return map_ids(&request->plan->identity, out->init, out->lifeline, err);
	return 0;
}

static const struct sandbox nothing = {
        .init = -1,
        .process = -1,
        .event = -1,
        .lifeline = -1,
        .arriving = -1,
};

int sandbox_start(const struct sandbox_request *request, struct sandbox *out, struct error *err)
{
	*out = nothing;
	if (block_signals(out, request->plan->wall_seconds > 0, request->terminal >= 0, err) == 0 &&
	    start(request, out, err) == 0)
		return 0;
	sandbox_close(out);
	return -1;
}

void sandbox_signal(const struct sandbox *sandbox, int number)
{
	sigqueue(sandbox->init, number, (union sigval){0});
}

void sandbox_close(struct sandbox *sandbox)
{
	if (sandbox->init > 0) {
		kill(sandbox->init, SIGKILL);
		waitpid(sandbox->init, NULL, WNOHANG);
	}
	if (sandbox->process >= 0)
		close(sandbox->process);
	if (sandbox->event >= 0)
		close(sandbox->event);
	if (sandbox->lifeline >= 0)
		close(sandbox->lifeline);
	if (sandbox->report)
		munmap(sandbox->report, sizeof(*sandbox->report));
	if (sandbox->arriving >= 0)
		close(sandbox->arriving);
	if (sandbox->blocked)
		sigprocmask(SIG_SETMASK, &sandbox->signals, NULL);
	*sandbox = nothing;
}
