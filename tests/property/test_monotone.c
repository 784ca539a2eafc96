/* Properties of the formula, over generated definitions and requests: whatever is added to refuse
 * (a forbidden tool, a deny, a ceiling) never permits more; and a forbidden tool is refused in
 * every shape in which a definition can say so.
 *
 *   test_monotone [SEED [ROUNDS]]     the seed is printed, so that a failure can be repeated */
#include "agent/agent.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "policy/policy.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum {
	LONGEST_LIST = 5,
	ROUNDS = 3000,
};

static uint64_t state;

/* SplitMix64. */
static size_t choose(size_t count)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (size_t)((z ^ (z >> 31)) % count);
}

static const char *const tools[] = {
        "Read",
        "Write",
        "Edit",
        "MultiEdit",
        "NotebookEdit",
        "Bash",
        "Grep",
        "Glob",
        "WebFetch",
        "WebSearch",
        "Task",
        "Agent",
        "Monitor",
        "BashOutput",
        "PowerShell",
        "mcp__g__x",
        "mcp__g",
        "Unheard",
        "write_file",
        "Web",
        "Edit(src/**)",
        "Read(doc/**)",
        "Read(.env)",
        "Edit(*.c)",
        "WebFetch(domain:a.example)",
        "Agent(one)",
        "NotebookEdit(nb/**)",
        "Bash(git:*)",
        "Write(//srv/**)",
        "Workflow",
};
static const char *const modes[] = {
        NULL, "plan", "default", "acceptEdits", "bypassPermissions", "dontAsk", "auto"};
static const char *const grants[] = {
        "read:/data",         "write:/data",
        "write:/srv/w/out",   "read:~/.ssh/known_hosts",
        "write:.git/hooks",   "connect:a.example",
        "exec:make",          "delegate:one",
        "write:/usr/share/x", "read:/",
        "connect:10.0.0.0/8", "write:*.log",
        "write:/srv/w",       "read:~",
        "connect:*:443",
};
static const char *const denies[] = {
        "read:.env",
        "write:src/",
        "write:/srv/w",
        "read:/data/x",
        "connect:*",
        "connect:a.example:443",
        "exec:*",
        "exec:make",
        "delegate:*",
        "write:**/*.c",
        "read:/usr",
        "read:~/.cargo",
        "connect:10.1.0.0/16",
        "write:./src/a.c",
        "read:/",
};
static const char *const ceilings[] = {
        "grant: {write: []}",
        "grant: {read: [src/], write: [src/]}",
        "grant: {connect: [a.example], exec: [make]}",
        "grant: {delegate: [], connect: []}",
        "deny: {read: [.env], write: ['**/*.c']}",
        "modes: {max: plan}",
        "modes: {max: default, absent: plan}",
        "modes: {max: bypassPermissions, absent: bypassPermissions}",
        "grant: {read: [/], write: [/], exec: ['*'], connect: ['*'], delegate: ['*']}",
};
static char ceiling_files[COUNT(ceilings)][32];

