/* Filters for system calls. The base filter is compiled when remit is built (see src/generate and
 * policies/syscalls.yaml); what a policy adds is a second, small one. */
#ifndef REMIT_PLAN_FILTER_H
#define REMIT_PLAN_FILTER_H

#include "base/error.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

/* A program for seccomp(2), for the architecture of this build. */
extern const struct sock_filter filter_base[];
extern const size_t filter_base_count;

/* The same for a run with a listener: what filter_base refuses with EPERM, and calls that are
 * watched, wait for its answer (SECCOMP_RET_USER_NOTIF). */
extern const struct sock_filter filter_watched[];
extern const size_t filter_watched_count;

/* For the watch itself (policies/supervisor.yaml). */
extern const struct sock_filter filter_supervisor[];
extern const size_t filter_supervisor_count;

/* For the broker (policies/broker.yaml). */
extern const struct sock_filter filter_broker[];
extern const size_t filter_broker_count;
/* For the network's process (policies/relay.yaml) and for the one that asks name servers
 * (policies/resolver.yaml). */
extern const struct sock_filter filter_relay[];
extern const size_t filter_relay_count;
extern const struct sock_filter filter_resolver[];
extern const size_t filter_resolver_count;

/* A call that filter_base can refuse: what a report says of it. */
struct filter_call {
	int number;
	const char *name;
	const char *because;           /* "syscalls.yaml:127 mounts" */
	const char *const *parameters; /* names of arguments that decide, NULL-terminated */
};

extern const struct filter_call filter_calls[];
extern const size_t filter_calls_count;

struct filter_options {
	/* Execution is limited to named programs: what Landlock does not see of it is refused. */
	bool limited_exec;
	/* Nothing else keeps a signal to the own process group from processes outside: the kernel
	 * has no Landlock, or an ABI below 6. */
	bool refuse_group_signals;
};

/* Compiles the second filter with libseccomp. Returns 0 and a program owned by the caller (free);
 * NULL and 0 instructions where the options add nothing. Negative on failure. */
int filter_extra(const struct filter_options *options, struct sock_filter **program, size_t *count,
                 struct error *err);

#endif
