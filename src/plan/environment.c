/* The environment inside: an allow-list of names, without values that look like keys. */
#include "base/cleanup.h"
#include "base/text.h"
#include "plan/parts.h"
#include "plan/visible.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin";

struct list {
	char **items;
	size_t count, capacity;
};

static int push(struct list *list, char *text, struct error *err)
{
	void *items = list->items;

	/* One more place than is used: the list ends with NULL. */
	if (!text ||
	    array_reserve(&items, &list->capacity, list->count + 1, sizeof(*list->items)) < 0) {
		free(text);
		return error_memory(err);
	}
	list->items = items;
	list->items[list->count++] = text;
	list->items[list->count] = NULL;
	return 0;
}

static bool name_matches(const char *pattern, const char *name, size_t length)
{
	size_t size = strlen(pattern);

	if (size && pattern[size - 1] == '*')
		return length >= size - 1 && strncmp(pattern, name, size - 1) == 0;
	return size == length && strncmp(pattern, name, length) == 0;
}

static bool kept_by_table(const char *name, size_t length)
{
	for (size_t i = 0; i < table_environment_keep_count; i++)
		if (name_matches(table_environment_keep[i].text, name, length))
			return true;
	return false;
}

/* The patterns speak of whole values; a key can also stand behind a separator, as in a list of
 * flags. */
static bool looks_secret(const char *value)
{
	for (const char *part = value; part;) {
		for (size_t i = 0; i < table_environment_secret_values_count; i++)
			if (fnmatch(table_environment_secret_values[i].text, part, 0) == 0)
				return true;
		part = strpbrk(part, " \t\n,;=&?'\"");
		if (part)
			part++;
	}
	return false;
}

/* Whether a variable of the caller passes. What the operator keeps by its exact name passes
 * whatever its value is. */
static bool passes(const struct policy *policy, const char *variable)
{
	size_t length = strcspn(variable, "=");
	bool kept = kept_by_table(variable, length);

	if (!variable[length] || !length)
		return false;
	for (size_t i = 0; i < policy->keep_count; i++) {
		const char *pattern = policy->keep[i].name;
		if (!name_matches(pattern, variable, length))
			continue;
		if (!strchr(pattern, '*'))
			return true;
		kept = true;
	}
	return kept && !looks_secret(variable + length + 1);
}

static bool present(const struct list *list, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < list->count; i++)
		if (strncmp(list->items[i], name, length) == 0 && list->items[i][length] == '=')
			return true;
	return false;
}

static int set(struct list *list, const char *name, const char *value, struct error *err)
{
	size_t length = strlen(name);
	char *text = text_printf("%s=%s", name, value);

	for (size_t i = 0; text && i < list->count; i++) {
		if (strncmp(list->items[i], name, length) != 0 || list->items[i][length] != '=')
			continue;
		free(list->items[i]);
		list->items[i] = text;
		return 0;
	}
	return push(list, text, err);
}

static int keep_caller(const struct plan_request *request, struct list *kept, struct list *dropped,
                       struct error *err)
{
	for (char *const *variable = request->environment; *variable; variable++) {
		size_t length = strcspn(*variable, "=");
		int result = passes(request->policy, *variable)
		                     ? push(kept, text_copy(*variable), err)
		                     : push(dropped, text_copy_size(*variable, length), err);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* Who the tool is and where, as it is inside. */
static int set_own(const struct plan_request *request, const struct plan *plan, struct list *kept,
                   struct error *err)
{
	const char *user = !plan->identity.mapped && request->place->user_name
	                           ? request->place->user_name
	                           : "agent";

	if (set(kept, "HOME", request->policy->home, err) < 0 ||
	    set(kept, "PWD", plan->directory, err) < 0 || set(kept, "USER", user, err) < 0 ||
	    set(kept, "LOGNAME", user, err) < 0 || set(kept, "TMPDIR", "/tmp", err) < 0)
		return -1;
	return present(kept, "PATH") ? 0 : set(kept, "PATH", default_path, err);
}

static int set_policy(const struct policy *policy, bool offline, struct list *kept,
                      struct error *err)
{
	for (size_t i = 0; offline && i < table_environment_offline_count; i++)
		if (!present(kept, table_environment_offline[i].name) &&
		    set(kept, table_environment_offline[i].name, table_environment_offline[i].value,
		        err) < 0)
			return -1;
	for (size_t i = 0; i < policy->set_count; i++)
		if (set(kept, policy->set[i].name, policy->set[i].value, err) < 0)
			return -1;
	return 0;
}

/* COMMAND starts where the caller stands, if that place exists inside. */
static int find_directory(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct policy *policy = request->policy;
	const char *directory = request->place->directory;

	if (!visible_inside(policy, directory))
		directory = policy->workspace;
	plan->directory = text_copy(directory);
	return plan->directory ? 0 : error_memory(err);
}

int plan_environment_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	struct list kept = {0};
	struct list dropped = {0};
	int result = find_directory(request, plan, err);

	if (result == 0)
		result = keep_caller(request, &kept, &dropped, err);
	if (result == 0)
		result = set_own(request, plan, &kept, err);
	if (result == 0)
		result = set_policy(request->policy, !plan->reaches, &kept, err);
	plan->environment = kept.items;
	plan->dropped = dropped.items;
	for (size_t i = 0; result == 0 && i < kept.count; i++) {
		if (strncmp(kept.items[i], "PATH=", 5) != 0)
			continue;
		plan->search_path = text_copy(kept.items[i] + 5);
		if (!plan->search_path)
			result = error_memory(err);
	}
	return result;
}
