/* What a command would need: a run that records what is hidden from it and shows it all the same.
 */
#include "library/prepare.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Wide enough that no line of a policy is cut. */
static const unsigned any_width = 1000;

static int run(const struct remit_options *options, int log, char *const *command,
               char *const *environment, remit_notice_function *notice, void *data, int *status,
               struct remit_error *error)
{
	struct error err = {0};
	cleanup_free char *audit = text_printf("fd:%d", log);
	struct remit_options learning = *options;

	if (!audit) {
		error_memory(&err);
		return export_error(&err, error);
	}
	learning.audit = audit;
	learning.learn = true;
	return remit_run(&learning, command, environment, notice, data, status, error);
}

static int report(int log, remit_notice_function *notice, void *data, char **policy,
                  struct remit_error *error)
{
	struct error err = {0};
	cleanup_free char *path = text_printf("/proc/self/fd/%d", log);
	const char *const logs[] = {path, NULL};

	if (!path) {
		error_memory(&err);
		return export_error(&err, error);
	}
	return remit_audit(logs, REMIT_AUDIT_POLICY, any_width, notice, data, policy, NULL, error);
}

int remit_learn(const struct remit_options *options, char *const *command, char *const *environment,
                remit_notice_function *notice, void *data, int *status, char **policy,
                struct remit_error *error)
{
	cleanup_error struct error err = {0};
	cleanup_close int log = -1;

	*policy = NULL;
	if (options->audit || options->level == REMIT_LEVEL_NAMESPACES) {
		error_set(&err, "learning keeps a log of its own, at level namespaces+decoy");
		error_help(&err, "leave --audit and --layers out");
		return export_error(&err, error);
	}
	log = memfd_create("audit", MFD_CLOEXEC);
	if (log < 0) {
		error_system(&err, errno, "memfd_create");
		return export_error(&err, error);
	}
	if (run(options, log, command, environment, notice, data, status, error) < 0)
		return -1;
	return report(log, notice, data, policy, error);
}
