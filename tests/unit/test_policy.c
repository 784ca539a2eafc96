/* The meaning of definitions, grants, denies and ceilings: one table of (definition, request,
 * operation) -> verdict. Rows that refuse stand beside a row that differs in one thing and permits.
 */
#include "agent/agent.h"
#include "base/cleanup.h"
#include "policy/grammar.h"
#include "policy/names.h"
#include "policy/peer.h"
#include "policy/policy.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum {
	OPTIONS = 6,
};

/* A definition's head and options such as "grant=read:/data" or "ceiling=TEXT". */
struct setup {
	const char *head;
	const char *options[OPTIONS];
};

/* Everything that a request points to. */
struct scene {
	struct request request;
	const char *grants[OPTIONS], *denies[OPTIONS], *policies[OPTIONS], *ceilings[OPTIONS];
	const char *keep[OPTIONS], *limits[OPTIONS], *given[OPTIONS];
	char files[OPTIONS][32];
	size_t file_count;
	struct agent *agent;
	struct policy *policy;
	struct error err;
};

static const char *write_file(struct scene *scene, const char *text)
{
	char *name = scene->files[scene->file_count++];

	strcpy(name, "/tmp/remit-test-XXXXXX");
	int file = mkstemp(name);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
	return name;
}

static void append(struct text_list *list, const char **items, const char *text)
{
	items[list->count++] = text;
	list->items = items;
}

static void apply_option(struct scene *scene, const char *option)
{
	struct request *request = &scene->request;
	const char *value = strchr(option, '=') + 1;

	if (strncmp(option, "grant=", 6) == 0)
		append(&request->grants, scene->grants, value);
	else if (strncmp(option, "deny=", 5) == 0)
		append(&request->denies, scene->denies, value);
	else if (strncmp(option, "env=", 4) == 0)
		append(&request->keep, scene->keep, value);
	else if (strncmp(option, "limit=", 6) == 0)
		append(&request->limits, scene->limits, value);
	else if (strncmp(option, "given=", 6) == 0)
		append(&request->given, scene->given, value);
	else if (strncmp(option, "policy=", 7) == 0)
		append(&request->policies, scene->policies, write_file(scene, value));
	else if (strncmp(option, "ceiling=", 8) == 0)
		append(&request->ceilings, scene->ceilings, write_file(scene, value));
	else if (strncmp(option, "tool=", 5) == 0)
		request->tool = value;
	else if (strncmp(option, "mode=", 5) == 0)
		request->mode = value;
	else if (strncmp(option, "repository=", 11) == 0)
		request->repository = value;
	else if (strncmp(option, "directory=", 10) == 0)
		request->directory = value;
	else if (strncmp(option, "workspace=", 10) == 0)
		request->workspace = value;
	else if (strncmp(option, "strict=", 7) == 0)
		request->strict = true;
	else
		ck_abort_msg("unknown option %s", option);
}

/* Returns what policy_build returns. */
static int stage(struct scene *scene, const struct setup *setup)
{
	cleanup_free char *text = NULL;

	*scene = (struct scene){
	        .request = {.workspace = "/srv/w", .home = "/home/u", .directory = "/srv/w"}};
	ck_assert_int_gt(
	        asprintf(&text, "---\nname: a\ndescription: b\n%s---\nText.\n", setup->head), 0);
	ck_assert_msg(agent_parse("a.md", text, strlen(text), &scene->agent, &scene->err) == 0,
	              "%s", error_message(&scene->err));
	for (size_t i = 0; i < OPTIONS && setup->options[i]; i++)
		apply_option(scene, setup->options[i]);
	return policy_build(scene->agent, &scene->request, &scene->policy, &scene->err);
}

static void strike(struct scene *scene)
{
	for (size_t i = 0; i < scene->file_count; i++)
		remove(scene->files[i]);
	policy_free(scene->policy);
	agent_free(scene->agent);
	error_clear(&scene->err);
}

#define R EFFECT_READ
#define W EFFECT_WRITE
#define X EFFECT_EXEC
#define C EFFECT_CONNECT
#define D EFFECT_DELEGATE

