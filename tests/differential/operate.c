/* What is tried: on folders and files of the world, through its links, on the system's trees. */
#include "differential.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <string.h>

const struct operation_name operation_names[OPERATION_COUNT] = {
        [OPERATION_READ] = {"read", EFFECT_READ, false, true, false, false},
        [OPERATION_STAT] = {"stat", EFFECT_READ, false, true, false, false},
        [OPERATION_LIST] = {"list", EFFECT_READ, false, true, false, false},
        [OPERATION_EXEC] = {"exec", EFFECT_EXEC, false, true, false, false},
        [OPERATION_CONNECT_INNER] = {"connect inside", EFFECT_CONNECT, false, false, false, false},
        [OPERATION_CONNECT_OUTER] = {"connect outside", EFFECT_CONNECT, false, false, false, false},
        [OPERATION_APPEND] = {"append", EFFECT_WRITE, true, true, false, false},
        [OPERATION_CREATE] = {"create", EFFECT_WRITE, true, false, false, true},
        [OPERATION_TRUNCATE] = {"truncate", EFFECT_WRITE, true, true, false, false},
        [OPERATION_MKDIR] = {"mkdir", EFFECT_WRITE, true, false, false, true},
        [OPERATION_RENAME] = {"rename", EFFECT_WRITE, true, false, true, true},
        [OPERATION_EXCHANGE] = {"exchange", EFFECT_WRITE, true, false, true, true},
        [OPERATION_UNLINK] = {"unlink", EFFECT_WRITE, true, false, false, true},
        [OPERATION_RMDIR] = {"rmdir", EFFECT_WRITE, true, false, false, true},
        [OPERATION_CHMOD] = {"chmod", EFFECT_WRITE, true, true, false, false},
        [OPERATION_TOUCH] = {"touch", EFFECT_WRITE, true, true, false, false},
        [OPERATION_SYMLINK] = {"symlink", EFFECT_WRITE, true, false, false, true},
        [OPERATION_LINK] = {"link", EFFECT_WRITE, true, false, true, false},
};

static const char *const system_folders[] = {"/etc",     "/usr/lib", "/usr/local/bin", "/opt",
                                             "/tmp",     "/var/tmp", "/dev",           "/dev/shm",
                                             "/var/lib", "/"};
static const char *const system_listings[] = {"/etc", "/usr/lib", "/usr/bin", "/boot", "/root"};
static const char *const system_files[] = {"/etc/hostname", "/etc/passwd",      "/etc/shadow",
                                           "/usr/bin/env",  "/proc/sys/kernel", "/var/lib/dpkg",
                                           "/dev/null",     "/etc/machine-id"};
static const char *const system_programs[] = {"/usr/bin/true", "/usr/bin/env", "/bin/true"};
/* Names in the workspace that are protected, most of which exist nowhere yet. */
static const char *const protected_names[] = {
        ".npmrc",           ".envrc",       ".husky",  ".git/hooks/new", ".git/config.worktree",
        ".git/modules/new", ".git/objects", ".vscode", ".mcp.json",      ".git/hooks",
        "src/.npmrc",       ".git"};

static void add(struct batch *batch, enum operation_kind kind, char *path, char *other)
{
	void *items = batch->items;
	struct operation operation = {
	        .kind = kind, .path = path, .other = other, .error = -1, .control = -1};

	if (array_reserve(&items, &batch->capacity, batch->count, sizeof(operation)) < 0 || !path)
		give_up("out of memory");
	batch->items = items;
	batch->items[batch->count++] = operation;
}

static bool is_folder(const struct node *node)
{
	return node && node->kind == NODE_FOLDER;
}

static bool is_content(const struct node *node)
{
	return node && (node->kind == NODE_FILE || node->kind == NODE_PROGRAM);
}

static bool is_program(const struct node *node)
{
	return node && node->kind == NODE_PROGRAM;
}

/* A name of the world, which may be a link, behind which there is something of that kind. */
static const struct node *any_node(const struct world *world, bool (*fits)(const struct node *))
{
	for (;;) {
		const struct node *node = &world->nodes[choose(world->node_count)];
		if (fits(world_follow(world, node)))
			return node;
	}
}

