/* The built-in policies: policies/ compiled into tables when the program is built (see
 * src/generate). Every row knows the line it came from. */
#ifndef REMIT_POLICY_TABLES_H
#define REMIT_POLICY_TABLES_H

#include "policy/effect.h"

#include <stdbool.h>
#include <stddef.h>

/* What a row gives or takes of one effect. */
enum table_scope {
	TABLE_NONE,      /* nothing */
	TABLE_ANY,       /* exec: every program; connect: every peer; delegate: every agent */
	TABLE_WORKSPACE, /* read and write: the workspace */
	TABLE_LISTED,    /* only what `targets` lists (workspace globs, program names) */
};

struct table_grant {
	enum table_scope scope;
	const char *const *targets; /* NULL-terminated; NULL unless TABLE_LISTED */
};

/* policies/tools.yaml */
struct table_tool {
	const char *name;
	const char *const *aliases;             /* NULL-terminated, may be empty */
	struct table_grant gives[EFFECT_COUNT]; /* what the tool permits */
	struct table_grant takes[EFFECT_COUNT]; /* what forbidding it denies */
	bool shell; /* runs commands: what they may do is the union of the agent's tools */
	bool specifier_command; /* Tool(pattern) speaks of a command line */
	unsigned line;
};
extern const struct table_tool table_tools[];
extern const size_t table_tools_count;
/* The row for `mcp__SERVER__TOOL` names; its `name` is "mcp". */
extern const struct table_tool table_tool_mcp;

/* policies/modes.yaml: what an effect that the tools grant becomes. */
struct table_mode {
	const char *name;
	enum verdict effects[EFFECT_COUNT];
	enum verdict write_protected; /* write of a protected path */
	unsigned line;
};
extern const struct table_mode table_modes[];
extern const size_t table_modes_count;
/* Names of rows above, from the head of the file. */
extern const char table_mode_absent_writes[];  /* no mode, a write tool is named */
extern const char table_mode_absent_default[]; /* no mode, otherwise */
extern const char table_mode_untrusted_max[];  /* the most that an agent file may ask for */

/* Lists of anchored paths. "~" and "~/x" mean the caller's home. */
struct table_path {
	const char *path;
	const char *help; /* why it is on the list; never NULL */
	unsigned line;
	const char *because; /* "FILE:LINE PATH" */
	bool capitals;       /* the path has capital letters */
};

/* policies/trees.yaml */
extern const struct table_path table_trees_system[]; /* read-only system trees */
extern const size_t table_trees_system_count;
extern const struct table_path table_trees_scratch[]; /* private, writable, empty at the start */
extern const size_t table_trees_scratch_count;
extern const struct table_path
        table_trees_home[]; /* toolchains and plain configuration, read-only */
extern const size_t table_trees_home_count;
/* Parts of /proc that are covered read-only, names relative to /proc. */
extern const struct table_path table_trees_proc[];
extern const size_t table_trees_proc_count;
/* Parts of /proc that are covered by an empty, unreadable file or folder, relative to /proc. */
extern const struct table_path table_trees_proc_masked[];
extern const size_t table_trees_proc_masked_count;
/* Devices bound into the private /dev, names relative to /dev. */
extern const struct table_path table_trees_devices[];
extern const size_t table_trees_devices_count;

/* policies/secrets.yaml */
extern const struct table_path table_secrets[];
extern const size_t table_secrets_count;

/* policies/protected.yaml: names that get code run later, outside. */
/* Relative to a git folder (".git" or a bare repository), at any depth of the workspace. */
extern const struct table_path table_protected_git[];
extern const size_t table_protected_git_count;
/* Relative to the workspace root and to the root of a repository. */
extern const struct table_path table_protected_root[];
extern const size_t table_protected_root_count;
/* Folder names below which nothing is protected (node_modules, vendor, ...). */
extern const struct table_path table_protected_never[];
extern const size_t table_protected_never_count;

/* policies/environment.yaml */
struct table_word {
	const char *text;
	unsigned line;
};
extern const struct table_word table_environment_keep[]; /* names, or PREFIX_* */
extern const size_t table_environment_keep_count;
extern const struct table_word table_environment_secret_values[]; /* fnmatch patterns of values */
extern const size_t table_environment_secret_values_count;
struct table_setting {
	const char *name;
	const char *value;
	unsigned line;
};
extern const struct table_setting table_environment_offline[]; /* set where connect is denied */
extern const size_t table_environment_offline_count;

/* policies/agents.yaml: programs that are agents themselves (effect delegate). */
extern const struct table_word table_agent_programs[];
extern const size_t table_agent_programs_count;

/* policies/limits.yaml */
struct table_limit {
	const char *name;  /* "processes", "memory", ... */
	const char *unit;  /* "count", "bytes" or "seconds" */
	const char *value; /* the default as written ("4096", "50%"), or "" for none */
	const char *help;
	unsigned line;
};
extern const struct table_limit table_limits[];
extern const size_t table_limits_count;

/* policies/git-config.yaml: variables of git that do no harm, and what their values have to be. */
enum table_git_shape {
	TABLE_GIT_BOOLEAN,
	TABLE_GIT_NUMBER,
	TABLE_GIT_WORD,
	TABLE_GIT_TEXT,
	TABLE_GIT_REFERENCE,
	TABLE_GIT_REMOTE,
	TABLE_GIT_TAGS,
	TABLE_GIT_UPDATE,
	TABLE_GIT_WORKTREE,
	TABLE_GIT_SHAPES,
};
struct table_git_key {
	const char *name; /* "core.bare", "remote.*.url", "advice.*"; in lower case */
	const char *help;
	enum table_git_shape shape;
	unsigned line;
};
extern const struct table_git_key table_git_keys[];
extern const size_t table_git_keys_count;

/* The files themselves, for --print-policies. */
struct table_file {
	const char *name; /* "tools.yaml" */
	const char *text; /* NUL-terminated */
};
extern const struct table_file table_files[];
extern const size_t table_files_count;

#endif
