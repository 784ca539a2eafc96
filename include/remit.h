/* remit: run an AI agent's tool processes inside what the agent's own definition permits.
 *
 * The library behind the command `remit`, which uses nothing else. Link with libremit.a,
 * libseccomp, libyaml, libcap and jansson. Not thread-safe: remit_run changes the signal mask of
 * the calling thread while it runs, and should be called from a process with one thread.
 *
 * Functions return 0, or a negative value with an error that says what went wrong and, where that
 * is known, what would help. */
#ifndef REMIT_H
#define REMIT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "MAJOR.MINOR.PATCH"; static. */
const char *remit_version(void);

/* How a run is confined. Nothing is ever weaker than was asked for. */
enum remit_level {
	REMIT_LEVEL_AUTO,       /* the strongest that this machine has */
	REMIT_LEVEL_NAMESPACES, /* refusals are neither seen nor recorded */
	REMIT_LEVEL_WATCHED,    /* every refusal is seen, answered and recorded */
};

struct remit_error {
	char *message; /* owned by the struct; NULL where there is no error */
	char *help;    /* or NULL */
};

void remit_error_clear(struct remit_error *error);

/* What the operator says. All pointers belong to the caller; lists end with NULL and may be NULL
 * themselves. Fill with remit_options_init first. */
struct remit_options {
	const char *agent;           /* the definition's file */
	const char *tool;            /* one tool of it, or NULL for the whole agent */
	const char *workspace;       /* NULL: the current directory */
	bool must_name_workspace;    /* an absent `workspace` is an error */
	bool allow_weaker_workspace; /* a home folder or a system folder may be the workspace */
	const char *mode;            /* replaces the definition's permissionMode, or NULL */
	const char *const *policies;
	const char *const *ceilings;
	const char *const *grants;      /* "EFFECT:TARGET" */
	const char *const *denies;      /* "EFFECT:TARGET" */
	const char *const *environment; /* "NAME" or "NAME=VALUE" */
	const char *const *limits;      /* "NAME=VALUE" */
	const char *const *publish;     /* "HOSTPORT:PORT": of the host's 127.0.0.1, and inside */
	long long user;   /* id that the tool gets where the caller is root; -1: remit chooses */
	unsigned timeout; /* seconds until the tool is ended; 0: none */
	bool strict;      /* what is understood or held only in part is an error */
	bool timing;      /* remit_run says at its end where its time went: REMIT_NOTICE_TIMING */
	enum remit_level level;   /* what must be enforced, and seen */
	const char *audit;        /* "FILE" or "fd:N": where records of refusals go; or NULL */
	const char *approve;      /* who answers where the policy asks: "tty", "deny", "allow" or
	                             "exec:PROGRAM"; NULL: `tty` where a person is at the terminal that
	                             all standard streams are, else `deny` */
	unsigned approve_timeout; /* seconds until no answer is no; 0: five minutes */
	const char *remember;     /* a policy with what was permitted is written here; or NULL */
	bool learn;               /* what is merely not granted can be read; remit_learn sets it */
	bool verbose;             /* also tell of what was merely hidden */
	bool fail_on_denial;      /* status 120 where anything was denied */
	/* Memory of the calling program's own command line, overwritten inside the sandbox, where
	 * it would show. The arguments of remit_run may point into it. May be NULL. */
	char *arguments;
	size_t arguments_size;
};

void remit_options_init(struct remit_options *options);

enum remit_format {
	REMIT_FORMAT_TABLE, /* for a terminal */
	REMIT_FORMAT_JSON,  /* one line */
	REMIT_FORMAT_RAW,   /* remit_compile: as a table, filters as numbers; else a table */
};

/* What the definition permits, effect by effect. The text is owned by the caller (free). */
int remit_explain(const struct remit_options *options, enum remit_format format, char **text,
                  struct remit_error *error);

enum remit_verdict {
	REMIT_DENY,
	REMIT_ASK,
	REMIT_ALLOW,
};

/* The verdict on one operation, and the chain of reasons, one a line (owned by the caller).
 * `effect` is read, write, exec, connect or delegate; `target` a path (relative to the current
 * directory), a program, host[:port] or an agent's name. */
