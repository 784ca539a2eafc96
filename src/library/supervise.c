#include "library/supervise.h"

#include "base/cleanup.h"
#include "plan/program.h"
#include "remit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	/* What a command gets between SIGTERM and SIGKILL. */
	GRACE_MILLISECONDS = 2000,
	OWN_PLACES = 4, /* of what is waited for, in front of the approver's */
};

struct waiting {
	struct sandbox *sandbox;
	struct watch *watch; /* or NULL */
	struct approver *approver;
	bool relayed;       /* COMMAND has a terminal of its own */
	long long deadline; /* milliseconds on CLOCK_MONOTONIC; 0: none */
	bool terminated;    /* SIGTERM was sent because the time is up */
	/* A signal came that would end COMMAND, which was not running yet: until when that may
	 * take. 0: none came. */
	long long start_deadline;
};

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* What the kernel sends reaches COMMAND directly, which is in the same process group; but that a
 * terminal was closed is told to the leader of its session alone. */
static bool reaches_command(const struct signalfd_siginfo *info)
{
	return info->ssi_code == SI_KERNEL && !(info->ssi_signo == SIGHUP && getsid(0) == getpid());
}

static bool is_starting(const struct waiting *waiting)
{
	return __atomic_load_n(&waiting->sandbox->report->outcome, __ATOMIC_ACQUIRE) ==
	       SANDBOX_STARTING;
}

/* COMMAND gets the signal when it runs; but the start itself may wait, for who reads the log. */
static void note_unwanted(struct waiting *waiting, unsigned number)
{
	if ((number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT) &&
	    is_starting(waiting) && !waiting->start_deadline)
		waiting->start_deadline = now() + GRACE_MILLISECONDS;
}

static void hand_on(struct waiting *waiting)
{
	struct signalfd_siginfo info;

	if (read(waiting->sandbox->arriving, &info, sizeof(info)) != sizeof(info))
		return;
	note_unwanted(waiting, info.ssi_signo);
	if (approver_signal(waiting->approver, (int)info.ssi_signo))
		return;
	if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGPIPE || info.ssi_signo == SIGTTIN ||
	    info.ssi_signo == SIGTTOU || (!waiting->relayed && reaches_command(&info)))
		return;
	sandbox_signal(waiting->sandbox, (int)info.ssi_signo);
}

static void time_is_up(struct waiting *waiting)
{
	if (waiting->terminated)
		kill(waiting->sandbox->init, SIGKILL);
	else
		sandbox_signal(waiting->sandbox, SIGTERM);
	waiting->deadline = waiting->terminated ? 0 : now() + GRACE_MILLISECONDS;
	waiting->terminated = true;
}

static int time_left(const struct waiting *waiting)
{
	long long first = waiting->deadline;
	int patience = approver_patience(waiting->approver);

	if (!first || (waiting->start_deadline && waiting->start_deadline < first))
		first = waiting->start_deadline;
	if (!first)
		return patience;
	long long left = first - now();
	if (left < 0)
		return 0;
	if (patience >= 0 && patience < left)
		return patience;
	return left > 1000000 ? 1000000 : (int)left;
}

/* True where the outcome is final. What is read of the event may be about either. */
static bool hear_sandbox(struct waiting *waiting)
{
	struct sandbox_report *report = waiting->sandbox->report;
	uint64_t count;

	if (read(waiting->sandbox->event, &count, sizeof(count)) != sizeof(count))
		return true;
	int outcome = __atomic_load_n(&report->outcome, __ATOMIC_ACQUIRE);
	if (outcome != SANDBOX_STARTING && outcome != SANDBOX_RUNNING)
		return true;
	if (__atomic_exchange_n(&report->stopped, 0, __ATOMIC_ACQ_REL) &&
	    approver_command_stopped(waiting->approver))
		sandbox_signal(waiting->sandbox, SIGCONT);
	return false;
}

/* What it watched must not go on without it. */
static int watch_is_over(struct waiting *waiting, struct error *err)
{
	if (watch_failure(waiting->watch, err))
		return -1;
	/* Nothing to say: the sandbox failed first. */
	if (waiting->sandbox->report->outcome == SANDBOX_FAILED)
		return 0;
	return error_set(err, "the watch was ended, and all that it watched with it");
}

