/* Whether peers outside can be reached, and by what names they are found. */
#include "base/text.h"
#include "plan/parts.h"
#include "policy/network.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The resolver of the sandbox's own network. */
static const char configuration[] = "# names are looked up by remit\nnameserver 127.0.0.1\n";

/* Only over a file of the host's own. Where there is none, the C library asks 127.0.0.1 as well. */
static int add_configuration(struct plan *plan, struct error *err)
{
	static const char path[] = "/etc/resolv.conf";
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == ENOENT || errno == EACCES ? 0
		                                          : error_system(err, errno, "%s", path);
	char *real = realpath(path, NULL);
	if (!real)
		return errno == ENOENT ? 0 : error_system(err, errno, "%s", path);
	int result = plan_add_mount(plan, MOUNT_CONTENT, real, configuration, "network", NULL, err);
	free(real);
	return result;
}

int plan_connect_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	struct decision decision;
	const char *peer;

	if (request->publish && !request->decoy) {
		error_set(err, "--publish cannot be had at level namespaces");
		return error_help(err, "--layers namespaces+decoy has it (it needs /dev/fuse)");
	}
	plan->network = request->publish;
	if (!network_permits(request->policy,
	                     request->asks && request->decoy ? VERDICT_ASK : VERDICT_ALLOW,
	                     &decision, &peer))
		return 0;
	if (!request->decoy) {
		error_set(err,
		          "%s: connect %s is permitted, and cannot be held at level namespaces",
		          decision.because ? decision.because : "policy", peer);
		return error_help(err,
		                  "--layers namespaces+decoy holds it (it needs /dev/fuse); or "
		                  "take the permission away: --deny connect:*");
	}
	plan->network = plan->reaches = true;
	return add_configuration(plan, err);
}
