/* A plan as one line of JSON; see describe.h. */
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/text.h"
#include "plan/describe.h"
#include "plan/filter.h"
#include "plan/landlock_rights.h"
#include "plan/pseudo.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void json_cleanup(json_t **place)
{
	json_decref(*place);
}

#define cleanup_json __attribute__((cleanup(json_cleanup)))

/* A string; bytes that are no UTF-8 are escaped as on a terminal. NULL when memory is exhausted. */
static json_t *string(const char *text)
{
	json_t *value = json_string(text);

	if (value)
		return value;
	cleanup_free char *escaped = escape_terminal_copy(text);
	return escaped ? json_string(escaped) : NULL;
}

static json_t *integer(unsigned long long value)
{
	return json_integer((json_int_t)value);
}

/* The functions below return NULL when memory is exhausted, and what is set to NULL fails. */
static int set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

static json_t *identity(const struct plan_identity *identity)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b}", "inner_user", integer(identity->inner_user),
	                 "inner_group", integer(identity->inner_group), "outer_user",
	                 integer(identity->outer_user), "outer_group",
	                 integer(identity->outer_group), "mapped_by_root", identity->mapped);
}

static json_t *mount_object(const struct plan_mount *mount)
{
	cleanup_json json_t *object = json_object();
	const char *access = describe_mount_access(mount);
	bool source = mount->source && mount->kind != MOUNT_CONTENT;

	if (!object || set(object, "kind", string(describe_mount_kind(mount->kind))) < 0 ||
	    set(object, "access", *access ? string(access) : json_null()) < 0 ||
	    set(object, "path", string(mount->path)) < 0 ||
	    set(object, "source", source ? string(mount->source) : json_null()) < 0 ||
	    set(object, "because", string(mount->because)) < 0)
		return NULL;
	return steal_pointer(&object);
}

static json_t *mounts(const struct plan *plan)
{
	cleanup_json json_t *array = json_array();

	for (size_t i = 0; i < plan->mount_count; i++)
		if (json_array_append_new(array, mount_object(&plan->mounts[i])) < 0)
			return NULL;
	return steal_pointer(&array);
}

static json_t *right_names(uint64_t rights)
{
	cleanup_json json_t *array = json_array();

	for (size_t i = 0; i < landlock_rights_count; i++)
		if ((rights & landlock_rights[i].right) &&
		    json_array_append_new(array, string(landlock_rights[i].name)) < 0)
			return NULL;
	return steal_pointer(&array);
}

static json_t *scope_names(uint64_t scopes)
{
	cleanup_json json_t *array = json_array();

	for (size_t i = 0; i < landlock_scopes_count; i++)
		if ((scopes & landlock_scopes[i].scope) &&
		    json_array_append_new(array, string(landlock_scopes[i].name)) < 0)
			return NULL;
	return steal_pointer(&array);
}

static json_t *landlock(const struct plan *plan)
{
	cleanup_json json_t *rules = json_array();

	for (size_t i = 0; i < plan->right_count; i++) {
		const struct plan_right *right = &plan->rights[i];
		json_t *rule = json_pack("{s:o, s:b, s:o}", "path", string(right->path), "optional",
		                         right->optional, "rights", right_names(right->rights));
		if (json_array_append_new(rules, rule) < 0)
			return NULL;
	}
	return json_pack("{s:i, s:o, s:o, s:O}", "abi", plan->landlock_abi, "handled",
	                 right_names(plan->landlock_handled), "scoped",
	                 scope_names(plan->landlock_scoped), "rules", rules);
}

static json_t *limits(const struct plan *plan)
{
	cleanup_json json_t *object = json_object();

	for (size_t i = 0; i < plan->limit_count; i++)
		if (set(object, describe_limit(plan->limits[i].resource),
		        integer(plan->limits[i].value)) < 0)
			return NULL;
	if (plan->wall_seconds && set(object, "wall", integer(plan->wall_seconds)) < 0)
		return NULL;
	if (*plan->scratch_size && set(object, "scratch", string(plan->scratch_size)) < 0)
		return NULL;
	return steal_pointer(&object);
}

