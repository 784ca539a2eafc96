/* The front matter as a tree, also where it is not quite YAML. */
#ifndef REMIT_AGENT_RECOVER_H
#define REMIT_AGENT_RECOVER_H

#include "agent/report.h"
#include "agent/source.h"
#include "base/yaml_tree.h"

/* Reads the front matter: as YAML; else with the values of unquoted top-level `key: value` lines
 * quoted; else only the permission-bearing lines and the name. Sets `parsed` and the warnings of
 * the agent. Returns 0 and a mapping owned by the caller, negative with an error. */
int recover_mapping(const struct reading *reading, const struct source *source,
                    struct yaml_tree **root);

#endif
