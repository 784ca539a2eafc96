/* The files of policy: those that the operator named, and those that are read wherever they
 * exist. */
#ifndef REMIT_LIBRARY_SOURCES_H
#define REMIT_LIBRARY_SOURCES_H

#include "base/error.h"
#include "plan/locate.h"
#include "policy/policy.h"
#include "remit.h"

/* Lists end with NULL; the texts are owned by the struct. */
struct sources {
	char **policies;
	char **ceilings;
	char **given; /* real paths of all of them and of the definition: the tool must not change
	               * them */
};

/* Policies: ~/.config/remit/policy.yaml, then --policy. Ceilings: /etc/remit/ceiling.yaml,
 * --ceiling, then .remit.yaml of the workspace, which may not be a link. Only a file that does not
 * exist is left out. Returns 0 and what sources_clear releases. */
int sources_find(const struct remit_options *options, const struct place *place,
                 struct sources *out, struct error *err);

/* A list of texts as the policy wants it. */
struct text_list sources_list(char *const *items);

void sources_clear(struct sources *sources);

#define cleanup_sources __attribute__((cleanup(sources_clear)))

#endif
