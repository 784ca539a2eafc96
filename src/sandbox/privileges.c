#include "sandbox/stage.h"

#include <errno.h>
#include <linux/securebits.h>
#include <sys/capability.h>
#include <sys/prctl.h>

enum {
	/* CAP_CHECKPOINT_RESTORE, Linux 5.9: every kernel that has what the stages before this one
	 * need knows it. */
	LAST_CERTAIN = 40,
	CAPABILITIES = 64,
};

/* The first capability that the kernel does not know says that there are no more; an error before
 * that says nothing. */
static int drop_bounding(struct error *err)
{
	for (cap_value_t capability = 0; capability < CAPABILITIES; capability++) {
		if (cap_drop_bound(capability) == 0)
			continue;
		if (errno == EINVAL && capability > LAST_CERTAIN && cap_get_bound(capability) < 0)
			return 0;
		return error_system(err, errno, "dropping capability %d", capability);
	}
	return 0;
}

/* Should: give up every capability for good, in every set, and any way to gain one.
 * Mustn't: leave this process readable through /proc: it holds the caller's environment. */
int stage_privileges(struct entering *entering, struct error *err)
{
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
	                           SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
	                           SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

	(void)entering;
	if (drop_bounding(err) < 0)
		return -1;
	if (prctl(PR_SET_SECUREBITS, bits) < 0)
		return error_system(err, errno, "PR_SET_SECUREBITS");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return error_system(err, errno, "dropping ambient capabilities");
	cap_t none = cap_init();
	if (!none)
		return error_memory(err);
	int result = cap_set_proc(none);
	int number = errno;
	cap_free(none);
	if (result < 0)
		return error_system(err, number, "dropping capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_system(err, errno, "PR_SET_NO_NEW_PRIVS");
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_system(err, errno, "PR_SET_DUMPABLE");
	return 0;
}
