/* Who the tool is. An ordinary caller keeps its id. A caller that is root gives the tool none of
 * the host's ids: an unused one outside, and the workspace owner's inside by way of an idmapped
 * mount, so that what it writes comes out as the owner's. */
#include "plan/identity.h"

#include "base/cleanup.h"
#include "plan/parts.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static int as_user(long long user, struct plan_identity *out, struct error *err)
{
	if (user <= 0 || user >= (long long)UINT32_MAX)
		return error_set(err, "--user takes an id from 1 to 4294967294, not root");
	out->mapped = true;
	out->inner_user = out->outer_user = (uid_t)user;
	out->inner_group = out->outer_group = (gid_t)user;
	return 0;
}

int plan_identity_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	struct plan_identity *identity = &plan->identity;
	struct stat owner;

	if (geteuid() != getuid() || getegid() != getgid())
		return error_set(err, "remit must not run set-user-ID or set-group-ID");
	if (getuid() != 0) {
		if (request->user >= 0 && request->user != (long long)getuid()) {
			error_set(err, "--user %lld: only root may choose", request->user);
			return error_help(err, "leave --user out: the tool runs as the caller");
		}
		*identity = (struct plan_identity){false, getuid(), getgid(), getuid(), getgid()};
		return 0;
	}
	if (request->user >= 0)
		return as_user(request->user, identity, err);
	if (stat(request->place->workspace, &owner) < 0)
		return error_system(err, errno, "%s", request->place->workspace);
	*identity = (struct plan_identity){
	        .mapped = true,
	        .inner_user = owner.st_uid ? owner.st_uid : IDENTITY_INNER,
	        .inner_group = owner.st_gid ? owner.st_gid : IDENTITY_INNER,
	        .outer_user = IDENTITY_UNUSED,
	        .outer_group = IDENTITY_UNUSED,
	};
	return 0;
}
