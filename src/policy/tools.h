/* Which tools an agent may use. */
#ifndef REMIT_POLICY_TOOLS_H
#define REMIT_POLICY_TOOLS_H

#include "policy/tables.h"

#include <stdbool.h>

/* True where the tool gives any effect; the others act inside the harness. */
bool tool_has_effects(const struct table_tool *tool);

#endif
