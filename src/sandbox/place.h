/* Putting mounts in their place, by descriptor only: no symbolic link is ever followed, and
 * nothing is ever created outside of the private tmpfs. */
#ifndef REMIT_SANDBOX_PLACE_H
#define REMIT_SANDBOX_PLACE_H

#include "base/error.h"
#include "sandbox/stage.h"

#include <stdbool.h>
#include <stdint.h>

/* Opens `path` (absolute) below the sandbox's root as it is, with O_PATH. Returns a descriptor
 * owned by the caller, or -1 with errno set. */
int place_open(const struct entering *entering, const char *path);

/* The same, creating what is missing (folders, and at the end a folder or an empty file). Only
 * where the parent lies on the private tmpfs. */
int place_make(const struct entering *entering, const char *path, bool directory,
               struct error *err);

/* Clones the tree at `place` (O_PATH), with everything mounted below it. */
int place_clone(int place, struct error *err);

/* Sets and clears MOUNT_ATTR_* flags on a mount, on those below it too where `recursive`. */
int place_attributes(int mount, uint64_t set, uint64_t clear, bool recursive, struct error *err);

/* Covers what stands at `target` (O_PATH) by an empty, unreadable file or folder. */
int place_mask(const struct entering *entering, int target, struct error *err);

/* A detached clone of what the decoy has at `path` (absolute). */
int place_decoy(const struct entering *entering, const char *path, struct error *err);

/* Attaches the detached tree `mount` at `target` (O_PATH). */
int place_attach(int mount, int target, struct error *err);

#endif