static const struct {
	const char *name;
	struct setup setup;
	enum effect effect;
	const char *target;
	enum verdict verdict;
} rows[] = {
#define ALLOW VERDICT_ALLOW
#define ASK   VERDICT_ASK
#define DENY  VERDICT_DENY
        /* Tools */
        {"read", {"tools: Read\n"}, R, "/srv/w/x", ALLOW},
        {"read not write", {"tools: Read\n"}, W, "/srv/w/x", DENY},
        {"write named", {"tools: Read, Write\n"}, W, "/srv/w/x", ALLOW},
        {"case and alias", {"tools: READ, write_file\n"}, W, "/srv/w/x", ALLOW},
        {"unknown grants nothing", {"tools: Reed\n"}, R, "/srv/w/x", DENY},
        {"shell never writes", {"tools: Read, Grep, Glob, Bash\n"}, W, "/srv/w/x", DENY},
        {"shell executes", {"tools: Read, Grep, Glob, Bash\n"}, X, "/usr/bin/make", ALLOW},
        {"no shell, no program", {"tools: Read, Grep\n"}, X, "/usr/bin/make", DENY},
        {"grep's program", {"tools: Read, Grep\n"}, X, "/usr/bin/rg", ALLOW},
        {"offline", {"tools: Read, Write, Edit, Bash\n"}, C, "example.com:443", DENY},
        {"fetch", {"tools: WebFetch\n", {"mode=bypassPermissions"}}, C, "example.com:443", ALLOW},
        {"no delegate", {"tools: Read\n"}, D, "x", DENY},
        {"delegate", {"tools: Task\n"}, D, "x", ALLOW},
        {"inherits delegate", {""}, D, "x", ALLOW},
        {"notebook", {"tools: NotebookEdit\n"}, W, "/srv/w/d/x.ipynb", ALLOW},
        {"notebook only", {"tools: NotebookEdit\n"}, W, "/srv/w/d/x.py", DENY},
        {"outside", {"tools: Read, Write\n"}, R, "/srv/other", DENY},
        {"empty list", {"tools: []\n"}, R, "/srv/w/x", DENY},
        /* Forbidden */
        {"forbidden beside inherited", {"disallowedTools: WebFetch\n"}, C, "h:1", DENY},
        {"control: not forbidden", {""}, C, "h:1", ASK},
        {"forbidden alias", {"disallowedTools: fetch_url\n"}, C, "h:1", DENY},
        {"forbidden write inherited",
         {"disallowedTools: Write\npermissionMode: acceptEdits\n"},
         W,
         "/srv/w/x",
         DENY},
        {"control: inherited", {"permissionMode: acceptEdits\n"}, W, "/srv/w/x", ALLOW},
        {"another named writes",
         {"tools: Read, Edit\ndisallowedTools: Write\n"},
         W,
         "/srv/w/x",
         ALLOW},
        {"notebook beside write",
         {"tools: [Read, Write]\ndisallowedTools: NotebookEdit\n"},
         W,
         "/srv/w/x.ipynb",
         ALLOW},
        {"notebook forbidden, inherited",
         {"disallowedTools: NotebookEdit\npermissionMode: acceptEdits\n"},
         W,
         "/srv/w/x.ipynb",
         DENY},
        {"only notebooks",
         {"disallowedTools: NotebookEdit\npermissionMode: acceptEdits\n"},
         W,
         "/srv/w/x.py",
         ALLOW},
        {"named in part",
         {"tools: Read, Edit(src/**)\ndisallowedTools: Write\n", {"grant=write:/srv/w/doc"}},
         W,
         "/srv/w/doc/x",
         DENY},
        {"named in part gives",
         {"tools: Read, Edit(src/**)\ndisallowedTools: Write\n"},
         W,
         "/srv/w/src/x",
         ALLOW},
        {"grant undoes nothing",
         {"disallowedTools: Write\n", {"grant=write:/srv/w"}},
         W,
         "/srv/w/x",
         DENY},
        {"control: grant", {"tools: Read\n", {"grant=write:/srv/w"}}, W, "/srv/w/x", ALLOW},
        {"grant undoes nothing outside",
         {"disallowedTools: Write\n", {"grant=write:/usr/share/x"}},
         W,
         "/usr/share/x/y",
         DENY},
        {"forbidden bash", {"disallowedTools: Bash\n"}, X, "make", DENY},
        {"forbidden bash, named monitor",
         {"tools: Monitor\ndisallowedTools: Bash\n"},
         X,
         "make",
         ALLOW},
        {"forbidden read", {"disallowedTools: Read\n"}, R, "/srv/w/x", DENY},
        {"system stays readable", {"disallowedTools: Read\n"}, R, "/usr/bin/make", ALLOW},
        {"everything forbidden", {"disallowedTools: '*'\n"}, R, "/srv/w/x", DENY},
        {"forbidden grep takes a name",
         {"tools: Read, Grep\ndisallowedTools: Grep\n"},
         R,
         "/srv/w/x",
         ALLOW},
        {"forbidden path",
         {"tools: Read, Write\ndisallowedTools: Read(.env)\n"},
         R,
         "/srv/w/d/.env",
         DENY},
        {"forbidden path elsewhere",
         {"tools: Read, Write\ndisallowedTools: Read(.env)\n"},
         R,
         "/srv/w/d/env",
         ALLOW},
        {"forbidden path keeps writing",
         {"tools: Read, Write\ndisallowedTools: Read(.env)\n"},
         W,
         "/srv/w/d/.env",
         ALLOW},
        {"forbidden folder, any depth",
         {"tools: Write\ndisallowedTools: Edit(gen/**)\n"},
         W,
         "/srv/w/a/gen/x",
         DENY},
        {"forbidden path, grant",
         {"tools: Read\ndisallowedTools: Read(.env)\n", {"grant=read:/srv/w/.env"}},
         R,
         "/srv/w/.env",
         DENY},
        {"forbidden grep path",
         {"tools: Read\ndisallowedTools: Grep(secret/**)\n"},
         R,
         "/srv/w/secret/x",
         DENY},
        {"forbidden domain",
         {"tools: WebFetch\ndisallowedTools: WebFetch(domain:evil.example)\n",
          {"mode=bypassPermissions"}},
         C,
         "EVIL.example:443",
         DENY},
        {"control: other domain",
         {"tools: WebFetch\ndisallowedTools: WebFetch(domain:evil.example)\n",
          {"mode=bypassPermissions"}},
         C,
         "good.example:443",
         ALLOW},
        /* Specifiers */
        {"specifier", {"tools: Edit(src/**)\n"}, W, "/srv/w/src/x", ALLOW},
        {"specifier narrows", {"tools: Edit(src/**)\n"}, W, "/srv/w/x", DENY},
        {"working directory",
         {"tools: Edit(src/**)\n", {"directory=/srv/w/d"}},
         W,
         "/srv/w/d/src/x",
         ALLOW},
        {"project root",
         {"tools: Edit(/src/**)\n", {"directory=/srv/w/d"}},
         W,
         "/srv/w/src/x",
         ALLOW},
        {"outside the workspace", {"tools: Read(//etc/**)\n"}, R, "/srv/w/x", DENY},
        {"never outside", {"tools: Write(//data/**)\n"}, W, "/data/x", DENY},
        {"from further out", {"tools: Read(//srv/**)\n"}, R, "/srv/w/x", ALLOW},
        {"star is bare", {"tools: Write(*)\n"}, W, "/srv/w/d/x", ALLOW},
        {"notebooks of a folder",
         {"tools: NotebookEdit(nb/**)\n"},
         W,
         "/srv/w/nb/d/x.ipynb",
         ALLOW},
        {"notebooks of no other", {"tools: NotebookEdit(nb/**)\n"}, W, "/srv/w/x.ipynb", DENY},
        {"no other files there", {"tools: NotebookEdit(nb/**)\n"}, W, "/srv/w/nb/x.py", DENY},
        {"domain",
         {"tools: WebFetch(domain:*.example.com)\n", {"mode=bypassPermissions"}},
         C,
         "a.example.com:443",
         ALLOW},
        {"domain, not the apex",
         {"tools: WebFetch(domain:*.example.com)\n", {"mode=bypassPermissions"}},
         C,
         "example.com:443",
         DENY},
        {"agents", {"tools: Agent(worker, helper)\n"}, D, "helper", ALLOW},
        {"other agents", {"tools: Agent(worker, helper)\n"}, D, "boss", DENY},
        /* Modes */
        {"plan", {"tools: Write, Bash\npermissionMode: plan\n"}, W, "/srv/w/x", DENY},
        {"default", {"tools: Write, Bash\npermissionMode: default\n"}, W, "/srv/w/x", ASK},
        {"dontAsk", {"tools: Write, Bash\npermissionMode: dontAsk\n"}, W, "/srv/w/x", DENY},
        {"dontAsk, granted",
         {"tools: Write\npermissionMode: dontAsk\n", {"grant=write:/srv/w/out"}},
         W,
         "/srv/w/out/x",
         ALLOW},
        {"bypass is capped",
         {"tools: WebFetch, Write\npermissionMode: bypassPermissions\n"},
         C,
         "h:1",
         ASK},
        {"bypass still writes",
         {"tools: WebFetch, Write\npermissionMode: bypassPermissions\n"},
         W,
         "/srv/w/x",
         ALLOW},
        {"raised by a policy",
         {"tools: WebFetch\npermissionMode: bypassPermissions\n",
          {"policy=version: 1\nmodes: {max: bypassPermissions}\n"}},
         C,
         "h:1",
         ALLOW},
        {"not by a ceiling",
         {"tools: WebFetch\npermissionMode: bypassPermissions\n",
          {"ceiling=version: 1\nmodes: {max: bypassPermissions}\n"}},
         C,
         "h:1",
         ASK},
        {"--mode up",
         {"tools: WebFetch\npermissionMode: plan\n", {"mode=bypassPermissions"}},
         C,
         "h:1",
         ALLOW},
        {"--mode down",
         {"tools: Write\npermissionMode: acceptEdits\n", {"mode=plan"}},
         W,
         "/srv/w/x",
         DENY},
        {"ceiling caps --mode",
         {"tools: Write\n", {"mode=acceptEdits", "ceiling=version: 1\nmodes: {max: plan}\n"}},
         W,
         "/srv/w/x",
         DENY},
        {"absent, inherited", {""}, W, "/srv/w/x", ASK},
        {"absent, policy says",
         {"", {"policy=version: 1\nmodes: {absent: acceptEdits}\n"}},
         W,
         "/srv/w/x",
         ALLOW},
        {"absent, ceiling narrows",
         {"tools: Write\n", {"ceiling=version: 1\nmodes: {absent: default}\n"}},
         W,
         "/srv/w/x",
         ASK},
        {"absent, ceiling cannot widen",
         {"", {"ceiling=version: 1\nmodes: {absent: acceptEdits}\n"}},
         W,
         "/srv/w/x",
         ASK},
        /* One tool */
        {"-t Read", {"tools: Read, Write\n", {"tool=Read"}}, W, "/srv/w/x", DENY},
        {"-t Write", {"tools: Read, Write\n", {"tool=Write"}}, W, "/srv/w/x", ALLOW},
        {"-t Bash", {"tools: Read, Write, Bash\n", {"tool=Bash"}}, W, "/srv/w/x", ALLOW},
        {"-t mcp", {"tools: Write, mcp__g__x\n", {"tool=mcp__g__x"}}, W, "/srv/w/x", ALLOW},
        {"-t does not unname",
         {"tools: Read, Write\ndisallowedTools: Edit\n", {"tool=Read", "grant=write:/srv/w/out"}},
         W,
         "/srv/w/out/x",
         ALLOW},
        {"server's peers",
         {"tools: mcp__g__x\n",
          {"tool=mcp__g__x", "policy=version: 1\nservers: {g: {connect: [h.example]}}\n"}},
         C,
         "h.example:443",
         ALLOW},
        {"another server's",
         {"tools: mcp__g__x, mcp__g2__x\n",
          {"tool=mcp__g2__x", "policy=version: 1\nservers: {g: {connect: [h.example]}}\n"}},
         C,
         "h.example:443",
         DENY},
        /* Walls */
        {"system", {"tools: Read\n"}, R, "/usr/lib/x", ALLOW},
        {"system is read-only", {"tools: Write\n"}, W, "/usr/lib/x", DENY},
        {"system by grant",
         {"tools: Read\n", {"grant=write:/usr/share/x"}},
         W,
         "/usr/share/x/y",
         ALLOW},
        {"a grant hides nothing",
         {"tools: Read\n", {"grant=write:/usr/share/x"}},
         R,
         "/usr/share/x/y",
         ALLOW},
        {"scratch", {"tools: Read\n"}, W, "/tmp/x", ALLOW},
        {"home is scratch", {"tools: Read\n"}, W, "/home/u/x", ALLOW},
        {"toolchain", {"tools: Read\n"}, R, "/home/u/.cargo/bin/cargo", ALLOW},
        {"toolchain is read-only", {"tools: Write\n"}, W, "/home/u/.cargo/bin/cargo", DENY},
        {"workspace in scratch",
         {"tools: Read\n", {"workspace=/tmp/w", "directory=/tmp/w"}},
         W,
         "/tmp/w/x",
         DENY},
        {"secret", {"tools: Read\n"}, R, "/home/u/.ssh/id", DENY},
        {"own keys in scratch", {"tools: Read\n"}, W, "/home/u/.ssh/id", ALLOW},
        {"secret, containing grant",
         {"tools: Read\n", {"grant=read:/home/u"}},
         R,
         "/home/u/.ssh/id",
         DENY},
        {"control: containing grant",
         {"tools: Read\n", {"grant=read:/home/u"}},
         R,
         "/home/u/x",
         ALLOW},
        {"secret, naming grant",
         {"tools: Read\n", {"grant=read:/home/u/.ssh/known_hosts"}},
         R,
         "/home/u/.ssh/known_hosts",
         ALLOW},
        {"only what both cover",
         {"tools: Read\n", {"grant=read:/home/u/.ssh/known_hosts"}},
         R,
         "/home/u/.ssh/id",
         DENY},
        {"a ceiling has no exception",
         {"tools: Read\n",
          {"grant=read:/home/u/.ssh/known_hosts",
           "ceiling=version: 1\ndeny: {read: [~/.ssh/**]}\n"}},
         R,
         "/home/u/.ssh/known_hosts",
         DENY},
        {"protected", {"tools: Write\n"}, W, "/srv/w/.git/hooks/x", ASK},
        {"protected, deeper", {"tools: Write\n"}, W, "/srv/w/a/node_modules/.git/config", ASK},
        {"control: git's objects", {"tools: Write\n"}, W, "/srv/w/.git/objects/x", ALLOW},
        {"protected name", {"tools: Write\n"}, W, "/srv/w/.vscode/tasks.json", ASK},
        {"protected at roots only", {"tools: Write\n"}, W, "/srv/w/node_modules/p/.npmrc", ALLOW},
        {"protected is readable", {"tools: Read\n"}, R, "/srv/w/.git/hooks/x", ALLOW},
        {"protected, containing grant",
         {"tools: Read\n", {"grant=write:/srv/w"}},
         W,
         "/srv/w/.git/hooks/x",
         ASK},
        {"protected, naming grant",
         {"tools: Read\n", {"grant=write:/srv/w/.git/hooks"}},
         W,
         "/srv/w/.git/hooks/x",
         ALLOW},
        {"protected, another repository",
         {"tools: Write\n", {"grant=write:/srv/w/.git/hooks"}},
         W,
         "/srv/w/sub/.git/hooks/x",
         ASK},
        {"protected, in a granted tree",
         {"tools: Read\n", {"grant=write:/data"}},
         W,
         "/data/r/.git/hooks/x",
         ASK},
        {"control: the granted tree",
         {"tools: Read\n", {"grant=write:/data"}},
         W,
         "/data/r/x",
         ALLOW},
        {"protected, bypass",
         {"tools: Write\n", {"mode=bypassPermissions"}},
         W,
         "/srv/w/.git/config",
         ASK},
        {"protected, plan", {"tools: Write\n", {"mode=plan"}}, W, "/srv/w/.git/config", DENY},
        {"given", {"tools: Write\n", {"given=/srv/w/agents/a.md"}}, W, "/srv/w/agents/a.md", ASK},
        {"control: not given",
         {"tools: Write\n", {"given=/srv/w/agents/a.md"}},
         W,
         "/srv/w/agents/b.md",
         ALLOW},
        {"repository", {"tools: Read\n", {"repository=/srv"}}, R, "/srv/other", ALLOW},
        {"repository is not written",
         {"tools: Write\n", {"repository=/srv"}},
         W,
         "/srv/other",
         DENY},
        {"its git folder is",
         {"tools: Write\n", {"repository=/srv"}},
         W,
         "/srv/.git/objects/x",
         ALLOW},
        {"but not its hooks", {"tools: Write\n", {"repository=/srv"}}, W, "/srv/.git/hooks/x", ASK},
        {"nor without a write tool",
         {"tools: Read\n", {"repository=/srv"}},
         W,
         "/srv/.git/objects/x",
         DENY},
        /* Operators */
        {"deny", {"tools: Read, Write\n", {"deny=read:secrets/"}}, R, "/srv/w/d/secrets/x", DENY},
        {"deny leaves the rest",
         {"tools: Read, Write\n", {"deny=read:secrets/"}},
         R,
         "/srv/w/d/x",
         ALLOW},
        {"deny beats grant",
         {"tools: Read\n", {"deny=write:out", "grant=write:out"}},
         W,
         "/srv/w/out/x",
         DENY},
        {"deny of any depth in granted trees",
         {"tools: Read\n", {"deny=read:.env", "grant=read:/data"}},
         R,
         "/data/d/.env",
         DENY},
        {"deny in system trees",
         {"tools: Read\n", {"deny=read:/usr/share/doc"}},
         R,
         "/usr/share/doc/x",
         DENY},
        {"deny not in scratch", {"tools: Read\n", {"deny=write:/tmp/x"}}, W, "/tmp/x", ALLOW},
        {"deny one port",
         {"tools: WebFetch\n", {"mode=bypassPermissions", "deny=connect:h:25"}},
         C,
         "h:25",
         DENY},
        {"deny a network",
         {"tools: WebFetch\n", {"mode=bypassPermissions", "deny=connect:10.0.0.0/8"}},
         C,
         "10.1.2.3:80",
         DENY},
        {"control: another network",
         {"tools: WebFetch\n", {"mode=bypassPermissions", "deny=connect:10.0.0.0/8"}},
         C,
         "11.1.2.3:80",
         ALLOW},
        {"policy file",
         {"tools: Read\n", {"policy=version: 1\ngrant: {write: [build/]}\n"}},
         W,
         "/srv/w/build/x",
         ALLOW},
        {"policy anchors at the workspace",
         {"tools: Read\n", {"directory=/srv/w/d", "policy=version: 1\ngrant: {write: [build/]}\n"}},
         W,
         "/srv/w/d/build/x",
         DENY},
        {"command line anchors at the directory",
         {"tools: Read\n", {"directory=/srv/w/d", "grant=write:build"}},
         W,
         "/srv/w/d/build/x",
         ALLOW},
        {"group",
         {"tools: Read\n",
          {"grant=connect:@m", "policy=version: 1\ngroups: {m: [a.example, '*.b.example:443']}\n"}},
         C,
         "x.b.example:443",
         ALLOW},
        {"group, another port",
         {"tools: Read\n",
          {"grant=connect:@m", "policy=version: 1\ngroups: {m: [a.example, '*.b.example:443']}\n"}},
         C,
         "x.b.example:80",
         DENY},
        /* Ceilings */
        {"ceiling list",
         {"tools: Write\n", {"ceiling=version: 1\ngrant: {write: [src/]}\n"}},
         W,
         "/srv/w/src/x",
         ALLOW},
        {"ceiling limits",
         {"tools: Write\n", {"ceiling=version: 1\ngrant: {write: [src/]}\n"}},
         W,
         "/srv/w/x",
         DENY},
        {"ceiling without entry",
         {"tools: Write\n", {"ceiling=version: 1\ngrant: {connect: []}\n"}},
         W,
         "/srv/w/x",
         ALLOW},
        {"ceiling []",
         {"tools: Write\n", {"ceiling=version: 1\ngrant: {write: []}\n"}},
         W,
         "/srv/w/x",
         DENY},
        {"ceiling grants nothing",
         {"tools: Read\n", {"ceiling=version: 1\ngrant: {write: [src/]}\n"}},
         W,
         "/srv/w/src/x",
         DENY},
        {"ceiling beats grant",
         {"tools: Read\n", {"grant=write:out", "ceiling=version: 1\ngrant: {write: [src/]}\n"}},
         W,
         "/srv/w/out/x",
         DENY},
        {"every ceiling",
         {"tools: Write\n",
          {"ceiling=version: 1\ngrant: {write: [src/]}\n",
           "ceiling=version: 1\ngrant: {write: [doc/]}\n"}},
         W,
         "/srv/w/src/x",
         DENY},
        {"ceiling spares scratch",
         {"tools: Read\n", {"ceiling=version: 1\ngrant: {write: []}\n"}},
         W,
         "/tmp/x",
         ALLOW},
        {"ceiling spares system trees",
         {"tools: Read\n", {"ceiling=version: 1\ngrant: {read: []}\n"}},
         R,
         "/usr/bin/x",
         ALLOW},
        {"ceiling of programs",
         {"tools: Bash\n", {"ceiling=version: 1\ngrant: {exec: [make, cc]}\n"}},
         X,
         "/usr/bin/make",
         ALLOW},
        {"no other program",
         {"tools: Bash\n", {"ceiling=version: 1\ngrant: {exec: [make, cc]}\n"}},
         X,
         "/usr/bin/curl",
         DENY},
};

