/* What the parts of policy_build share. Private to this stage. */
#ifndef REMIT_POLICY_BUILD_H
#define REMIT_POLICY_BUILD_H

#include "agent/agent.h"
#include "policy/policy.h"
#include "policy/source.h"

struct builder {
	const struct agent *agent;
	const struct request *request;
	struct policy *policy;
	struct error *err;
	char *agent_label; /* the agent's file, escaped for messages */
	const char *deep;  /* where denies of any depth begin: the repository, or the workspace */
	struct source *sources; /* ceilings first, then policies, then the command line */
	size_t source_count;
	size_t source_capacity;
	bool strict; /* the request or a source asks for it */
	/* What tools named in the file give in full, whatever --tool says. */
	bool named_gives[EFFECT_COUNT];
	bool writes_named; /* a tool that writes is named: what an absent mode means */
};

/* Takes `rule` over (cleared on failure and where the same rule stands already); `because` too
 * (NULL counts as exhausted memory). */
int build_add_rule(struct builder *build, struct rule rule, char *because);
int build_add_named(struct builder *build, struct rule rule, char *because);

/* A rule on the tree `root`. Takes `because` over. */
int build_add_tree(struct builder *build, enum rule_layer layer, enum effect effect,
                   const char *root, char *because);

/* Takes `because` over; `root` is copied. Where a region of that root and kind stands already,
 * nothing happens. */
int build_add_region(struct builder *build, enum region_kind kind, const char *root, char *because);

/* A warning about a line of the agent's file. `code` is a fixed word. */
__attribute__((format(printf, 4, 5))) int build_warn(struct builder *build, size_t line,
                                                     const char *code, const char *format, ...);

/* "agent.md:7", owned by the caller; "agent.md" for line 0. */
char *build_place(const struct builder *build, size_t line);

/* Anchors of the agent's file, of a policy file or ceiling, and of the command line. */
struct pattern_base build_agent_base(const struct builder *build, bool deny);
struct pattern_base build_source_base(const struct builder *build, const struct source *source,
                                      bool deny);

/* The steps, in their order. Each returns 0 or negative with build->err set. */
int build_sources(struct builder *build);  /* operator.c: reads the files */
int build_tools(struct builder *build);    /* tools.c: tools become rules */
int build_mode(struct builder *build);     /* modes.c: the mode in force */
int build_operator(struct builder *build); /* operator.c: grants, denies, ceilings, variables */
int build_walls(struct builder *build);    /* walls.c: regions, secrets, protected paths */
int build_limits(struct builder *build);   /* limits.c */

#endif
