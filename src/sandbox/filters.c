#include "base/kernel.h"
#include "base/message.h"
#include "plan/filter.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <linux/filter.h>
#include <unistd.h>

/* `listener` (may be NULL) becomes a descriptor that hears the calls of which the filter wants to
 * tell. */
static int load(const struct sock_filter *filter, size_t count, int *listener, struct error *err)
{
	if (!listener)
		return kernel_seccomp_filter(filter, count) < 0
		               ? error_system(err, errno, "seccomp")
		               : 0;
	*listener = kernel_seccomp_listener(filter, count);
	if (*listener >= 0)
		return 0;
	error_system(err, errno, "seccomp with a listener");
	return error_help(err, "where another program already listens to calls of this one, "
	                       "--layers namespaces runs without being told of refusals");
}

/* Should: load the embedded filter, then what the policy adds.
 * Mustn't: come before anything that the filters refuse. */
int stage_filters(struct entering *entering, struct error *err)
{
	const struct plan *plan = entering->plan;

	int result = entering->gate < 0
	                     ? load(filter_base, filter_base_count, NULL, err)
	                     : load(filter_watched, filter_watched_count, &entering->listener, err);

	if (result < 0)
		return -1;
	return plan->filter_count ? load(plan->filter, plan->filter_count, NULL, err) : 0;
}

/* Should: hand the listener over and wait until somebody hears it.
 * Mustn't: make a call that waits for an answer before; keep the listener: with it the tool would
 * answer itself. */
int stage_watch(struct entering *entering, struct error *err)
{
	if (entering->gate < 0)
		return 0;
	if (message_send(entering->gate, SANDBOX_GATE_LISTENER, entering->listener, err) < 0 ||
	    message_expect(entering->gate, SANDBOX_GATE_WATCHING, NULL, err) < 0)
		return -1;
	close(entering->listener);
	close(entering->gate);
	return processor_release(0, &entering->hold, err);
}
