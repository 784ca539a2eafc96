/* An agent as one line of text, for tests to compare. */
#ifndef REMIT_TESTS_AGENT_TEXT_H
#define REMIT_TESTS_AGENT_TEXT_H

#include "agent/agent.h"
#include "base/buffer.h"

static inline void print_rules(struct buffer *out, const char *title,
                               const struct agent_rules *rules)
{
	if (!rules->count)
		return;
	buffer_printf(out, " %s", title);
	for (size_t i = 0; i < rules->count; i++) {
		const struct agent_rule *rule = &rules->items[i];
		buffer_printf(out, " %s", rule->name);
		if (rule->specifier)
			buffer_printf(out, "(%s)", rule->specifier);
		buffer_printf(out, "@%zu", rule->line);
	}
	buffer_append_text(out, ";");
}

/* An agent as one line: how it was parsed, mode, lists, warnings. */
static inline void print_agent(struct buffer *out, const struct agent *agent)
{
	static const char *const parsed[] = {"strict", "quoted", "lines"};

	buffer_append_text(out, parsed[agent->parsed]);
	if (agent->mode)
		buffer_printf(out, " mode %s@%zu;", agent->mode, agent->mode_line);
	if (agent->inherits)
		buffer_append_text(out, " inherits;");
	if (!agent->inherits && !agent->allowed.count)
		buffer_append_text(out, " nothing;");
	print_rules(out, "allowed", &agent->allowed);
	if (agent->narrows)
		buffer_append_text(out, " narrows;");
	print_rules(out, "narrowed", &agent->narrowed);
	print_rules(out, "forbidden", &agent->forbidden);
	for (size_t i = 0; i < agent->warning_count; i++)
		buffer_printf(out, " %s@%zu;", agent->warnings[i].code, agent->warnings[i].line);
}

#endif
