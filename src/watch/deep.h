/* Paths that are longer than the kernel tells: of folders that lie very deep. */
#ifndef REMIT_WATCH_DEEP_H
#define REMIT_WATCH_DEEP_H

/* The path of a folder (O_PATH) of which readlink(2) says ENAMETOOLONG: found name by name, upwards
 * to the first folder whose path is told. Owned by the caller; NULL where a folder on the way
 * cannot be read. */
char *deep_path(int folder);

#endif
