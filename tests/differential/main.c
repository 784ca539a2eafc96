/* What really happens inside `remit run`, held against what `remit why` says.
 *
 *   differential REMIT HELPER FOLDER OWNER SEED SECONDS [ROUNDS]
 *
 * Each round generates a world below FOLDER, an agent, a request and a batch of operations; lets
 * the helper try them outside (the control) and, in the same world made anew, inside; and looks at
 * the host. What `why` refuses must not have happened. What it permits must have happened, or there
 * is a reason: one of the documented limits that are named below, each counted.
 *
 * Every third round the operations are of any kind on anything, and only their outcome is judged:
 * whatever changed on the host must have been permitted, and whatever was read.
 *
 * Round N of seed S is round 0 of seed S+N: a failure names the seed that repeats it alone. */
#include "differential.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	OPERATIONS = 60,
	CHAOS = 120,
	STATUS_NOT_RUN = 125,
	SHOWN_FAILURES = 5,
	LEAST_ROUNDS = 30, /* on a machine that is busy with other things, too */
};

enum outcome {
	AGREED_DONE,
	AGREED_REFUSED,
	LIMIT_OUTSIDE,
	LIMIT_SCRATCH,
	LIMIT_MOUNTS,
	LIMIT_PINNED,
	LIMIT_LOCALHOST,
	LIMIT_LINK,
	LIMIT_COMMAND,
	LIMIT_ACCOUNTS,
	LIMIT_COVERED,
	LIMIT_GRANTED_ALONE,
	LIMIT_DEVICES,
	LIMIT_ABSENT,
	LIMIT_DEEP_GIT,
	LIMIT_GIT_HARMLESS,
	LIMIT_MODULES,
	UNEXPLAINED,
	DANGER,
	OUTCOMES,
};

static const char *const outcomes[OUTCOMES] = {
        [AGREED_DONE] = "permitted, and done",
        [AGREED_REFUSED] = "refused, and not done",
        [LIMIT_OUTSIDE] = "permitted, but fails outside, too",
        [LIMIT_SCRATCH] = "permitted in private scratch: nothing of it is the host's",
        [LIMIT_MOUNTS] = "permitted, but from one mount to another (EXDEV)",
        [LIMIT_PINNED] = "permitted, but a mount point stays in place (EBUSY)",
        [LIMIT_LOCALHOST] = "refused, but to a listener inside the sandbox itself",
        [LIMIT_LINK] = "refused by the name of a link, but permitted by the name of its target",
        [LIMIT_COMMAND] = "refused, but COMMAND itself, which is always executed",
        [LIMIT_ACCOUNTS] = "permitted, but inside there is a list of accounts of remit's making",
        [LIMIT_COVERED] = "permitted, but its execution is refused by name: the file is covered",
        [LIMIT_GRANTED_ALONE] = "permitted, but the name belongs to a folder that is not",
        [LIMIT_DEVICES] = "refused, but a harmless device of the sandbox's own /dev",
        [LIMIT_ABSENT] = "refused by a protected name that did not exist at launch",
        [LIMIT_DEEP_GIT] = "refused by git internals of a repository deeper in the tree",
        [LIMIT_GIT_HARMLESS] = "refused by git internals, but git's own book-keeping does no harm",
        [LIMIT_MODULES] = "permitted, but a link where git's modules say what nobody understands",
        [UNEXPLAINED] = "permitted, but not done, and nothing explains it",
        [DANGER] = "REFUSED, BUT DONE",
};

/* Everything that is counted. */
static struct {
	size_t rounds, run, not_run, chaos, changes, leaks_checked, why, why_differs;
	size_t proved; /* refused inside, done outside */
	size_t outcomes[OUTCOMES];
	size_t failures;
} totals;

struct setting {
	char *remit;
	const char *helper;
	const char *folder;
	uid_t owner;
	int port;
};

struct round {
	const struct setting *setting;
	uint64_t seed;
	char *requests; /* folder of files that are no part of the world */
	struct world world;
	struct sample sample;
	struct batch batch;
	struct prepared prepared;
	struct snapshot before, after;
	bool chaos;
};

__attribute__((format(printf, 2, 3))) static void fail(const struct round *round,
                                                       const char *format, ...)
{
	va_list arguments;

	if (totals.failures++ >= SHOWN_FAILURES)
		return;
	fprintf(stderr, "FAILED: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n  repeat with seed %llu, one round; the request:\n",
	        (unsigned long long)round->seed);
	sample_show(&round->sample);
}