START_TEST(verdict)
{
	struct scene scene;
	struct decision decision;

	ck_assert_msg(stage(&scene, &rows[_i].setup) == 0, "%s: %s", rows[_i].name,
	              error_message(&scene.err));
	policy_decide(scene.policy, rows[_i].effect, rows[_i].target, &decision);
	ck_assert_msg(decision.verdict == rows[_i].verdict, "%s: %s because %s", rows[_i].name,
	              verdict_name(decision.verdict), decision.because);
	ck_assert_ptr_nonnull(decision.because);
	ck_assert_int_gt((int)strlen(decision.because), 0);
	ck_assert((decision.verdict == VERDICT_ALLOW) == (decision.class == DECISION_PERMITTED));

	cleanup_buffer struct buffer reasons = {0};
	policy_reasons(scene.policy, rows[_i].effect, rows[_i].target, &reasons);
	ck_assert_ptr_nonnull(strstr(reasons.data, verdict_name(rows[_i].verdict)));
	strike(&scene);
}
END_TEST

/* Refused by name, or merely not granted. */
static const struct {
	const char *head;
	const char *option;
	enum effect effect;
	const char *target;
	enum decision_class class;
	const char *because; /* part of it */
} classes[] = {
        {"tools: Write\n", NULL, R, "/data/x", DECISION_HIDDEN, "not granted"},
        {"tools: Read\n", NULL, W, "/srv/w/x", DECISION_DENIED, "a.md:4"},
        {"tools: Read\n", NULL, W, "/data/x", DECISION_DENIED, "a.md:4"},
        {"tools: Read\n", NULL, R, "/home/u/.ssh/id", DECISION_DENIED, "secrets.yaml:"},
        {"tools: Read\n", "deny=read:x", R, "/srv/w/x", DECISION_DENIED, "--deny read:x"},
        {"tools: Write\npermissionMode: default\n", NULL, W, "/srv/w/x", DECISION_DENIED,
         "a.md:4 Write"},
        {"tools: Read\n", NULL, X, "make", DECISION_DENIED, "not granted"},
        {"tools: Read\n", NULL, C, "h", DECISION_DENIED, "not granted"},
        {"tools: Read\n", "ceiling=version: 1\ngrant: {read: []}\n", R, "/srv/w/x", DECISION_HIDDEN,
         "not on the ceiling's list"},
        {"disallowedTools: Read\n", NULL, R, "/srv/w/x", DECISION_DENIED, "a.md:4 forbidden Read"},
        {"tools: Write\n", NULL, W, "/srv/w/.git/hooks/x", DECISION_DENIED, "protected.yaml:"},
        {"tools: Read\n", NULL, W, "/usr/x", DECISION_DENIED, "trees.yaml:"},
};

