#include "library/start_record.h"

#include "base/buffer.h"
#include "policy/explain.h"
#include "policy/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is in force, of all that there is. */
static void find_layers(const struct plan *plan, struct start_record *out)
{
	const struct {
		const char *name;
		bool there;
	} all[] = {
	        {"mounts", true},
	        {"decoy", true},
	        {"landlock", plan->landlock_abi > 0},
	        {"seccomp", true},
	        {"network", plan->network},
	};
	size_t count = 0;

	_Static_assert(sizeof(all) / sizeof(*all) < START_LAYERS, "room for the end");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].there)
			out->layers[count++] = all[i].name;
}

/* Names that were meant to take something away, and did not. */
static int find_unknown(const struct agent *agent, struct start_record *out, struct error *err)
{
	size_t count = 0;

	out->unknown = calloc(agent->forbidden.count + 1, sizeof(*out->unknown));
	if (!out->unknown)
		return error_memory(err);
	for (size_t i = 0; i < agent->forbidden.count; i++) {
		const char *name = agent->forbidden.items[i].name;
		if (!tool_find(name) && strcmp(name, "*") != 0)
			out->unknown[count++] = name;
	}
	return 0;
}

/* One name for everything that was decided: two runs with the same digest had the same rules. */
static int digest(const struct prepared *prepared, struct start_record *out, struct error *err)
{
	cleanup_buffer struct buffer text = {0};

	if (explain_json(prepared->agent, prepared->policy, &text) < 0 || buffer_failed(&text))
		return error_memory(err);
	sha256_text(text.data, text.size, out->digest);
	return 0;
}

int start_record_make(const struct launch *launch, bool learn, struct start_record *out,
                      struct error *err)
{
	const struct prepared *prepared = &launch->prepared;
	const struct plan *plan = launch->plan;
	const struct policy *policy = prepared->policy;

	*out = (struct start_record){0};
	if (uname(&out->system) < 0)
		return error_system(err, errno, "uname");
	if (find_unknown(prepared->agent, out, err) < 0 || digest(prepared, out, err) < 0)
		return -1;
	find_layers(plan, out);
	out->start = (struct audit_start){
	        .agent = policy->agent_name,
	        .agent_file = policy->agent_file,
	        .tool = policy->tool ? policy->tool->name : NULL,
	        .workspace = policy->workspace,
	        .policy_digest = out->digest,
	        .kernel = out->system.release,
	        .level = learn ? "namespaces+decoy, learning" : "namespaces+decoy",
	        .layers = out->layers,
	        .dropped = (const char *const *)plan->dropped,
	        .unknown_forbidden = out->unknown,
	        .command = plan->command,
	};
	return 0;
}

void start_record_clear(struct start_record *record)
{
	free(record->unknown);
	record->unknown = NULL;
}
