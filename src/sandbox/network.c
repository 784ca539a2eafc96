#include "base/cleanup.h"
#include "sandbox/stage.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Should: bring up the loopback interface of the empty network namespace, and give the machine a
 * name that resolves everywhere.
 * Mustn't: let a socket outlive the stage. */
int stage_network(struct entering *entering, struct error *err)
{
	static const char name[] = "localhost";
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	cleanup_close int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)entering;
	if (control < 0 || ioctl(control, SIOCSIFFLAGS, &request) < 0)
		return error_system(err, errno, "bringing up the loopback interface");
	if (sethostname(name, strlen(name)) < 0)
		return error_system(err, errno, "sethostname");
	return 0;
}
