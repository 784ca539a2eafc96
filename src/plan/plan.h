/* How a policy is held on this machine: mounts in order, Landlock rules, the second filter,
 * limits, environment, identity. Data only; `sandbox` carries it out. */
#ifndef REMIT_PLAN_PLAN_H
#define REMIT_PLAN_PLAN_H

#include "base/error.h"
#include "base/timing.h"
#include "plan/locate.h"
#include "policy/policy.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum mount_kind {
	MOUNT_BIND,    /* the host's tree or file of `source` */
	MOUNT_SCRATCH, /* a private, writable, empty folder */
	MOUNT_EMPTY,   /* a read-only empty folder */
	MOUNT_LINK,    /* a symbolic link with the text of `source` */
	MOUNT_CONTENT, /* a read-only file with the text of `source` */
	MOUNT_MASK,    /* an empty, unreadable file or folder over what is there */
	MOUNT_DECOY,   /* the same, in a private folder that does not have the name */
	MOUNT_COVER,   /* what is there, read-only */
	MOUNT_PIN,     /* what is there, as it is: a mount point cannot be renamed or removed */
};

/* One step of building the sandbox's tree. Steps are in order: a path comes after all its
 * ancestors. */
struct plan_mount {
	enum mount_kind kind;
	char *path;   /* inside; absolute, normal */
	char *source; /* see mount_kind; else NULL */
	bool writable;
	mode_t mode; /* MOUNT_SCRATCH */
	bool directory;
	bool scratch;    /* MOUNT_PIN: a folder of scratch, which is made and stays writable */
	bool project;    /* part of the workspace, its repository, or granted: idmapped for root */
	bool identified; /* `device` and `inode` say which object `source` must be */
	dev_t device;
	ino_t inode;
	int tree; /* a detached, idmapped clone of `source`, or -1; owned by the plan */
	char *because;
};

/* Who the tool is, outside and inside. */
struct plan_identity {
	bool mapped; /* caller is root: the maps are written by remit, not by the tool itself */
	uid_t inner_user; /* as the tool sees itself; never 0 */
	gid_t inner_group;
	uid_t outer_user; /* as the host sees the tool */
	gid_t outer_group;
};

/* A path below which Landlock permits `rights`. */
struct plan_right {
	char *path;
	uint64_t rights;
	bool optional; /* absent inside: skipped */
};

struct plan_limit {
	int resource; /* RLIMIT_* */
	rlim_t value;
};

struct plan_note {
	const char *code; /* "at-launch", "absent" */
	char *message;
};

struct plan {
	struct plan_identity identity;
	bool decoy; /* level namespaces+decoy: what is refused is answered and seen */
	/* The project's mounts that are writable here are so for the broker alone: for the tool
	 * they are read-only, and whatever changes there is decided name by name. */
	bool broker;
	bool network; /* the run has a process that carries connections */
	bool reaches; /* some peer outside may be reached */

	struct plan_mount *mounts;
	size_t mount_count, mount_capacity;
	char scratch_size[32]; /* size= of the private tmpfs, as mount(8) writes it; "" for none */

	int landlock_abi;
	uint64_t landlock_handled;
	uint64_t landlock_scoped;
	struct plan_right *rights;
	size_t right_count, right_capacity;
	bool limited_exec; /* only listed programs may be executed: a rail */

	struct sock_filter *filter; /* the second filter, or NULL */
	size_t filter_count;

	struct plan_limit *limits;
	size_t limit_count, limit_capacity;
	unsigned wall_seconds; /* 0: none */

	char **environment; /* NULL-terminated NAME=VALUE */
	char **dropped;     /* NULL-terminated names that were left out */
	char **command;     /* NULL-terminated; belongs to the caller */
	char *directory;    /* where COMMAND starts, inside */
	char *search_path;  /* PATH inside, to find COMMAND */

	struct plan_note *notes;
	size_t note_count, note_capacity;
};

struct plan_request {
	const struct policy *policy;
	const struct place *place;
	char **command;           /* NULL-terminated */
	char *const *environment; /* the caller's, NULL-terminated */
	long long user;           /* --user, or -1 */
	bool decoy;               /* level namespaces+decoy, not namespaces */
	bool asks;                /* somebody answers where the mode asks */
	bool publish;             /* ports of the sandbox are to be reachable from the host */
	bool strict;              /* what is held only if it exists at launch is an error */
	unsigned timeout;         /* --timeout in seconds; 0: none */
	struct timing *timing;    /* or NULL */
};

/* Returns 0 and a plan owned by the caller; negative where a rule of the policy cannot be held
 * here, with the rule and what would help. Looks at the file system, changes nothing. */
int plan_build(const struct plan_request *request, struct plan **out, struct error *err);
void plan_free(struct plan *plan);

static inline void plan_cleanup(struct plan **place)
{
	plan_free(*place);
}

#define cleanup_plan __attribute__((cleanup(plan_cleanup)))

#endif
