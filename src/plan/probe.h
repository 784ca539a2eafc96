/* What this kernel lets this user enforce, tried out one by one.
 *
 * Every probe is a row: what it holds, how it is tried, what mends it. A probe really does what
 * remit would do, in a process of its own which then ends, in namespaces of its own where it needs
 * them: nothing of the machine is changed. */
#ifndef REMIT_PLAN_PROBE_H
#define REMIT_PLAN_PROBE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum probe_need {
	PROBE_REQUIRED, /* without it there is no level `namespaces` */
	PROBE_SECOND,   /* a second wall, or what one cannot do everything without */
	PROBE_DECOY,    /* what refusals are seen by: level namespaces+decoy */
	PROBE_LATER,    /* not used yet */
};

/* What a trial leaves: shared with the process that tries. */
struct probe_report {
	bool done;       /* the trial came to its end */
	int number;      /* errno of the step that failed; 0: it had no effect, or nothing failed */
	char step[128];  /* the step that failed; "" where none did */
	char detail[96]; /* what is worth knowing where none did */
};

/* One thing that mends a failure, where it applies. */
struct probe_cause {
	bool (*applies)(const struct probe_cause *cause, const struct probe_report *report);
	const char *path;  /* of the setting, for causes that look at one */
	const char *value; /* of the setting, for causes that look at one */
	int number;        /* errno, for causes that look at it */
	const char *mend;
};

struct probe {
	const char *layer;
	const char *name;
	const char *holds;
	enum probe_need need;
	bool only_root;      /* makes a difference to root only */
	uint64_t namespaces; /* CLONE_NEW*: tried in new ones, with the tool's id */
	uint64_t gives;      /* namespaces that cannot be had where this fails */
	int (*try)(int value, struct probe_report *report);
	int value;
	int major, minor;                 /* first version of Linux that has it; 0: always */
	const struct probe_cause *causes; /* the first that applies; ends with an empty row */
};

extern const struct probe probes[];
extern const size_t probes_count;

enum probe_state {
	PROBE_HOLDS,
	PROBE_MISSING,
	PROBE_NOT_TRIED, /* what it needs is missing, or it makes no difference */
};

struct probe_result {
	const struct probe *probe;
	enum probe_state state;
	char detail[256]; /* what was found, or why it failed */
	char mend[512];   /* what would mend it, or "" */
};

/* Tries every probe. Returns 0 and an array of probes_count results owned by the caller (free). */
int probe_all(struct probe_result **out, struct error *err);

/* The first result that keeps this machine from level `namespaces`, or NULL. */
const struct probe_result *probe_obstacle(const struct probe_result *results);

/* Tries what the level `namespaces` requires. Returns 0, or negative with what is missing and what
 * mends it. */
int probe_level(struct error *err);

/* --- the trials, run in a process of their own; each returns 0, or -1 with the report filled ---
 */

int probe_nothing(int value, struct probe_report *report);
int probe_user_namespace(int value, struct probe_report *report);
int probe_private_mounts(int value, struct probe_report *report);
int probe_first_process(int value, struct probe_report *report);
int probe_loopback(int value, struct probe_report *report);
int probe_host_name(int value, struct probe_report *report);
int probe_privileges(int value, struct probe_report *report);
int probe_openat2(int value, struct probe_report *report);
int probe_tmpfs(int value, struct probe_report *report);
int probe_host_trees(int value, struct probe_report *report);
int probe_tree(int value, struct probe_report *report);
int probe_attributes(int value, struct probe_report *report);
int probe_devpts(int value, struct probe_report *report);
int probe_proc(int value, struct probe_report *report);
int probe_pivot(int value, struct probe_report *report);
int probe_idmap(int value, struct probe_report *report);
int probe_filter(int value, struct probe_report *report);
int probe_notification(int value, struct probe_report *report);
int probe_landlock(int abi, struct probe_report *report);
int probe_pidfd(int value, struct probe_report *report);
int probe_fuse(int value, struct probe_report *report);
int probe_memory(int value, struct probe_report *report);

/* Fills the report with errno and the step that failed. Always returns -1. */
int probe_failed(struct probe_report *report, const char *step);

/* --- what mends (probe_causes.c) --- */

extern const struct probe_cause probe_causes_namespaces[];
extern const struct probe_cause probe_causes_identity[];
extern const struct probe_cause probe_causes_mounts[];
extern const struct probe_cause probe_causes_host_trees[];
extern const struct probe_cause probe_causes_proc[];
extern const struct probe_cause probe_causes_idmap[];
extern const struct probe_cause probe_causes_calls[];
extern const struct probe_cause probe_causes_landlock[];
extern const struct probe_cause probe_causes_fuse[];
extern const struct probe_cause probe_causes_memory[];

/* A setting of this machine that decides about something above. */
struct probe_setting {
	const char *name;
	const char *path;
	const char *means;
};

extern const struct probe_setting probe_settings[];
extern const size_t probe_settings_count;

/* The first line of the setting, or NULL where this kernel does not have it. Owned by the caller.
 */
char *probe_setting_value(const struct probe_setting *setting);

/* What surrounds this process: a container, a chroot, a filter. Appends a line for each to `out`
 * as NUL-terminated text; nothing for a plain machine. */
void probe_surroundings(struct buffer *out);

#endif
