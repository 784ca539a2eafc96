/* Names in definitions and requests: canonical tools and modes. */
#ifndef REMIT_POLICY_NAMES_H
#define REMIT_POLICY_NAMES_H

#include "policy/tables.h"

#include <stdbool.h>

/* The row that a tool's name or alias means (case does not matter; `mcp__SERVER__TOOL` is
 * table_tool_mcp), or NULL. */
const struct table_tool *tool_find(const char *name);

/* The canonical name nearest to a mistyped one, or NULL. Never freed. */
const char *tool_nearest(const char *name);

/* True when naming `name` (of the row `tool`) also names `other` (of the row `other_tool`). They
 * differ only for MCP: `mcp__SERVER` and `mcp__SERVER__*` name every tool of the server. */
bool tool_covers(const struct table_tool *tool, const char *name,
                 const struct table_tool *other_tool, const char *other);

/* The mode of exactly this name, or NULL. */
const struct table_mode *mode_find(const char *name);
const char *mode_nearest(const char *name);

#endif
