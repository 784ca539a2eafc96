/* The stages of entering the sandbox, in the order in which enter.c runs them. Each returns 0, or
 * negative, and then nothing is executed. */
#ifndef REMIT_SANDBOX_STAGE_H
#define REMIT_SANDBOX_STAGE_H

#include "base/error.h"
#include "base/processor.h"
#include "plan/plan.h"
#include "sandbox/sandbox.h"

struct entering {
	const struct plan *plan;
	struct sandbox_report *report;
	int event;     /* eventfd that tells the supervisor */
	int lifeline;  /* one byte says that the id maps are written; end of file: parent is dead */
	int processor; /* to share while building, or -1 */
	struct processor_hold hold;
	int gate;     /* to whoever watches, or -1 */
	int network;  /* to the network's process, or -1 */
	int listener; /* of the filter, or -1 */
	char *arguments;
	size_t arguments_size;
	struct timing *timing; /* or NULL */
	sigset_t signals;      /* for COMMAND */
	uid_t caller;          /* ids before the user namespace hid them */
	gid_t caller_group;

	int terminal; /* for COMMAND, or -1: it has the caller's */
	unsigned terminal_streams;

	int decoy; /* what answers for all that was not granted, as a mount; -1: nothing does */
	int store; /* the private tmpfs, out of the tool's sight */
	int root;  /* the sandbox's root, a folder of `store` */
	dev_t store_device;
};

int stage_identity(struct entering *entering, struct error *err);
int stage_network(struct entering *entering, struct error *err);
int stage_terminal(struct entering *entering, struct error *err);
int stage_input(struct entering *entering, struct error *err);
int stage_store(struct entering *entering, struct error *err);
int stage_devices(struct entering *entering, struct error *err);
int stage_mounts(struct entering *entering, struct error *err);
int stage_proc(struct entering *entering, struct error *err);
int stage_seal(struct entering *entering, struct error *err);
int stage_root(struct entering *entering, struct error *err);
int stage_project(struct entering *entering, struct error *err);
int stage_limits(struct entering *entering, struct error *err);
int stage_privileges(struct entering *entering, struct error *err);
int stage_landlock(struct entering *entering, struct error *err);
int stage_filters(struct entering *entering, struct error *err);
int stage_watch(struct entering *entering, struct error *err);

/* Becomes pid 1 of the sandbox: executes COMMAND and stays until it ends. Does not return. */
_Noreturn void stage_init(struct entering *entering);

/* Runs all stages, then stage_init. Does not return. */
_Noreturn void sandbox_enter(struct entering *entering);

#endif
