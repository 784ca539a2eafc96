/* A generated piece of the file system: a home folder with secrets and toolchains, a workspace with
 * protected names, a repository at or around it, and folders beside, joined by links. */
#include "differential.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>

struct part {
	const char *path;
	enum node_kind kind;
	unsigned chance;  /* in percent; what lies below an absent folder is absent, too */
	const char *text; /* of a link or a file: "@" is the world's root */
};

static const struct part workspace_parts[] = {
        {"src", NODE_FOLDER, 100},
        {"src/file", NODE_FILE, 100},
        {"src/deep", NODE_FOLDER, 100},
        {"src/deep/file", NODE_FILE, 100},
        {"docs", NODE_FOLDER, 100},
        {"docs/page", NODE_FILE, 100},
        {"build", NODE_FOLDER, 100},
        {"secrets", NODE_FOLDER, 100},
        {"secrets/key", NODE_FILE, 100},
        {"bin", NODE_FOLDER, 100},
        {"bin/tool", NODE_PROGRAM, 100},
        {"odd \n\"name\"", NODE_FOLDER, 50},
        {"odd \n\"name\"/\xff\x01", NODE_FILE, 100},
        {"vendor", NODE_FOLDER, 50},
        {"vendor/dep", NODE_FOLDER, 100},
        {"vendor/dep/.npmrc", NODE_FILE, 100},
        {"vendor/dep/.git", NODE_FOLDER, 50},
        {"vendor/dep/.git/config", NODE_FILE, 100},
        {"vendor/dep/.git/hooks", NODE_FOLDER, 100},
        {"vendor/dep/.git/objects", NODE_FOLDER, 100},
        {".vscode", NODE_FOLDER, 60},
        {".vscode/tasks.json", NODE_FILE, 100},
        {".claude", NODE_FOLDER, 60},
        {".claude/settings.json", NODE_FILE, 100},
        {".mcp.json", NODE_FILE, 60},
        {".envrc", NODE_FILE, 40},
        {".github", NODE_FOLDER, 60},
        {".github/workflows", NODE_FOLDER, 70},
        {".github/workflows/ci.yml", NODE_FILE, 100},
        {"l-src", NODE_LINK, 50, "src"},
        {"l-file", NODE_LINK, 50, "src/file"},
        {"l-other", NODE_LINK, 60, "@/other"},
        {"l-data", NODE_LINK, 60, "@/data"},
        {"l-ssh", NODE_LINK, 60, "@/home/.ssh"},
        {"l-key", NODE_LINK, 50, "@/home/.ssh/id_test"},
        {"l-system", NODE_LINK, 50, "/etc"},
        {"l-nowhere", NODE_LINK, 50, "nowhere"},
        {"docs/l-up", NODE_LINK, 50, "../secrets"},
        {"docs/l-link", NODE_LINK, 50, "../l-data"},
};

static const struct part repository_parts[] = {
        {".git", NODE_FOLDER, 100},
        {".git/HEAD", NODE_FILE, 100},
        {".git/config", NODE_FILE, 100},
        {".git/index", NODE_FILE, 100},
        {".git/hooks", NODE_FOLDER, 80},
        {".git/hooks/pre-commit", NODE_FILE, 100},
        {".git/objects", NODE_FOLDER, 100},
        {".git/refs", NODE_FOLDER, 100},
        {".git/refs/heads", NODE_FOLDER, 100},
        {".git/logs", NODE_FOLDER, 50},
        {".git/info", NODE_FOLDER, 50},
        {".git/info/exclude", NODE_FILE, 100},
        {".git/modules", NODE_FOLDER, 40},
        {".git/modules/one", NODE_FOLDER, 100},
        {".git/modules/one/config", NODE_FILE, 100},
};

static const struct part outer_parts[] = {
        {"home/.ssh", NODE_FOLDER, 80},
        {"home/.ssh/id_test", NODE_FILE, 100},
        {"home/.ssh/known_hosts", NODE_FILE, 100},
        {"home/.aws", NODE_FOLDER, 50},
        {"home/.aws/credentials", NODE_FILE, 100},
        {"home/.cargo", NODE_FOLDER, 60},
        {"home/.cargo/bin", NODE_FOLDER, 100},
        {"home/.cargo/bin/tool", NODE_PROGRAM, 100},
        {"home/.cargo/credentials.toml", NODE_FILE, 100},
        {"home/.gitconfig", NODE_FILE, 60},
        {"home/notes", NODE_FOLDER, 100},
        {"home/notes/today", NODE_FILE, 100},
        {"other", NODE_FOLDER, 100},
        {"other/file", NODE_FILE, 100},
        {"other/deep", NODE_FOLDER, 100},
        {"other/deep/file", NODE_FILE, 100},
        {"other/.vscode", NODE_FOLDER, 100},
        {"data", NODE_FOLDER, 100},
        {"data/file", NODE_FILE, 100},
        {"data/tool", NODE_PROGRAM, 100},
        {"data/inner", NODE_FOLDER, 100},
        {"data/inner/file", NODE_FILE, 100},
        {"data/l-key", NODE_LINK, 50, "@/home/.ssh/id_test"},
        {"data/l-other", NODE_LINK, 50, "@/other"},
        {"data/repo", NODE_FOLDER, 50},
        {"data/repo/.git", NODE_FOLDER, 100},
        {"data/repo/.git/config", NODE_FILE, 100},
        {"data/repo/.git/hooks", NODE_FOLDER, 100},
};

