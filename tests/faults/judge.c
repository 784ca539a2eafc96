/* What a run with a fault may come to. */
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum {
	NOT_STARTED = 125,
	NOT_EXECUTABLE = 126,
	NOT_FOUND = 127,
};

/* Faults that are what a narrower machine answers, where remit goes on with less and says so: the
 * lines of the state that may then differ. */
static const struct {
	long number;
	int errors[3];
	const char *keys[8];
	const char *said; /* on standard error; NULL: nothing */
} known[] = {
        /* What Landlock's scopes hold is then held by a second filter, where it can be. */
        {SYS_landlock_create_ruleset,
         {EOPNOTSUPP, ENOSYS, 0},
         {"state landlock ", "state status Seccomp_filters:", NULL},
         "no Landlock"},
        /* No idmapped mounts here: the tool is the workspace's owner, who is not root. */
        {SYS_mount_setattr,
         {EINVAL, EPERM, 0},
         {"state uid_map ", "state gid_map ", "state status Uid:", "state status Gid:",
          "state idmapped ", "state owner ", "wall input held ", NULL},
         NULL},
};

static bool has(const int *errors, int error)
{
	for (size_t i = 0; errors[i]; i++)
		if (errors[i] == error)
			return true;
	return false;
}

static size_t line_length(const char *text)
{
	return strcspn(text, "\n");
}

/* Compares two outputs line by line but for lines with these keys. Returns the first line of
 * `found` (or, where that ends early, of `wanted`) that differs, or NULL. */
static const char *difference(const char *wanted, const char *found, const char *const *keys)
{
	while (*wanted || *found) {
		size_t size = line_length(found);
		bool same = size == line_length(wanted) && strncmp(found, wanted, size) == 0;
		bool may_differ = false;

		for (size_t i = 0; !same && keys && keys[i]; i++)
			may_differ |= strncmp(found, keys[i], strlen(keys[i])) == 0 &&
			              strncmp(wanted, keys[i], strlen(keys[i])) == 0;
		if (!same && !may_differ)
			return *found ? found : wanted;
		found += size + (found[size] == '\n');
		wanted += line_length(wanted);
		wanted += *wanted == '\n';
	}
	return NULL;
}

/* The lines that may differ after this fault, or NULL. */
static const char *const *keys_of(const struct point *point, int error, const char *complaint)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].number == point->number && has(known[i].errors, error) &&
		    (!known[i].said || strstr(complaint, known[i].said)))
			return known[i].keys;
	return NULL;
}

static size_t count_lines(const char *text, const char *key, bool held)
{
	size_t count = 0;

	for (; *text; text += line_length(text) + (text[line_length(text)] == '\n')) {
		const char *end = text + line_length(text);
		const char *word = strstr(text, " held");
		count += strncmp(text, key, strlen(key)) == 0 && (!held || (word && word < end));
	}
	return count;
}

/* No decoy here: the other level. Its tree is built in another way, and so are errors; but every
 * wall stands, and remit says so. */
static bool another_level(const struct point *point, int error, const char *reference,
                          const struct run_result *result)
{
	static const int absent[] = {ENOENT, EACCES, EPERM, ENODEV, ENXIO, 0};
	size_t walls = count_lines(reference, "wall ", false);

	return point->number == SYS_openat && has(absent, error) &&
	       strstr(result->complaint, "what was refused was not seen (/dev/fuse") &&
	       count_lines(result->output, "wall ", false) == walls &&
	       count_lines(result->output, "wall ", true) == walls;
}

/* Whether a line is the beginning of the wanted one; a wall may hold by another error. */
static bool is_begun(const char *wanted, const char *found, size_t size)
{
	const char *held = strstr(found, " held ");
	size_t named = held && held < found + size ? (size_t)(held - found) + strlen(" held ") : 0;

	if (strncmp(found, wanted, size) == 0)
		return true;
	return strncmp(found, "wall ", 5) == 0 && named && strncmp(found, wanted, named) == 0;
}

/* Whether all that was said, until it ended, is what was to be said. */
static bool is_said_until(const char *wanted, const char *found)
{
	while (*found) {
		size_t size = line_length(found);
		if (!is_begun(wanted, found, size))
			return false;
		found += size + (found[size] == '\n');
		wanted += line_length(wanted);
		wanted += *wanted == '\n';
	}
	return true;
}

/* The watch could not hear or answer a call of what was executed: all of it was ended, and remit
 * says so. What it had said by then is what it says without the fault, but that a call which nobody
 * answers any more is ENOSYS. */
static bool ended_with_watch(const struct point *point, const char *reference,
                             const struct run_result *result)
{
	return point->number == SYS_ioctl && strstr(result->complaint, "ing a call: ") &&
	       WIFEXITED(result->status) && WEXITSTATUS(result->status) == NOT_STARTED &&
	       is_said_until(reference, result->output);
}

static enum verdict executed(const struct point *point, int error, const char *reference,
                             const struct run_result *result, char *why)
{
	if (ended_with_watch(point, reference, result))
		return VERDICT_ENDED_EARLY;
	if (!WIFEXITED(result->status) || WEXITSTATUS(result->status) != 7) {
		snprintf(why, 256, "executed, but the status is 0x%x", (unsigned)result->status);
		return VERDICT_FAILED;
	}
	if (!difference(reference, result->output, NULL))
		return result->reached ? VERDICT_HELD : VERDICT_NOT_REACHED;
	if (another_level(point, error, reference, result))
		return VERDICT_LESS;
	const char *line =
	        difference(reference, result->output, keys_of(point, error, result->complaint));
	if (!line)
		return VERDICT_LESS;
	snprintf(why, 256, "executed, confined otherwise: %.*s", (int)line_length(line), line);
	return VERDICT_FAILED;
}

enum verdict judge(const struct point *point, int error, bool before, const char *reference,
                   const struct run_result *result, char *why)
{
	int status = WIFEXITED(result->status) ? WEXITSTATUS(result->status) : -1;

	*why = '\0';
	if (result->hang)
		snprintf(why, 256, "still running after %d seconds", HANG_SECONDS);
	else if (result->left)
		snprintf(why, 256, "a process outlived remit");
	else if (*result->output)
		return executed(point, error, reference, result, why);
	else if (!result->reached)
		snprintf(why, 256, "nothing executed, but nothing failed: status 0x%x",
		         (unsigned)result->status);
	else if (status == NOT_STARTED)
		return VERDICT_REFUSED;
	else if (before)
		return VERDICT_ENDED_EARLY;
	else if (point->number == SYS_execve && (status == NOT_EXECUTABLE || status == NOT_FOUND))
		return VERDICT_NOT_EXECUTED;
	else if (status < 0)
		snprintf(why, 256, "nothing executed, but killed by signal %d",
		         WTERMSIG(result->status));
	else
		snprintf(why, 256, "nothing executed, but the status is %d", status);
	return VERDICT_FAILED;
}
