#include "library/prepare.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "library/sources.h"
#include "plan/existing.h"

#include <stdlib.h>
#include <string.h>

static struct text_list list_of(const char *const *items)
{
	struct text_list list = {.items = items};

	while (items && items[list.count])
		list.count++;
	return list;
}

static int build(const struct remit_options *options, struct prepared *out, struct error *err)
{
	cleanup_sources struct sources sources = {0};

	if (sources_find(options, &out->place, &sources, err) < 0)
		return -1;
	const struct request request = {
	        .workspace = out->place.workspace,
	        .repository = out->place.repository,
	        .git_folder = out->place.git.shared,
	        .git_own = out->place.git.own,
	        .home = out->place.home,
	        .directory = out->place.directory,
	        .tool = options->tool,
	        .mode = options->mode,
	        .policies = sources_list(sources.policies),
	        .ceilings = sources_list(sources.ceilings),
	        .grants = list_of(options->grants),
	        .denies = list_of(options->denies),
	        .keep = list_of(options->environment),
	        .limits = list_of(options->limits),
	        .homes = {.items = out->place.other_homes, .count = out->place.other_home_count},
	        .given = sources_list(sources.given),
	        .strict = options->strict,
	};
	if (policy_build(out->agent, &request, &out->policy, err) < 0)
		return -1;
	if (existing_protect(out->policy, err) < 0)
		return -1;
	return existing_other_names(out->policy, err);
}

int prepare(const struct remit_options *options, bool explaining, struct timing *timing,
            struct prepared *out, struct error *err)
{
	static const char part[] = "decide";
	const struct place_request where = {
	        .workspace = options->workspace,
	        .must_name = options->must_name_workspace && !explaining,
	        .allow_weaker = options->allow_weaker_workspace,
	        .explaining = explaining,
	};

	*out = (struct prepared){0};
	if (!options->agent) {
		error_set(err, "no agent definition");
		return error_help(err, "name one with --agent FILE");
	}
	if (agent_load(options->agent, &out->agent, err) < 0)
		return -1;
	timing_mark(timing, part, "definition");
	if (place_find(&where, &out->place, err) < 0)
		return -1;
	timing_mark(timing, part, "workspace");
	if (build(options, out, err) < 0)
		return -1;
	timing_mark(timing, part, "policy");
	return 0;
}

void prepared_clear(struct prepared *prepared)
{
	agent_free(prepared->agent);
	place_clear(&prepared->place);
	policy_free(prepared->policy);
	*prepared = (struct prepared){0};
}

int export_error(struct error *err, struct remit_error *out)
{
	remit_error_clear(out);
	out->message = text_copy(error_message(err));
	out->help = err->help ? text_copy(err->help) : NULL;
	error_clear(err);
	return -1;
}

const char *remit_version(void)
{
	return "0.1.0";
}

void remit_error_clear(struct remit_error *error)
{
	free(error->message);
	free(error->help);
	*error = (struct remit_error){0};
}

void remit_options_init(struct remit_options *options)
{
	*options = (struct remit_options){.user = -1};
}

const char *remit_policy_name(size_t number)
{
	return number < table_files_count ? table_files[number].name : NULL;
}

const char *remit_policy_text(size_t number)
{
	return number < table_files_count ? table_files[number].text : NULL;
}
