/* Command line of the probe, and the process around each probe.
 *
 *   probe list [FAMILY] [flags]       one name a line; with `flags` NAME<TAB>FAMILY<TAB>FLAGS
 *   probe run NAME... TARGET=VALUE... these probes
 *   probe all FAMILY TARGET=VALUE...  all probes of a family that need no stdin of their own
 *   probe host ..., fixture DIR, manifest DIR   see host.c, fixture.c, manifest.c
 *
 * Output: NAME<TAB>succeeded|refused|absent|broken<TAB>ERRNO-NAME and detail. */
#include "probe.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIME_LIMIT = 20 /* seconds that one probe may take */ };

enum outcome { UNFINISHED, SUCCEEDED, REFUSED, ABSENT, BROKEN };

static const char *const outcome_names[] = {"broken", "succeeded", "refused", "absent", "broken"};

/* Shared with the child, so that what it found survives its death. */
struct report {
	enum outcome outcome;
	int error;
	char detail[256];
};

static struct report *report;

static const struct family families[] = {
        {"walls", file_probes},          {"walls", process_probes},
        {"walls", network_probes},       {"walls", syscall_probes},
        {"walls", mount_probes},         {"walls", proc_probes},
        {"walls", environment_probes},   {"readonly", readonly_probes},
        {"readonly", inherited_probes},  {"protected", protected_probes},
        {"permitted", permitted_probes},
};

#define FAMILY_COUNT (sizeof(families) / sizeof(families[0]))

static const struct {
	const char *name;
	size_t offset;
} target_names[] = {
#define ROW(field)                                      \
	{                                               \
#field, offsetof(struct targets, field) \
	}
        ROW(workspace),    ROW(repository),    ROW(home),       ROW(secret),     ROW(hosttmp),
        ROW(hostshm),      ROW(openfile),      ROW(openfolder), ROW(setuid),     ROW(token),
        ROW(definition),   ROW(marker),        ROW(process),    ROW(outside),    ROW(victim),
        ROW(port),         ROW(abstract),      ROW(socket),     ROW(memory_key), ROW(message_queue),
        ROW(mount_space),  ROW(process_space), ROW(ipc_space),  ROW(uts_space),  ROW(network_space),
        ROW(cgroup_space), ROW(user_space),
#undef ROW
};

static const struct {
	unsigned flag;
	const char *name;
} flag_names[] = {
        {PROBE_ROOT, "root"},         {PROBE_ANY_AGENT, "any-agent"},
        {PROBE_SETUID, "setuid"},     {PROBE_STDIN_FOLDER, "stdin-folder"},
        {PROBE_OPTIONAL, "optional"}, {PROBE_STDIN_FILE, "stdin-file"},
};

static const struct {
	enum absence absence;
	int error;
} absences[] = {
        {ABSENT_CALL, ENOSYS},
        {ABSENT_PROTOCOL, EAFNOSUPPORT},
        {ABSENT_PROTOCOL, EPROTONOSUPPORT},
        {ABSENT_PROTOCOL, ESOCKTNOSUPPORT},
        {ABSENT_PATH, ENOENT},
        {ABSENT_PATH, ENXIO},
        {ABSENT_PATH, ENODEV},
        {ABSENT_TERMINAL, EIO},
        {ABSENT_FEATURE, EOPNOTSUPP},
        {ABSENT_FEATURE, ENOTTY},
};

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(report->detail, sizeof(report->detail), format, arguments);
	va_end(arguments);
}

void give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(report->detail, sizeof(report->detail), format, arguments);
	va_end(arguments);
	report->outcome = BROKEN;
	_exit(0);
}

static bool means_absent(enum absence absence, int error)
{
	for (size_t i = 0; i < sizeof(absences) / sizeof(absences[0]); i++)
		if (absences[i].absence == absence && absences[i].error == error)
			return true;
	return false;
}

/* In the child. */
static void try_probe(const struct family *family, const struct scene *scene)
{
	const struct probe *probe = scene->probe;
	int result;

	if (strcmp(family->name, "readonly") == 0 &&
	    chdir(format_text("%s/cases/%s", TARGET(scene, workspace), probe->name)) != 0)
		give_up("no folder for this probe in the workspace: %s", strerror(errno));
	if ((strcmp(family->name, "protected") == 0 || strcmp(family->name, "permitted") == 0) &&
	    chdir(TARGET(scene, repository)) != 0)
		give_up("no repository: %s", strerror(errno));
	errno = 0;
	result = probe->run(scene);
	report->error = result < 0 ? errno : 0;
	if (result >= 0 || (probe->expected && report->error == probe->expected))
		report->outcome = SUCCEEDED;
	else if (means_absent(probe->absence, report->error))
		report->outcome = ABSENT;
	else
		report->outcome = REFUSED;
	_exit(0);
}

/* A probe that was killed by the kernel's filter (SIGSYS) or by a stronger hand was refused;
 * any other death is an error of the probe. */
