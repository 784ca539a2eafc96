/* A program answers: one object of JSON on its standard input, one on its standard output. It is
 * the operator's, with the operator's rights; what it says is still taken by the letter. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/kernel.h"
#include "base/text.h"
#include "base/writer.h"
#include "library/approve_way.h"
#include "library/output.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ANSWER_MOST = 64 * 1024,
};

/* A program of the operator's, and the one that runs. */
struct answering {
	char *program; /* without links */
	char *name;    /* as it was given: some programs look at that */
	pid_t pid;     /* -1: none runs */
	int process;   /* pidfd */
	int input;     /* its standard input, while something of the question is left */
	int output;
	bool failed; /* it could not be started, or said too much */
	struct buffer question;
	size_t written;
	struct buffer answer;
};

/* --- The program ------------------------------------------------------------------------------ */

/* A second name of it may lie where the tool can write; system files have them for good reasons. */
static int check_file(const char *path, struct error *err)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return error_system(err, errno, "%s", path);
	if (!S_ISREG(status.st_mode) || access(path, X_OK) < 0)
		return error_set(err, "not a program that can be executed");
	if (status.st_nlink > 1 && status.st_uid != 0)
		return error_set(err, "it has a second name, which may be the tool's");
	return 0;
}

static int open_exec(struct approver *approver, const char *argument, struct error *err)
{
	const struct policy *policy = approver->request->policy;
	cleanup_free char *real = NULL;

	if (*argument != '/') {
		error_set(err, "not an absolute path");
		return error_help(err, "exec:/usr/local/bin/PROGRAM");
	}
	if (file_real_path(argument, &real, err) < 0)
		return -1;
	if (!real)
		return error_set(err, "there is no such program");
	if (output_tool_may_write(policy, argument) || output_tool_may_write(policy, real)) {
		error_set(err, "the program lies where the tool may write");
		return error_help(err, "a place outside of the workspace");
	}
	if (check_file(real, err) < 0)
		return -1;
	struct answering *state = calloc(1, sizeof(*state));
	if (!state)
		return error_memory(err);
	*state = (struct answering){.pid = -1, .process = -1, .input = -1, .output = -1};
	approver->state = state;
	state->program = steal_pointer(&real);
	state->name = text_copy(argument);
	return state->name ? 0 : error_memory(err);
}

/* --- The question ----------------------------------------------------------------------------- */

static void bytes(struct writer *writer, const char *key, const char *text)
{
	writer_bytes(writer, key, text, text ? strlen(text) : 0);
}

static void write_question(const struct approver *approver, const struct question *question,
                           struct buffer *out)
{
	struct writer writer = {.out = out};
	const struct policy *policy = approver->request->policy;

	writer_open(&writer, NULL, '{');
	writer_number(&writer, "v", 1);
	writer_number(&writer, "id", question->id);
	bytes(&writer, "agent", policy->agent_name);
	bytes(&writer, "tool", approver->request->tool);
	writer_text(&writer, "effect", effect_name(question->effect));
	bytes(&writer, "operation", question->operation);
	bytes(&writer, "target", question->target);
	bytes(&writer, "exe", question->exe);
	bytes(&writer, "comm", question->comm);
	if (question->pid)
		writer_number(&writer, "pid", (unsigned long long)question->pid);
	bytes(&writer, "because", question->because);
	writer_flag(&writer, "protected", question->protected);
	bytes(&writer, "workspace", policy->workspace);
	writer_close(&writer, '}');
	buffer_append(out, "\n", 1);
}

/* In the child. A group of its own, so that what it starts can be ended with it. */
static _Noreturn void become_program(const struct approver *approver, int input, int output)
{
	struct answering *state = approver->state;
	char *arguments[] = {state->name, NULL};
	sigset_t none;

	sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setpgid(0, 0) < 0 ||
	    dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0U, 0) < 0 || chdir("/") < 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		_exit(125);
	execve(state->program, arguments, approver->request->environment);
	_exit(125);
}

/* Ends of pipes out of the way of the standard streams, which are open always. */
static bool open_pipes(int input[2], int output[2])
{
	return pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0 &&
	       fcntl(input[1], F_SETFL, O_NONBLOCK) == 0 &&
	       fcntl(output[0], F_SETFL, O_NONBLOCK) == 0;
}

static bool start(struct approver *approver)
{
	struct answering *state = approver->state;
	int input[2] = {-1, -1};
	int output[2] = {-1, -1};

	bool opened = open_pipes(input, output);
	state->pid = opened ? kernel_clone_process(SIGCHLD, &state->process) : -1;
	if (state->pid == 0)
		become_program(approver, input[0], output[1]);
	if (state->pid > 0) {
		state->input = steal_descriptor(&input[1]);
		state->output = steal_descriptor(&output[0]);
	}
	for (int i = 0; i < 2; i++) {
		cleanup_close_function(&input[i]);
		cleanup_close_function(&output[i]);
	}
	return state->pid > 0;
}

static void ask(struct approver *approver, const struct asked *asked)
{
	struct answering *state = approver->state;

	write_question(approver, &asked->question, &state->question);
	state->failed = buffer_failed(&state->question) || !start(approver);
}

