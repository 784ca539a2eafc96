/* policies/ as the tables of policy/tables.h. */
#ifndef REMIT_GENERATE_TABLES_H
#define REMIT_GENERATE_TABLES_H

#include "base/buffer.h"
#include "base/error.h"
#include "generate/source.h"

/* Appends the text of tables.c for the files of `folder`. Negative, with FILE:LINE:COLUMN, on
 * whatever is not understood. */
int tables_generate(const char *folder, struct buffer *out, struct error *err);

/* tools.yaml; see there for its grammar. */
extern const struct source_key tools_keys[];
extern const size_t tools_key_count;
int tools_generate(const struct source *source, struct buffer *out, struct error *err);

#endif