/* --- Limits ----------------------------------------------------------------------------------- */

/* Whether each name is decided on when it is written: then nothing depends on what exists. */
static bool is_brokered(void)
{
	return access("/dev/fuse", R_OK | W_OK) == 0;
}

/* A change that is refused only by a protected name which no mount could hold at launch. */
static enum outcome unheld(const struct policy *policy, const char *path, bool existed)
{
	if (is_brokered())
		return git_is_harmless(policy, path) ? LIMIT_GIT_HARMLESS : DANGER;
	if (git_is_deep(policy, path))
		return LIMIT_DEEP_GIT;
	return existed ? DANGER : LIMIT_ABSENT;
}

/* Each name that is refused must be one that no mount could hold. */
static enum outcome judge_unheld(const struct operation *operation, const struct policy *policy)
{
	const char *const names[] = {operation->path, operation->other};
	const bool existed[] = {operation->before.st_nlink != 0,
	                        operation->kind == OPERATION_EXCHANGE};
	size_t count = operation_names[operation->kind].both ? 2 : 1;
	enum outcome outcome = DANGER;

	for (size_t i = 0; i < count; i++) {
		cleanup_free char *real =
		        path_resolved(names[i], operation_names[operation->kind].follows);
		struct decision decision;
		policy_decide(policy, EFFECT_WRITE, real, &decision);
		if (decision.verdict == VERDICT_ALLOW)
			continue;
		outcome = decision.at_launch ? unheld(policy, real, existed[i]) : DANGER;
		if (outcome == DANGER)
			return DANGER;
	}
	return outcome;
}

static bool is_command(const struct operation *operation, const struct world *world)
{
	cleanup_free char *real = path_resolved(operation->path, true);

	return strcmp(real, world->inner_helper) == 0;
}

/* Whether a refusal to execute speaks of the file: it is covered, and cannot be read either. */
static bool is_covered(const struct operation *operation, const struct policy *policy)
{
	cleanup_free char *path = path_resolved(operation->path, true);

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];
		if (rule->layer == RULE_DENY && rule->effect == EFFECT_EXEC &&
		    rule->kind != TARGET_ANY && rule_touches(rule, EFFECT_EXEC, path))
			return true;
	}
	return false;
}

/* Whether a name would be made or removed in a folder that may not be written: what is granted
 * alone is a mount, and its name belongs to the folder. */
static bool is_granted_alone(const struct operation *operation, const struct policy *policy)
{
	const struct operation_name *kind = &operation_names[operation->kind];
	const char *const names[] = {kind->names ? operation->path : NULL,
	                             kind->both ? operation->other : NULL};

	for (size_t i = 0; i < COUNT(names); i++) {
		if (!names[i])
			continue;
		cleanup_free char *path = path_resolved(names[i], false);
		cleanup_free char *folder = path_parent(path);
		struct decision decision;
		policy_decide(policy, EFFECT_WRITE, folder, &decision);
		if (decision.verdict != VERDICT_ALLOW)
			return true;
	}
	return false;
}

static enum outcome judge_done(const struct operation *operation, const struct policy *policy,
                               const struct world *world)
{
	bool changes = operation_names[operation->kind].changes;

	if (operation->scratch && changes)
		return DANGER;
	if (operation->verdict == VERDICT_ALLOW)
		return AGREED_DONE;
	if (operation->kind == OPERATION_CONNECT_INNER)
		return LIMIT_LOCALHOST;
	if (operation->kind == OPERATION_EXEC && is_command(operation, world))
		return LIMIT_COMMAND;
	if (!changes && strcmp(operation->path, "/dev/null") == 0)
		return LIMIT_DEVICES;
	if (operation->resolved == VERDICT_ALLOW)
		return LIMIT_LINK;
	return operation->at_launch ? judge_unheld(operation, policy) : DANGER;
}

/* The configurations of modules are made by chance here, and some are none. While what they say of
 * work trees is not understood, no symbolic link comes to stand anywhere. */
static bool is_link_beside_modules(const struct operation *operation, const struct policy *policy)
{
	const char *const roots[] = {policy->workspace, policy->repository};

	/* A folder may bring one along; what did not exist before may be one. */
	if (operation->error != EROFS ||
	    !(operation->kind == OPERATION_SYMLINK || S_ISLNK(operation->before.st_mode) ||
	      S_ISDIR(operation->before.st_mode) || operation->before.st_nlink == 0))
		return false;
	for (size_t i = 0; i < COUNT(roots); i++) {
		cleanup_free char *modules = roots[i] ? path_join(roots[i], ".git/modules") : NULL;
		if (modules && access(modules, F_OK) == 0)
			return true;
	}
	return false;
}