START_TEST(class_and_origin)
{
	struct scene scene;
	struct decision decision;
	struct setup setup = {classes[_i].head, {classes[_i].option}};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	policy_decide(scene.policy, classes[_i].effect, classes[_i].target, &decision);
	ck_assert_int_eq(decision.class, classes[_i].class);
	ck_assert_msg(strstr(decision.because, classes[_i].because) != NULL, "%s",
	              decision.because);
	strike(&scene);
}
END_TEST

START_TEST(mode_says_why)
{
	struct scene scene;
	struct decision decision;
	struct setup setup = {"tools: Write, WebFetch\npermissionMode: bypassPermissions\n"};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	ck_assert_str_eq(scene.policy->mode_because,
	                 "a.md:5 permissionMode bypassPermissions, capped at acceptEdits: the file "
	                 "is not trusted");
	ck_assert_str_eq(scene.policy->mode->name, "acceptEdits");
	policy_decide(scene.policy, C, "h:1", &decision);
	ck_assert_ptr_eq(decision.mode_because, scene.policy->mode_because);
	policy_decide(scene.policy, W, "/srv/w/x", &decision);
	ck_assert_ptr_null(decision.mode_because);
	policy_decide(scene.policy, W, "/srv/w/.envrc", &decision);
	ck_assert(decision.at_launch);
	strike(&scene);
}
END_TEST

