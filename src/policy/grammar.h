/* The one grammar of policies and ceilings. */
#ifndef REMIT_POLICY_GRAMMAR_H
#define REMIT_POLICY_GRAMMAR_H

#include "base/error.h"
#include "policy/source.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	/* Largest policy file that is read, in bytes. */
	GRAMMAR_SIZE_LIMIT = 1024 * 1024,
};

/* Reads a policy, or a ceiling, whose grammar is the same but for what would widen. Returns 0 and
 * a source to be released by source_clear; negative with "FILE:LINE:COLUMN: what is wrong". An
 * unknown key is an error that names the nearest known one. */
int grammar_load(const char *file, bool ceiling, struct source *out, struct error *err);

/* The same from memory; `file` is only used in messages. */
int grammar_parse(const char *file, const char *text, size_t size, bool ceiling, struct source *out,
                  struct error *err);

#endif
