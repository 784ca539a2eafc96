/* One batch goes to the helper, what it says comes back. */
#include "differential.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void write_hex(FILE *file, const char *text)
{
	if (!text || !*text)
		fputc('-', file);
	for (; text && *text; text++)
		fprintf(file, "%02x", (unsigned char)*text);
}

static void write_questions(const struct batch *batch, const char *path, bool control)
{
	cleanup_fclose FILE *file = fopen(path, "we");

	if (!file)
		give_up("%s: %s", path, strerror(errno));
	for (size_t i = 0; i < batch->count; i++) {
		const struct operation *operation = &batch->items[i];
		if (control && !operation->in_world && operation_names[operation->kind].changes)
			continue;
		fprintf(file, "%zu %d ", i, (int)operation->kind);
		write_hex(file, operation->path);
		fputc(' ', file);
		write_hex(file, operation->other);
		fputc('\n', file);
	}
	if (fflush(file) != 0)
		give_up("%s: %s", path, strerror(errno));
}

static void read_answers(struct batch *batch, const char *path, bool control)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	char evidence[LONGEST_EVIDENCE + 1];
	size_t number;
	int error;

	if (!file)
		give_up("%s: %s", path, strerror(errno));
	while (fscanf(file, "%zu %d %200s", &number, &error, evidence) == 3) {
		if (number >= batch->count)
			give_up("the helper answers what nobody asked: %zu", number);
		struct operation *operation = &batch->items[number];
		if (control) {
			operation->control = error;
			continue;
		}
		operation->error = error;
		free(operation->evidence);
		operation->evidence = text_copy(evidence);
		if (!operation->evidence)
			give_up("out of memory");
	}
}

/* Root as any owner: without a capability, now or after execve(2). */
static int give_away(uid_t user)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[2] = {0};

	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return -1;
	if (setgroups(0, NULL) < 0 || setresgid((gid_t)user, (gid_t)user, (gid_t)user) < 0 ||
	    setresuid(user, user, user) < 0)
		return -1;
	return (int)syscall(SYS_capset, &header, none);
}

static int open_on(int number, const char *path, int flags)
{
	int file = open(path, flags, 0644);

	if (file < 0 || dup2(file, number) < 0)
		return -1;
	return file == number ? 0 : close(file);
}

static int execute(char *const *command, const char *folder, const struct world *control)
{
	cleanup_free char *in = text_printf("%s/questions", folder);
	cleanup_free char *out = text_printf("%s/answers", folder);
	cleanup_free char *errors = text_printf("%s/errors", folder);
	int status;
	pid_t child = fork();

	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (child == 0) {
		bool ready = open_on(0, in, O_RDONLY) == 0 &&
		             open_on(1, out, O_WRONLY | O_CREAT | O_TRUNC) == 0 &&
		             open_on(2, errors, O_WRONLY | O_CREAT | O_TRUNC) == 0;
		if (ready && (!control || geteuid() != 0 || give_away(control->owner) == 0))
			execv(command[0], command);
		perror("differential");
		_exit(98);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			give_up("waitpid: %s", strerror(errno));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int ask(struct batch *batch, char *const *command, const char *folder,
               const struct world *control)
{
	cleanup_free char *questions = text_printf("%s/questions", folder);
	cleanup_free char *answers = text_printf("%s/answers", folder);

	write_questions(batch, questions, control != NULL);
	int status = execute(command, folder, control);
	read_answers(batch, answers, control != NULL);
	return status;
}

int batch_execute(struct batch *batch, char *const *command, const char *folder)
{
	return ask(batch, command, folder, NULL);
}

void batch_control(struct batch *batch, const struct world *world, const char *folder)
{
	char *const command[] = {world->inner_helper, NULL};
	int status = ask(batch, command, folder, world);

	if (status != 0)
		give_up("the control ended with %d", status);
}
