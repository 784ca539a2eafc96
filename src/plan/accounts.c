/* /etc/passwd and /etc/group of remit's making, where the host's do not know the tool's id: ssh
 * and others refuse to work for somebody without a name. */
#include "base/cleanup.h"
#include "base/text.h"
#include "plan/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int add_file(struct plan *plan, const char *path, char *content, struct error *err)
{
	struct stat status;

	if (!content)
		return error_memory(err);
	/* A mount point is needed: the host's own file. */
	if (lstat(path, &status) < 0)
		return errno == ENOENT ? 0 : error_system(err, errno, "%s", path);
	if (!S_ISREG(status.st_mode))
		return 0;
	return plan_add_mount(plan, MOUNT_CONTENT, path, content, "accounts", NULL, err);
}

int plan_accounts_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct plan_identity *identity = &plan->identity;

	if (!identity->mapped && request->place->has_passwd)
		return 0;
	cleanup_free char *passwd =
	        text_printf("root:x:0:0:root:/root:/bin/sh\n"
	                    "agent:x:%u:%u:agent:%s:/bin/sh\n"
	                    "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
	                    identity->inner_user, identity->inner_group, request->place->home);
	cleanup_free char *group =
	        text_printf("root:x:0:\nagent:x:%u:\nnogroup:x:65534:\n", identity->inner_group);

	if (add_file(plan, "/etc/passwd", passwd, err) < 0)
		return -1;
	return add_file(plan, "/etc/group", group, err);
}
