/* pid 1 of the sandbox: executes COMMAND, hands signals on, reaps, and ends with it. It is as
 * confined as COMMAND itself. */
#include "base/text.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	EVENT = 3, /* where the event descriptor is kept */
	SIGNALS = 65,
};

/* Until when (seconds on CLOCK_MONOTONIC) a signal of that number from the supervisor is one that
 * the whole process group got. */
struct sent {
	time_t group[SIGNALS];
};

static void tell_supervisor(void)
{
	const uint64_t one = 1;

	while (write(EVENT, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void publish(struct entering *entering, enum sandbox_outcome outcome)
{
	__atomic_store_n(&entering->report->outcome, outcome, __ATOMIC_RELEASE);
	tell_supervisor();
}

/* A file without a header that the kernel knows is a shell script, as execvp(3) has it. */
static void execute_script(const struct plan *plan, const char *path)
{
	size_t count = 0;

	while (plan->command[count])
		count++;
	char **arguments = calloc(count + 2, sizeof(*arguments));
	if (!arguments)
		return;
	char shell[] = "/bin/sh";
	arguments[0] = shell;
	arguments[1] = strdup(path);
	for (size_t i = 1; i < count; i++)
		arguments[i + 1] = plan->command[i];
	if (arguments[1])
		execve(shell, arguments, plan->environment);
}

/* Returns the errno of the attempt. */
static int execute_path(const struct plan *plan, const char *path)
{
	execve(path, plan->command, plan->environment);
	if (errno == ENOEXEC)
		execute_script(plan, path);
	return errno;
}

/* Looks COMMAND up on PATH as it is inside. Returns the errno that says most; 0 where memory did
 * not suffice to try. */
static int execute(const struct plan *plan)
{
	int result = ENOENT;

	if (strchr(plan->command[0], '/'))
		return execute_path(plan, plan->command[0]);
	if (!*plan->command[0])
		return ENOENT;
	for (const char *entry = plan->search_path; entry;) {
		size_t length = strcspn(entry, ":");
		char *path = length ? text_printf("%.*s/%s", (int)length, entry, plan->command[0])
		                    : text_printf("./%s", plan->command[0]);
		if (!path)
			return 0;
		int number = execute_path(plan, path);
		if (number != ENOENT && number != ENOTDIR && number != EACCES)
			return number;
		if (number == EACCES)
			result = EACCES;
		free(path);
		entry = entry[length] ? entry + length + 1 : NULL;
	}
	return result;
}

/* What failed before execve was tried: nothing was executed. */
static void report_failure(struct entering *entering, const char *step, int number)
{
	struct sandbox_report *report = entering->report;

	snprintf(report->message, sizeof(report->message), "starting the command: %s: %s", step,
	         strerrordesc_np(number));
	__atomic_store_n(&report->outcome, SANDBOX_FAILED, __ATOMIC_RELEASE);
}

/* A terminal of its own: COMMAND is its foreground. Signals are blocked, that of a background that
 * takes the foreground, too. */
static bool take_terminal(const struct entering *entering)
{
	return entering->terminal < 0 ||
	       (setpgid(0, 0) == 0 && tcsetpgrp(STDIN_FILENO, getpid()) == 0);
}

static _Noreturn void become_command(struct entering *entering)
{
	struct sandbox_report *report = entering->report;

	if (close_range(EVENT, ~0U, 0) < 0) {
		report_failure(entering, "closing descriptors", errno);
	} else if (!take_terminal(entering)) {
		report_failure(entering, "taking the terminal", errno);
	} else if (sigprocmask(SIG_SETMASK, &entering->signals, NULL) < 0) {
		report_failure(entering, "restoring the signal mask", errno);
	} else {
		timing_mark(entering->timing, "command", "fork");
		report->number = execute(entering->plan);
		if (report->number == 0)
			report_failure(entering, "looking it up", ENOMEM);
		else
			__atomic_store_n(&report->outcome, SANDBOX_NOT_EXECUTED, __ATOMIC_RELEASE);
	}
	_exit(127);
}

/* Everything that COMMAND left behind ends with it. */
static void end_all(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static _Noreturn void end(struct entering *entering, int status)
{
	struct sandbox_report *report = entering->report;

	timing_mark(entering->timing, "command", "execution");
	end_all();
	timing_mark(entering->timing, "end", "what was left");
	if (report->input_moved)
		report->input_offset = lseek(STDIN_FILENO, 0, SEEK_CUR);
	report->status = status;
	publish(entering, report->outcome == SANDBOX_RUNNING ? SANDBOX_ENDED : report->outcome);
	_exit(0);
}

/* Reaps what is to be reaped; does not return when COMMAND was among it. What stopped it on a
 * terminal of its own is for the supervisor to hear, who has the caller's. */
static void reap(struct entering *entering, pid_t command)
{
	int stops = entering->terminal >= 0 ? WUNTRACED : 0;
	int status;
	pid_t ended;

	while ((ended = waitpid(-1, &status, WNOHANG | stops)) > 0) {
		if (ended != command)
			continue;
		if (!WIFSTOPPED(status))
			end(entering, status);
		__atomic_store_n(&entering->report->stopped, 1, __ATOMIC_RELEASE);
		tell_supervisor();
	}
}

/* On a terminal of its own COMMAND is in a group that nobody else signals. That the terminal was
 * closed is told to the leader of its session alone, which is this process. What stops or continues
 * a job is for the whole of it. */
static void hand_to_session(pid_t command, const siginfo_t *info)
{
	bool closed = info->si_code == SI_KERNEL && info->si_signo == SIGHUP;

	if (info->si_code != SI_QUEUE && !closed)
		return;
	if (info->si_signo == SIGCONT || info->si_signo == SIGTSTP)
		kill(-command, info->si_signo);
	else
		kill(command, info->si_signo);
}

/* What the supervisor queues is handed on. Who signals the supervisor's whole process group (a
 * harness, timeout(1)) signals this process and COMMAND, too, and both before the supervisor:
 * members of a group get a signal youngest first. COMMAND then has it already, unless it has left
 * the group, as an interactive shell does. si_pid is 0 for senders outside. */
static void hand_on(const struct entering *entering, struct sent *sent, pid_t command,
                    const siginfo_t *info)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (info->si_pid != 0 || info->si_signo >= SIGNALS)
		return;
	if (entering->terminal >= 0) {
		hand_to_session(command, info);
		return;
	}
	if (info->si_code == SI_USER) {
		sent->group[info->si_signo] = now.tv_sec + 1;
	} else if (info->si_code == SI_QUEUE) {
		bool has_it =
		        sent->group[info->si_signo] >= now.tv_sec && getpgid(command) == getpgrp();
		sent->group[info->si_signo] = 0;
		if (!has_it)
			kill(command, info->si_signo);
	}
}

static void keep_only_event(struct entering *entering)
{
	if (entering->event != EVENT && dup2(entering->event, EVENT) < 0)
		_exit(125);
	if (close_range(EVENT + 1, ~0U, 0) < 0)
		_exit(125);
}

void stage_init(struct entering *entering)
{
	struct sent sent = {0};
	sigset_t all;
	siginfo_t info;

	keep_only_event(entering);
	memset(entering->arguments, 0, entering->arguments_size);
	sigfillset(&all);
	__atomic_store_n(&entering->report->outcome, SANDBOX_RUNNING, __ATOMIC_RELEASE);

	pid_t command = fork();
	if (command == 0)
		become_command(entering);
	if (command < 0) {
		report_failure(entering, "fork", errno);
		publish(entering, SANDBOX_FAILED);
		_exit(125);
	}
	for (;;) {
		reap(entering, command);
		if (sigwaitinfo(&all, &info) > 0)
			hand_on(entering, &sent, command, &info);
	}
}
