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
	long long user;   /* id that the tool gets where the caller is root; -1: remit chooses */
	unsigned timeout; /* seconds until the tool is ended; 0: none */
	bool strict;      /* what is understood or held only in part is an error */
	bool timing;      /* remit_run says at its end where its time went: REMIT_NOTICE_TIMING */
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
	REMIT_STATUS_TIMED_OUT = 124,
	REMIT_STATUS_FAILED = 125,
	REMIT_STATUS_NOT_EXECUTABLE = 126,
	REMIT_STATUS_NOT_FOUND = 127,
};

/* Executes `command` (NULL-terminated) confined, with the caller's environment reduced to what the
 * policy keeps, and waits for its end. Returns 0 and a status: the command's own, 128+N where
 * signal N killed it, 124 where it timed out, 126 or 127 where it could not be executed or was not
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

/* The names and texts of the built-in policies; NULL behind the last one. Static. */
const char *remit_policy_name(size_t number);
const char *remit_policy_text(size_t number);

#ifdef __cplusplus
}
#endif

#endif
