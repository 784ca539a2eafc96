/* What operators say: ceilings, policy files and the command line become rules and settings. */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"
#include "policy/build.h"
#include "policy/grammar.h"
#include "policy/rule.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- Reading ---------------------------------------------------------------------------------- */

/* Room for one more source, all zero; NULL when memory is exhausted. */
static struct source *next_source(struct builder *build)
{
	if (array_reserve((void **)&build->sources, &build->source_capacity, build->source_count,
	                  sizeof(*build->sources)) < 0) {
		error_memory(build->err);
		return NULL;
	}
	struct source *source = &build->sources[build->source_count++];
	*source = (struct source){0};
	return source;
}

/* Adds a file as a source; another kind of source is one more call. */
static int add_files(struct builder *build, const struct text_list *files, bool ceiling)
{
	for (size_t i = 0; i < files->count; i++) {
		struct source *source = next_source(build);
		if (!source || grammar_load(files->items[i], ceiling, source, build->err) < 0)
			return -1;
	}
	return 0;
}

/* "--grant read:x", escaped. Owned by the caller. */
static char *option_place(const char *option, const char *text)
{
	cleanup_free char *escaped = escape_terminal_copy(text);

	return escaped ? text_printf("%s %s", option, escaped) : NULL;
}

/* EFFECT:TARGET. */
static int add_rule_option(struct builder *build, struct source *source, enum source_kind kind,
                           const char *option, const char *text)
{
	cleanup_free char *place = option_place(option, text);
	const char *colon = strchr(text, ':');
	cleanup_free char *word = text_copy_size(text, colon ? (size_t)(colon - text) : 0);
	struct source_item item = {.kind = kind};

	if (!place || !word)
		return error_memory(build->err);
	if (!colon || effect_from_name(word, &item.effect) < 0) {
		error_set(build->err, "%s: not understood", place);
		return error_help(build->err, "write EFFECT:TARGET, with read, write, exec, "
		                              "connect or delegate before the colon");
	}
	item.text = (char *)(uintptr_t)(colon + 1);
	item.where = steal_pointer(&place);
	return source_add(source, item, build->err);
}

/* NAME or NAME=VALUE. */
static int add_pair_option(struct builder *build, struct source *source, enum source_kind alone,
                           enum source_kind pair, const char *option, const char *text)
{
	const char *equals = strchr(text, '=');
	cleanup_free char *name =
	        text_copy_size(text, equals ? (size_t)(equals - text) : strlen(text));
	struct source_item item = {.kind = equals ? pair : alone, .name = name};

	if (!name)
		return error_memory(build->err);
	item.text = equals ? (char *)(uintptr_t)(equals + 1) : NULL;
	/* The value may be a secret: the place names the variable alone. */
	item.where = option_place(option, pair == SOURCE_SET ? name : text);
	return source_add(source, item, build->err);
}

static int add_command_line(struct builder *build)
{
	const struct request *request = build->request;
	struct source *source = next_source(build);

	if (!source)
		return -1;
	source->command_line = true;
	source->label = text_copy("command line");
	if (!source->label)
		return error_memory(build->err);
	for (size_t i = 0; i < request->grants.count; i++) {
		if (add_rule_option(build, source, SOURCE_GRANT, "--grant",
		                    request->grants.items[i]) < 0)
			return -1;
	}
	for (size_t i = 0; i < request->denies.count; i++) {
		if (add_rule_option(build, source, SOURCE_DENY, "--deny",
		                    request->denies.items[i]) < 0)
			return -1;
	}
	for (size_t i = 0; i < request->keep.count; i++) {
		if (add_pair_option(build, source, SOURCE_KEEP, SOURCE_SET, "--env",
		                    request->keep.items[i]) < 0)
			return -1;
	}
	for (size_t i = 0; i < request->limits.count; i++) {
		if (add_pair_option(build, source, SOURCE_LIMIT, SOURCE_LIMIT, "--limit",
		                    request->limits.items[i]) < 0)
			return -1;
	}
	return 0;
}

int build_sources(struct builder *build)
{
	if (add_files(build, &build->request->ceilings, true) < 0 ||
	    add_files(build, &build->request->policies, false) < 0 || add_command_line(build) < 0)
		return -1;
	build->strict = build->request->strict;
	for (size_t i = 0; i < build->source_count; i++) {
		const struct source *source = &build->sources[i];
		for (size_t k = 0; k < source->count; k++)
			build->strict |= source->items[k].kind == SOURCE_STRICT &&
			                 strcmp(source->items[k].text, "true") == 0;
	}
	return 0;
}

