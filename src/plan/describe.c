#include "plan/describe.h"

#include "base/escape.h"
#include "plan/filter.h"
#include "plan/landlock_rights.h"
#include "plan/pseudo.h"

#include <string.h>

static const char *const kinds[] = {
        [MOUNT_BIND] = "bind",   [MOUNT_SCRATCH] = "scratch", [MOUNT_EMPTY] = "empty",
        [MOUNT_LINK] = "link",   [MOUNT_CONTENT] = "content", [MOUNT_MASK] = "mask",
        [MOUNT_COVER] = "cover", [MOUNT_PIN] = "pin",         [MOUNT_DECOY] = "decoy",
};

const char *describe_mount_kind(enum mount_kind kind)
{
	return kinds[kind];
}

const char *describe_mount_access(const struct plan_mount *mount)
{
	switch (mount->kind) {
	case MOUNT_LINK:
		return "";
	case MOUNT_MASK:
	case MOUNT_DECOY:
		return "none";
	case MOUNT_SCRATCH:
		return "write";
	default:
		return mount->writable ? "write" : "read";
	}
}

static const struct {
	int resource;
	const char *name;
} limits[] = {
        {RLIMIT_CORE, "core"},       {RLIMIT_NPROC, "processes"}, {RLIMIT_NOFILE, "files"},
        {RLIMIT_FSIZE, "file-size"}, {RLIMIT_CPU, "cpu"},
};

const char *describe_limit(int resource)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		if (limits[i].resource == resource)
			return limits[i].name;
	return "unknown";
}

static void text(struct buffer *out, const char *value)
{
	escape_terminal(out, value, strlen(value));
}

static void identity(const struct plan_identity *identity, struct buffer *out)
{
	buffer_printf(out, "identity     user %u, group %u inside; user %u, group %u outside\n",
	              identity->inner_user, identity->inner_group, identity->outer_user,
	              identity->outer_group);
}

static void mount_line(const struct plan_mount *mount, struct buffer *out)
{
	buffer_printf(out, "  %-8s %-6s ", describe_mount_kind(mount->kind),
	              describe_mount_access(mount));
	text(out, mount->path);
	if (mount->kind == MOUNT_LINK || (mount->kind == MOUNT_BIND && mount->source &&
	                                  strcmp(mount->source, mount->path) != 0)) {
		buffer_append_text(out, mount->kind == MOUNT_LINK ? " -> " : " from ");
		text(out, mount->source);
	}
	if (mount->kind == MOUNT_CONTENT)
		buffer_printf(out, " (%zu bytes of remit's making)", strlen(mount->source));
	if (*mount->because) {
		buffer_append_text(out, "   # ");
		text(out, mount->because);
	}
	buffer_append_text(out, "\n");
}

static void mounts(const struct plan *plan, struct buffer *out)
{
	buffer_append_text(out, "\nmounts, in order\n");
	for (size_t i = 0; i < plan->mount_count; i++)
		mount_line(&plan->mounts[i], out);
	buffer_append_text(out, "  /dev and /proc are always remit's own\n");
	if (*plan->scratch_size)
		buffer_printf(out, "  all scratch together holds %s at most\n", plan->scratch_size);
}

static void right_names(uint64_t rights, struct buffer *out)
{
	const char *separator = "";

	for (size_t i = 0; i < landlock_rights_count; i++) {
		if (!(rights & landlock_rights[i].right))
			continue;
		buffer_printf(out, "%s%s", separator, landlock_rights[i].name);
		separator = ", ";
	}
}

