#include "network/confine.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

int confine_capabilities(const int *keep, int count, struct error *err)
{
	cap_t capabilities = cap_init();

	if (!capabilities)
		return error_memory(err);
	int result = 0;
	if (count)
		result = cap_set_flag(capabilities, CAP_PERMITTED, count, keep, CAP_SET);
	if (result == 0 && count)
		result = cap_set_flag(capabilities, CAP_EFFECTIVE, count, keep, CAP_SET);
	if (result == 0)
		result = cap_set_proc(capabilities);
	int number = errno;
	cap_free(capabilities);
	return result < 0 ? error_system(err, number, "giving up capabilities") : 0;
}

static int become(uid_t user, gid_t group, struct error *err)
{
	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0)
		return error_system(err, errno, "becoming the tool's id");
	return 0;
}

static int close_up(struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_system(err, errno, "PR_SET_DUMPABLE");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_system(err, errno, "PR_SET_NO_NEW_PRIVS");
	return 0;
}

int confine_as_host(const struct plan_identity *identity, struct error *err)
{
	if (identity->mapped && become(identity->outer_user, identity->outer_group, err) < 0)
		return -1;
	/* A change of ids clears the signal. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_system(err, errno, "PR_SET_PDEATHSIG");
	return confine_capabilities(NULL, 0, err) < 0 ? -1 : close_up(err);
}

int confine_as_tool(const struct plan_identity *identity, struct error *err)
{
	static const int keep[] = {CAP_SYS_ADMIN, CAP_NET_BIND_SERVICE};

	if (identity->mapped && become(identity->inner_user, identity->inner_group, err) < 0)
		return -1;
	return confine_capabilities(keep, 2, err) < 0 ? -1 : close_up(err);
}