/* A linked work tree and a submodule, most of which are known to the repository they name. */
static const struct part pointed_parts[] = {
        {"main", NODE_FOLDER, 100},
        {"main/file", NODE_FILE, 100},
        {"main/.git/worktrees", NODE_FOLDER, 100},
        {"main/.git/worktrees/side", NODE_FOLDER, 100},
        {"main/.git/worktrees/side/HEAD", NODE_FILE, 100},
        {"main/.git/worktrees/side/index", NODE_FILE, 100},
        {"main/.git/worktrees/side/commondir", NODE_FILE, 90, "../.."},
        {"main/.git/worktrees/side/gitdir", NODE_FILE, 90, "@/side/.git"},
        {"main/.git/worktrees/third", NODE_FOLDER, 70},
        {"main/.git/worktrees/third/gitdir", NODE_FILE, 100},
        {"main/.git/modules/part", NODE_FOLDER, 100},
        {"main/.git/modules/part/HEAD", NODE_FILE, 100},
        {"main/.git/modules/part/objects", NODE_FOLDER, 100},
        {"main/.git/modules/part/refs", NODE_FOLDER, 100},
        {"main/.git/modules/part/hooks", NODE_FOLDER, 100},
        {"main/.git/modules/part/config", NODE_FILE, 90, "[core]\nworktree = ../../../part"},
        {"main/part", NODE_FOLDER, 100},
        {"main/part/.git", NODE_FILE, 100, "gitdir: ../.git/modules/part"},
        {"side", NODE_FOLDER, 100},
        {"side/.git", NODE_FILE, 100, "gitdir: @/main/.git/worktrees/side"},
};

static const struct {
	const char *workspace;
	const char *around; /* a folder above that may be a repository */
	bool pointed;       /* a `.git` that is a file */
} places[] = {
        {"project", NULL, false},
        {"home/code/project", NULL, false},
        {"repository/folder/project", "repository", false},
        {"home/repository/folder", "home/repository", false},
        {"side", NULL, true},
        {"side/folder", NULL, true},
        {"main/part", NULL, true},
};

void world_add(struct world *world, enum node_kind kind, const char *path, const char *text)
{
	void *items = world->nodes;
	struct node node = {.kind = kind, .path = text_copy(path)};

	if (array_reserve(&items, &world->node_capacity, world->node_count, sizeof(node)) < 0)
		give_up("out of memory");
	world->nodes = items;
	node.text = text ? text_copy(text) : text_printf(TOKEN "%zu-", world->node_count);
	if (!node.path || !node.text)
		give_up("out of memory");
	world->nodes[world->node_count++] = node;
	if (kind != NODE_FOLDER)
		return;
	cleanup_free char *marker = text_printf("%s/" MARKER "%zu", path, world->node_count);
	world_add(world, NODE_FILE, marker, NULL);
}

const struct node *world_find(const struct world *world, const char *path)
{
	for (size_t i = 0; i < world->node_count; i++)
		if (strcmp(world->nodes[i].path, path) == 0)
			return &world->nodes[i];
	return NULL;
}

const struct node *world_owner_of(const struct world *world, const char *content)
{
	for (size_t i = 0; i < world->node_count; i++) {
		const struct node *node = &world->nodes[i];
		if (node->kind == NODE_FILE && strncmp(node->text, TOKEN, sizeof(TOKEN) - 1) == 0 &&
		    strncmp(content, node->text, strlen(node->text)) == 0)
			return node;
	}
	return NULL;
}

const struct node *world_follow(const struct world *world, const struct node *node)
{
	for (int i = 0; i < 8 && node && node->kind == NODE_LINK; i++) {
		cleanup_free char *parent = path_parent(node->path);
		cleanup_free char *target = path_absolute(parent, node->text);
		node = target ? world_find(world, target) : NULL;
	}
	return node && node->kind == NODE_LINK ? NULL : node;
}