static void landlock(const struct plan *plan, struct buffer *out)
{
	const char *separator = "";

	if (!plan->landlock_abi) {
		buffer_append_text(out, "\nLandlock     none on this kernel\n");
		return;
	}
	buffer_printf(out,
	              "\nLandlock     ABI %d\n  refuses, except as below: ", plan->landlock_abi);
	right_names(plan->landlock_handled, out);
	buffer_append_text(out, "\n  refuses towards the outside: ");
	for (size_t i = 0; i < landlock_scopes_count; i++) {
		if (!(plan->landlock_scoped & landlock_scopes[i].scope))
			continue;
		buffer_printf(out, "%s%s", separator, landlock_scopes[i].name);
		separator = ", ";
	}
	buffer_append_text(out, *separator ? "\n" : "nothing\n");
	for (size_t i = 0; i < plan->right_count; i++) {
		buffer_append_text(out, "  below ");
		text(out, plan->rights[i].path);
		buffer_append_text(out, plan->rights[i].optional ? " (where it exists): " : ": ");
		right_names(plan->rights[i].rights, out);
		buffer_append_text(out, "\n");
	}
}

static void limit_lines(const struct plan *plan, struct buffer *out)
{
	buffer_append_text(out, "\nlimits\n");
	for (size_t i = 0; i < plan->limit_count; i++)
		buffer_printf(out, "  %-10s %llu\n", describe_limit(plan->limits[i].resource),
		              (unsigned long long)plan->limits[i].value);
	if (plan->wall_seconds)
		buffer_printf(out, "  %-10s %u s\n", "wall", plan->wall_seconds);
}

static void names(const char *title, char *const *list, struct buffer *out)
{
	buffer_printf(out, "%-12s", title);
	for (; list && *list; list++) {
		buffer_append_text(out, " ");
		escape_terminal(out, *list, strcspn(*list, "="));
	}
	buffer_append_text(out, "\n");
}

static void filter(const char *title, const struct sock_filter *program, size_t count, bool raw,
                   struct buffer *out)
{
	buffer_printf(out, "\n%s: %zu instructions\n", title, count);
	if (raw)
		pseudo_append_raw(out, program, count);
	else
		pseudo_append(out, program, count, pseudo_native());
}

static void head(const struct plan *plan, const struct policy *policy, struct buffer *out)
{
	buffer_append_text(out, "agent        ");
	text(out, policy->agent_name);
	buffer_append_text(out, " (");
	text(out, policy->agent_file);
	buffer_append_text(out, ")\nworkspace    ");
	text(out, policy->workspace);
	buffer_append_text(out, "\nmode         ");
	text(out, policy->mode->name);
	buffer_append_text(out, " (");
	text(out, policy->mode_because);
	buffer_append_text(out, ")\n");
	if (plan->command && plan->command[0]) {
		buffer_append_text(out, "command     ");
		for (char *const *word = plan->command; *word; word++) {
			buffer_append_text(out, " ");
			text(out, *word);
		}
		buffer_append_text(out, "\n");
	}
	buffer_append_text(out, "starts in    ");
	text(out, plan->directory);
	buffer_printf(out, "\nlevel        %s\n", plan->decoy ? "namespaces+decoy" : "namespaces");
	if (plan->broker)
		buffer_append_text(out,
		                   "broker       decides on each name that is written; for the "
		                   "tool the project's mounts are read-only\n");
	if (plan->network)
		buffer_append_text(out, plan->reaches
		                                ? "network      permitted peers, by a relay\n"
		                                : "network      published ports, by a relay\n");
	identity(&plan->identity, out);
}

int describe_text(const struct plan *plan, const struct policy *policy, bool raw,
                  struct buffer *out)
{
	head(plan, policy, out);
	mounts(plan, out);
	landlock(plan, out);
	limit_lines(plan, out);
	buffer_append_text(out, "\n");
	names("environment", plan->environment, out);
	names("dropped", plan->dropped, out);
	for (size_t i = 0; i < plan->note_count; i++) {
		buffer_append_text(out, "note         ");
		text(out, plan->notes[i].message);
		buffer_append_text(out, "\n");
	}
	if (plan->decoy)
		filter("filter of every watched run", filter_watched, filter_watched_count, raw,
		       out);
	else
		filter("filter of every run", filter_base, filter_base_count, raw, out);
	if (plan->filter_count)
		filter("filter of this plan", plan->filter, plan->filter_count, raw, out);
	return buffer_failed(out) ? -1 : 0;
}
