/* The parts of a plan, in the order in which plan_build calls them. Each adds to the plan and
 * returns 0, or negative with what cannot be held. */
#ifndef REMIT_PLAN_PARTS_H
#define REMIT_PLAN_PARTS_H

#include "plan/plan.h"

int plan_identity_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_connect_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_layout_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_command_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_accounts_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_masks_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_decoys_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_idmap_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_landlock_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_filter_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_limits_part(const struct plan_request *request, struct plan *plan, struct error *err);
int plan_environment_part(const struct plan_request *request, struct plan *plan, struct error *err);

/* Appends a mount; `path` and `source` are copied, source and because may be NULL. The mount is
 * returned through `out` (may be NULL) for further settings. */
int plan_add_mount(struct plan *plan, enum mount_kind kind, const char *path, const char *source,
                   const char *because, struct plan_mount **out, struct error *err);

/* Appends a Landlock rule; `path` is copied. */
int plan_add_right(struct plan *plan, const char *path, uint64_t rights, bool optional,
                   struct error *err);

/* Appends a note that takes over `message` (may be NULL: memory is exhausted). */
int plan_add_note(struct plan *plan, const char *code, char *message, struct error *err);

#endif
