#include "sandbox/stage.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Should: put a terminal of COMMAND's own in the place of the caller's, which answers are read
 * from; lead a session whose terminal that is, so that nothing inside has another. COMMAND will
 * have a process group in it, whose parent is of the same session: as under a shell, it can be
 * stopped. Mustn't: leave a descriptor of the caller's terminal, or touch a stream that is none. */
int stage_terminal(struct entering *entering, struct error *err)
{
	if (entering->terminal < 0)
		return 0;
	for (int stream = 0; stream < 3; stream++)
		if ((entering->terminal_streams & 1U << stream) &&
		    dup2(entering->terminal, stream) < 0)
			return error_system(err, errno, "standard stream %d", stream);
	if (setsid() < 0)
		return error_system(err, errno, "a session of its own");
	if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return error_system(err, errno, "a controlling terminal of its own");
	return 0;
}
