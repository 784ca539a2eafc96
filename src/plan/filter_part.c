#include "plan/filter.h"
#include "plan/landlock_rights.h"
#include "plan/parts.h"

int plan_filter_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct filter_options options = {
	        .limited_exec = plan->limited_exec,
	        .refuse_group_signals = !(plan->landlock_scoped & LANDLOCK_SCOPE_SIGNALS),
	};

	(void)request;
	return filter_extra(&options, &plan->filter, &plan->filter_count, err);
}
