/* Landlock's rights as tables: one of {right, name, ABI}, from which everything else follows.
 * Source: landlock(7) and Documentation/userspace-api/landlock.rst up to ABI 10. */
#ifndef REMIT_PLAN_LANDLOCK_RIGHTS_H
#define REMIT_PLAN_LANDLOCK_RIGHTS_H

#include <stddef.h>
#include <stdint.h>

enum right_group {
	RIGHT_READ,  /* not handled: mounts hold it, and it would slow every open down */
	RIGHT_WRITE, /* changes content or names */
	RIGHT_EXECUTE,
	RIGHT_DEVICE,
	RIGHT_UNHANDLED_WRITE, /* as RIGHT_READ: held by read-only mounts */
	RIGHT_SOCKET,          /* connecting to sockets by path */
};

struct landlock_right {
	uint64_t right;
	const char *name;
	int abi; /* the first ABI that knows it */
	enum right_group group;
	const char *help;
};

extern const struct landlock_right landlock_rights[];
extern const size_t landlock_rights_count;

/* No signals to processes outside. */
#define LANDLOCK_SCOPE_SIGNALS (UINT64_C(1) << 1)

struct landlock_scope {
	uint64_t scope;
	const char *name;
	int abi;
};

extern const struct landlock_scope landlock_scopes[];
extern const size_t landlock_scopes_count;

/* All rights of a group that `abi` knows. */
uint64_t landlock_group(enum right_group group, int abi);

/* The part of `rights` that makes sense on something that is no folder. */
uint64_t landlock_file_rights(uint64_t rights);

#endif