/* --- The answer ------------------------------------------------------------------------------- */

static const struct {
	const char *word;
	enum answer_scope scope;
} words[] = {
        {"once", ANSWER_ONCE}, {"folder", ANSWER_FOLDER}, {"effect", ANSWER_EFFECT},
        {"no", ANSWER_NO},     {"no-all", ANSWER_NO_ALL},
};

static enum answer_scope understand_word(const char *word, size_t size)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i].word) == size && memcmp(words[i].word, word, size) == 0)
			return words[i].scope;
	return ANSWER_NO;
}

/* Exactly one object with exactly one member. */
static enum answer_scope understand(const struct buffer *text)
{
	json_t *root = text->data ? json_loadb(text->data, text->size, JSON_REJECT_DUPLICATES, NULL)
	                          : NULL;
	const json_t *word = json_object_get(root, "answer");
	enum answer_scope scope = ANSWER_NO;

	if (json_is_object(root) && json_object_size(root) == 1 && json_is_string(word))
		scope = understand_word(json_string_value(word), json_string_length(word));
	json_decref(root);
	return scope;
}

/* Ends what is left of the program; true where it had ended well by itself. */
static bool end_program(struct answering *state)
{
	siginfo_t info = {0};
	bool good = false;

	if (state->pid > 0) {
		/* Before it is waited for: afterwards the number may be another's. */
		bool ended =
		        waitid(P_PID, (id_t)state->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		        info.si_pid == state->pid;
		good = ended && info.si_code == CLD_EXITED && info.si_status == 0;
		kill(-state->pid, SIGKILL);
		kill(state->pid, SIGKILL);
		while (waitpid(state->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	state->pid = -1;
	int *descriptors[] = {&state->process, &state->input, &state->output};
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(*descriptors); i++)
		if (*descriptors[i] >= 0)
			close(steal_descriptor(descriptors[i]));
	buffer_free(&state->question);
	state->written = 0;
	return good;
}

static void withdraw(struct approver *approver)
{
	struct answering *state = approver->state;

	end_program(state);
	buffer_free(&state->answer);
	state->failed = false;
}

static void write_more(struct answering *state)
{
	ssize_t size = write(state->input, state->question.data + state->written,
	                     state->question.size - state->written);

	if (size > 0)
		state->written += (size_t)size;
	/* It may answer without reading everything. */
	if ((size < 0 && errno != EAGAIN && errno != EINTR) ||
	    state->written == state->question.size)
		close(steal_descriptor(&state->input));
}

/* 0 at the end of its output, else positive. */
static int read_more(struct answering *state)
{
	char part[4096];
	ssize_t size = read(state->output, part, sizeof(part));

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (size > 0)
		buffer_append(&state->answer, part, (size_t)size);
	if (size < 0 || buffer_failed(&state->answer) || state->answer.size > ANSWER_MOST)
		state->failed = true;
	return size > 0;
}

/* It has ended: what it wrote is in the pipe. Where somebody else holds that open, what it said may
 * not be all. */
static void conclude(struct approver *approver)
{
	struct answering *state = approver->state;
	enum answer_scope scope = ANSWER_NO;
	struct pollfd place = {.fd = state->output, .events = POLLIN};
	bool whole = state->output < 0;

	while (!whole && !state->failed && poll(&place, 1, 0) > 0)
		whole = read_more(state) == 0;
	if (end_program(state) && whole && !state->failed)
		scope = understand(&state->answer);
	buffer_free(&state->answer);
	state->failed = false;
	approver_settle(approver, scope, approver->who);
}

static void places(const struct approver *approver, struct pollfd *out)
{
	const struct answering *state = approver->state;

	/* What it wrote is read when it ends, or when the pipe is full. */
	out[0] = (struct pollfd){.fd = state->input >= 0 ? state->input : state->output,
	                         .events = state->input >= 0 ? POLLOUT : POLLIN};
	out[1] = (struct pollfd){.fd = state->process, .events = POLLIN};
}

static long long wakes_at(const struct approver *approver, long long now)
{
	const struct answering *state = approver->state;

	return approver->asking && state->failed ? now : 0;
}

static void work(struct approver *approver, const struct pollfd *out, long long now)
{
	struct answering *state = approver->state;

	(void)now;
	if (!approver->asking)
		return;
	if (out[0].fd >= 0 && out[0].revents) {
		if (out[0].fd == state->input)
			write_more(state);
		else if (out[0].fd == state->output && read_more(state) == 0)
			close(steal_descriptor(&state->output));
	}
	if (state->failed || (out[1].fd >= 0 && out[1].revents))
		conclude(approver);
}

static void close_exec(struct approver *approver)
{
	struct answering *state = approver->state;

	withdraw(approver);
	free(state->program);
	free(state->name);
	free(state);
}

const struct approve_way approve_exec = {
        .name = "exec",
        .argument = "PROGRAM",
        .kind = WATCH_APPROVE_ASK,
        .open = open_exec,
        .ask = ask,
        .withdraw = withdraw,
        .places = places,
        .wakes_at = wakes_at,
        .work = work,
        .close = close_exec,
};
