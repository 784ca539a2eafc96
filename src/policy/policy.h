/* What may be done: rules of (effect, target, verdict, origin), made from the agent, the ceilings,
 * the operator's policy and the request. Pure: nothing here looks at the file system, except that
 * the policy files named in the request are read. */
#ifndef REMIT_POLICY_POLICY_H
#define REMIT_POLICY_POLICY_H

#include "agent/agent.h"
#include "base/buffer.h"
#include "base/error.h"
#include "policy/effect.h"
#include "policy/pattern.h"
#include "policy/tables.h"

#include <stdbool.h>
#include <stddef.h>

/* A list of texts that belong to somebody else. */
struct text_list {
	const char *const *items;
	size_t count;
};

/* What the operator asks for. Nothing in it is owned; it must outlive policy_build only. */
struct request {
	const char *workspace; /* absolute, links resolved */
	const char *
	        repository; /* root of the repository that the workspace lies in (or is), or NULL */
	/* Where the repository's `.git` is a file that was found to be true: the git folder, and in
	 * it the folder that is a linked work tree's own. NULL otherwise. */
	const char *git_folder;
	const char *git_own;
	const char *home;          /* absolute, links resolved */
	const char *directory;     /* where COMMAND starts: relative targets are below it */
	const char *tool;          /* --tool, or NULL for the whole agent */
	const char *mode;          /* --mode, or NULL */
	struct text_list policies; /* --policy FILE */
	struct text_list ceilings; /* --ceiling FILE */
	struct text_list grants;   /* --grant EFFECT:TARGET */
	struct text_list denies;   /* --deny EFFECT:TARGET */
	struct text_list keep;     /* --env NAME or NAME=VALUE */
	struct text_list limits;   /* --limit NAME=VALUE */
	struct text_list homes;    /* other home folders: secrets.yaml speaks of them, too */
	struct text_list given;    /* absolute paths of files that remit was given: protected */
	bool strict;               /* unknown forbidden names are errors */
};

/* Where on the formula a rule stands. */
enum rule_layer {
	RULE_TOOLS,     /* a tool of the agent gives it; the mode caps it */
	RULE_GRANT,     /* the operator grants it */
	RULE_CEILING,   /* an entry of a ceiling's complete list (see policy_ceiling) */
	RULE_DENY,      /* --deny, deny of a policy or ceiling */
	RULE_FORBIDDEN, /* forbidding a tool takes it away */
	RULE_SECRET,    /* policies/secrets.yaml */
	RULE_PROTECTED, /* policies/protected.yaml, and files that remit was given */
};

enum target_kind {
	TARGET_PATH, /* read, write; exec of a path */
	TARGET_ANY,  /* everything of that effect */
	TARGET_NAME, /* exec: a program name; delegate: an agent; connect: host[:port] */
};

struct rule {
	enum rule_layer layer;
	enum effect effect;
	enum target_kind kind;
	struct pattern pattern; /* TARGET_PATH */
	char *name;             /* TARGET_NAME */
	size_t ceiling;         /* RULE_CEILING: which one */
	char *because;          /* "backend-engineer.md:4 Write", "secrets.yaml:12 ~/.ssh" */
	const char *except; /* RULE_PROTECTED: does not hold in this tree; the policy's, or NULL */
	bool unless_named;  /* RULE_FORBIDDEN: does not hold what a rule of policy->named covers */
};

/* Parts of the tree of files with a nature of their own; the deepest one that holds a path is the
 * path's region. */
enum region_kind {
	REGION_SYSTEM,  /* read-only, always readable: what programs need to run at all */
	REGION_HOME,    /* toolchains and plain configuration in the home folder: as system */
	REGION_SCRATCH, /* private and writable; what the host keeps there is not visible */
	REGION_PROJECT, /* the workspace, the repository around it, whatever the operator granted */
};

struct region {
	enum region_kind kind;
	char *root; /* absolute, normal */
	size_t root_size;
	char *because;
};

/* A command pattern of Bash(...): the layer `command`, a rail and no wall. */
struct command_rule {
	bool forbidden;
	char *pattern;
	char *because;
};

struct policy_limit {
	const struct table_limit *limit;
	bool named;               /* asked for by name: must be held or refused */
	unsigned long long value; /* in the limit's unit; percent where `percent` */
	bool percent;
	bool set; /* false: no limit */
	char *because;
};

/* A tool that the agent may use: neither unknown, forbidden nor narrowed away. */
struct policy_tool {
	const struct table_tool *tool;
	char *as;        /* as the file has it; the canonical name where tools are inherited */
	char *specifier; /* or NULL */
	size_t line;
	bool named; /* stands in the file: `*`, `inherit` and absence name nothing */
};

/* One ceiling: whether it limits an effect to a complete list. */
struct policy_ceiling {
	char *file;
	bool limits[EFFECT_COUNT];
	char *because[EFFECT_COUNT]; /* line of the list, for what is not on it */
};

struct policy_setting {
	char *name;
	char *value; /* NULL: keep the caller's value */
	char *because;
};

struct policy_warning {
	char *where; /* "file:line", or "" */
	size_t line; /* of the agent's file */
	const char *code;
	char *message;
};

