#include "library/sources.h"

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char system_ceiling[] = "/etc/remit/ceiling.yaml";
static const char user_policy[] = ".config/remit/policy.yaml";
static const char workspace_ceiling[] = ".remit.yaml";

struct text_list sources_list(char *const *items)
{
	struct text_list list = {.items = (const char *const *)items};

	while (items && items[list.count])
		list.count++;
	return list;
}

static int append(char ***list, char *text, struct error *err)
{
	size_t count = sources_list(*list).count;
	char **grown = text ? reallocarray(*list, count + 2, sizeof(**list)) : NULL;

	if (!grown) {
		free(text);
		return error_memory(err);
	}
	grown[count] = text;
	grown[count + 1] = NULL;
	*list = grown;
	return 0;
}

static int append_all(char ***list, const char *const *items, struct error *err)
{
	for (size_t i = 0; items && items[i]; i++)
		if (append(list, text_copy(items[i]), err) < 0)
			return -1;
	return 0;
}

/* Appends a file that is read wherever it exists. */
static int append_present(char ***list, const char *path, bool trusted, struct error *err)
{
	struct stat status;

	if (lstat(path, &status) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0
		                                           : error_system(err, errno, "%s", path);
	if (!trusted && !S_ISREG(status.st_mode)) {
		error_set(err, "%s is not a file", path);
		return error_help(err, "a ceiling of the workspace is a file of its own, no link");
	}
	/* The user's policy widens: it is the caller's own, or root's. */
	if (trusted && stat(path, &status) == 0 && status.st_uid != 0 &&
	    status.st_uid != getuid()) {
		error_set(err, "%s belongs to another user", path);
		return error_help(err, "set HOME to your own home folder, or give the file to its "
		                       "reader");
	}
	return append(list, text_copy(path), err);
}

/* What may widen must not be something that the tool can plant for the next run: not even its place
 * may lie in the workspace. */
static int refuse_planted(const struct place *place, const char *policy, struct error *err)
{
	cleanup_free char *folder = text_copy(policy);
	char *real = NULL;

	while (folder && !(real = realpath(folder, NULL)) && strcmp(folder, "/") != 0) {
		char *parent = path_parent(folder);
		free(folder);
		folder = parent;
	}
	cleanup_free char *owned = real;
	if (!folder)
		return error_memory(err);
	if (!owned || (!path_within(owned, place->workspace) &&
	               !(place->repository && path_within(owned, place->repository))))
		return 0;
	error_set(err, "the user's policy, %s, would lie in the workspace", policy);
	return error_help(err, "choose a workspace that does not hold it: what a tool writes there "
	                       "would widen the next run");
}

static int find_files(const struct remit_options *options, const struct place *place,
                      struct sources *out, struct error *err)
{
	cleanup_free char *user = path_join(place->home, user_policy);
	cleanup_free char *workspace = path_join(place->workspace, workspace_ceiling);

	if (!user || !workspace)
		return error_memory(err);
	if (place->home_exists && (refuse_planted(place, user, err) < 0 ||
	                           append_present(&out->policies, user, true, err) < 0))
		return -1;
	if (append_all(&out->policies, options->policies, err) < 0 ||
	    append_present(&out->ceilings, system_ceiling, true, err) < 0 ||
	    append_all(&out->ceilings, options->ceilings, err) < 0)
		return -1;
	return append_present(&out->ceilings, workspace, false, err);
}

/* What remit reads is held in place, so it must have a path, whatever the reason that it has none.
 */
static int give(struct sources *out, const char *file, struct error *err)
{
	char *real = realpath(file, NULL);

	return real ? append(&out->given, real, err) : error_system(err, errno, "%s", file);
}

int sources_find(const struct remit_options *options, const struct place *place,
                 struct sources *out, struct error *err)
{
	*out = (struct sources){0};
	if (find_files(options, place, out, err) < 0 || give(out, options->agent, err) < 0)
		return -1;
	for (size_t i = 0; out->policies && out->policies[i]; i++)
		if (give(out, out->policies[i], err) < 0)
			return -1;
	for (size_t i = 0; out->ceilings && out->ceilings[i]; i++)
		if (give(out, out->ceilings[i], err) < 0)
			return -1;
	return 0;
}

static void clear_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

void sources_clear(struct sources *sources)
{
	clear_list(sources->policies);
	clear_list(sources->ceilings);
	clear_list(sources->given);
	*sources = (struct sources){0};
}