static const struct {
	enum effect effect;
	const char *target;
} probes[] = {
        {EFFECT_READ, "/srv/w/a.c"},
        {EFFECT_READ, "/srv/w/.env"},
        {EFFECT_READ, "/srv/w/doc/x"},
        {EFFECT_READ, "/srv/w/src/a.c"},
        {EFFECT_READ, "/srv/other"},
        {EFFECT_READ, "/data/x"},
        {EFFECT_READ, "/home/u/.ssh/id"},
        {EFFECT_READ, "/home/u/.ssh/known_hosts"},
        {EFFECT_READ, "/usr/share/x/y"},
        {EFFECT_READ, "/home/u/.cargo/bin/x"},
        {EFFECT_READ, "/root/x"},
        {EFFECT_WRITE, "/srv/w/a.c"},
        {EFFECT_WRITE, "/srv/w/src/a.c"},
        {EFFECT_WRITE, "/srv/w/out/a.log"},
        {EFFECT_WRITE, "/srv/w/nb/x.ipynb"},
        {EFFECT_WRITE, "/srv/w/.git/hooks/x"},
        {EFFECT_WRITE, "/srv/.git/objects/x"},
        {EFFECT_WRITE, "/srv/w/.vscode/x"},
        {EFFECT_WRITE, "/data/x"},
        {EFFECT_WRITE, "/data/.git/config"},
        {EFFECT_WRITE, "/usr/share/x/y"},
        {EFFECT_WRITE, "/usr/bin/x"},
        {EFFECT_WRITE, "/tmp/x"},
        {EFFECT_EXEC, "/usr/bin/make"},
        {EFFECT_EXEC, "rg"},
        {EFFECT_EXEC, "*"},
        {EFFECT_CONNECT, "a.example:443"},
        {EFFECT_CONNECT, "b.example"},
        {EFFECT_CONNECT, "10.1.2.3:80"},
        {EFFECT_CONNECT, "*"},
        {EFFECT_DELEGATE, "one"},
        {EFFECT_DELEGATE, "two"},
};

/* A list of indices into one of the tables. */
struct picks {
	size_t items[LONGEST_LIST + 1];
	size_t count;
};

/* One generated definition and request. */
struct sample {
	int allowed_shape; /* 0: absent, 1: `*`, else a list */
	struct picks allowed;
	int forbidden_shape;
	struct picks forbidden;
	size_t mode;
	size_t request_mode;
	const char *tool;
	bool repository;
	struct picks grants;
	struct picks denies;
	struct picks ceilings;
};

static struct picks pick(size_t most, size_t from)
{
	struct picks picks = {.count = choose(most + 1)};

	for (size_t i = 0; i < picks.count; i++)
		picks.items[i] = choose(from);
	return picks;
}

static struct sample generate(void)
{
	return (struct sample){
	        .allowed_shape = (int)choose(6),
	        .allowed = pick(LONGEST_LIST, COUNT(tools)),
	        .forbidden_shape = (int)choose(4),
	        .forbidden = pick(2, COUNT(tools)),
	        .mode = choose(COUNT(modes)),
	        .request_mode = choose(3) ? 0 : choose(COUNT(modes)),
	        .tool = choose(4) ? NULL : tools[choose(20)],
	        .repository = choose(2),
	        .grants = pick(3, COUNT(grants)),
	        .denies = pick(2, COUNT(denies)),
	        .ceilings = pick(2, COUNT(ceilings)),
	};
}

static void write_list(struct buffer *out, const char *key, const struct picks *picks, bool flow)
{
	buffer_printf(out, "%s:%s", key, flow || !picks->count ? " [" : "\n");
	for (size_t i = 0; i < picks->count; i++)
		buffer_printf(out, flow ? "%s\"%s\"" : "%s  - \"%s\"", i ? flow ? ", " : "\n" : "",
		              tools[picks->items[i]]);
	buffer_append_text(out, flow || !picks->count ? "]\n" : "\n");
}

static void write_definition(const struct sample *sample, struct buffer *out)
{
	buffer_append_text(out, "---\nname: a\ndescription: b\n");
	if (modes[sample->mode])
		buffer_printf(out, "permissionMode: %s\n", modes[sample->mode]);
	if (sample->allowed_shape == 1)
		buffer_append_text(out, "tools: '*'\n");
	else if (sample->allowed_shape > 1)
		write_list(out, "tools", &sample->allowed, sample->allowed_shape == 2);
	if (sample->forbidden.count)
		write_list(out, "disallowedTools", &sample->forbidden, sample->forbidden_shape % 2);
	buffer_append_text(out, "---\nText.\n");
}

static void list_of(struct text_list *list, const char **items, const struct picks *picks,
                    const char *const *table)
{
	for (size_t i = 0; i < picks->count; i++)
		items[i] = table[picks->items[i]];
	*list = (struct text_list){items, picks->count};
}

