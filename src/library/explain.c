#include "library/prepare.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/link.h"
#include "base/path.h"
#include "base/text.h"
#include "policy/explain.h"

#include <stdlib.h>
#include <string.h>

int remit_explain(const struct remit_options *options, enum remit_format format, char **text,
                  struct remit_error *error)
{
	cleanup_error struct error err = {0};
	cleanup_prepared struct prepared prepared = {0};
	cleanup_buffer struct buffer out = {0};

	*text = NULL;
	if (prepare(options, true, NULL, &prepared, &err) < 0)
		return export_error(&err, error);
	int result = format == REMIT_FORMAT_JSON
	                     ? explain_json(prepared.agent, prepared.policy, &out)
	                     : explain_table(prepared.agent, prepared.policy, &out);
	*text = result < 0 ? NULL : buffer_steal(&out);
	if (!*text) {
		error_memory(&err);
		return export_error(&err, error);
	}
	return 0;
}

/* A path as the policy wants it: absolute and normal. NULL when memory is exhausted. */
static char *normal_path(const struct place *place, const char *target)
{
	if (strcmp(target, "~") == 0)
		return text_copy(place->home);
	if (strncmp(target, "~/", 2) == 0)
		return path_absolute(place->home, target + 2);
	return path_absolute(place->directory, target);
}

static int judge(const struct prepared *prepared, enum effect effect, const char *target,
                 enum remit_verdict *verdict, struct buffer *out)
{
	struct decision decision;

	policy_decide(prepared->policy, effect, target, &decision);
	if ((enum remit_verdict)decision.verdict < *verdict)
		*verdict = (enum remit_verdict)decision.verdict;
	policy_reasons(prepared->policy, effect, target, out);
	return buffer_failed(out) ? -1 : 0;
}

/* What cannot be read can be neither written nor executed: a mount gives all of them or none. In
 * private scratch the tool reads and writes its own. */
static int judge_reading(const struct prepared *prepared, enum effect effect, const char *path,
                         enum remit_verdict *verdict, struct buffer *out)
{
	struct decision decision;

	policy_decide(prepared->policy, EFFECT_READ, path, &decision);
	if (effect == EFFECT_READ || (enum remit_verdict)decision.verdict >= *verdict ||
	    (!decision.no_region && decision.region == REGION_SCRATCH))
		return 0;
	buffer_printf(out, "%-10s %-6s %s\n", "reading", verdict_name(decision.verdict),
	              "what cannot be read can be neither written nor executed:");
	return judge(prepared, EFFECT_READ, path, verdict, out);
}

/* One of the names of a path. */
static int judge_name(const struct prepared *prepared, enum effect effect, const char *path,
                      enum remit_verdict *verdict, struct buffer *out)
{
	if (judge(prepared, effect, path, verdict, out) < 0)
		return -1;
	return judge_reading(prepared, effect, path, verdict, out);
}

/* A path counts by its name, by that of every link on the way to what it leads to, and by that: all
 * must be permitted. A link that is not there inside leads nowhere. */
static int judge_path(const struct prepared *prepared, enum effect effect, const char *target,
                      enum remit_verdict *verdict, struct buffer *out, struct error *err)
{
	cleanup_free char *path = normal_path(&prepared->place, target);
	cleanup_free char *real = NULL;

	if (!path)
		return error_memory(err);
	if (file_resolve(path, &real, err) < 0 ||
	    judge_name(prepared, effect, path, verdict, out) < 0)
		return -1;
	for (int i = 0; i < MOST_LINKS; i++) {
		char *next = NULL;
		if (link_walk(path, &next) != LINK_FOUND) {
			free(next);
			break;
		}
		free(path);
		path = next;
		if (judge_name(prepared, effect, path, verdict, out) < 0)
			return -1;
	}
	return strcmp(real, path) == 0 ? 0 : judge_name(prepared, effect, real, verdict, out);
}

int remit_why(const struct remit_options *options, const char *effect, const char *target,
              enum remit_verdict *verdict, char **reasons, struct remit_error *error)
{
	cleanup_error struct error err = {0};
	cleanup_prepared struct prepared prepared = {0};
	cleanup_buffer struct buffer out = {0};
	enum effect wanted;

	*reasons = NULL;
	*verdict = REMIT_ALLOW;
	if (effect_from_name(effect, &wanted) < 0) {
		error_set(&err, "unknown effect: %s", effect);
		error_help(&err, "one of read, write, exec, connect, delegate");
		return export_error(&err, error);
	}
	if (prepare(options, true, NULL, &prepared, &err) < 0)
		return export_error(&err, error);
	bool path = wanted == EFFECT_READ || wanted == EFFECT_WRITE ||
	            (wanted == EFFECT_EXEC && strchr(target, '/'));
	int result = path ? judge_path(&prepared, wanted, target, verdict, &out, &err)
	                  : judge(&prepared, wanted, target, verdict, &out);
	*reasons = result < 0 ? NULL : buffer_steal(&out);
	if (!*reasons) {
		if (!err.message)
			error_memory(&err);
		return export_error(&err, error);
	}
	return 0;
}
