/* Whatever bytes stand in a table of mounts: no crash, and entries with a path and a type, or an
 * error with the line. */
#include "base/mount_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_mount_table struct mount_table table = {0};
	cleanup_error struct error err = {0};
	struct mount_entry entry;
	size_t entries = 0;
	int found;

	buffer_append(&table.text, data, size);
	while ((found = mount_table_next(&table, &entry, &err)) > 0) {
		if (entry.path[0] != '/' || !*entry.type || ++entries > size)
			abort();
	}
	if (found < 0 && !strstr(error_message(&err), "is not understood"))
		abort();
	return 0;
}
