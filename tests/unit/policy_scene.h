/* A policy that is built from a definition's head and the options of a request. */
#ifndef REMIT_UNIT_POLICY_SCENE_H
#define REMIT_UNIT_POLICY_SCENE_H

#include "agent/agent.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/policy.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	OPTIONS = 6,
};

/* A definition's head and options such as "grant=read:/data" or "ceiling=TEXT". */
struct setup {
	const char *head;
	const char *options[OPTIONS];
};

/* Everything that a request points to. */
struct scene {
	struct request request;
	const char *grants[OPTIONS], *denies[OPTIONS], *policies[OPTIONS], *ceilings[OPTIONS];
	const char *keep[OPTIONS], *limits[OPTIONS], *given[OPTIONS];
	char files[OPTIONS][32];
	size_t file_count;
	struct agent *agent;
	struct policy *policy;
	struct error err;
};

static inline const char *write_file(struct scene *scene, const char *text)
{
	char *name = scene->files[scene->file_count++];

	strcpy(name, "/tmp/remit-test-XXXXXX");
	int file = mkstemp(name);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
	return name;
}

static inline void append(struct text_list *list, const char **items, const char *text)
{
	items[list->count++] = text;
	list->items = items;
}

static inline void apply_option(struct scene *scene, const char *option)
{
	struct request *request = &scene->request;
	const char *value = strchr(option, '=') + 1;

	if (strncmp(option, "grant=", 6) == 0)
		append(&request->grants, scene->grants, value);
	else if (strncmp(option, "deny=", 5) == 0)
		append(&request->denies, scene->denies, value);
	else if (strncmp(option, "env=", 4) == 0)
		append(&request->keep, scene->keep, value);
	else if (strncmp(option, "limit=", 6) == 0)
		append(&request->limits, scene->limits, value);
	else if (strncmp(option, "given=", 6) == 0)
		append(&request->given, scene->given, value);
	else if (strncmp(option, "policy=", 7) == 0)
		append(&request->policies, scene->policies, write_file(scene, value));
	else if (strncmp(option, "ceiling=", 8) == 0)
		append(&request->ceilings, scene->ceilings, write_file(scene, value));
	else if (strncmp(option, "tool=", 5) == 0)
		request->tool = value;
	else if (strncmp(option, "mode=", 5) == 0)
		request->mode = value;
	else if (strncmp(option, "repository=", 11) == 0)
		request->repository = value;
	else if (strncmp(option, "directory=", 10) == 0)
		request->directory = value;
	else if (strncmp(option, "workspace=", 10) == 0)
		request->workspace = value;
	else if (strncmp(option, "strict=", 7) == 0)
		request->strict = true;
	else
		ck_abort_msg("unknown option %s", option);
}

/* Returns what policy_build returns. */
static inline int stage(struct scene *scene, const struct setup *setup)
{
	cleanup_free char *text = NULL;

	*scene = (struct scene){
	        .request = {.workspace = "/srv/w", .home = "/home/u", .directory = "/srv/w"}};
	ck_assert_int_gt(
	        asprintf(&text, "---\nname: a\ndescription: b\n%s---\nText.\n", setup->head), 0);
	ck_assert_msg(agent_parse("a.md", text, strlen(text), &scene->agent, &scene->err) == 0,
	              "%s", error_message(&scene->err));
	for (size_t i = 0; i < OPTIONS && setup->options[i]; i++)
		apply_option(scene, setup->options[i]);
	return policy_build(scene->agent, &scene->request, &scene->policy, &scene->err);
}

static inline void strike(struct scene *scene)
{
	for (size_t i = 0; i < scene->file_count; i++)
		remove(scene->files[i]);
	policy_free(scene->policy);
	agent_free(scene->agent);
	error_clear(&scene->err);
}

#define R EFFECT_READ
#define W EFFECT_WRITE
#define X EFFECT_EXEC
#define C EFFECT_CONNECT
#define D EFFECT_DELEGATE

#endif
