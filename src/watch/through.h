/* Reading through the decoy, for a run that learns what it would need: what is merely hidden is
 * shown as it is on the host, read-only, with the rights of the tool's id and no more. */
#ifndef REMIT_WATCH_THROUGH_H
#define REMIT_WATCH_THROUGH_H

#define FUSE_USE_VERSION 314

#include <fuse3/fuse_lowlevel.h>

/* The S_IFMT that stands for that of the host: of a fifo or a device that of a file. */
mode_t through_type(mode_t mode);

/* Each answers the request, with an errno where the host refuses. `path` is the host's. */
void through_attributes(fuse_req_t request, const char *path, fuse_ino_t number);
void through_link(fuse_req_t request, const char *path);
void through_open(fuse_req_t request, const char *path, struct fuse_file_info *file);
void through_read(fuse_req_t request, size_t size, off_t offset, struct fuse_file_info *file);
void through_release(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file);
void through_open_folder(fuse_req_t request, const char *path, struct fuse_file_info *file);
void through_list(fuse_req_t request, size_t size, off_t offset, struct fuse_file_info *file);
void through_release_folder(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file);

#endif