/* A folder to work in. Every part of the world should be met about as often as the workspace, which
 * has most of the folders. */
static const struct node *any_folder(const struct world *world)
{
	const struct node *node = any_node(world, is_folder);

	if (percent(30) && path_within(node->path, world->workspace))
		node = any_node(world, is_folder);
	return node;
}

/* Adds something of that kind under a new name in a folder, which may be named through a link. */
static char *add_leaf(struct world *world, enum node_kind kind, size_t number, const char *suffix)
{
	const struct node *folder = any_folder(world);
	cleanup_free char *place = text_copy(world_follow(world, folder)->path);
	cleanup_free char *real = text_printf("%s/leaf-%zu%s", place, number, suffix);
	char *path = text_printf("%s/leaf-%zu%s", folder->path, number, suffix);

	world_add(world, kind, real, NULL);
	return path;
}

/* The node behind a name, which may be reached through a link; NULL where there is none. */
static const struct node *behind(const struct world *world, const char *path)
{
	const struct node *node = world_find(world, path);
	cleanup_free char *parent = path_parent(path);
	const struct node *folder = node ? NULL : world_find(world, parent);

	if (folder && world_follow(world, folder)) {
		cleanup_free char *real =
		        path_join(world_follow(world, folder)->path, path_name(path));
		node = world_find(world, real);
	}
	return node ? world_follow(world, node) : NULL;
}

/* Whether an operation that changes something is on this very thing already. */
static bool is_taken(const struct batch *batch, const struct world *world, const char *path)
{
	const struct node *wanted = behind(world, path);

	for (size_t i = 0; i < batch->count; i++) {
		const struct operation *other = &batch->items[i];
		if (operation_names[other->kind].changes &&
		    (strcmp(other->path, path) == 0 ||
		     (wanted && behind(world, other->path) == wanted)))
			return true;
	}
	return false;
}

/* What a grant or a deny of the request names, where it is in the world; NULL most often. */
static const struct node *named_node(const struct world *world, const struct sample *sample)
{
	char *const *lists[] = {sample->grants, sample->denies};
	char *const *list = lists[choose(COUNT(lists))];
	size_t count = 0;

	while (list[count])
		count++;
	const char *path = count && percent(15) ? strchr(list[choose(count)], '/') : NULL;
	return path ? world_find(world, path) : NULL;
}

static char *target_read(struct world *world, enum operation_kind kind, size_t number)
{
	switch (kind) {
	case OPERATION_LIST:
		return text_copy(percent(85) ? any_node(world, is_folder)->path
		                             : system_listings[choose(COUNT(system_listings))]);
	case OPERATION_EXEC:
		return text_copy(percent(80) ? any_node(world, is_program)->path
		                             : system_programs[choose(COUNT(system_programs))]);
	default:
		break;
	}
	if (percent(15))
		return text_copy(system_files[choose(COUNT(system_files))]);
	if (percent(30))
		return add_leaf(world, NODE_FILE, number, "");
	return text_copy(percent(80) ? any_node(world, is_content)->path
	                             : world->nodes[choose(world->node_count)].path);
}

static char *target_new(struct world *world, size_t number)
{
	if (percent(15))
		return text_printf("%s/remit-differential-%d-%zu",
		                   system_folders[choose(COUNT(system_folders))], (int)getpid(),
		                   number);
	if (percent(20))
		return path_join(world->workspace, protected_names[choose(COUNT(protected_names))]);
	return text_printf("%s/new-%zu", any_folder(world)->path, number);
}

/* The second name: beside the first, or in another folder. */
static char *target_other(struct world *world, const char *path, size_t number)
{
	cleanup_free char *folder = path_parent(path);

	return text_printf("%s/other-%zu", percent(60) ? folder : any_folder(world)->path, number);
}

