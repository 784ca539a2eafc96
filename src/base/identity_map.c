#include "base/identity_map.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int identity_map_write(pid_t process, const char *name, unsigned inner, unsigned outer,
                       struct error *err)
{
	cleanup_free char *path = text_printf("/proc/%d/%s", (int)process, name);
	cleanup_free char *line = text_printf("%u %u 1", inner, outer);

	if (!path || !line)
		return error_memory(err);
	cleanup_close int file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0 || write(file, line, strlen(line)) != (ssize_t)strlen(line)) {
		error_system(err, errno, "writing %s", path);
		return error_help(err, "root of a container cannot give the tool an id of its own: "
		                       "name one with --user");
	}
	return 0;
}