static void judge_death(const struct probe *probe, int number)
{
	bool segfault = number == SIGSEGV || number == SIGILL;

	note("%s", number == SIGSYS ? "SIGSYS" : strsignal(number));
	report->error = 0;
	if (number == SIGALRM)
		report->outcome = BROKEN;
	else if (number == SIGSYS || number == SIGKILL)
		report->outcome = REFUSED;
	else
		report->outcome = probe->absence == ABSENT_SEGFAULT && segfault ? ABSENT : BROKEN;
}

static int run_probe(const struct family *family, const struct scene *scene)
{
	int status = 0;
	pid_t child;

	memset(report, 0, sizeof(*report));
	fflush(stdout);
	child = fork();
	if (child < 0) {
		perror("probe: fork");
		return 1;
	}
	if (child == 0) {
		alarm(TIME_LIMIT);
		try_probe(family, scene);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFSIGNALED(status))
		judge_death(scene->probe, WTERMSIG(status));
	else if (report->outcome == UNFINISHED)
		note("ended by itself without a result");
	printf("%s\t%s\t%s%s%s\n", scene->probe->name, outcome_names[report->outcome],
	       report->error ? strerrorname_np(report->error) : "",
	       report->error && report->detail[0] ? " " : "", report->detail);
	return 0;
}

static const struct probe *find_probe(const char *name, const struct family **family)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		for (const struct probe *row = families[i].rows; row->name; row++)
			if (strcmp(row->name, name) == 0) {
				*family = &families[i];
				return row;
			}
	return NULL;
}

static int command_list(int count, char **arguments)
{
	const char *wanted = count > 0 ? arguments[0] : NULL;
	bool with_flags = count > 1 && strcmp(arguments[1], "flags") == 0;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		if (wanted && strcmp(wanted, families[i].name) != 0)
			continue;
		for (const struct probe *row = families[i].rows; row->name; row++) {
			if (!with_flags) {
				puts(row->name);
				continue;
			}
			printf("%s\t%s\t", row->name, families[i].name);
			for (size_t f = 0; f < sizeof(flag_names) / sizeof(flag_names[0]); f++)
				if (row->flags & flag_names[f].flag)
					printf(" %s", flag_names[f].name);
			printf(" \t%s\n", row->help);
		}
	}
	return 0;
}

/* Takes the NAME=VALUE arguments out of the list; what stays are names of probes. */
static int read_targets(struct targets *targets, int count, char **arguments)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		char *sign = strchr(arguments[i], '=');
		bool known = false;

		if (!sign) {
			arguments[kept++] = arguments[i];
			continue;
		}
		*sign = '\0';
		for (size_t t = 0; t < sizeof(target_names) / sizeof(target_names[0]); t++)
			if (strcmp(target_names[t].name, arguments[i]) == 0) {
				*(const char **)((char *)targets + target_names[t].offset) =
				        sign + 1;
				known = true;
			}
		if (!known) {
			fprintf(stderr, "probe: no target is named %s\n", arguments[i]);
			return -1;
		}
	}
	return kept;
}

static int command_run(int count, char **arguments)
{
	struct targets targets = {0};
	int status = 0;

	count = read_targets(&targets, count, arguments);
	for (int i = 0; i < count; i++) {
		const struct family *family = NULL;
		struct scene scene = {find_probe(arguments[i], &family), &targets};

		if (!scene.probe) {
			fprintf(stderr, "probe: no probe is named %s\n", arguments[i]);
			return 2;
		}
		status |= run_probe(family, &scene);
	}
	return count < 0 ? 2 : status;
}

static int command_all(int count, char **arguments)
{
	struct targets targets = {0};
	int status = 0;

	count = read_targets(&targets, count, arguments);
	if (count != 1) {
		fprintf(stderr,
		        "probe: all takes one family: walls, readonly, protected or permitted\n");
		return 2;
	}
	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		if (strcmp(families[i].name, arguments[0]) != 0)
			continue;
		for (const struct probe *row = families[i].rows; row->name; row++) {
			struct scene scene = {row, &targets};

			if (row->flags & (PROBE_STDIN_FOLDER | PROBE_STDIN_FILE))
				continue;
			status |= run_probe(&families[i], &scene);
		}
	}
	/* The last line tells a run that came to its end from one that was cut short. */
	puts("end");
	return status;
}

static const struct {
	const char *name;
	int (*run)(int count, char **arguments);
} commands[] = {
        {"list", command_list}, {"run", command_run},         {"all", command_all},
        {"host", command_host}, {"fixture", command_fixture}, {"manifest", command_manifest},
};

int main(int count, char **arguments)
{
	/* The set-uid copy says which id it got; see process.c. */
	if (count == 2 && strcmp(arguments[1], "whoami") == 0)
		return geteuid() == getuid() ? 1 : 0;
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	              0);
	if (report == MAP_FAILED) {
		perror("probe: mmap");
		return 2;
	}
	for (size_t i = 0; count > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, arguments[1]) == 0)
			return commands[i].run(count - 2, arguments + 2);
	fprintf(stderr, "usage: probe list|run|all|host|fixture|manifest ...\n");
	return 2;
}