/* What must be refused, and what the message must say. */
static const struct {
	struct setup setup;
	const char *message;
} refusals[] = {
        {{"tools: Read\npermissionMode: acceptedits\n"},
         "a.md:5: unknown mode `acceptedits`; did "
         "you mean `acceptEdits`?"},
        {{"tools: Read\n", {"mode=yolo"}}, "--mode yolo: unknown mode"},
        {{"tools: Read\n", {"policy=version: 1\nmodes: {max: x}\n"}}, ":2: unknown mode"},
        {{"tools: Read\n", {"tool=Wriet"}}, "unknown tool; did you mean Write?"},
        {{"tools: Read\n", {"tool=Write"}}, "not among the tools"},
        {{"tools: Read, Write\ndisallowedTools: Write\n", {"tool=Write"}}, "forbidden by a.md:5"},
        {{"disallowedTools: mcp__g\n", {"tool=mcp__g__x"}}, "forbidden by a.md:4"},
        {{"tools: Read, WebSearch\n", {"tool=WebSearch"}}, "no effects"},
        {{"tools: Read\ndisallowedTools: Wriet\n", {"strict=1"}},
         "a.md:5: unknown forbidden tool "
         "Wriet; did you mean Write?"},
        {{"disallowedTools: Wriet\n", {"ceiling=version: 1\nstrict: true\n"}}, "unknown forbidden"},
        {{"tools: Read({a,b})\n"}, "a.md:4 Read({a,b}): braces"},
        {{"tools: Read(../x)\n"}, "`..`"},
        {{"tools: BashOutput(x)\n"}, "takes no specifier"},
        {{"tools: mcp__a__b(x)\n"}, "takes no specifier"},
        {{"tools: WebFetch(example.com)\n"}, "domain:"},
        {{"tools: WebFetch(domain:a b)\n"}, "not a host name"},
        {{"tools: NotebookEdit(src/*.py)\n"}, "NotebookEdit"},
        {{"tools: Read\n", {"grant=reed:/x"}}, "--grant reed:/x: not understood"},
        {{"tools: Read\n", {"grant=read"}}, "not understood"},
        {{"tools: Read\n", {"grant=read:"}}, "empty"},
        {{"tools: Read\n", {"deny=connect:h:99999"}}, "ports up to 65535"},
        {{"tools: Read\n", {"grant=connect:@x"}}, "no such group"},
        {{"tools: Read\n", {"limit=proceses=3"}}, "did you mean `processes`?"},
        {{"tools: Read\n", {"limit=processes=0"}}, "out of range"},
        {{"tools: Read\n", {"limit=processes=4X"}}, "write 512 or 4K"},
        {{"tools: Read\n", {"limit=processes=99999999999999999999"}}, "out of range"},
        {{"tools: Read\n", {"limit=processes"}}, "limit processes: write"},
        {{"tools: Read\n", {"env=1A"}}, "no name of a variable"},
        {{"tools: Read\n", {"limit=memory=50%", "ceiling=version: 1\nlimits: {memory: 4G}\n"}},
         "cannot be compared"},
        {{"tools: Read\n", {"workspace=w"}}, "absolute"},
        {{"tools: Read\n", {"repository=/other"}}, "does not lie in the repository"},
        {{"tools: Read\n", {"policy=grant: {}\n"}}, "`version: 1` is missing"},
        {{"tools: Read\n", {"policy=version: 2\n"}}, ":1:10: only `version: 1`"},
        {{"tools: Read\n", {"policy=version: 1\ngrnat: {}\n"}},
         ":2:1: unknown key `grnat`; did you mean `grant`?"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {raed: []}\n"}}, "did you mean `read`?"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: x}\n"}}, "expected a list"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: [[x]]}\n"}}, "expected a text"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: [a]}\ngrant: {}\n"}}, "stands twice"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: &a [x], write: *a}\n"}}, "anchors"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: !!seq [x]}\n"}}, "tags"},
        {{"tools: Read\n", {"policy="}}, "empty"},
        {{"tools: Read\n", {"policy=version: 1\ngrant: {read: ['**x']}\n"}}, ":2: `**x`:"},
        {{"tools: Read\n", {"ceiling=version: 1\nenv: {keep: [A]}\n"}}, "no place in a ceiling"},
        {{"tools: Read\n", {"ceiling=version: 1\nenv: {set: {A: b}}\n"}}, "no place in a ceiling"},
        {{"tools: Read\n", {"ceiling=version: 1\ngroups: {}\n"}}, "no place in a ceiling"},
        {{"tools: Read\n", {"ceiling=version: 1\nservers: {}\n"}}, "no place in a ceiling"},
};

