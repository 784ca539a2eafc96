#include "watch/nodes.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	CHAINS = 1024,                   /* a power of two */
	PHANTOM_BYTES_MOST = 512 * 1024, /* the kernel may remember each name that was asked for */
};

struct nodes {
	struct node *chains[CHAINS];
	struct node *root;
	size_t phantom_bytes;
};

/* FNV-1a; the names are the tool's, but so is the time that a long chain would take. */
static struct node **chain_of(const struct nodes *nodes, const char *path)
{
	uint32_t hash = 2166136261U;

	for (const unsigned char *at = (const unsigned char *)path; *at; at++)
		hash = (hash ^ *at) * 16777619U;
	/* Only the head of a chain is returned for change. */
	return (struct node **)&nodes->chains[hash & (CHAINS - 1)];
}

struct node *nodes_find(const struct nodes *nodes, const char *path)
{
	struct node *node = *chain_of(nodes, path);

	while (node && strcmp(node->path, path) != 0)
		node = node->next;
	return node;
}

struct node *nodes_root(struct nodes *nodes)
{
	return nodes->root;
}

/* Takes the path over. */
static struct node *add(struct nodes *nodes, char *path, enum node_kind kind, mode_t type)
{
	struct node *node = path ? calloc(1, sizeof(*node)) : NULL;
	struct node **chain = path ? chain_of(nodes, path) : NULL;

	if (!node) {
		free(path);
		return NULL;
	}
	*node = (struct node){.path = path, .kind = kind, .type = type, .next = *chain};
	*chain = node;
	return node;
}

/* What it takes, with what the allocator adds. */
static size_t memory_of(const char *path)
{
	return sizeof(struct node) + strlen(path) + 1 + 4 * sizeof(void *);
}

struct node *nodes_add_phantom(struct nodes *nodes, char *path, mode_t type)
{
	size_t size = path ? memory_of(path) : 0;

	if (nodes->phantom_bytes + size > PHANTOM_BYTES_MOST) {
		free(path);
		return NULL;
	}
	struct node *node = add(nodes, path, NODE_PHANTOM, type);
	nodes->phantom_bytes += node ? size : 0;
	return node;
}

static struct node *add_fixed(struct nodes *nodes, const char *path, enum node_kind kind,
                              mode_t type, bool listed);

/* The skeleton's folder at `path`, made with those above it. */
static struct node *folder(struct nodes *nodes, const char *path, bool listed)
{
	struct node *found = nodes_find(nodes, path);

	if (!found)
		return add_fixed(nodes, path, NODE_FOLDER, S_IFDIR, listed);
	/* Below what is refused something may be granted again. */
	if (found->kind == NODE_FILE || found->kind == NODE_PHANTOM)
		found->kind = NODE_FOLDER;
	found->type = S_IFDIR;
	if (listed && !found->listed && strcmp(path, "/") != 0) {
		cleanup_free char *parent = path_parent(path);
		found->listed = true;
		return parent && folder(nodes, parent, true) ? found : NULL;
	}
	return found;
}

static struct node *add_fixed(struct nodes *nodes, const char *path, enum node_kind kind,
                              mode_t type, bool listed)
{
	cleanup_free char *parent = path_parent(path);
	struct node *above = parent ? folder(nodes, parent, listed) : NULL;
	struct node *node = above ? add(nodes, text_copy(path), kind, type) : NULL;

	if (!node)
		return NULL;
	node->fixed = true;
	node->listed = listed;
	node->sibling = above->children;
	above->children = node;
	return node;
}

/* What a step of the plan needs: a place to be mounted on, a link, or what refuses. */
static int add_step(struct nodes *nodes, const struct plan_mount *step)
{
	bool refuses = step->kind == MOUNT_MASK || step->kind == MOUNT_DECOY;
	bool directory = step->directory || step->kind == MOUNT_SCRATCH ||
	                 step->kind == MOUNT_EMPTY || step->kind == MOUNT_PIN;
	struct node *node = nodes_find(nodes, step->path);

	if (node && node->kind == NODE_FOLDER)
		return folder(nodes, step->path, !refuses) ? 0 : -1;
	if (!node && directory && !refuses)
		return folder(nodes, step->path, true) ? 0 : -1;
	if (!node)
		node = add_fixed(nodes, step->path,
		                 step->kind == MOUNT_LINK ? NODE_LINK : NODE_FILE,
		                 step->kind == MOUNT_LINK ? S_IFLNK
		                 : directory              ? S_IFDIR
		                                          : S_IFREG,
		                 !refuses);
	if (!node)
		return -1;
	if (step->kind == MOUNT_LINK)
		node->text = step->source;
	if (refuses) {
		node->kind = NODE_PHANTOM;
		node->type = step->directory ? S_IFDIR : S_IFREG;
		node->step = step;
	}
	return 0;
}

int nodes_new(const struct plan *plan, struct nodes **out, struct error *err)
{
	static const char *const always[] = {"/dev", "/proc", "/run", "/var"};
	struct nodes *nodes = *out = calloc(1, sizeof(*nodes));

	if (!nodes)
		return error_memory(err);
	nodes->root = add(nodes, text_copy("/"), NODE_FOLDER, S_IFDIR);
	if (!nodes->root)
		goto failed;
	nodes->root->fixed = nodes->root->listed = true;
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (!folder(nodes, always[i], true))
			goto failed;
	/* Steps come after those of the folders above them. */
	for (size_t i = 0; i < plan->mount_count; i++)
		if (add_step(nodes, &plan->mounts[i]) < 0)
			goto failed;
	return 0;
failed:
	nodes_free(nodes);
	*out = NULL;
	return error_memory(err);
}

static void free_node(struct node *node)
{
	free(node->path);
	free(node);
}

void nodes_free(struct nodes *nodes)
{
	for (size_t i = 0; nodes && i < CHAINS; i++) {
		for (struct node *node = nodes->chains[i]; node;) {
			struct node *next = node->next;
			free_node(node);
			node = next;
		}
	}
	free(nodes);
}

void nodes_forget(struct nodes *nodes, struct node *node, uint64_t count)
{
	node->lookups -= count < node->lookups ? count : node->lookups;
	if (node->lookups || node->fixed)
		return;
	struct node **place = chain_of(nodes, node->path);
	while (*place && *place != node)
		place = &(*place)->next;
	if (*place)
		*place = node->next;
	nodes->phantom_bytes -= memory_of(node->path);
	free_node(node);
}