/* --- Rules ------------------------------------------------------------------------------------ */

static char *rule_place(const struct source *source, const struct source_item *item,
                        const char *word)
{
	cleanup_free char *escaped = escape_terminal_copy(item->text);

	if (source->command_line)
		return text_copy(item->where);
	return escaped ? text_printf("%s %s %s %s", item->where, word, effect_name(item->effect),
	                             escaped)
	               : NULL;
}

/* Errors of one item get its place in front. */
static int refuse(struct builder *build, const struct source *source,
                  const struct source_item *item)
{
	cleanup_free char *text = item->text ? escape_terminal_copy(item->text) : NULL;

	if (source->command_line || !text)
		return error_context(build->err, "%s", item->where);
	return error_context(build->err, "%s: `%s`", item->where, text);
}

static int add_target(struct builder *build, const struct source *source,
                      const struct source_item *item, struct rule rule, const char *text,
                      char *because)
{
	struct pattern_base base = build_source_base(build, source, rule.layer == RULE_DENY);

	if (rule_target(&rule, text, &base, build->err) < 0) {
		free(because);
		return refuse(build, source, item);
	}
	return build_add_rule(build, rule, because);
}

/* Adds a rule for each member of `@NAME`. Groups of every policy are known everywhere. */
static int add_group(struct builder *build, const struct source *source,
                     const struct source_item *item, struct rule rule, const char *word)
{
	size_t found = 0;

	for (size_t i = 0; i < build->source_count; i++) {
		const struct source *other = &build->sources[i];
		for (size_t k = 0; k < other->count; k++) {
			const struct source_item *member = &other->items[k];
			if (member->kind != SOURCE_GROUP ||
			    strcmp(member->name, item->text + 1) != 0)
				continue;
			found++;
			if (add_target(build, other, member, rule, member->text,
			               rule_place(source, item, word)) < 0)
				return -1;
		}
	}
	if (found)
		return 0;
	error_set(build->err, "no such group of hosts, or an empty one");
	error_help(build->err, "define it in a policy: groups: {NAME: [host]}");
	return refuse(build, source, item);
}

static int add_source_rule(struct builder *build, const struct source *source,
                           const struct source_item *item, struct rule rule, const char *word)
{
	if (rule.effect == EFFECT_CONNECT && item->text[0] == '@')
		return add_group(build, source, item, rule, word);
	return add_target(build, source, item, rule, item->text, rule_place(source, item, word));
}

static int add_rules(struct builder *build, const struct source *source, size_t ceiling)
{
	for (size_t i = 0; i < source->count; i++) {
		const struct source_item *item = &source->items[i];
		struct rule rule = {.effect = item->effect};
		bool deny = item->kind == SOURCE_DENY;

		if (!deny && item->kind != SOURCE_GRANT)
			continue;
		rule.layer = deny ? RULE_DENY : source->ceiling ? RULE_CEILING : RULE_GRANT;
		if (rule.layer == RULE_CEILING)
			rule.ceiling = ceiling;
		if (add_source_rule(build, source, item, rule, deny ? "deny" : "grant") < 0)
			return -1;
		/* What may be written can be seen: a mount gives both. */
		if (rule.layer != RULE_GRANT || rule.effect != EFFECT_WRITE)
			continue;
		rule.effect = EFFECT_READ;
		if (add_source_rule(build, source, item, rule, "grant") < 0)
			return -1;
	}
	return 0;
}

static int add_ceiling(struct builder *build, const struct source *source)
{
	struct policy *policy = build->policy;

	if (array_reserve((void **)&policy->ceilings, &policy->ceiling_capacity,
	                  policy->ceiling_count, sizeof(*policy->ceilings)) < 0)
		return error_memory(build->err);
	struct policy_ceiling *ceiling = &policy->ceilings[policy->ceiling_count++];
	*ceiling = (struct policy_ceiling){.file = text_copy(source->label)};
	if (!ceiling->file)
		return error_memory(build->err);
	for (size_t i = 0; i < source->count; i++) {
		const struct source_item *item = &source->items[i];
		if (item->kind != SOURCE_LIST)
			continue;
		ceiling->limits[item->effect] = true;
		ceiling->because[item->effect] =
		        text_printf("%s: not on the ceiling's list for %s", item->where,
		                    effect_name(item->effect));
		if (!ceiling->because[item->effect])
			return error_memory(build->err);
	}
	return 0;
}