START_TEST(refusal)
{
	struct scene scene;

	ck_assert_msg(stage(&scene, &refusals[_i].setup) < 0, "permitted: %s",
	              refusals[_i].message);
	ck_assert_msg(strstr(error_message(&scene.err), refusals[_i].message) != NULL, "%s",
	              error_message(&scene.err));
	strike(&scene);
}
END_TEST

START_TEST(nothing_is_permitted)
{
	static const struct {
		const char *head;
		bool nothing;
	} cases[] = {
	        {"tools: []\n", true},
	        {"tools: Reed\n", true},
	        {"tools: Read\ndisallowedTools: Read\n", true},
	        {"disallowedTools: '*'\n", true},
	        {"tools: Read\n", false},
	        {"", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene scene;
		struct setup setup = {cases[i].head};
		ck_assert_int_eq(stage(&scene, &setup), 0);
		ck_assert_msg(policy_permits_nothing(scene.policy) == cases[i].nothing, "%s",
		              cases[i].head);
		strike(&scene);
	}
}
END_TEST

START_TEST(shell_in_effect)
{
	static const struct {
		struct setup setup;
		bool shell;
	} cases[] = {
	        {{"tools: Read, Bash\n"}, true},
	        {{"tools: Read, Bash\n", {"tool=Read"}}, false},
	        {{"tools: Read, Bash\n", {"tool=bash"}}, true},
	        {{"tools: Read\n"}, false},
	        {{""}, true},
	        {{"disallowedTools: Bash\n"}, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene scene;
		ck_assert_int_eq(stage(&scene, &cases[i].setup), 0);
		ck_assert_msg(scene.policy->shell == cases[i].shell, "%zu", i);
		strike(&scene);
	}
}
END_TEST

START_TEST(settings)
{
	struct scene scene;
	struct setup setup = {
	        "tools: Read\n",
	        {"env=A=1", "env=B", "limit=processes=4K",
	         "policy=version: 1\nenv: {keep: ['NODE_*'], set: {A: '0', C: x}}\n"
	         "limits: {wall: 30m, memory: 4G}\n",
	         "ceiling=version: 1\nlimits: {processes: 512, wall: 2h, cpu: 10}\n"}};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	const struct policy *policy = scene.policy;
	ck_assert_uint_eq(policy->keep_count, 2);
	ck_assert_str_eq(policy->keep[0].name, "NODE_*");
	ck_assert_uint_eq(policy->set_count, 2);
	ck_assert_str_eq(policy->set[0].name, "A");
	ck_assert_str_eq(policy->set[0].value, "1");
	for (size_t i = 0; i < policy->limit_count; i++) {
		const struct policy_limit *limit = &policy->limits[i];
		const char *name = limit->limit->name;
		if (strcmp(name, "processes") == 0)
			ck_assert_uint_eq(limit->value, 512);
		if (strcmp(name, "wall") == 0)
			ck_assert_uint_eq(limit->value, 1800);
		if (strcmp(name, "cpu") == 0)
			ck_assert_uint_eq(limit->value, 10);
		if (strcmp(name, "memory") == 0)
			ck_assert(limit->named && limit->value == 4ull << 30);
		if (strcmp(name, "files") == 0)
			ck_assert(!limit->set);
	}
	strike(&scene);
}
END_TEST

START_TEST(warnings)
{
	struct scene scene;
	struct setup setup = {"tools: Read, Wirte, Read(//etc/**)\ndisallowedTools: Bsah\n"};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	ck_assert_uint_eq(scene.policy->warning_count, 3);
	ck_assert_str_eq(scene.policy->warnings[0].code, "unknown-tool");
	ck_assert_uint_eq(scene.policy->warnings[0].line, 4);
	ck_assert_ptr_nonnull(strstr(scene.policy->warnings[0].message, "did you mean Write?"));
	ck_assert_str_eq(scene.policy->warnings[1].code, "outside-workspace");
	ck_assert_uint_eq(scene.policy->warnings[2].line, 5);
	strike(&scene);
}
END_TEST

/* Command lines against the patterns of `tools` and `disallowedTools`. */
static const struct {
	const char *head;
	const char *string; /* of sh -c; or words, where `words` is set */
	bool words;
	bool runs;
} commands[] = {
        {"tools: Bash\n", "rm -rf x", false, true},
        {"tools: Bash(git status)\n", "git status", false, true},
        {"tools: Bash(git status)\n", "git status -s", false, false},
        {"tools: Bash(git add:*)\n", "git add .", false, true},
        {"tools: Bash(git add:*)\n", "git add", false, true},
        {"tools: Bash(git add:*)\n", "git addx", false, false},
        {"tools: Bash(git *)\n", "git log --oneline", false, true},
        {"tools: Bash(git *)\n", "git log && rm x", false, false},
        {"tools: Bash(git *)\n", "git log; rm x", false, false},
        {"tools: Bash(git *)\n", "git log | rm x", false, false},
        {"tools: Bash(git *)\n", "git log & rm x", false, false},
        {"tools: Bash(git *)\n", "git log\nrm x", false, false},
        {"tools: Bash(git *)\n", "git log || rm x", false, false},
        {"tools: Bash(git *)\n", "git log && git diff", false, true},
        {"tools: Bash(git *)\n", "git commit -m 'a; rm x'", false, true},
        {"tools: Bash(git *)\n", "git commit -m \"a && b\"", false, true},
        {"tools: Bash(git *)\n", "git log 2>&1", false, true},
        {"tools: Bash(git *)\n", "git log > out", false, true},
        {"tools: Bash(git *)\n", "git log > $X", false, false},
        {"tools: Bash(git *)\n", "git log $(rm x)", false, false},
        {"tools: Bash(git *)\n", "git log \"$(rm x)\"", false, false},
        {"tools: Bash(git *)\n", "git log `rm x`", false, false},
        {"tools: Bash(git *)\n", "git log <(rm x)", false, false},
        {"tools: Bash(git *)\n", "git apply <<E\nx\nE", false, false},
        {"tools: Bash(git *)\n", "git log # '\nrm x\n# '", false, false},
        {"tools: Bash(git *)\n", "git log 'x", false, false},
        {"tools: Bash(git *)\n", "$X log", false, false},
        {"tools: Bash(git *)\n", "(git log)", false, false},
        {"tools: Bash(git *)\n", "GIT_PAGER=rm git log", false, false},
        {"tools: Bash(git *)\n", "git log", true, true},
        {"tools: Bash(git *)\n", "git log;rm", true, true},
        {"tools: Bash(git *)\n", "rm x", true, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "ls", false, true},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "ls -l && ls", false, true},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "ls && rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "/bin/rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "'rm' x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "r\\m x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "A=1 rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "A=1 ls x", false, true},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "if true; then rm x; fi", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "{ rm x; }", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "eval rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "/usr/bin/env rm x", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*)\n", "rm x", true, false},
        {"tools: Bash(git add:*, git commit:*)\n", "git add x && git commit", false, true},
        {"tools: Bash(git add:*, git commit:*)\n", "git push", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*, mv:*)\n", "mv a b", false, false},
        {"tools: Bash\ndisallowedTools: Bash(rm:*, mv:*)\n", "rm a", false, false},
        {"tools: Bash\ndisallowedTools: Bash(git push *)\n", "git  push origin", false, false},
        {"tools: Bash\ndisallowedTools: Bash(git push *)\n", "git 'push' origin", false, false},
        {"tools: Bash\ndisallowedTools: Bash(git push *)\n", "git pull origin", false, true},
        {"tools: Bash\ndisallowedTools: Bash(git push *)\n", "git pu\\\nsh origin", false, false},
};

