#include "policy/names.h"

#include "base/text.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

static bool is_mcp(const char *name)
{
	return strncasecmp(name, "mcp__", 5) == 0 && name[5];
}

const struct table_tool *tool_find(const char *name)
{
	if (is_mcp(name))
		return &table_tool_mcp;
	for (size_t i = 0; i < table_tools_count; i++) {
		if (text_equal_fold(table_tools[i].name, name))
			return &table_tools[i];
		for (const char *const *alias = table_tools[i].aliases; alias && *alias; alias++) {
			if (text_equal_fold(*alias, name))
				return &table_tools[i];
		}
	}
	return NULL;
}

const char *tool_nearest(const char *name)
{
	const char *names[256];
	size_t count = 0;

	for (size_t i = 0; i < table_tools_count && count < 256; i++)
		names[count++] = table_tools[i].name;
	return text_nearest(name, names, count);
}

bool tool_covers(const struct table_tool *tool, const char *name,
                 const struct table_tool *other_tool, const char *other)
{
	if (tool != other_tool)
		return false;
	if (tool != &table_tool_mcp)
		return true;
	/* Where tools are inherited, the row's own name stands for every server. */
	if (strcmp(name, table_tool_mcp.name) == 0)
		return true;

	size_t size = strlen(name);
	return fnmatch(name, other, FNM_NOESCAPE | FNM_CASEFOLD) == 0 ||
	       (strncasecmp(name, other, size) == 0 && strncmp(other + size, "__", 2) == 0) ||
	       (strcmp(other, table_tool_mcp.name) == 0 && strcmp(name, "mcp__*") == 0);
}

const struct table_mode *mode_find(const char *name)
{
	for (size_t i = 0; i < table_modes_count; i++) {
		if (strcmp(table_modes[i].name, name) == 0)
			return &table_modes[i];
	}
	return NULL;
}

const char *mode_nearest(const char *name)
{
	const char *names[64];
	size_t count = 0;

	for (size_t i = 0; i < table_modes_count && count < 64; i++)
		names[count++] = table_modes[i].name;
	return text_nearest(name, names, count);
}