static void add_folders(struct world *world, const char *path)
{
	if (strcmp(path, world->root) == 0 || world_find(world, path))
		return;
	cleanup_free char *parent = path_parent(path);
	add_folders(world, parent);
	world_add(world, NODE_FOLDER, path, NULL);
}

static void add_parts(struct world *world, const char *folder, const struct part *parts,
                      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *path = path_join(folder, parts[i].path);
		cleanup_free char *parent = path_parent(path);
		cleanup_free char *text = NULL;

		if (!percent(parts[i].chance) ||
		    (!world_find(world, parent) && strcmp(parent, world->root) != 0) ||
		    world_find(world, path))
			continue;
		const char *at = parts[i].text ? strchr(parts[i].text, '@') : NULL;
		if (at)
			text = text_printf("%.*s%s%s", (int)(at - parts[i].text), parts[i].text,
			                   world->root, at + 1);
		else if (parts[i].text)
			text = text_copy(parts[i].text);
		world_add(world, parts[i].kind, path, text);
	}
}

void world_generate(struct world *world, const char *root, const char *helper, uid_t owner)
{
	size_t place = choose(COUNT(places));

	*world = (struct world){.root = root, .helper = helper, .owner = owner};
	world->home = path_join(root, "home");
	world->workspace = path_join(root, places[place].workspace);
	world->inner_helper = path_join(root, "home/.local/bin/helper");
	cleanup_free char *programs = path_parent(world->inner_helper);
	add_folders(world, world->home);
	add_folders(world, programs);
	world_add(world, NODE_PROGRAM, world->inner_helper, NULL);
	if (places[place].pointed) {
		cleanup_free char *main_tree = path_join(root, "main");
		add_folders(world, main_tree);
		add_parts(world, main_tree, repository_parts, COUNT(repository_parts));
		cleanup_free char *modules = path_join(main_tree, ".git/modules");
		add_folders(world, modules);
		add_parts(world, root, pointed_parts, COUNT(pointed_parts));
	}
	add_folders(world, world->workspace);
	if (places[place].around && percent(70)) {
		cleanup_free char *around = path_join(root, places[place].around);
		add_parts(world, around, repository_parts, COUNT(repository_parts));
		if (percent(50))
			add_parts(world, around, workspace_parts, COUNT(workspace_parts));
	}
	if (!places[place].pointed && percent(places[place].around ? 20 : 70))
		add_parts(world, world->workspace, repository_parts, COUNT(repository_parts));
	add_parts(world, world->workspace, workspace_parts, COUNT(workspace_parts));
	add_parts(world, root, outer_parts, COUNT(outer_parts));
}

static void copy_file(const char *from, const char *to)
{
	cleanup_close int in = open(from, O_RDONLY | O_CLOEXEC);
	cleanup_close int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ssize_t size = 1;

	while (in >= 0 && out >= 0 && size > 0)
		size = copy_file_range(in, NULL, out, NULL, 1 << 24, 0);
	if (in < 0 || out < 0 || size < 0)
		give_up("%s: %s", to, strerror(errno));
}

static void build_node(const struct world *world, const struct node *node)
{
	int result = 0;

	switch (node->kind) {
	case NODE_FOLDER:
	case NODE_EMPTY:
		result = mkdir(node->path, 0755);
		break;
	case NODE_LINK:
		result = symlink(node->text, node->path);
		break;
	case NODE_PROGRAM:
		copy_file(world->helper, node->path);
		break;
	case NODE_FILE: {
		cleanup_close int file =
		        open(node->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		result = file < 0 || write(file, node->text, strlen(node->text)) < 0 ? -1 : 0;
		break;
	}
	}
	if (result == 0 && world->owner != geteuid())
		result = lchown(node->path, world->owner, (gid_t)world->owner);
	if (result < 0)
		give_up("%s: %s", node->path, strerror(errno));
}

void world_build(const struct world *world)
{
	for (size_t i = 0; i < world->node_count; i++)
		build_node(world, &world->nodes[i]);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	return place->level > 0 && remove(path) < 0 ? -1 : 0;
}

void world_remove(const struct world *world)
{
	if (nftw(world->root, remove_entry, 32, FTW_DEPTH | FTW_PHYS) < 0)
		give_up("%s: %s", world->root, strerror(errno));
}

void world_clear(struct world *world)
{
	for (size_t i = 0; i < world->node_count; i++) {
		free(world->nodes[i].path);
		free(world->nodes[i].text);
	}
	free(world->nodes);
	free(world->home);
	free(world->workspace);
	free(world->inner_helper);
	*world = (struct world){0};
}