/* --- Variables -------------------------------------------------------------------------------- */

/* A name of a variable; `*` may end it where patterns are known. */
static bool is_variable(const char *name, bool pattern)
{
	size_t size = strlen(name);

	if (pattern && size > 1 && name[size - 1] == '*')
		size--;
	for (size_t i = 0; i < size; i++) {
		char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	return size > 0;
}

static int add_setting(struct builder *build, struct policy_setting **settings, size_t *count,
                       size_t *capacity, const char *name, const char *value, const char *because)
{
	struct policy_setting setting = {
	        .name = text_copy(name),
	        .value = value ? text_copy(value) : NULL,
	        .because = text_copy(because),
	};

	if (!setting.name || (value && !setting.value) || !setting.because ||
	    array_reserve((void **)settings, capacity, *count, sizeof(setting)) < 0) {
		free(setting.name);
		free(setting.value);
		free(setting.because);
		return error_memory(build->err);
	}
	/* The later source is the nearer one: it replaces what stood. */
	for (size_t i = 0; i < *count; i++) {
		struct policy_setting *old = &(*settings)[i];
		if (strcmp(old->name, name) == 0) {
			free(old->name);
			free(old->value);
			free(old->because);
			*old = setting;
			return 0;
		}
	}
	(*settings)[(*count)++] = setting;
	return 0;
}

static int keep_variable(struct builder *build, const struct source_item *item, const char *name)
{
	struct policy *policy = build->policy;

	if (!is_variable(name, true)) {
		cleanup_free char *escaped = escape_terminal_copy(name);
		return error_set(build->err, "%s: `%s` is no name of a variable (NAME or PREFIX_*)",
		                 item->where, escaped ? escaped : "");
	}
	return add_setting(build, &policy->keep, &policy->keep_count, &policy->keep_capacity, name,
	                   NULL, item->where);
}

static int set_variable(struct builder *build, const struct source_item *item)
{
	struct policy *policy = build->policy;

	if (!is_variable(item->name, false)) {
		cleanup_free char *escaped = escape_terminal_copy(item->name);
		return error_set(build->err, "%s: `%s` is no name of a variable", item->where,
		                 escaped ? escaped : "");
	}
	return add_setting(build, &policy->set, &policy->set_count, &policy->set_capacity,
	                   item->name, item->text, item->where);
}

/* What the policy gives the MCP server whose tool --tool names. */
static bool is_own_server(const struct builder *build, const char *server)
{
	const char *tool = build->request->tool;
	size_t size = strlen(server);

	if (build->policy->tool != &table_tool_mcp || !tool || !size)
		return false;
	tool += strlen("mcp__");
	return strncmp(tool, server, size) == 0 &&
	       (tool[size] == '\0' || strncmp(tool + size, "__", 2) == 0);
}

static int add_server(struct builder *build, const struct source *source,
                      const struct source_item *item)
{
	struct rule rule = {.layer = RULE_GRANT, .effect = EFFECT_CONNECT};
	struct source_item peer = *item;

	if (!is_own_server(build, item->name))
		return 0;
	if (item->kind == SOURCE_SERVER_KEEP)
		return keep_variable(build, item, item->text);
	peer.effect = EFFECT_CONNECT;
	return add_source_rule(build, source, &peer, rule, "server");
}

static int add_settings(struct builder *build, const struct source *source)
{
	for (size_t i = 0; i < source->count; i++) {
		const struct source_item *item = &source->items[i];
		int result = 0;

		switch (item->kind) {
		case SOURCE_KEEP:
			result = keep_variable(build, item, item->name);
			break;
		case SOURCE_SET:
			result = set_variable(build, item);
			break;
		case SOURCE_SERVER_CONNECT:
		case SOURCE_SERVER_KEEP:
			result = add_server(build, source, item);
			break;
		default:
			break;
		}
		if (result < 0)
			return -1;
	}
	return 0;
}

int build_operator(struct builder *build)
{
	for (size_t i = 0; i < build->source_count; i++) {
		const struct source *source = &build->sources[i];
		if (source->ceiling && add_ceiling(build, source) < 0)
			return -1;
		size_t ceiling =
		        build->policy->ceiling_count ? build->policy->ceiling_count - 1 : 0;
		if (add_rules(build, source, ceiling) < 0 || add_settings(build, source) < 0)
			return -1;
	}
	return 0;
}
