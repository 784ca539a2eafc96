/* The ids of tools whose caller is root. */
#ifndef REMIT_PLAN_IDENTITY_H
#define REMIT_PLAN_IDENTITY_H

enum {
	/* Outside every range that useradd(8), newuidmap(1) or container engines hand out. */
	IDENTITY_UNUSED = 1900000000,
	/* What a tool sees as its own id where the workspace is root's: programs that believe to be
	 * root try chown and fail. */
	IDENTITY_INNER = 1000,
};

#endif
