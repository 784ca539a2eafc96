/* From a plan to a running, confined process. The caller stays outside and supervises; inside, a
 * small pid 1 starts COMMAND, reaps, and ends with it. */
#ifndef REMIT_SANDBOX_SANDBOX_H
#define REMIT_SANDBOX_SANDBOX_H

#include "base/error.h"
#include "plan/plan.h"

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

enum sandbox_outcome {
	SANDBOX_STARTING,     /* COMMAND is not running yet */
	SANDBOX_RUNNING,      /* every wall stands; COMMAND is about to be executed */
	SANDBOX_FAILED,       /* a step failed: nothing was executed; see message */
	SANDBOX_NOT_EXECUTED, /* execve of COMMAND failed with `number` */
	SANDBOX_ENDED,        /* COMMAND ended with `status`, and nothing is left of it */
};

/* Shared with pid 1, which writes it; the outcome is written last. */
struct sandbox_report {
	volatile int outcome;
	int status; /* of COMMAND, as waitpid(2) gives it */
	int number; /* errno of execve */
	volatile int
	        stopped; /* a signal of its terminal stopped COMMAND: to be set to 0 by who hears */
	bool input_moved; /* standard input was reopened; `input_offset` is where COMMAND left it */
	off_t input_offset;
	char message[1024];
	char help[512];
};

struct sandbox {
	pid_t init;
	int process;  /* pidfd of pid 1 */
	int event;    /* eventfd: readable as soon as the outcome is final, or COMMAND stopped */
	int lifeline; /* closing it ends a sandbox that is still being built */
	int arriving; /* signalfd of what is blocked, non-blocking */
	struct sandbox_report *report;
	sigset_t signals; /* the caller's mask, as it was before */
	bool blocked;     /* `signals` is to be restored */
};

/* Messages (base/message.h) between pid 1 and whoever watches the run, in this order. */
enum {
	SANDBOX_GATE_MAPPED = 'M', /* from pid 1: the ids of the user namespace are mapped */
	SANDBOX_GATE_DECOY = 'D',  /* to pid 1, with a detached mount of the decoy */
	/* From pid 1, with its mount namespace: the tree is complete, and the project writable. */
	SANDBOX_GATE_TREE = 'T',
	SANDBOX_GATE_COPIED = 'C',   /* to pid 1: the broker has its copy of the tree */
	SANDBOX_GATE_LISTENER = 'L', /* from pid 1, with the filter's listener */
	SANDBOX_GATE_WATCHING = 'W', /* to pid 1: calls are answered from here on */
};

/* Messages from pid 1 to the network's process: its namespaces, and sockets of its network, in this
 * order. Those of the newer kind come without a descriptor where the kernel does not have it. */
enum {
	SANDBOX_NETWORK_USERS = 'a',  /* the user namespace */
	SANDBOX_NETWORK_ITSELF,       /* the network namespace */
	SANDBOX_NETWORK_NAMES,        /* UDP: questions of names */
	SANDBOX_NETWORK_NAMES_STREAM, /* TCP: the same; listens */
	SANDBOX_NETWORK_JOIN,         /* TCP: where the tool's sockets are connected to; listens */
	SANDBOX_NETWORK_JOIN_SIX,     /* the same on ::1 */
	SANDBOX_NETWORK_SILENT,       /* TCP: drops whatever comes to SANDBOX_PORT_SILENT */
	SANDBOX_NETWORK_SILENT_SIX,   /* the same on ::1 */
	SANDBOX_NETWORK_RAW,          /* sees what opens a connection to that port */
	SANDBOX_NETWORK_RAW_SIX,      /* the same on ::1 */
	SANDBOX_NETWORK_END,
};

enum {
	/* On 127.0.0.1 and ::1. The tool cannot take ports below 1024. */
	SANDBOX_PORT_JOIN = 1,
	SANDBOX_PORT_SILENT = 2,
	SANDBOX_PORT_NAMES = 53,
};

struct sandbox_request {
	const struct plan *plan;
	int network;   /* socket to the network's process, or -1: there is none. Borrowed */
	int processor; /* that pid 1 shares with who watches while it builds; -1: none */
	int gate;      /* socket to whoever watches the run, or -1: nobody does. Borrowed */
	/* The program's own arguments in memory: overwritten inside, where /proc/1/cmdline would
	 * show them. plan->command must not point into it. */
	char *arguments;
	size_t arguments_size;
	struct timing *timing; /* shared with the processes inside; or NULL */
	/* A terminal that COMMAND gets for these standard streams (bits: standard input is one of
	 * them) and as the controlling one of a session of its own; -1: it shares the caller's.
	 * Borrowed. */
	int terminal;
	unsigned terminal_streams;
};

/* Through a folder as a standard stream everything around it could be opened; so could it be
 * through a descriptor that only names a place. Opens /dev/null for a stream that is closed.
 * Returns 0, or negative where nothing may be executed; sandbox_start asks, too. */
int sandbox_check_streams(struct error *err);

/* Starts building the sandbox. Blocks every signal of the caller except those that stop it;
 * `sandbox_close` restores the mask. Returns 0, or negative where not even the process could be
 * made. What fails later shows in the report. */
int sandbox_start(const struct sandbox_request *request, struct sandbox *out, struct error *err);

/* Sends a signal to COMMAND, by way of pid 1: once, also where COMMAND got it together with the
 * caller's process group. */
void sandbox_signal(const struct sandbox *sandbox, int number);

/* Kills what is left, releases everything. */
void sandbox_close(struct sandbox *sandbox);

#endif