START_TEST(command)
{
	struct scene scene;
	struct setup setup = {commands[_i].head, {"tool=Bash"}};
	cleanup_free char *text = strdup(commands[_i].string);
	char shell[] = "/bin/bash";
	char option[] = "-lc";
	char *words[8] = {shell, option, text, NULL};
	cleanup_error struct error err = {0};

	ck_assert_int_eq(stage(&scene, &setup), 0);
	if (commands[_i].words) {
		char *rest = text;
		size_t count = 0;
		while (count < 7 && (words[count] = strsep(&rest, " ")))
			count++;
	}
	int result = policy_check_command(scene.policy, words, &err);
	ck_assert_msg((result == 0) == commands[_i].runs, "%s: %s: %s", commands[_i].head,
	              commands[_i].string, error_message(&err));
	strike(&scene);
}
END_TEST

START_TEST(peers)
{
	static const struct {
		const char *pattern;
		const char *target;
		bool covers;
	} cases[] = {
	        {"example.com", "example.com:443", true},
	        {"example.com", "EXAMPLE.com.", true},
	        {"example.com", "xexample.com", false},
	        {"*.example.com", "a.b.example.com", true},
	        {"*.example.com", "example.com", false},
	        {"h:443", "h:443", true},
	        {"h:443", "h:80", false},
	        {"h:443", "h", false},
	        {"h:400-500", "h:443", true},
	        {"h:400-500", "h:399", false},
	        {"h:*", "h:1", true},
	        {"[2001:db8::1]:443", "[2001:DB8:0::1]:443", true},
	        {"2001:db8::1", "[2001:db8::1]:443", true},
	        {"[2001:db8::/32]", "[2001:db8:1::1]:443", true},
	        {"[2001:db8::/32]", "[2001:db9::1]:443", false},
	        {"10.0.0.0/9", "10.127.255.255", true},
	        {"10.0.0.0/9", "10.128.0.0", false},
	        {"10.0.0.0/9", "10.0.0.0/8", false},
	        {"0.0.0.0/0", "1.2.3.4", true},
	        {"0.0.0.0/0", "example.com", false},
	        {"*:443", "h:443", true},
	        {"*:443", "h:80", false},
	};
	static const char *const wrong[] = {"",      "h:",         "h:0x1", "h:5-4",    "http://h",
	                                    "a..b",  "a.*.b",      "[::1",  "[h]",      "h/8",
	                                    "1.2.3", "1.2.3.4/33", "u@h",   "b\xc3\xbc"};

	for (size_t i = 0; i < COUNT(cases); i++) {
		cleanup_error struct error err = {0};
		ck_assert_msg(peer_check(cases[i].pattern, &err) == 0, "%s", cases[i].pattern);
		ck_assert_msg(peer_covers(cases[i].pattern, cases[i].target) == cases[i].covers,
		              "%s %s", cases[i].pattern, cases[i].target);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		cleanup_error struct error err = {0};
		ck_assert_msg(peer_check(wrong[i], &err) < 0, "%s", wrong[i]);
	}
	ck_assert(peer_touches("h:443", "h"));
	ck_assert(!peer_touches("h:443", "h:80"));
}
END_TEST