static char *target_change(struct world *world, enum operation_kind kind, size_t number,
                           char **other)
{
	static const enum node_kind moved[] = {NODE_FILE, NODE_FILE, NODE_FOLDER};
	char *path;

	switch (kind) {
	case OPERATION_CREATE:
	case OPERATION_MKDIR:
		return target_new(world, number);
	case OPERATION_SYMLINK:
		*other = text_copy(world->nodes[choose(world->node_count)].path);
		return target_new(world, number);
	case OPERATION_RMDIR:
		return add_leaf(world, NODE_EMPTY, number, "");
	case OPERATION_RENAME:
	case OPERATION_LINK:
		path = add_leaf(world,
		                kind == OPERATION_LINK ? NODE_FILE : moved[choose(COUNT(moved))],
		                number, "");
		*other = target_other(world, path, number);
		return path;
	case OPERATION_EXCHANGE:
		path = add_leaf(world, NODE_FILE, number, "");
		*other = add_leaf(world, NODE_FILE, number, "-second");
		return path;
	default:
		return percent(60) ? add_leaf(world, NODE_FILE, number, "")
		                   : text_copy(any_node(world, is_content)->path);
	}
}

/* Whether an operation can be meant for what the request names. */
static bool fits_named(const struct world *world, enum operation_kind kind, const struct node *node)
{
	const struct node *real = node ? world_follow(world, node) : NULL;

	switch (kind) {
	case OPERATION_READ:
	case OPERATION_STAT:
		return real != NULL;
	case OPERATION_CHMOD:
	case OPERATION_TOUCH:
	case OPERATION_APPEND:
	case OPERATION_TRUNCATE:
	case OPERATION_UNLINK:
		return is_content(real);
	case OPERATION_LIST:
		return is_folder(real);
	case OPERATION_EXEC:
		return is_program(real);
	default:
		return false; /* they need a name at which nothing stands */
	}
}

static void generate_one(struct batch *batch, struct world *world, const struct sample *sample,
                         bool changes, size_t number, int port)
{
	enum operation_kind kind;
	char *path = NULL;
	char *other = NULL;

	do {
		kind = (enum operation_kind)choose(OPERATION_COUNT);
	} while (operation_names[kind].changes != changes);
	if (kind == OPERATION_CONNECT_INNER || kind == OPERATION_CONNECT_OUTER) {
		add(batch, kind, text_printf("127.0.0.1:%d", port), text_printf("%d", port));
		return;
	}
	const struct node *named = named_node(world, sample);
	if (fits_named(world, kind, named))
		path = text_copy(named->path);
	else
		path = changes ? target_change(world, kind, number, &other)
		               : target_read(world, kind, number);
	if (changes && is_taken(batch, world, path)) {
		free(path);
		free(other);
		return;
	}
	add(batch, kind, path, other);
}

void batch_generate(struct batch *batch, struct world *world, const struct sample *sample,
                    size_t count, int port)
{
	*batch = (struct batch){0};
	for (size_t i = 0; i < count; i++)
		generate_one(batch, world, sample, i > count / 3, i, port);
}

void batch_chaos(struct batch *batch, const struct world *world, size_t count)
{
	*batch = (struct batch){0};
	for (size_t i = 0; i < count; i++) {
		const struct node *first = &world->nodes[choose(world->node_count)];
		const struct node *second = &world->nodes[choose(world->node_count)];
		enum operation_kind kind = (enum operation_kind)choose(OPERATION_COUNT);
		if (kind == OPERATION_CONNECT_INNER || kind == OPERATION_CONNECT_OUTER)
			kind = OPERATION_READ;
		if (percent(25))
			kind = percent(60) ? OPERATION_RENAME : OPERATION_EXCHANGE;
		char *path = percent(20) ? text_printf("%s/new-%zu", first->path, choose(8))
		                         : text_copy(first->path);
		char *other = percent(50) ? text_printf("%s-moved", first->path)
		                          : text_copy(second->path);
		add(batch, kind, path, other);
	}
}

void batch_clear(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		free(batch->items[i].path);
		free(batch->items[i].other);
		free(batch->items[i].evidence);
	}
	free(batch->items);
	*batch = (struct batch){0};
}