/* NULL where the sample is refused as a whole: that permits nothing. */
static struct policy *build(const struct sample *sample)
{
	cleanup_buffer struct buffer text = {0};
	cleanup_error struct error err = {0};
	cleanup_agent struct agent *agent = NULL;
	const char *granted[LONGEST_LIST + 1], *denied[LONGEST_LIST + 1], *files[LONGEST_LIST + 1];
	struct policy *policy = NULL;
	struct request request = {.workspace = "/srv/w",
	                          .directory = "/srv/w",
	                          .home = "/home/u",
	                          .repository = sample->repository ? "/srv" : NULL,
	                          .tool = sample->tool,
	                          .mode = modes[sample->request_mode]};

	write_definition(sample, &text);
	if (agent_parse("a.md", text.data, text.size, &agent, &err) < 0) {
		fprintf(stderr, "%s\n%s\n", error_message(&err), text.data);
		return NULL;
	}
	list_of(&request.grants, granted, &sample->grants, grants);
	list_of(&request.denies, denied, &sample->denies, denies);
	for (size_t i = 0; i < sample->ceilings.count; i++)
		files[i] = ceiling_files[sample->ceilings.items[i]];
	request.ceilings = (struct text_list){files, sample->ceilings.count};
	return policy_build(agent, &request, &policy, &err) == 0 ? policy : NULL;
}

static void show(const struct sample *sample)
{
	cleanup_buffer struct buffer text = {0};

	write_definition(sample, &text);
	fprintf(stderr, "%stool %s, mode %s\n", text.data, sample->tool ? sample->tool : "-",
	        modes[sample->request_mode] ? modes[sample->request_mode] : "-");
	for (size_t i = 0; i < sample->grants.count; i++)
		fprintf(stderr, "grant %s\n", grants[sample->grants.items[i]]);
	for (size_t i = 0; i < sample->denies.count; i++)
		fprintf(stderr, "deny %s\n", denies[sample->denies.items[i]]);
	for (size_t i = 0; i < sample->ceilings.count; i++)
		fprintf(stderr, "ceiling %s\n", ceilings[sample->ceilings.items[i]]);
}

/* What was compared, so that the test cannot pass by comparing nothing. */
static struct {
	size_t compared, built, lowered, permitted;
} totals;

static size_t compare(const struct policy *before, const struct sample *sample, const char *what)
{
	cleanup_policy struct policy *after = build(sample);
	size_t failures = 0;

	for (size_t i = 0; after && i < COUNT(probes); i++) {
		struct decision old;
		struct decision new;
		policy_decide(before, probes[i].effect, probes[i].target, &old);
		policy_decide(after, probes[i].effect, probes[i].target, &new);
		totals.compared++;
		totals.permitted += old.verdict == VERDICT_ALLOW;
		totals.lowered += new.verdict < old.verdict;
		if (new.verdict <= old.verdict)
			continue;
		failures++;
		fprintf(stderr, "one %s more permits more: %s %s: %s (%s) -> %s (%s)\n", what,
		        effect_name(probes[i].effect), probes[i].target, verdict_name(old.verdict),
		        old.because, verdict_name(new.verdict), new.because);
	}
	if (failures)
		show(sample);
	return failures;
}

static size_t check_monotone(void)
{
	struct sample sample = generate();
	cleanup_policy struct policy *before = build(&sample);
	struct sample more;
	size_t failures = 0;

	if (!before)
		return 0;
	totals.built++;
	more = sample;
	more.forbidden.items[more.forbidden.count++] = choose(COUNT(tools));
	failures += compare(before, &more, "forbidden tool");
	more = sample;
	more.denies.items[more.denies.count++] = choose(COUNT(denies));
	failures += compare(before, &more, "deny");
	more = sample;
	more.ceilings.items[more.ceilings.count++] = choose(COUNT(ceilings));
	failures += compare(before, &more, "ceiling");
	return failures;
}