static enum outcome judge_not_done(const struct operation *operation, const struct policy *policy)
{
	if (operation->verdict != VERDICT_ALLOW)
		return AGREED_REFUSED;
	if (operation->control > 0)
		return LIMIT_OUTSIDE;
	if (operation->scratch)
		return LIMIT_SCRATCH;
	if (operation->error == EXDEV)
		return LIMIT_MOUNTS;
	if (operation->error == EBUSY)
		return LIMIT_PINNED;
	/* Outside the world there is no control: what the tool's id may not do, it cannot. */
	if (!operation->in_world && (operation->error == EACCES || operation->error == ENOENT) &&
	    operation->control < 0)
		return LIMIT_OUTSIDE;
	if (operation->kind == OPERATION_STAT && strcmp(operation->path, "/etc/passwd") == 0)
		return LIMIT_ACCOUNTS;
	if (is_covered(operation, policy))
		return LIMIT_COVERED;
	if (is_link_beside_modules(operation, policy))
		return LIMIT_MODULES;
	return is_granted_alone(operation, policy) ? LIMIT_GRANTED_ALONE : UNEXPLAINED;
}

static void judge_operations(struct round *round)
{
	for (size_t i = 0; i < round->batch.count; i++) {
		const struct operation *operation = &round->batch.items[i];
		enum outcome outcome =
		        operation->happened
		                ? judge_done(operation, round->prepared.policy, &round->world)
		                : judge_not_done(operation, round->prepared.policy);
		totals.outcomes[outcome]++;
		totals.proved += outcome == AGREED_REFUSED && operation->control == 0;
		if (operation->error < 0)
			fail(round, "no answer to %s %s", operation_names[operation->kind].name,
			     operation->path);
		else if (outcome == DANGER || outcome == UNEXPLAINED)
			fail(round, "%s: %s %s (%s): %s by %s; inside %s, outside %s, evidence %s",
			     outcomes[outcome], operation_names[operation->kind].name,
			     operation->path, operation->other ? operation->other : "",
			     verdict_name(operation->verdict),
			     operation->because ? operation->because : "nothing",
			     strerror(operation->error),
			     operation->control < 0 ? "not tried" : strerror(operation->control),
			     operation->evidence);
	}
}

/* --- What is left on the host --------------------------------------------------------------------
 */

/* The git folder that holds a name of it, or NULL. */
static const struct snapshot_entry *git_folder_of(const struct snapshot *snapshot, const char *path,
                                                  const char *name)
{
	cleanup_free char *folder =
	        text_copy_size(path, (size_t)(name - path) + sizeof("/.git") - 1);

	return folder ? snapshot_find(snapshot, folder) : NULL;
}

/* Whether it belongs to a repository that was moved as a whole: the same file, or folder, stands at
 * the same name of the same git folder, which is elsewhere. */
static bool is_moved_along(const struct round *round, const char *path, bool existed)
{
	const struct snapshot *here = existed ? &round->before : &round->after;
	const struct snapshot *there = existed ? &round->after : &round->before;
	const struct snapshot_entry *entry = snapshot_find(here, path);
	const char *name = strstr(path, "/.git/");

	const struct snapshot_entry *git = name ? git_folder_of(here, path, name) : NULL;

	if (!entry || !git)
		return false;
	for (size_t i = 0; i < there->count; i++) {
		const struct snapshot_entry *other = &there->items[i];
		const char *other_name = strstr(other->path, "/.git/");
		if (!snapshot_is_moved(entry, other) || !other_name ||
		    strcmp(name, other_name) != 0)
			continue;
		const struct snapshot_entry *other_git =
		        git_folder_of(there, other->path, other_name);
		if (other_git && git->status.st_dev == other_git->status.st_dev &&
		    git->status.st_ino == other_git->status.st_ino)
			return true;
	}
	return false;
}

static void judge_change(void *data, const char *path, bool existed)
{
	struct round *round = data;
	const struct policy *policy = round->prepared.policy;
	struct decision decision;
	enum outcome outcome = DANGER;

	totals.changes++;
	policy_decide(policy, EFFECT_WRITE, path, &decision);
	if (decision.verdict == VERDICT_ALLOW && decision.region != REGION_SCRATCH)
		return;
	if (decision.at_launch)
		outcome = unheld(policy, path, existed);
	if (outcome != DANGER || (decision.at_launch && is_moved_along(round, path, existed)))
		return;
	totals.outcomes[DANGER]++;
	fail(round, "%s was %s: %s by %s", path, existed ? "changed" : "made",
	     verdict_name(decision.verdict), decision.because ? decision.because : "nothing");
}

