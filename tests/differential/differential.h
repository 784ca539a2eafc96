/* What the parts of the differential test share: a generated piece of the file system, a generated
 * agent and request, operations on the one under the other, and what became of them.
 *
 * Nothing here survives a failure of the machine (memory, disk): give_up ends the test. */
#ifndef REMIT_DIFFERENTIAL_DIFFERENTIAL_H
#define REMIT_DIFFERENTIAL_DIFFERENTIAL_H

#include "operations.h"

#include "library/prepare.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

__attribute__((noreturn, format(printf, 1, 2))) void give_up(const char *format, ...);

/* --- Chance (chance.c): one generator, so that a seed repeats a test ----------------------------
 */

void chance_seed(uint64_t seed);
size_t choose(size_t count); /* below `count`, which is not 0 */
bool percent(unsigned chance);

/* --- The world (world.c) ------------------------------------------------------------------------
 */

enum node_kind {
	NODE_FOLDER,
	NODE_EMPTY, /* a folder without anything in it */
	NODE_FILE,
	NODE_LINK,
	NODE_PROGRAM, /* a copy of the helper */
};

struct node {
	enum node_kind kind;
	char *path;
	char *text; /* content of a file, target of a link */
};

struct world {
	const char *root;   /* everything generated is below; absolute, links resolved */
	const char *helper; /* the program that is copied */
	uid_t owner;
	char *home;
	char *workspace;
	char *inner_helper; /* a copy in the home folder's ~/.local/bin */
	struct node *nodes; /* parents first */
	size_t node_count, node_capacity;
};

void world_generate(struct world *world, const char *root, const char *helper, uid_t owner);
/* `path` is copied; `text` too, and may be NULL: a file then gets a token of its own. */
void world_add(struct world *world, enum node_kind kind, const char *path, const char *text);
const struct node *world_find(const struct world *world, const char *path);
/* What a link of the world leads to, in the world; NULL where that is elsewhere or nowhere. Any
 * other node leads to itself. */
const struct node *world_follow(const struct world *world, const struct node *node);
/* The file whose content begins so, or NULL. */
const struct node *world_owner_of(const struct world *world, const char *content);
void world_build(const struct world *world);
void world_remove(const struct world *world); /* what is below the root, whoever put it there */
void world_clear(struct world *world);

/* --- The request (sample.c) ---------------------------------------------------------------------
 */

enum {
	MOST_OPTIONS = 8,
};

struct sample {
	char *definition; /* file */
	char *text;       /* its content */
	const char *mode;
	const char *tool;
	char *grants[MOST_OPTIONS + 1];
	char *denies[MOST_OPTIONS + 1];
	char *ceilings[MOST_OPTIONS + 1]; /* files */
	char *policies[MOST_OPTIONS + 1]; /* files */
	struct remit_options options;
};

void sample_generate(struct sample *sample, const struct world *world, const char *folder);
/* The options as arguments, ending with NULL; the array is the caller's (free), its items the
 * sample's. `run`: `-a FILE`. */
char **sample_arguments(const struct sample *sample, bool run);
void sample_show(const struct sample *sample);
void sample_clear(struct sample *sample);

/* --- Operations (operate.c, execute.c, judge.c) -------------------------------------------------
 */

struct operation {
	enum operation_kind kind;
	char *path;
	char *other; /* or NULL */

	/* Before the run. */
	enum verdict verdict;  /* as `why` says */
	enum verdict resolved; /* of what the names lead to */
	const char *because;   /* of `verdict` */
	bool at_launch;        /* rests on a protected name, which holds only where it exists */
	bool scratch;          /* a private folder is concerned */
	bool in_world;
	struct stat before; /* of what stands at `path`; all zero where nothing does */

	/* After it. */
	int error; /* -1 where it was not tried */
	char *evidence;
	bool happened;
	int control; /* the errno outside; -1 where it was not tried */
};

struct batch {
	struct operation *items;
	size_t count, capacity;
};

struct operation_name {
	const char *name;
	enum effect effect;
	bool changes;
	bool follows; /* a link at the end is followed */
	bool both;    /* `other` is a path that is changed, too */
	bool names; /* `path` is a name that is made or removed; that of `other` is, where `both` */
};
extern const struct operation_name operation_names[OPERATION_COUNT];

/* Operations that do not meet each other: what is changed has a name of its own, which may be added
 * to the world, or is what the request names. Reading comes first. */
void batch_generate(struct batch *batch, struct world *world, const struct sample *sample,
                    size_t count, int port);
/* Operations on anything in any order. */
void batch_chaos(struct batch *batch, const struct world *world, size_t count);
void batch_clear(struct batch *batch);

/* Executes `command` with the operations on its standard input, and enters what it says of each.
 * Returns its exit status, 128 and more where it was killed. `folder` is for files. */
int batch_execute(struct batch *batch, char *const *command, const char *folder);
/* The same operations without remit, as the owner of the world and without capabilities. */
void batch_control(struct batch *batch, const struct world *world, const char *folder);

/* Enters which operations are within the world. */
void batch_locate(struct batch *batch, const struct world *world);
/* Enters the verdicts, and what stands there before the run. */
void batch_judge(struct batch *batch, const struct policy *policy);
/* Enters what happened: the host is looked at, not what was said inside. */
void batch_observe(struct batch *batch, const struct world *world);

/* `path` with the links of every folder on the way resolved, and the last name, too, where
 * `follow`. What does not exist stays as it is. The caller's. */
char *path_resolved(const char *path, bool follow);

/* The verdict of `remit why` on a path, by the same steps: its name and what it leads to. */
enum verdict path_verdict(const struct policy *policy, enum effect effect, const char *path);

/* --- Git folders (git.c) ---------------------------------------------------------------------- */

/* Whether the path is in the git folder of a repository that remit does not look for: neither the
 * workspace nor around it, nor granted as a whole. */
bool git_is_deep(const struct policy *policy, const char *path);

/* What the broker lets a git folder have that no name tells: its own book-keeping, samples of
 * hooks. In the repository of the start only below modules and worktrees. */
bool git_is_harmless(const struct policy *policy, const char *path);

/* --- The host before and after (snapshot.c) -----------------------------------------------------
 */

struct snapshot_entry {
	char *path;
	struct stat status;
	uint64_t content; /* of files and links */
};

struct snapshot {
	struct snapshot_entry *items; /* sorted by path */
	size_t count, capacity;
};

void snapshot_take(struct snapshot *snapshot, const char *root);
/* Calls back for each path that was made, removed or changed. */
void snapshot_compare(const struct snapshot *before, const struct snapshot *after,
                      void (*changed)(void *data, const char *path, bool existed), void *data);
/* The entry of that path, or NULL. */
const struct snapshot_entry *snapshot_find(const struct snapshot *snapshot, const char *path);
/* Whether both are the same file or folder, unchanged but for its name. */
bool snapshot_is_moved(const struct snapshot_entry *a, const struct snapshot_entry *b);
void snapshot_clear(struct snapshot *snapshot);

#endif