/* The tables themselves: every name finds its own row, no alias stands twice. */
START_TEST(names)
{
	for (size_t i = 0; i < table_tools_count; i++) {
		const struct table_tool *tool = &table_tools[i];
		ck_assert_ptr_eq(tool_find(tool->name), tool);
		for (const char *const *alias = tool->aliases; alias && *alias; alias++)
			ck_assert_msg(tool_find(*alias) == tool, "%s", *alias);
	}
	ck_assert_ptr_eq(tool_find("mcp__a__b"), &table_tool_mcp);
	ck_assert_ptr_null(tool_find("mcp__"));
	ck_assert_ptr_null(tool_find("Nothing"));
	ck_assert_ptr_nonnull(mode_find(table_mode_untrusted_max));
	ck_assert_ptr_nonnull(mode_find(table_mode_absent_writes));
	ck_assert_ptr_nonnull(mode_find(table_mode_absent_default));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *cases = tcase_create("policy");

	tcase_add_loop_test(cases, verdict, 0, COUNT(rows));
	tcase_add_loop_test(cases, class_and_origin, 0, COUNT(classes));
	tcase_add_loop_test(cases, refusal, 0, COUNT(refusals));
	tcase_add_loop_test(cases, command, 0, COUNT(commands));
	tcase_add_test(cases, mode_says_why);
	tcase_add_test(cases, nothing_is_permitted);
	tcase_add_test(cases, shell_in_effect);
	tcase_add_test(cases, settings);
	tcase_add_test(cases, warnings);
	tcase_add_test(cases, peers);
	tcase_add_test(cases, names);
	suite_add_tcase(suite, cases);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
