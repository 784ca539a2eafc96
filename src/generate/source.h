/* A file of policies/ as it is read during the build: strict, so that a slip of the pen stops the
 * build with its line instead of becoming a rule that nobody meant. */
#ifndef REMIT_GENERATE_SOURCE_H
#define REMIT_GENERATE_SOURCE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/yaml_tree.h"

#include <stdbool.h>
#include <stddef.h>

struct source {
	char *path;
	struct buffer text;
	struct yaml_tree *root; /* a mapping */
};

/* One key of a mapping: every key that is not on the caller's list is an error. */
struct source_key {
	const char *name;
	enum yaml_tree_kind kind; /* what its value must be */
	bool required;
};

/* Reads and checks `path`: one document, a mapping with `version: 1`, no key twice anywhere, no
 * anchors, aliases or tags. `keys` (beside `version`) says what the root may hold. Returns 0 and
 * a source to be released with source_free, negative with FILE:LINE:COLUMN on failure. */
int source_load(const char *path, const struct source_key *keys, size_t key_count,
                struct source *out, struct error *err);

/* Reads a file without looking into it: only `path` and `text` are set. */
int source_read(const char *path, struct source *out, struct error *err);

void source_free(struct source *source);

#define cleanup_source __attribute__((cleanup(source_free)))

/* Sets "FILE:LINE:COLUMN: message". Always returns -1. */
int source_error(const struct source *source, const struct yaml_tree *node, struct error *err,
                 const char *format, ...) error_printf_like(4);

/* Checks that `node` is of the kind; `what` names it in the message. */
int source_expect(const struct source *source, const struct yaml_tree *node,
                  enum yaml_tree_kind kind, const char *what, struct error *err);

/* Checks a mapping against the keys that it may and must have, and the kinds of their values. */
int source_expect_keys(const struct source *source, const struct yaml_tree *mapping,
                       const struct source_key *keys, size_t key_count, struct error *err);

/* Checks that every item of a sequence is a non-empty scalar that stands there once. */
int source_expect_words(const struct source *source, const struct yaml_tree *sequence,
                        struct error *err);

#endif