/* Whatever was read belongs to a file that may be read, by whatever name it was reached. */
static void judge_leaks(struct round *round)
{
	for (size_t i = 0; i < round->batch.count; i++) {
		const struct operation *operation = &round->batch.items[i];
		struct decision decision;
		if (!operation->evidence)
			continue;
		const struct node *owner = world_owner_of(&round->world, operation->evidence);
		if (!owner)
			continue;
		totals.leaks_checked++;
		policy_decide(round->prepared.policy, EFFECT_READ, owner->path, &decision);
		if (decision.verdict == VERDICT_ALLOW && decision.region != REGION_SCRATCH)
			continue;
		totals.outcomes[DANGER]++;
		fail(round, "%s was read through %s: %s by %s", owner->path, operation->path,
		     verdict_name(decision.verdict),
		     decision.because ? decision.because : "nothing");
	}
}

/* --- `remit why` itself ----------------------------------------------------------------------- */

static void compare_why(struct round *round, const struct operation *operation)
{
	static const int statuses[] = {[VERDICT_DENY] = 1, [VERDICT_ASK] = 2, [VERDICT_ALLOW] = 0};
	enum effect effect = operation_names[operation->kind].effect;
	cleanup_free char **options = sample_arguments(&round->sample, false);
	char *command[10 * MOST_OPTIONS + 8] = {round->setting->remit, (char *)"why"};
	size_t count = 2;
	int status;

	for (char **at = options; *at; at++)
		command[count++] = *at;
	command[count++] = round->sample.definition;
	command[count++] = (char *)effect_name(effect);
	command[count++] = operation->path;
	pid_t child = fork();
	if (child == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(99);
		execv(command[0], command);
		_exit(98);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		give_up("why: %s", strerror(errno));
	enum verdict verdict = effect == EFFECT_CONNECT ? operation->verdict
	                                                : path_verdict(round->prepared.policy,
	                                                               effect, operation->path);
	totals.why++;
	if (WIFEXITED(status) && WEXITSTATUS(status) == statuses[verdict])
		return;
	totals.why_differs++;
	fail(round, "why %s %s ends with %d, not with %d", effect_name(effect), operation->path,
	     WIFEXITED(status) ? WEXITSTATUS(status) : -1, statuses[verdict]);
}

/* --- A round
 * -------------------------------------------------------------------------------------- */

static void made_where_nothing_ran(void *data, const char *path, bool existed)
{
	fail(data, "%s was %s, and nothing was to run", path, existed ? "changed" : "made");
}

/* Nothing runs where a rule cannot be held; then nothing happens either. */
static void judge_nothing(struct round *round, int status)
{
	totals.not_run++;
	for (size_t i = 0; i < round->batch.count; i++)
		if (round->batch.items[i].error >= 0)
			fail(round, "status %d, and the helper ran", status);
	snapshot_compare(&round->before, &round->after, made_where_nothing_ran, round);
}

static int run_inside(struct round *round)
{
	cleanup_free char **options = sample_arguments(&round->sample, true);
	char *command[10 * MOST_OPTIONS + 8] = {round->setting->remit, (char *)"run", (char *)"-q"};
	size_t count = 3;

	for (char **at = options; *at; at++)
		command[count++] = *at;
	command[count++] = (char *)"--";
	command[count] = round->world.inner_helper;
	snapshot_take(&round->before, round->world.root);
	int status = batch_execute(&round->batch, command, round->requests);
	snapshot_take(&round->after, round->world.root);
	return status;
}

static void judge_round(struct round *round, bool understood, int status)
{
	if (status >= STATUS_NOT_RUN && status <= 127) {
		judge_nothing(round, status);
		return;
	}
	if (status != 0 || !understood) {
		fail(round, "remit run ends with %d%s", status,
		     understood ? "" : ", and the policy is not understood");
		return;
	}
	totals.run++;
	totals.chaos += round->chaos;
	batch_observe(&round->batch, &round->world);
	if (!round->chaos)
		judge_operations(round);
	snapshot_compare(&round->before, &round->after, judge_change, round);
	judge_leaks(round);
}

static void prepare_round(struct round *round)
{
	const struct setting *setting = round->setting;

	world_generate(&round->world, setting->folder, setting->helper, setting->owner);
	if (setenv("HOME", round->world.home, 1) < 0)
		give_up("out of memory");
	sample_generate(&round->sample, &round->world, round->requests);
	if (round->chaos)
		batch_chaos(&round->batch, &round->world, CHAOS);
	else
		batch_generate(&round->batch, &round->world, &round->sample, OPERATIONS,
		               setting->port);
	world_build(&round->world);
	if (round->chaos)
		return;
	batch_locate(&round->batch, &round->world);
	batch_control(&round->batch, &round->world, round->requests);
	world_remove(&round->world);
	world_build(&round->world);
}

static void play_round(const struct setting *setting, uint64_t seed)
{
	struct round round = {.setting = setting, .seed = seed, .chaos = seed % 3 == 0};
	struct error err = {0};

	chance_seed(seed);
	totals.rounds++;
	round.requests = text_printf("%s.requests", setting->folder);
	prepare_round(&round);
	if (chdir(round.world.workspace) < 0)
		give_up("%s: %s", round.world.workspace, strerror(errno));
	bool understood = prepare(&round.sample.options, true, NULL, &round.prepared, &err) == 0;
	batch_locate(&round.batch, &round.world);
	if (understood)
		batch_judge(&round.batch, round.prepared.policy);
	for (size_t i = 0; understood && i < 2; i++)
		compare_why(&round, &round.batch.items[choose(round.batch.count)]);
	int status = run_inside(&round);
	judge_round(&round, understood, status);
	if (chdir("/") < 0)
		give_up("/: %s", strerror(errno));
	error_clear(&err);
	prepared_clear(&round.prepared);
	snapshot_clear(&round.before);
	snapshot_clear(&round.after);
	batch_clear(&round.batch);
	sample_clear(&round.sample);
	world_remove(&round.world);
	world_clear(&round.world);
	free(round.requests);
}

/* A listener of the host, which nothing inside may reach. */
static int listen_outside(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 ||
	    bind(listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 4096) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) < 0)
		give_up("listening: %s", strerror(errno));
	return ntohs(address.sin_port);
}

