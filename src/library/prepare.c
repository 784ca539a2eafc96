#include "library/prepare.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static struct text_list list_of(const char *const *items)
{
	struct text_list list = {.items = items};

	while (items && items[list.count])
		list.count++;
	return list;
}

/* The real paths of every file that remit was given: the tool must not change them. */
struct given {
	const char **items;
	char **owned;
	size_t count;
};

static void given_clear(struct given *given)
{
	for (size_t i = 0; i < given->count; i++)
		free(given->owned[i]);
	free(given->owned);
	free(given->items);
}

static void given_add(struct given *given, const char *file)
{
	/* What cannot be resolved cannot be read either, and that is reported where it is read. */
	char *real = realpath(file, NULL);

	if (!real)
		return;
	given->owned[given->count] = real;
	given->items[given->count] = real;
	given->count++;
}

static int given_find(const struct remit_options *options, struct given *given, struct error *err)
{
	struct text_list policies = list_of(options->policies);
	struct text_list ceilings = list_of(options->ceilings);
	size_t most = policies.count + ceilings.count + 1;

	given->items = calloc(most, sizeof(*given->items));
	given->owned = calloc(most, sizeof(*given->owned));
	if (!given->items || !given->owned)
		return error_memory(err);
	given_add(given, options->agent);
	for (size_t i = 0; i < policies.count; i++)
		given_add(given, policies.items[i]);
	for (size_t i = 0; i < ceilings.count; i++)
		given_add(given, ceilings.items[i]);
	return 0;
}

static int build(const struct remit_options *options, struct prepared *out, struct error *err)
{
	__attribute__((cleanup(given_clear))) struct given given = {0};

	if (given_find(options, &given, err) < 0)
		return -1;
	const struct request request = {
	        .workspace = out->place.workspace,
	        .repository = out->place.repository,
	        .home = out->place.home,
	        .directory = out->place.directory,
	        .tool = options->tool,
	        .mode = options->mode,
	        .policies = list_of(options->policies),
	        .ceilings = list_of(options->ceilings),
	        .grants = list_of(options->grants),
	        .denies = list_of(options->denies),
	        .keep = list_of(options->environment),
	        .limits = list_of(options->limits),
	        .homes = {.items = out->place.other_homes, .count = out->place.other_home_count},
	        .given = {.items = given.items, .count = given.count},
	        .strict = options->strict,
	};
	return policy_build(out->agent, &request, &out->policy, err);
}

int prepare(const struct remit_options *options, bool explaining, struct prepared *out,
            struct error *err)
{
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
	if (place_find(&where, &out->place, err) < 0)
		return -1;
	return build(options, out, err);
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
