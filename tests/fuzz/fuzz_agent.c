/* Whatever bytes come in: no crash, and either an agent that keeps what its header promises, or an
 * error that names the file. */
#include "agent/agent.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void check_rules(const struct agent_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		demand(rules->items[i].name && *rules->items[i].name);
		demand(rules->items[i].line > 1);
		demand(!rules->items[i].specifier || *rules->items[i].specifier);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_agent struct agent *agent = NULL;
	cleanup_error struct error err = {0};

	if (agent_parse("fuzz.md", (const char *)data, size, &agent, &err) < 0) {
		demand(!agent && strncmp(error_message(&err), "fuzz.md:", 8) == 0);
		return 0;
	}
	demand(agent && agent->name && agent->file);
	demand(!agent->mode || (*agent->mode && agent->mode_line > 1));
	demand(agent->inherits || agent->tools_line > 1);
	demand(agent->narrows || agent->narrowed.count == 0);
	check_rules(&agent->allowed);
	check_rules(&agent->narrowed);
	check_rules(&agent->forbidden);
	for (size_t i = 0; i < agent->warning_count; i++)
		demand(agent->warnings[i].code && agent->warnings[i].message);
	return 0;
}