static void report(void)
{
	printf("%zu rounds: %zu run (%zu of them with operations of any kind), %zu refused as a "
	       "whole (125)\n",
	       totals.rounds, totals.run, totals.chaos, totals.not_run);
	for (size_t i = 0; i < OUTCOMES; i++)
		printf("%8zu %s\n", totals.outcomes[i], outcomes[i]);
	printf("%8zu refused operations succeeded outside\n", totals.proved);
	printf("%8zu changes on the host judged, %zu files that were read, %zu answers of remit "
	       "why\n",
	       totals.changes, totals.leaks_checked, totals.why);
}

int main(int count, char **arguments)
{
	if (count < 7) {
		fprintf(stderr, "differential REMIT HELPER FOLDER OWNER SEED SECONDS [ROUNDS]\n");
		return 2;
	}
	const struct setting setting = {
	        .remit = arguments[1],
	        .helper = arguments[2],
	        .folder = arguments[3],
	        .owner = (uid_t)strtoul(arguments[4], NULL, 10),
	        .port = listen_outside(),
	};
	uint64_t seed = strtoull(arguments[5], NULL, 0);
	time_t end = time(NULL) + (time_t)strtoul(arguments[6], NULL, 10);
	size_t rounds = count > 7 ? strtoul(arguments[7], NULL, 10) : SIZE_MAX;

	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	umask(022);
	while (totals.rounds < rounds && (time(NULL) < end || totals.rounds < LEAST_ROUNDS))
		play_round(&setting, seed + totals.rounds);
	report();

	/* A generator that makes only what is refused would show nothing. */
	bool hollow = rounds == SIZE_MAX &&
	              (totals.run * 3 < totals.rounds || totals.run < 10 ||
	               totals.outcomes[AGREED_DONE] < totals.run || totals.proved < totals.run ||
	               totals.changes < totals.run || totals.leaks_checked < totals.run);
	if (hollow)
		fprintf(stderr, "FAILED: too little was compared\n");
	size_t failed = totals.failures + hollow;
	printf("%zu passed, %zu failed, 0 skipped\n",
	       totals.outcomes[AGREED_DONE] + totals.outcomes[AGREED_REFUSED] + totals.changes +
	               totals.leaks_checked + totals.why - totals.why_differs,
	       failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