/* Read by plan, explain and why. Everything is owned by the struct. */
struct policy {
	char *agent_name;
	char *agent_file;
	char *workspace;
	char *repository; /* or NULL */
	char *git_folder; /* of the repository, where its `.git` is a file; else NULL */
	char *git_own;    /* in it, a linked work tree's own folder, or NULL */
	char *home;
	char *directory;

	const struct table_mode *mode;         /* the mode in force, after every cap */
	enum verdict mode_cells[EFFECT_COUNT]; /* cell by cell minimum of mode and caps */
	enum verdict mode_protected;
	char *mode_because; /* "backend-engineer.md:8 permissionMode", "absent, a write tool is
	                       named" */

	const struct table_tool *tool; /* --tool, or NULL for the whole agent */
	struct policy_tool *tools;     /* what the agent may use, whatever --tool says */
	size_t tool_count, tool_capacity;

	struct rule *rules;
	size_t rule_count, rule_capacity;
	/* What named tools give only in part (a specifier, a list), whatever --tool says:
	 * forbidding another tool does not take it away. These grant nothing by themselves. */
	struct rule *named;
	size_t named_count, named_capacity;
	char *ungranted[EFFECT_COUNT]; /* the reason where nothing gives the effect */
	struct region *regions;
	size_t region_count, region_capacity;
	struct policy_ceiling *ceilings;
	size_t ceiling_count, ceiling_capacity;
	struct command_rule *commands;
	size_t command_count, command_capacity;
	struct policy_limit *limits; /* one for each row of table_limits, in its order */
	size_t limit_count;
	struct policy_setting
	        *keep; /* exact names, and NAME_* patterns; beyond the built-in list */
	size_t keep_count, keep_capacity;
	struct policy_setting *set;
	size_t set_count, set_capacity;
	struct policy_warning *warnings;
	size_t warning_count, warning_capacity;

	bool shell; /* a shell or MCP tool is in effect: exec is not limited to its programs */
};

/* Returns 0 and a policy owned by the caller; negative with "FILE:LINE: ..." where anything that
 * bears a permission is not understood with certainty. An agent that may do nothing is no error
 * here (see policy_permits_nothing). */
int policy_build(const struct agent *agent, const struct request *request, struct policy **out,
                 struct error *err);
void policy_free(struct policy *policy);

/* Adds what rule `number` of the policy says of a tree for another name of it, `path` (absolute,
 * normal). Returns 0, or negative when memory is exhausted. */
int policy_repeat(struct policy *policy, size_t number, const char *path, struct error *err);

/* Protects the tree at `path` (absolute, normal): what was found on disk and no name alone tells.
 * Takes `because` over (NULL counts as exhausted memory). Returns 0, or negative. */
int policy_protect(struct policy *policy, const char *path, char *because, struct error *err);

/* The same of what is called `name` (relative, normal; no pattern) at any depth below `root`. */
int policy_protect_below(struct policy *policy, const char *root, const char *name, char *because,
                         struct error *err);

static inline void policy_cleanup(struct policy **place)
{
	policy_free(*place);
}

#define cleanup_policy __attribute__((cleanup(policy_cleanup)))

/* True where the definition leaves no tool at all (an empty list, or every name on it unknown or
 * forbidden): such an agent may do nothing, and `run` refuses it. */
bool policy_permits_nothing(const struct policy *policy);

/* How a refusal shows: refused by name (EACCES), or merely not granted (ENOENT on reads). */
enum decision_class {
	DECISION_PERMITTED,
	DECISION_DENIED,
	DECISION_HIDDEN,
};

/* Which layer of the formula made the verdict. */
enum decision_cause {
	CAUSE_REGION,    /* what the path is a part of: system trees, scratch */
	CAUSE_UNGRANTED, /* nothing grants it */
	CAUSE_TOOLS,     /* a tool gives it */
	CAUSE_GRANT,     /* the operator does */
	CAUSE_MODE,      /* a tool gives it, the mode takes it */
	CAUSE_CEILING,
	CAUSE_PROTECTED,
	CAUSE_FORBIDDEN,
	CAUSE_DENY,
	CAUSE_SECRET,
};

struct decision {
	enum verdict verdict;
	enum decision_cause cause;
	enum decision_class class;
	enum region_kind region;  /* read and write */
	bool no_region;           /* read and write: the path is in no region */
	const char *because;      /* the rule that made the verdict; owned by the policy */
	const char *mode_because; /* set where the mode made the verdict, else NULL */
	enum verdict beneath;     /* CAUSE_PROTECTED: what the verdict would be without that rule */
	bool at_launch; /* rests on a name that is held only if it exists when COMMAND starts */
};

/* The formula of docs/design.md for one operation. `target` is an absolute, normal path for read
 * and write; a path or a program name for exec; host[:port] for connect; an agent's name for
 * delegate. */
void policy_decide(const struct policy *policy, enum effect effect, const char *target,
                   struct decision *out);

/* The chain of reasons behind policy_decide, one step a line, for `why`. Appends to `out`. */
void policy_reasons(const struct policy *policy, enum effect effect, const char *target,
                    struct buffer *out);

/* The deepest region that holds the path, or NULL. */
const struct region *policy_region(const struct policy *policy, const char *path);

/* Checks COMMAND against Bash(pattern) rules (layer `command`). Returns 0 where it may run (always
 * where no --tool was named), negative with the rule that refuses it. */
int policy_check_command(const struct policy *policy, char *const *argv, struct error *err);

#endif