/* Returns when the outcome is final or pid 1 is gone; negative where the watch is over first. */
static int wait_for_end(struct waiting *waiting, struct error *err)
{
	struct pollfd places[OWN_PLACES + APPROVE_PLACES] = {
	        {.fd = waiting->sandbox->event, .events = POLLIN},
	        {.fd = waiting->sandbox->process, .events = POLLIN},
	        {.fd = waiting->sandbox->arriving, .events = POLLIN},
	        {.fd = waiting->watch ? waiting->watch->channel : -1, .events = POLLIN},
	};

	for (;;) {
		approver_places(waiting->approver, places + OWN_PLACES);
		int ready = poll(places, OWN_PLACES + APPROVE_PLACES, time_left(waiting));
		/* COMMAND may be running: short of memory is no reason to end it. */
		if (ready < 0 && errno != EINTR && errno != ENOMEM)
			return error_system(err, errno, "poll");
		if (ready < 0)
			continue;
		if (places[1].revents || (places[0].revents && hear_sandbox(waiting)))
			return 0;
		if (places[3].revents)
			return watch_is_over(waiting, err);
		if (places[2].revents)
			hand_on(waiting);
		approver_work(waiting->approver, places + OWN_PLACES);
		if (waiting->deadline && now() >= waiting->deadline)
			time_is_up(waiting);
		if (waiting->start_deadline && now() >= waiting->start_deadline) {
			if (is_starting(waiting))
				return error_set(err, "interrupted before the command was started");
			waiting->start_deadline = 0;
		}
	}
}

/* What is missing inside: the file, or what a script or program names as its interpreter. */
static int explain_missing(const struct plan *plan, struct error *err)
{
	cleanup_free char *path = NULL;
	cleanup_free char *interpreter = NULL;

	if (program_find(plan->command[0], plan->search_path, plan->directory, &path, err) < 0 ||
	    (path && program_interpreter(path, &interpreter, err) < 0))
		return -1;
	if (interpreter && access(interpreter, F_OK) < 0 && errno == ENOENT)
		return error_help(err, "its interpreter %s does not exist", interpreter);
	if (interpreter)
		return error_help(err,
		                  "its interpreter %s is not visible inside; --grant read:%s "
		                  "shows it",
		                  interpreter, interpreter);
	if (path && access(path, F_OK) == 0)
		return error_help(err, "the file exists, but is not visible inside");
	return error_help(err, "there is no such file");
}

static int not_executed(const struct sandbox_report *report, const struct plan *plan, int *status,
                        struct error *err)
{
	const char *command = plan->command[0];

	if (report->number == ENOENT && !strchr(command, '/')) {
		error_set(err, "%s: command not found", command);
		error_help(err, "inside, PATH is %s",
		           *plan->search_path ? plan->search_path : "empty");
	} else {
		error_system(err, report->number, "%s", command);
		if (report->number == ENOENT)
			explain_missing(plan, err);
	}
	*status = report->number == ENOENT ? REMIT_STATUS_NOT_FOUND : REMIT_STATUS_NOT_EXECUTABLE;
	return 0;
}

static int judge(const struct waiting *waiting, const struct plan *plan, int *status,
                 struct error *err)
{
	const struct sandbox_report *report = waiting->sandbox->report;

	switch (__atomic_load_n(&report->outcome, __ATOMIC_ACQUIRE)) {
	case SANDBOX_NOT_EXECUTED:
		return not_executed(report, plan, status, err);
	case SANDBOX_FAILED:
		if (waiting->watch && watch_failure(waiting->watch, err))
			return -1;
		error_set(err, "%s", report->message);
		return *report->help ? error_help(err, "%s", report->help) : -1;
	case SANDBOX_ENDED:
		*status = WIFEXITED(report->status) ? WEXITSTATUS(report->status)
		                                    : 128 + WTERMSIG(report->status);
		break;
	case SANDBOX_RUNNING:
		/* pid 1 was killed, and everything with it. */
		*status = 128 + SIGKILL;
		break;
	default:
		return error_set(err, "the sandbox's first process was killed while starting");
	}
	if (waiting->terminated)
		*status = REMIT_STATUS_TIMED_OUT;
	return 0;
}

int supervise(struct sandbox *sandbox, struct watch *watch, struct approver *approver,
              const struct plan *plan, unsigned seconds, int *status, struct error *err)
{
	unsigned streams;
	struct waiting waiting = {
	        .sandbox = sandbox,
	        .watch = watch,
	        .approver = approver,
	        .relayed = approver_terminal(approver, &streams) >= 0,
	};

	if (seconds)
		waiting.deadline = now() + (long long)seconds * 1000;
	if (wait_for_end(&waiting, err) < 0)
		return -1;
	if (sandbox->report->input_moved && sandbox->report->outcome == SANDBOX_ENDED)
		lseek(STDIN_FILENO, sandbox->report->input_offset, SEEK_SET);
	return judge(&waiting, plan, status, err);
}
