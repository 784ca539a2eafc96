/* The kernel's table of mounts, /proc/self/mountinfo: proc_pid_mountinfo(5). */
#ifndef REMIT_BASE_MOUNT_TABLE_H
#define REMIT_BASE_MOUNT_TABLE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stddef.h>

/* The text of the table and how far it has been read. All zero is empty. */
struct mount_table {
	struct buffer text;
	size_t place;
	size_t line; /* of the last entry, from 1 */
};

/* One mount. The texts belong to the table. */
struct mount_entry {
	char *path; /* where it is mounted, below the root of this process; of any length */
	char *type; /* of the file system */
};

/* Reads this process's table. Returns 0, or negative where it cannot be read to its end. Release it
 * with mount_table_clear in any case. */
int mount_table_read(struct mount_table *out, struct error *err);

/* Takes the next entry. Returns 1; 0 at the end; negative where a line is not understood. Lines are
 * of any length. */
int mount_table_next(struct mount_table *table, struct mount_entry *out, struct error *err);

void mount_table_clear(struct mount_table *table);

#define cleanup_mount_table __attribute__((cleanup(mount_table_clear)))

#endif
