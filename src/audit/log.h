/* The log of what was refused: JSON Lines, one object a line. Docs: docs/remit.1, "AUDIT LOG".
 *
 * A log is one `start` record, refusals and answers, one `end` record. The first refusal of a kind
 * (process, operation, target, because) is written before audit_refusal returns; repeats are
 * counted, and written as records with their `count` when the log is flushed, when the table of
 * kinds is full, and at the end: the counts of all records of a log add up to the totals of `end`.
 *
 * Not thread-safe: who calls from two threads holds a lock. Who writes to pipes ignores SIGPIPE,
 * who limits the size of files SIGXFSZ: they would kill the writer in the middle of a line. */
#ifndef REMIT_AUDIT_LOG_H
#define REMIT_AUDIT_LOG_H

#include "base/buffer.h"
#include "base/error.h"
#include "policy/effect.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The names of layers: what saw the refusal. */
#define AUDIT_LAYER_DECOY   "decoy"
#define AUDIT_LAYER_SECCOMP "seccomp"
#define AUDIT_LAYER_BROKER  "broker"
#define AUDIT_LAYER_COMMAND "command"
#define AUDIT_LAYER_NETWORK "network"

/* One refused operation, as whoever saw it tells it. Nothing is owned. Texts may hold any byte;
 * unknown ones are NULL. */
struct refusal {
	pid_t pid;        /* as the host numbers it; 0 where not known */
	pid_t pid_inside; /* as the sandbox does; 0 where not known */
	pid_t parent;     /* as the host numbers it; 0 where not known */
	const char *comm;
	const char *exe;
	enum effect effect;    /* EFFECT_COUNT: a system call of which no effect speaks ("call") */
	const char *operation; /* "open", "rename", "connect"; of "call": the call's name */
	const char *target;    /* whole path, address, or the call's name */
	size_t target_size;    /* bytes */
	bool hidden;           /* class `hidden`: merely not granted, and only read */
	enum verdict verdict;  /* deny or ask */
	int error;             /* the errno that answers it */
	const char *layer;
	/* Of a peer: the name that it was reached or asked for by, its address, port and protocol
	 * ("tcp", "udp"); NULL and 0 where not known. */
	const char *name, *address, *protocol;
	unsigned port;
	const char *because; /* "backend-engineer.md:4 Write", "secrets.yaml:12 ~/.ssh" */
	const char *remedy; /* the option that would permit it ("--mode acceptEdits"), or NULL where
	                       none does or none may be suggested (secrets, protected names) */
};

/* How a question was answered. */
enum answered_how {
	ANSWERED_NO,
	ANSWERED_NO_ALL, /* and nothing more of this run */
	ANSWERED_ONCE,
	ANSWERED_FOLDER, /* and all of that effect in the folder, or of the host */
	ANSWERED_EFFECT, /* and all of that effect */
	ANSWERED_COUNT,
};

/* A question that was answered, where the policy asks. Nothing is owned. Texts may hold any byte;
 * unknown ones are NULL. */
struct answered {
	pid_t pid; /* as the host numbers it; 0 where not known */
	const char *comm;
	const char *exe;
	enum effect effect;
	const char *operation;
	const char *target;
	size_t target_size; /* bytes */
	bool protected;
	const char *because; /* the line that asks */
	enum answered_how how;
	const char *by;                  /* "tty", "exec:PROGRAM", "timeout" */
	unsigned long long microseconds; /* that it took */
};

/* What is the same in every record of a log, and what `start` tells. Nothing is owned. */
struct audit_start {
	const char *agent;      /* its name, or NULL */
	const char *agent_file; /* as it was given */
	const char *tool;       /* or NULL */
	const char *workspace;
	const char *policy_digest;  /* hexadecimal SHA-256 of what was decided, or NULL */
	const char *kernel;         /* release */
	const char *level;          /* "namespaces+decoy" */
	const char *const *layers;  /* names in force, NULL-terminated */
	const char *const *dropped; /* names of variables that were dropped, NULL-terminated */
	const char *const *unknown_forbidden; /* names that removed nothing, NULL-terminated */
	char *const *command;                 /* NULL-terminated */
};

struct audit_totals {
	unsigned long long denied, hidden; /* operations, repeats counted */
	unsigned long long records;        /* lines written, `start` and `end` with them */
};

struct audit_log;

/* A new log that writes whole lines to `descriptor` (borrowed; -1: counts only), with a run
 * identifier of its own. Returns 0 and a log owned by the caller, or negative. */
int audit_log_new(int descriptor, struct audit_log **out, struct error *err);
void audit_log_free(struct audit_log *log);

/* A log that goes to a pipe or socket waits for its reader only until `caller` (borrowed: a socket
 * or pipe to whoever wants the log) has hung up. Records fail then. */
void audit_log_caller(struct audit_log *log, int caller);

/* The name of the run, as every record has it: 26 characters. Belongs to the log. */
const char *audit_log_run(const struct audit_log *log);

/* Each writes at most one line for each new kind, and one for each answer. Negative where a line
 * could not be written whole (disk full, pipe closed): nothing is to go on then. What was written
 * of a line is taken back where the descriptor is a regular file. */
int audit_log_start(struct audit_log *log, const struct audit_start *start, struct error *err);
int audit_log_refusal(struct audit_log *log, const struct refusal *refusal, struct error *err);
int audit_log_answer(struct audit_log *log, const struct answered *answered, struct error *err);
int audit_log_flush(struct audit_log *log, struct error *err);

/* `status` as remit_run gives it. Flushes first. */
int audit_log_end(struct audit_log *log, int status, struct error *err);

void audit_log_totals(const struct audit_log *log, struct audit_totals *out);

/* The closing text for a person, escaped for a terminal: first the one thing that would help most
 * ("14 writes refused: mode default asks and nobody could answer; --mode acceptEdits permits
 * them"), then a few lines of what was refused most, then how questions were answered. Nothing
 * where nothing was denied or asked, and hidden operations only where `verbose`. Each line ends
 * with a newline. */
int audit_log_summary(const struct audit_log *log, bool verbose, struct buffer *out,
                      struct error *err);

#endif
