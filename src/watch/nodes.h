/* The names that the decoy answers for: a fixed skeleton, made from the plan, in which granted
 * trees are mounted, and names of the host that somebody asked for meanwhile. */
#ifndef REMIT_WATCH_NODES_H
#define REMIT_WATCH_NODES_H

#include "base/error.h"
#include "plan/plan.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum node_kind {
	NODE_FOLDER,  /* of the skeleton: can be listed and passed through */
	NODE_FILE,    /* of the skeleton: something is mounted on it */
	NODE_LINK,    /* of the skeleton */
	NODE_PHANTOM, /* stands for something of the host that is refused */
};

struct node {
	char *path;
	enum node_kind kind;
	mode_t type;                   /* S_IFMT; NODE_PHANTOM: as on the host */
	const char *text;              /* NODE_LINK: where it leads; the plan's */
	const struct plan_mount *step; /* NODE_PHANTOM of the plan: the step that refuses it */
	bool fixed;                    /* of the plan: never forgotten */
	bool listed;                   /* of the skeleton: leads to something that was granted */
	uint64_t lookups;              /* how often the kernel was told of it and did not forget */
	struct node *children;         /* of the skeleton */
	struct node *sibling;
	struct node *next; /* in its chain of the table */
};

struct nodes;

/* Makes the skeleton. Returns 0 and a table owned by the caller, or negative. */
int nodes_new(const struct plan *plan, struct nodes **out, struct error *err);
void nodes_free(struct nodes *nodes);

struct node *nodes_root(struct nodes *nodes);

/* The node of the path, or NULL. */
struct node *nodes_find(const struct nodes *nodes, const char *path);

/* A phantom for the path, which is taken over, also where this fails. NULL where memory or the
 * room for phantoms (512 KiB) is exhausted. */
struct node *nodes_add_phantom(struct nodes *nodes, char *path, mode_t type);

/* The kernel forgot `count` look-ups of the node. */
void nodes_forget(struct nodes *nodes, struct node *node, uint64_t count);

#endif
