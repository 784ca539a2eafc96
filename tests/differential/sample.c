/* A generated agent definition and what an operator says beside it. */
#include "differential.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* In all of these, `@` is the world's root and `%` the workspace. */
static const char *const tools[] = {
        "Read",
        "Write",
        "Edit",
        "Bash",
        "Grep",
        "Glob",
        "MultiEdit",
        "Read, Bash",
        "Read, Edit, Bash",
        "Read, Write, Bash",
        "Edit(src/**)",
        "Read(docs/**)",
        "Edit(./build/**)",
        "Read(/src/**)",
        "Task",
        "TodoWrite",
};
static const char *const forbidden[] = {
        "Write",
        "Edit",
        "Read",
        "Bash",
        "Grep",
        "Read(./secrets/**)",
        "Edit(./docs/**)",
        "Edit(./l-src)",
        "Read(./src/deep/**)",
};
static const char *const modes[] = {"plan", "default", "acceptEdits",
                                    "auto", "dontAsk", "bypassPermissions"};
static const char *const grants[] = {
        "read:@/data",
        "write:@/data",
        "read:@/data/inner",
        "write:@/data/inner",
        "read:@/other/deep",
        "write:@/other/deep/file",
        "read:@/home/notes",
        "write:@/home/notes",
        "read:@/home/.ssh/known_hosts",
        "read:@/home/.ssh",
        "write:%/build",
        "write:%/src",
        "read:%",
        "write:%",
        "write:%/.vscode",
        "write:%/.git/config",
        "write:%/.git/hooks",
        "write:%/.mcp.json",
        "read:%/l-data",
        "write:%/l-other",
        "exec:@/data/tool",
        "exec:%/bin/tool",
        "exec:/usr/bin/true",
        "exec:true",
        "write:@/data/repo",
        "read:@/repository",
        "write:@/repository",
        "write:/usr/local/lib",
        "delegate:claude",
        "read:@/main",
        "write:@/main",
        "write:@/main/.git/config",
        "read:@/main/.git/hooks",
        "read:@/data/repo/.git/hooks",
        "read:%/.vscode",
        "write:@/main/.git/worktrees/side/gitdir",
};
static const char *const denies[] = {
        "read:%/secrets",
        "write:%/secrets",
        "write:%/docs",
        "write:./docs",
        "read:./src/file",
        "write:%/src/deep",
        "read:%/l-src",
        "write:%/l-file",
        "write:%/l-data",
        "read:%/l-other",
        "read:@/data/inner",
        "write:@/data/file",
        "read:@/data/l-other",
        "exec:%/bin/tool",
        "exec:true",
        "exec:/usr/bin/env",
        "exec:*",
        "read:/etc/hostname",
        "read:/usr/share/doc",
        "write:%",
        "write:%/.git",
        "read:%/.git/objects",
        "read:@/home/.cargo",
        "write:@/repository",
        "connect:*",
        "write:@/main/.git",
        "read:@/main/.git/objects",
        "write:@/main/.git/worktrees/side",
};
static const char *const ceilings[] = {
        "grant: {write: ['%/src/']}",
        "grant: {write: ['%/src/', '%/build/', '@/data/']}",
        "grant: {read: ['%/src/', '@/data/inner/']}",
        "grant: {read: ['%']}",
        "grant: {write: []}",
        "grant: {read: []}",
        "grant: {exec: []}",
        "grant: {exec: ['%/bin/tool', 'true']}",
        "grant: {read: [/], write: [/], exec: ['*']}",
        "deny: {read: ['%/secrets'], write: ['%/docs']}",
        "deny: {write: ['@/data/inner', '%/src/file']}",
        "grant: {write: ['%', '@/main/.git/objects']}",
        "modes: {max: plan}",
        "modes: {max: acceptEdits, absent: dontAsk}",
};
static const char *const policies[] = {
        "grant: {read: ['@/data/'], write: ['@/data/inner/']}",
        "grant: {write: ['%/build/', '%/.vscode/']}",
        "grant: {exec: ['%/bin/tool']}",
        "deny: {read: ['%/secrets/']}",
        "modes: {max: bypassPermissions}",
        "modes: {absent: acceptEdits}",
        "grant: {read: ['~/notes']}",
};

static char *expand(const char *text, const struct world *world)
{
	struct buffer out = {0};

	for (; *text; text++) {
		if (*text == '@')
			buffer_append_text(&out, world->root);
		else if (*text == '%')
			buffer_append_text(&out, world->workspace);
		else
			buffer_append(&out, text, 1);
	}
	char *result = buffer_steal(&out);
	if (!result)
		give_up("out of memory");
	return result;
}

static void write_file(const char *path, const char *text)
{
	cleanup_fclose FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fflush(file) != 0)
		give_up("%s cannot be written", path);
}

/* Most often none, seldom many. */
static size_t few(void)
{
	static const size_t counts[] = {0, 0, 0, 1, 1, 1, 2, 3};

	return counts[choose(COUNT(counts))];
}

