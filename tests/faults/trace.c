/* The tracer: follows remit and all its children, lets one system call fail, leaves at the tool's
 * execve.
 *
 * Theory of operation: the first task is seized before it executes remit, so that every later one
 * is attached from its birth, whatever id, namespace or dumpability it takes on. Only registers are
 * touched, which the kernel permits to whoever is attached. The call that is to fail is replaced
 * by getpid(2), which every filter permits, and its result by the error. */
#include "faults.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ptrace.h>

struct task {
	pid_t process;
	size_t calls;
	bool counted; /* calls of the reference run or of the task with the fault are watched */
	bool faulty;  /* stands in the call that is to fail */
	bool gone;
	struct user_regs_struct before; /* the call was replaced */
};

struct trace {
	const struct run_request *request;
	struct run_result *result;
	struct task tasks[TASK_LIMIT];
	int count;
	bool started;  /* remit is executing */
	bool released; /* the tool is executing: everybody is let go */
	bool injected;
	bool defined; /* the definition was opened */
};

/* --- registers */

static int get_registers(pid_t process, struct user_regs_struct *registers)
{
	struct iovec place = {.iov_base = registers, .iov_len = sizeof(*registers)};

	return (int)ptrace(PTRACE_GETREGSET, process, NT_PRSTATUS, &place);
}

static int set_registers(pid_t process, struct user_regs_struct *registers)
{
	struct iovec place = {.iov_base = registers, .iov_len = sizeof(*registers)};

	return (int)ptrace(PTRACE_SETREGSET, process, NT_PRSTATUS, &place);
}

/* The call becomes getpid(2). brk(2) never returns an error: it fails by leaving the end where it
 * is, which is what it also does when it is asked for nothing. */
static int replace_call(struct task *task, long number)
{
	struct user_regs_struct registers;

	if (get_registers(task->process, &registers) < 0)
		return -1;
	task->before = registers;
#if defined(__x86_64__)
	if (number == SYS_brk)
		registers.rdi = 0;
	else
		registers.orig_rax = SYS_getpid;
#elif defined(__aarch64__)
	int call = SYS_getpid;
	struct iovec place = {.iov_base = &call, .iov_len = sizeof(call)};
	if (number == SYS_brk)
		registers.regs[0] = 0;
	else if (ptrace(PTRACE_SETREGSET, task->process, NT_ARM_SYSTEM_CALL, &place) < 0)
		return -1;
#else
#error "registers of this machine are not known"
#endif
	return set_registers(task->process, &registers);
}

/* The arguments are in their registers again after a call, so they are put back. */
static int replace_result(struct task *task, long number, int error)
{
	struct user_regs_struct registers;
	long long result = -error;

	if (get_registers(task->process, &registers) < 0)
		return -1;
#if defined(__x86_64__)
	registers.rdi = task->before.rdi;
	if (number != SYS_brk)
		registers.rax = (unsigned long long)result;
#elif defined(__aarch64__)
	if (number != SYS_brk)
		registers.regs[0] = (unsigned long long)result;
#endif
	return set_registers(task->process, &registers);
}

/* --- tasks */

static struct task *find_task(struct trace *trace, pid_t process)
{
	for (int i = 0; i < trace->count; i++)
		if (trace->tasks[i].process == process && !trace->tasks[i].gone)
			return &trace->tasks[i];
	if (trace->count == TASK_LIMIT)
		return NULL;
	struct task *task = &trace->tasks[trace->count];
	const struct point *fault = trace->request->fault;
	*task = (struct task){
	        .process = process,
	        .counted = !fault || fault->task == trace->count,
	};
	trace->count++;
	return task;
}

static bool same_text(pid_t process, uint64_t address, const char *text)
{
	char found[4096] = "";
	struct iovec here = {.iov_base = found, .iov_len = strlen(text) + 1};
	struct iovec there = {.iov_base = (void *)(uintptr_t)address, .iov_len = strlen(text) + 1};

	if (here.iov_len > sizeof(found) ||
	    process_vm_readv(process, &here, 1, &there, 1, 0) != (ssize_t)here.iov_len)
		return false;
	return strcmp(found, text) == 0;
}