static json_t *names(char *const *list)
{
	cleanup_json json_t *array = json_array();

	for (; list && *list; list++) {
		cleanup_free char *name = text_copy_size(*list, strcspn(*list, "="));
		if (!name || json_array_append_new(array, string(name)) < 0)
			return NULL;
	}
	return steal_pointer(&array);
}

static json_t *words(char *const *list)
{
	cleanup_json json_t *array = json_array();

	for (; list && *list; list++)
		if (json_array_append_new(array, string(*list)) < 0)
			return NULL;
	return steal_pointer(&array);
}

static json_t *notes(const struct plan *plan)
{
	cleanup_json json_t *array = json_array();

	for (size_t i = 0; i < plan->note_count; i++)
		if (json_array_append_new(array,
		                          json_pack("{s:s, s:o}", "code", plan->notes[i].code,
		                                    "message", string(plan->notes[i].message))) < 0)
			return NULL;
	return steal_pointer(&array);
}

static json_t *pseudo_lines(const struct sock_filter *program, size_t count)
{
	cleanup_json json_t *array = json_array();
	cleanup_buffer struct buffer out = {0};

	pseudo_append(&out, program, count, pseudo_native());
	if (!array || buffer_failed(&out))
		return NULL;
	for (const char *line = out.data; line && *line;) {
		size_t length = strcspn(line, "\n");
		size_t indent = strspn(line, " ");
		if (json_array_append_new(array, json_stringn(line + indent, length - indent)) < 0)
			return NULL;
		line += length + (line[length] == '\n');
	}
	return steal_pointer(&array);
}

static json_t *filter(const char *name, const struct sock_filter *program, size_t count)
{
	cleanup_json json_t *raw = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *instruction = json_pack("[i, i, i, o]", program[i].code, program[i].jt,
		                                program[i].jf, integer(program[i].k));
		if (json_array_append_new(raw, instruction) < 0)
			return NULL;
	}
	return json_pack("{s:s, s:o, s:O}", "name", name, "pseudo", pseudo_lines(program, count),
	                 "raw", raw);
}

static json_t *filters(const struct plan *plan)
{
	cleanup_json json_t *array = json_array();

	if (json_array_append_new(
	            array, plan->decoy ? filter("watched", filter_watched, filter_watched_count)
	                               : filter("base", filter_base, filter_base_count)) < 0)
		return NULL;
	if (plan->filter_count &&
	    json_array_append_new(array, filter("plan", plan->filter, plan->filter_count)) < 0)
		return NULL;
	return steal_pointer(&array);
}

int describe_json(const struct plan *plan, const struct policy *policy, struct buffer *out)
{
	cleanup_json json_t *object =
	        json_pack("{s:i, s:s, s:b}", "v", 1, "level",
	                  plan->decoy ? "namespaces+decoy" : "namespaces", "broker", plan->broker);

	if (!object || set(object, "agent", string(policy->agent_name)) < 0 ||
	    set(object, "file", string(policy->agent_file)) < 0 ||
	    set(object, "workspace", string(policy->workspace)) < 0 ||
	    set(object, "mode", string(policy->mode->name)) < 0 ||
	    set(object, "mode_because", string(policy->mode_because)) < 0 ||
	    set(object, "command", words(plan->command)) < 0 ||
	    set(object, "directory", string(plan->directory)) < 0 ||
	    set(object, "network", json_boolean(plan->network)) < 0 ||
	    set(object, "identity", identity(&plan->identity)) < 0 ||
	    set(object, "mounts", mounts(plan)) < 0 ||
	    set(object, "landlock", landlock(plan)) < 0 ||
	    set(object, "limits", limits(plan)) < 0 ||
	    set(object, "environment", names(plan->environment)) < 0 ||
	    set(object, "dropped", names(plan->dropped)) < 0 ||
	    set(object, "notes", notes(plan)) < 0 || set(object, "filters", filters(plan)) < 0)
		return -1;
	cleanup_free char *line = json_dumps(object, JSON_COMPACT);
	if (!line)
		return -1;
	buffer_append_text(out, line);
	buffer_append_text(out, "\n");
	return buffer_failed(out) ? -1 : 0;
}
