/* Which variables of git's configuration do no harm: git-config.yaml. */
#ifndef REMIT_WATCH_GIT_KEYS_H
#define REMIT_WATCH_GIT_KEYS_H

#include <stdbool.h>

/* Whether a variable does no harm: it is a row of git-config.yaml, and its value is of the shape
 * that the row asks for. `value` may be NULL. `folder` is the folder of the file, `git` the
 * outermost git folder that holds it, `top` the tree that a work tree has to lie in; all absolute
 * and normal. */
bool git_config_harmless(const char *name, const char *value, const char *folder, const char *git,
                         const char *top);

#endif
