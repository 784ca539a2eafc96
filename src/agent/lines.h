/* The last recovery step: only the lines that bear a permission, and the name. */
#ifndef REMIT_AGENT_LINES_H
#define REMIT_AGENT_LINES_H

#include "agent/report.h"
#include "agent/source.h"
#include "base/yaml_tree.h"

/* Returns 0 and a mapping of the keys that could be read, owned by the caller. Negative where a
 * line that bears a permission, or may do so, is not understood with certainty. */
int lines_read(const struct reading *reading, const struct source *source, struct yaml_tree **root);

#endif
