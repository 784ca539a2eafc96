/* What the keys of a front matter say of the agent. */
#ifndef REMIT_AGENT_FIELDS_H
#define REMIT_AGENT_FIELDS_H

#include "agent/report.h"
#include "base/yaml_tree.h"

/* Reads name, mode and tools from the mapping into the agent. Returns 0, negative where something
 * that bears a permission is not understood with certainty. */
int fields_read(const struct reading *reading, const struct yaml_tree *root);

#endif
