/* Programs on the host: where a name leads to, and what the kernel loads to run it. */
#ifndef REMIT_PLAN_PROGRAM_H
#define REMIT_PLAN_PROGRAM_H

#include "base/error.h"

/* The first executable file of that name on `search_path` (a name with a slash is taken against
 * `directory`). Returns 0 and an absolute path owned by the caller, links not resolved; 1 where
 * there is none; negative on failure. */
int program_find(const char *name, const char *search_path, const char *directory, char **out,
                 struct error *err);

/* What the kernel itself opens to execute `path`: the interpreter of its #! line or of its ELF
 * header. Returns 0 and a path owned by the caller, NULL where there is none or where the file
 * cannot be read; negative on failure. */
int program_interpreter(const char *path, char **out, struct error *err);

#endif