/* Every way to say that %s is allowed and forbidden; `%1$s` is the tool. */
static const char *const shapes[] = {
        "tools: %1$s\ndisallowedTools: %1$s\n",
        "tools: [%1$s]\ndisallowedTools: [%1$s]\n",
        "tools:\n  - %1$s\ndisallowedTools:\n  - %1$s\n",
        "tools: '*'\ndisallowedTools: %1$s\n",
        "disallowedTools: %1$s\n",
        "tools:\n  allowed: [%1$s]\n  forbidden: [%1$s]\n",
        "tools:\n  allowed:\n    - %1$s\n  forbidden:\n    %1$s: never\n",
        "tools: %1$s\ntool_restrictions:\n  forbidden: [%1$s]\n",
        "tools: %1$s\ncapabilities:\n  restricted_tools: [%1$s]\n",
        "tools: Read(x/**), %1$s\ndisallowedTools: '*'\n",
};

static size_t check_forbidden(const char *shape, const char *tool)
{
	cleanup_free char *text = NULL;
	cleanup_agent struct agent *agent = NULL;
	cleanup_policy struct policy *policy = NULL;
	cleanup_error struct error err = {0};
	struct request request = {.workspace = "/srv/w", .home = "/home/u", .tool = tool};
	cleanup_buffer struct buffer head = {0};

	/* The shapes are constants of this file: replace the tool by hand, not as a format. */
	buffer_append_text(&head, "---\nname: a\ndescription: b\n");
	for (const char *at = shape; *at; at++) {
		if (strncmp(at, "%1$s", 4) == 0) {
			buffer_append_text(&head, tool);
			at += 3;
		} else {
			buffer_append(&head, at, 1);
		}
	}
	buffer_append_text(&head, "---\nText.\n");
	text = buffer_steal(&head);
	if (agent_parse("a.md", text, strlen(text), &agent, &err) < 0) {
		/* Refusing a contradiction as a whole is the other right answer. */
		return 0;
	}
	totals.built++;
	if (policy_build(agent, &request, &policy, &err) < 0 &&
	    strstr(error_message(&err), "forbidden by a.md:"))
		return 0;
	fprintf(stderr, "--tool %s is not refused as forbidden (%s):\n%s", tool,
	        error_message(&err), text);
	return 1;
}

static void write_ceilings(void)
{
	for (size_t i = 0; i < COUNT(ceilings); i++) {
		strcpy(ceiling_files[i], "/tmp/remit-test-XXXXXX");
		int file = mkstemp(ceiling_files[i]);
		if (file < 0 || dprintf(file, "version: 1\n%s\n", ceilings[i]) < 0)
			abort();
		close(file);
	}
}

int main(int count, char **arguments)
{
	uint64_t seed = count > 1 ? strtoull(arguments[1], NULL, 0) : (uint64_t)time(NULL);
	size_t rounds = count > 2 ? strtoul(arguments[2], NULL, 0) : ROUNDS;
	size_t failures = 0;
	size_t named = 0;

	printf("seed %llu, %zu rounds\n", (unsigned long long)seed, rounds);
	fflush(stdout);
	state = seed;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		for (size_t k = 0; k < 15; k++)
			failures += check_forbidden(shapes[i], tools[k]);
	}
	named = totals.built;
	write_ceilings();
	for (size_t i = 0; i < rounds; i++)
		failures += check_monotone();
	for (size_t i = 0; i < COUNT(ceilings); i++)
		remove(ceiling_files[i]);
	printf("%zu shapes, %zu definitions, %zu comparisons, %zu lowered, %zu failures\n", named,
	       totals.built - named, totals.compared, totals.lowered, failures);

	/* A generator that makes only what is refused would show nothing. */
	bool hollow = totals.built - named < rounds / 4 || totals.lowered < rounds / 4 ||
	              totals.permitted < rounds || named < COUNT(shapes) * 10;
	if (hollow)
		fprintf(stderr, "too little was compared\n");
	size_t failed = failures + hollow;
	printf("%zu passed, %zu failed, 0 skipped\n", totals.compared - failures, failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
