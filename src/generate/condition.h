/* Rules of syscalls.yaml that depend on arguments (see `arguments` there for the grammar). */
#ifndef REMIT_GENERATE_CONDITION_H
#define REMIT_GENERATE_CONDITION_H

#include "base/error.h"
#include "generate/source.h"

#include <seccomp.h>

enum {
	/* System calls have at most this many arguments. */
	CONDITION_ARGUMENTS = 6,
};

/* Called for one conjunction of comparisons. Negative ends the walk. */
typedef int condition_visit(void *context, const struct scmp_arg_cmp *comparisons, unsigned count,
                            struct error *err);

/* Calls `visit` for each conjunction that the rule stands for: lists of several
 * parameters are multiplied out. Comparisons look at the low 32 bits of an argument. */
int condition_expand(const struct source *source, const struct yaml_tree *parameters,
                     const struct yaml_tree *rule, condition_visit *visit, void *context,
                     struct error *err);

#endif