static void pick(char **out, const char *const *table, size_t size, const struct world *world)
{
	size_t count = few();

	for (size_t i = 0; i < count; i++)
		out[i] = expand(table[choose(size)], world);
}

static void pick_files(char **out, const char *name, const char *const *table, size_t size,
                       const struct world *world, const char *folder)
{
	size_t count = percent(25) ? 1 + choose(2) : 0;

	for (size_t i = 0; i < count; i++) {
		cleanup_free char *rules = expand(table[choose(size)], world);
		cleanup_free char *text = text_printf("version: 1\n%s\n", rules);
		out[i] = text_printf("%s/%s-%zu.yaml", folder, name, i);
		write_file(out[i], text);
	}
}

static void add_list(struct buffer *text, const char *key, const char *const *table, size_t size,
                     size_t count)
{
	buffer_printf(text, "%s: ", key);
	for (size_t i = 0; i < count; i++)
		buffer_printf(text, "%s%s", i ? ", " : "", table[choose(size)]);
	buffer_append_text(text, "\n");
}

static char *generate_definition(void)
{
	struct buffer text = {0};

	buffer_append_text(&text, "---\nname: generated\ndescription: made by chance\n");
	if (percent(80))
		add_list(&text, "tools", tools, COUNT(tools), 1 + choose(4));
	if (percent(30))
		add_list(&text, "disallowedTools", forbidden, COUNT(forbidden), 1 + choose(2));
	if (percent(50))
		buffer_printf(&text, "permissionMode: %s\n", modes[choose(COUNT(modes))]);
	buffer_append_text(&text, "---\n");
	return buffer_steal(&text);
}

void sample_generate(struct sample *sample, const struct world *world, const char *folder)
{
	static const char *const named[] = {"Bash", "Read", "Edit", "Write"};

	*sample = (struct sample){0};
	sample->definition = text_printf("%s/agent.md", folder);
	sample->text = generate_definition();
	if (!sample->definition || !sample->text)
		give_up("out of memory");
	write_file(sample->definition, sample->text);
	pick(sample->grants, grants, COUNT(grants), world);
	pick(sample->denies, denies, COUNT(denies), world);
	pick_files(sample->ceilings, "ceiling", ceilings, COUNT(ceilings), world, folder);
	pick_files(sample->policies, "policy", policies, COUNT(policies), world, folder);
	sample->mode = percent(40) ? modes[choose(COUNT(modes))] : NULL;
	sample->tool = percent(15) ? named[choose(COUNT(named))] : NULL;
	remit_options_init(&sample->options);
	sample->options.agent = sample->definition;
	sample->options.workspace = world->workspace;
	sample->options.mode = sample->mode;
	sample->options.tool = sample->tool;
	sample->options.grants = (const char *const *)sample->grants;
	sample->options.denies = (const char *const *)sample->denies;
	sample->options.ceilings = (const char *const *)sample->ceilings;
	sample->options.policies = (const char *const *)sample->policies;
}

struct arguments {
	char **items;
	size_t count;
};

static void add_option(struct arguments *arguments, const char *name, const char *value)
{
	if (!value)
		return;
	arguments->items[arguments->count++] = (char *)name;
	arguments->items[arguments->count++] = (char *)value;
}

static void add_options(struct arguments *arguments, const char *name, char *const *values)
{
	for (; *values; values++)
		add_option(arguments, name, *values);
}

char **sample_arguments(const struct sample *sample, bool run)
{
	struct arguments out = {.items = calloc(10 * MOST_OPTIONS, sizeof(char *))};

	if (!out.items)
		give_up("out of memory");
	if (run)
		add_option(&out, "--agent", sample->definition);
	add_option(&out, "--workspace", sample->options.workspace);
	add_option(&out, "--mode", sample->mode);
	add_option(&out, "--tool", sample->tool);
	add_options(&out, "--grant", sample->grants);
	add_options(&out, "--deny", sample->denies);
	add_options(&out, "--ceiling", sample->ceilings);
	add_options(&out, "--policy", sample->policies);
	return out.items;
}

void sample_show(const struct sample *sample)
{
	cleanup_free char **arguments = sample_arguments(sample, true);

	fprintf(stderr, "%s", sample->text);
	for (char **at = arguments; *at; at++)
		fprintf(stderr, "%s ", *at);
	fprintf(stderr, "\n");
	for (size_t i = 0; i < 2; i++) {
		for (char *const *at = i ? sample->policies : sample->ceilings; *at; at++) {
			cleanup_fclose FILE *file = fopen(*at, "re");
			char line[512];
			while (file && fgets(line, sizeof(line), file))
				if (strncmp(line, "version", 7) != 0)
					fprintf(stderr, "  %s: %s", path_name(*at), line);
		}
	}
}

static void clear_list(char **list)
{
	for (; *list; list++)
		free(*list);
}

void sample_clear(struct sample *sample)
{
	free(sample->definition);
	free(sample->text);
	clear_list(sample->grants);
	clear_list(sample->denies);
	clear_list(sample->ceilings);
	clear_list(sample->policies);
	*sample = (struct sample){0};
}