static int record(struct trace *trace, const struct task *task,
                  const struct __ptrace_syscall_info *info)
{
	struct points *points = trace->request->record;
	long number = (long)info->entry.nr;

	if (points->count == points->capacity) {
		size_t capacity = points->capacity ? points->capacity * 2 : 4096;
		struct point *grown = reallocarray(points->items, capacity, sizeof(*grown));
		if (!grown)
			return -1;
		points->items = grown;
		points->capacity = capacity;
	}
	if (!trace->defined && task == trace->tasks && number == SYS_openat &&
	    same_text(task->process, info->entry.args[1], trace->request->definition)) {
		trace->defined = true;
		points->first = points->count;
	}
	points->items[points->count++] = (struct point){
	        .task = (int)(task - trace->tasks),
	        .index = task->calls,
	        .number = number,
	        .empty = number == SYS_brk && info->entry.args[0] == 0,
	};
	return 0;
}

/* --- stops */

static int enter_call(struct trace *trace, struct task *task,
                      const struct __ptrace_syscall_info *info)
{
	const struct point *fault = trace->request->fault;
	long number = (long)info->entry.nr;

	if (trace->request->record && record(trace, task, info) < 0)
		return -1;
	if (fault && task == &trace->tasks[fault->task] && task->calls == fault->index) {
		task->counted = false;
		trace->injected = true;
		trace->result->reached = number == fault->number;
		if (trace->result->reached) {
			task->faulty = true;
			if (replace_call(task, number) < 0)
				return -1;
		}
	}
	task->calls++;
	return 0;
}

static int leave_call(struct trace *trace, struct task *task)
{
	if (!task->faulty)
		return 0;
	task->faulty = false;
	return replace_result(task, trace->request->fault->number, trace->request->error);
}

static int on_call(struct trace *trace, struct task *task)
{
	struct __ptrace_syscall_info info = {0};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, task->process, sizeof(info), &info) < 0)
		return -1;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		return enter_call(trace, task, &info);
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		return leave_call(trace, task);
	return 0;
}

static void release(struct trace *trace)
{
	trace->released = true;
	for (int i = 0; i < trace->count; i++)
		if (!trace->tasks[i].gone)
			ptrace(PTRACE_INTERRUPT, trace->tasks[i].process, 0, 0);
}

static int on_stop(struct trace *trace, struct task *task, int status)
{
	int signal = WSTOPSIG(status);
	int event = status >> 16;
	int deliver = 0;

	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE) {
		/* A child gets its number when it is born, not when it is first heard of: of two
		 * children of one task the younger may be heard of first. */
		unsigned long child = 0;
		if (ptrace(PTRACE_GETEVENTMSG, task->process, 0, &child) == 0 && child)
			find_task(trace, (pid_t)child);
	}
	if (event == PTRACE_EVENT_EXEC && task != trace->tasks)
		release(trace);
	else if (event == PTRACE_EVENT_EXEC)
		trace->started = true;
	else if (signal == (SIGTRAP | 0x80)) {
		bool wanted = trace->released ? task->faulty : task->counted || task->faulty;
		if (trace->started && wanted && on_call(trace, task) < 0)
			return errno == ESRCH ? 0 : -1;
	} else if (event == 0)
		deliver = signal;
	/* A call that is to fail is let fail before its task is let go. */
	if (trace->released && !task->faulty)
		return ptrace(PTRACE_DETACH, task->process, 0, deliver) < 0 && errno != ESRCH ? -1
		                                                                              : 0;
	bool watch = task->counted || task->faulty || !trace->started;
	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP)
		return (int)ptrace(PTRACE_LISTEN, task->process, 0, 0);
	if (ptrace(watch ? PTRACE_SYSCALL : PTRACE_CONT, task->process, 0, deliver) < 0 &&
	    errno != ESRCH)
		return -1;
	return 0;
}

/* --- a run */