int remit_why(const struct remit_options *options, const char *effect, const char *target,
              enum remit_verdict *verdict, char **reasons, struct remit_error *error);

enum remit_notice {
	REMIT_NOTICE_NOTE,    /* what is held differently from what one might expect */
	REMIT_NOTICE_WARNING, /* something in the definition or a policy that has no effect */
	REMIT_NOTICE_DETAIL,  /* what was decided, for who wants to know */
	/* Where the time of remit_run went, stage by stage, in order: "MICROSECONDS us  PART:
	 * STAGE"; at last the whole: "MICROSECONDS us  total". Only where options.timing asks for
	 * it. */
	REMIT_NOTICE_TIMING,
};

/* Called with text for the operator, without a newline, escaped for a terminal. */
typedef void remit_notice_function(void *data, enum remit_notice notice, const char *text);

enum {
	REMIT_STATUS_DENIED = 120,
	REMIT_STATUS_TIMED_OUT = 124,
	REMIT_STATUS_FAILED = 125,
	REMIT_STATUS_NOT_EXECUTABLE = 126,
	REMIT_STATUS_NOT_FOUND = 127,
};

/* Executes `command` (NULL-terminated) confined, with the caller's environment reduced to what the
 * policy keeps, and waits for its end. Returns 0 and a status: the command's own, 128+N where
 * signal N killed it, 124 where it timed out, 120 where something was denied and
 * `fail_on_denial` is set, 126 or 127 where it could not be executed or was not
 * found (`error` then says why). Negative: nothing was executed. */
int remit_run(const struct remit_options *options, char *const *command, char *const *environment,
              remit_notice_function *notice, void *data, int *status, struct remit_error *error);

/* How remit_run would confine `command`, from the same plan: mounts in order, Landlock rules,
 * identity, limits, names of the environment, filters. Executes nothing. Where `command` is NULL
 * or empty, the plan that every command gets; else negative wherever remit_run would be, also for
 * what this machine cannot enforce. The text is owned by the caller (free). */
int remit_compile(const struct remit_options *options, char *const *command,
                  char *const *environment, remit_notice_function *notice, void *data,
                  enum remit_format format, char **text, struct remit_error *error);

/* What this kernel lets this user enforce, tried out; what is missing, and what mends it. The text
 * is owned by the caller (free). `enforceable`: remit_run can work here. Forks; a calling program
 * should have one thread. */
int remit_doctor(enum remit_format format, char **text, bool *enforceable,
                 struct remit_error *error);

enum remit_audit_format {
	REMIT_AUDIT_TEXT,     /* for a terminal */
	REMIT_AUDIT_JSON,     /* one line */
	REMIT_AUDIT_MARKDOWN, /* GitHub-flavoured: the summary of a CI job */
	REMIT_AUDIT_SARIF,    /* SARIF 2.1.0: one result for each line that refused something */
	REMIT_AUDIT_POLICY, /* a policy that would permit what was refused, as far as one should */
};

struct remit_audit_counts {
	unsigned long long denied, hidden; /* operations */
	unsigned long long runs;
	unsigned long long unfinished; /* runs without an `end` record: killed, or still going on */
};

/* A report on the logs that remit_run wrote: files, or "-" for standard input; ends with NULL.
 * `width` is that of the terminal in columns. What of a log could not be used is a notice; a file
 * that is no log is an error with its line. Needs memory that does not grow with the logs. The text
 * is owned by the caller (free); `counts` may be NULL. */
int remit_audit(const char *const *logs, enum remit_audit_format format, unsigned width,
                remit_notice_function *notice, void *data, char **text,
                struct remit_audit_counts *counts, struct remit_error *error);

/* Executes `command` as remit_run does, but with everything that is merely not granted readable,
 * and says what it would have needed: a policy that permits it, as text that is owned by the caller
 * (free). What is refused by name stays refused, and so does every write and every connection that
 * is not permitted. options->audit must be NULL. */
int remit_learn(const struct remit_options *options, char *const *command, char *const *environment,
                remit_notice_function *notice, void *data, int *status, char **policy,
                struct remit_error *error);

/* The names and texts of the built-in policies; NULL behind the last one. Static. */
const char *remit_policy_name(size_t number);
const char *remit_policy_text(size_t number);

#ifdef __cplusplus
}
#endif

#endif
