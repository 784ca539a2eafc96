/* What was permitted, as a policy that the operator can read and pass back. */
#ifndef REMIT_LIBRARY_REMEMBER_H
#define REMIT_LIBRARY_REMEMBER_H

#include "base/error.h"
#include "policy/policy.h"
#include "watch/question.h"

struct remember;

/* `file` must not lie where the tool may write. It need not exist; where it does, it must be one
 * that was written here, and is added to. `policy` must outlive what is returned, which the caller
 * owns. */
int remember_open(const char *file, const struct policy *policy, struct remember **out,
                  struct error *err);

/* Writes the file anew, with what the answer permits; an answer that permits nothing, or is there
 * already, changes nothing. The file is replaced at once or not at all. */
int remember_answer(struct remember *remember, const struct question *question,
                    enum answer_scope scope, struct error *err);

/* NULL is nothing. */
void remember_free(struct remember *remember);

#endif
