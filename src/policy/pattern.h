/* Patterns over paths. A pattern is reduced to the strongest form that says the same: a tree is
 * something that a mount can hold, a glob is not. */
#ifndef REMIT_POLICY_PATTERN_H
#define REMIT_POLICY_PATTERN_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum pattern_kind {
	PATTERN_TREE,      /* `root` and everything below */
	PATTERN_GLOB,      /* `glob` matched against what follows `root` + "/" */
	PATTERN_ANY_DEPTH, /* `glob` matched at any depth below `root`, and everything below a match
	                    */
};

struct pattern {
	enum pattern_kind kind;
	char *root; /* absolute, normal, without wildcards */
	size_t root_size;
	char *glob; /* relative, NULL for PATTERN_TREE; `**` crosses folders, `*` and `?` do not */
	char *text; /* as written; may be `root` itself */
	bool below; /* what lies below a match matches too: always for denies, trees and any depth
	             */
};

/* Where the anchors of a pattern point. All absolute. */
struct pattern_base {
	const char *project;   /* `/x` where `claude` is set */
	const char *home;      /* `~/x`; NULL: `~` is an error */
	const char *directory; /* bare and `./x` */
	bool claude;      /* true: anchors of an agent file (`//abs`, `/project`); false: `/abs` */
	bool deny;        /* a bare file name and `dir/` + `**` match at any depth below `deep` */
	const char *deep; /* where patterns of any depth begin in a deny; NULL: `directory` */
};

/* Returns 0 and a pattern to be released by pattern_clear, negative where `text` is empty, leaves
 * its anchor by "..", has an unclosed bracket, or says something that gitignore patterns do not
 * know (braces, a leading `!`, `**` beside other characters, character classes). */
int pattern_parse(const char *text, const struct pattern_base *base, struct pattern *out,
                  struct error *err);

/* True when the absolute, normal `path` matches. */
bool pattern_matches(const struct pattern *pattern, const char *path);

/* False when no pattern with this root can match the path of `size` bytes: the cheap question to
 * ask first where hundreds of rules are asked about one path. Reads the path alone. */
static inline bool pattern_may_match(const struct pattern *pattern, const char *path, size_t size)
{
	if (pattern->root_size == 1)
		return true;
	return pattern->root_size <= size &&
	       (path[pattern->root_size] == '/' || path[pattern->root_size] == '\0');
}

/* True when the pattern names `tree` itself or something below it: no match of the pattern lies
 * outside `tree`. */
bool pattern_names_within(const struct pattern *pattern, const char *tree);

/* How many bytes of `path` the deepest match takes: the length of the longest prefix of `path` that
 * the pattern itself names (for PATTERN_TREE its root). 0 where the path does not match. */
size_t pattern_match_length(const struct pattern *pattern, const char *path);

/* pattern_names_within for the first `size` bytes of `tree`. */
bool pattern_names_within_size(const struct pattern *pattern, const char *tree, size_t size);

/* The tree `root`. Returns 0, or negative when memory is exhausted. */
int pattern_tree(const char *root, const char *text, struct pattern *out, struct error *err);

/* `glob` (a trailing slash or `/` + `**` is dropped) at any depth below `root`, with all that lies
 * below a match. Errors as pattern_parse. */
int pattern_any_depth(const char *root, const char *glob, struct pattern *out, struct error *err);

/* A copy of `pattern` below another root. */
int pattern_copy(const struct pattern *pattern, const char *root, struct pattern *out,
                 struct error *err);

void pattern_clear(struct pattern *pattern);

#endif