static void on_alarm(int number)
{
	(void)number;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void kill_all(const struct trace *trace)
{
	for (int i = 0; i < trace->count; i++)
		if (!trace->tasks[i].gone)
			kill(trace->tasks[i].process, SIGKILL);
}

/* Handles stops until nothing is left of the run. What remit leaves behind is inherited by the
 * tracer, which says so and kills it. */
static int follow(struct trace *trace)
{
	double begin = now();
	double end = 0; /* when remit ended */
	int result = 0;

	for (;;) {
		int status;
		pid_t process = waitpid(-1, &status, __WALL);
		if (process < 0 && errno == ECHILD)
			return result;
		if (process < 0 && errno != EINTR)
			return -1;
		if (!trace->result->hang && now() - begin > HANG_SECONDS) {
			trace->result->hang = true;
			kill_all(trace);
		}
		if (end > 0 && !trace->result->left && now() - end > 1) {
			trace->result->left = true;
			kill_all(trace);
		}
		if (process < 0)
			continue;
		struct task *task = find_task(trace, process);
		if (!task) {
			kill(process, SIGKILL);
			result = -1;
			continue;
		}
		if (WIFSTOPPED(status)) {
			if (on_stop(trace, task, status) < 0 && result == 0) {
				perror("faults: ptrace");
				result = -1;
				kill_all(trace);
			}
			continue;
		}
		task->gone = true;
		if (task == trace->tasks) {
			trace->result->status = status;
			end = now();
		}
	}
}

static _Noreturn void become_remit(const struct run_request *request, int output, int complaint,
                                   int ready)
{
	char byte;
	int input = open(request->input ? request->input : "/dev/null", O_RDONLY);

	if (input < 0 || read(ready, &byte, 1) != 1 || dup2(input, 0) < 0 || dup2(output, 1) < 0 ||
	    dup2(complaint, 2) < 0)
		_exit(99);
	if (input > 2)
		close(input);
	close(output);
	close(complaint);
	close(ready);
	execv(request->command[0], request->command);
	_exit(99);
}

static char *content_of(int file)
{
	struct stat status;
	char *text;

	if (fstat(file, &status) < 0)
		return NULL;
	text = calloc(1, (size_t)status.st_size + 1);
	if (text && pread(file, text, (size_t)status.st_size, 0) != status.st_size) {
		free(text);
		return NULL;
	}
	return text;
}

static int start_and_follow(struct trace *trace, int output, int complaint)
{
	const unsigned long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
	                              PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
	                              PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid_t remit = fork();
	if (remit == 0)
		become_remit(trace->request, output, complaint, ready[0]);
	close(ready[0]);
	int result = remit < 0 || !find_task(trace, remit) ||
	                             ptrace(PTRACE_SEIZE, remit, 0, options) < 0 ||
	                             write(ready[1], "", 1) != 1
	                     ? -1
	                     : 0;
	close(ready[1]);
	if (result < 0) {
		perror("faults: start");
		if (remit > 0) {
			kill(remit, SIGKILL);
			waitpid(remit, NULL, 0);
		}
		return -1;
	}
	return follow(trace);
}

int run_traced(const struct run_request *request, struct run_result *out)
{
	struct trace trace = {.request = request, .result = out};
	const struct sigaction ticks = {.sa_handler = on_alarm};
	const struct itimerval interval = {{0, 100000}, {0, 100000}};
	int output = memfd_create("output", 0);
	int complaint = memfd_create("complaint", 0);
	int result = -1;

	*out = (struct run_result){0};
	if (output >= 0 && complaint >= 0 && sigaction(SIGALRM, &ticks, NULL) == 0 &&
	    prctl(PR_SET_CHILD_SUBREAPER, 1) == 0) {
		setitimer(ITIMER_REAL, &interval, NULL);
		result = start_and_follow(&trace, output, complaint);
		setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
		out->output = content_of(output);
		out->complaint = content_of(complaint);
	}
	close(output);
	close(complaint);
	return result < 0 || !out->output || !out->complaint ? -1 : 0;
}

void run_clear(struct run_result *result)
{
	free(result->output);
	free(result->complaint);
	*result = (struct run_result){0};
}
