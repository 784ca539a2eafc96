#include "base/cleanup.h"
#include "base/message.h"
#include "base/text.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int write_file(const char *path, const char *text, struct error *err)
{
	cleanup_close int file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text)) {
		error_system(err, errno, "writing %s", path);
		return error_help(err, "user namespaces are restricted here; on Ubuntu: sysctl "
		                       "kernel.apparmor_restrict_unprivileged_userns=0");
	}
	return 0;
}

/* An ordinary caller maps itself to itself. */
static int map_self(const struct entering *entering, struct error *err)
{
	cleanup_free char *user = text_printf("%u %u 1", entering->caller, entering->caller);
	cleanup_free char *group =
	        text_printf("%u %u 1", entering->caller_group, entering->caller_group);

	if (!user || !group)
		return error_memory(err);
	if (write_file("/proc/self/setgroups", "deny", err) < 0 ||
	    write_file("/proc/self/uid_map", user, err) < 0)
		return -1;
	return write_file("/proc/self/gid_map", group, err);
}

/* The supervisor of a caller that is root writes the maps; then this process takes the id. */
static int take_id(const struct entering *entering, struct error *err)
{
	const struct plan_identity *identity = &entering->plan->identity;
	char byte;

	ssize_t size;
	do {
		size = read(entering->lifeline, &byte, 1);
	} while (size < 0 && errno == EINTR);
	if (size != 1)
		return error_set(err, "the supervisor is gone");
	if (setgroups(0, NULL) < 0)
		return error_system(err, errno, "dropping groups");
	if (setresgid(identity->inner_group, identity->inner_group, identity->inner_group) < 0 ||
	    setresuid(identity->inner_user, identity->inner_user, identity->inner_user) < 0)
		return error_system(err, errno, "becoming the tool's id");
	return 0;
}

static int supervisor_alive(const struct entering *entering, struct error *err)
{
	struct pollfd lifeline = {.fd = entering->lifeline, .events = POLLIN};

	if (poll(&lifeline, 1, 0) < 0)
		return error_system(err, errno, "poll");
	if (lifeline.revents & (POLLHUP | POLLERR | POLLNVAL))
		return error_set(err, "the supervisor is gone");
	return 0;
}

/* Should: have one id, the tool's, inside and outside; die with the supervisor.
 * Mustn't: keep a group or an id of the caller where that is root. */
int stage_identity(struct entering *entering, struct error *err)
{
	if (entering->plan->identity.mapped ? take_id(entering, err) < 0
	                                    : map_self(entering, err) < 0)
		return -1;
	/* A change of ids clears the signal, so it is asked for now; the supervisor may have died
	 * before. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_system(err, errno, "PR_SET_PDEATHSIG");
	if (supervisor_alive(entering, err) < 0)
		return -1;
	return entering->gate < 0 ? 0 : message_send(entering->gate, SANDBOX_GATE_MAPPED, -1, err);
}
