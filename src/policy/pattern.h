/* Patterns over paths. A pattern is reduced to the strongest form that says the same: a tree is
 * something that a mount can hold, a glob is not. */
#ifndef REMIT_POLICY_PATTERN_H
#define REMIT_POLICY_PATTERN_H

#include "base/error.h"

#include <stdbool.h>

enum pattern_kind {
	PATTERN_TREE,      /* `root` and everything below */
	PATTERN_GLOB,      /* `glob` matched against what follows `root` + "/" */
	PATTERN_ANY_DEPTH, /* `glob` matched at any depth below `root`, and everything below a match
	                    */
};

struct pattern {
	enum pattern_kind kind;
	char *root; /* absolute, normal, without wildcards */
	char *glob; /* relative, NULL for PATTERN_TREE; `**` crosses folders, `*` and `?` do not */
	char *text; /* as written */
};

/* Where the anchors of a pattern point. All absolute. */
struct pattern_base {
	const char *project;   /* `/x` where `claude` is set */
	const char *home;      /* `~/x`; NULL: `~` is an error */
	const char *directory; /* bare and `./x` */
	bool claude; /* true: anchors of an agent file (`//abs`, `/project`); false: `/abs` */
	bool deny;   /* a bare file name and `dir/` + `**` match at any depth below `directory` */
};

/* Returns 0 and a pattern to be released by pattern_clear, negative where `text` is empty, leaves
 * its anchor by "..", or has an unclosed bracket. */
int pattern_parse(const char *text, const struct pattern_base *base, struct pattern *out,
                  struct error *err);

/* True when the absolute, normal `path` matches. */
bool pattern_matches(const struct pattern *pattern, const char *path);

/* True when the pattern names `tree` itself or something below it: no match of the pattern lies
 * outside `tree`. */
bool pattern_names_within(const struct pattern *pattern, const char *tree);

void pattern_clear(struct pattern *pattern);

#endif
