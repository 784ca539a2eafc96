#include "plan/filter.h"
#include "plan/parts.h"

int plan_filter_part(const struct plan_request *request, struct plan *plan, struct error *err)
{
	const struct filter_options options = {.limited_exec = plan->limited_exec};

	(void)request;
	return filter_extra(&options, &plan->filter, &plan->filter_count, err);
}
