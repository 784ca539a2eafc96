#include "plan/plan.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "plan/parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int plan_add_mount(struct plan *plan, enum mount_kind kind, const char *path, const char *source,
                   const char *because, struct plan_mount **out, struct error *err)
{
	void *items = plan->mounts;

	if (array_reserve(&items, &plan->mount_capacity, plan->mount_count, sizeof(*plan->mounts)) <
	    0)
		return error_memory(err);
	plan->mounts = items;
	struct plan_mount *mount = &plan->mounts[plan->mount_count];
	*mount = (struct plan_mount){
	        .kind = kind,
	        .path = text_copy(path),
	        .source = source ? text_copy(source) : NULL,
	        .because = text_copy(because ? because : ""),
	        .tree = -1,
	};
	plan->mount_count++;
	if (!mount->path || !mount->because || (source && !mount->source))
		return error_memory(err);
	if (out)
		*out = mount;
	return 0;
}

int plan_add_note(struct plan *plan, const char *code, char *message, struct error *err)
{
	void *items = plan->notes;

	if (!message)
		return error_memory(err);
	if (array_reserve(&items, &plan->note_capacity, plan->note_count, sizeof(*plan->notes)) <
	    0) {
		free(message);
		return error_memory(err);
	}
	plan->notes = items;
	plan->notes[plan->note_count++] = (struct plan_note){.code = code, .message = message};
	return 0;
}

/* At one path, what is there comes before what holds it in place, and that before what covers
 * it. */
static int rank(enum mount_kind kind)
{
	switch (kind) {
	case MOUNT_PIN:
		return 1;
	case MOUNT_COVER:
		return 2;
	case MOUNT_MASK:
	case MOUNT_DECOY:
		return 3;
	default:
		return 0;
	}
}

static int compare_mounts(const void *a, const void *b)
{
	const struct plan_mount *left = a;
	const struct plan_mount *right = b;
	int order = path_compare(left->path, right->path);

	return order ? order : rank(left->kind) - rank(right->kind);
}

static void clear_mount(struct plan_mount *mount)
{
	free(mount->path);
	free(mount->source);
	free(mount->because);
	if (mount->tree >= 0)
		close(mount->tree);
}

/* Drops what the next step at the same path makes pointless: a second cover, a pin below a
 * cover. */
static void drop_doubles(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->mount_count; i++) {
		struct plan_mount *mount = &plan->mounts[i];
		const struct plan_mount *next =
		        i + 1 < plan->mount_count ? &plan->mounts[i + 1] : NULL;
		if (next && rank(mount->kind) && strcmp(next->path, mount->path) == 0)
			clear_mount(mount);
		else
			plan->mounts[kept++] = *mount;
	}
	plan->mount_count = kept;
}

static int order_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	(void)request;
	(void)err;
	qsort(plan->mounts, plan->mount_count, sizeof(*plan->mounts), compare_mounts);
	drop_doubles(plan);
	return 0;
}

static const struct {
	const char *name;
	int (*add)(const struct plan_request *request, struct plan *plan, struct error *err);
} parts[] = {
        {"identity", plan_identity_part}, {"connect", plan_connect_part},
        {"layout", plan_layout_part},     {"accounts", plan_accounts_part},
        {"landlock", plan_landlock_part}, {"environment", plan_environment_part},
        {"command", plan_command_part},   {"masks", plan_masks_part},
        {"decoys", plan_decoys_part},     {"order", order_part},
        {"idmap", plan_idmap_part},       {"filter", plan_filter_part},
        {"limits", plan_limits_part},
};

int plan_build(const struct plan_request *request, struct plan **out, struct error *err)
{
	cleanup_plan struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return error_memory(err);
	plan->command = request->command;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i].add(request, plan, err) < 0)
			return -1;
		timing_mark(request->timing, "plan", parts[i].name);
	}
	*out = steal_pointer(&plan);
	return 0;
}

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->mount_count; i++)
		clear_mount(&plan->mounts[i]);
	free(plan->mounts);
	for (size_t i = 0; i < plan->right_count; i++)
		free(plan->rights[i].path);
	free(plan->rights);
	for (size_t i = 0; i < plan->note_count; i++)
		free(plan->notes[i].message);
	free(plan->notes);
	free(plan->limits);
	free(plan->filter);
	free_list(plan->environment);
	free_list(plan->dropped);
	free(plan->directory);
	free(plan->search_path);
	free(plan);
}
