/* Questions that wait, and answers that stand. */
#ifndef REMIT_WATCH_ASK_H
#define REMIT_WATCH_ASK_H

#include "base/error.h"
#include "policy/effect.h"
#include "watch/notify.h"
#include "watch/question.h"

#include <stdbool.h>
#include <stdint.h>

/* Who answers where a verdict is `ask`. */
enum watch_approve {
	WATCH_APPROVE_DENY,  /* nobody */
	WATCH_APPROVE_ALLOW, /* everything but protected paths is permitted */
	WATCH_APPROVE_ASK,   /* whoever is behind the socket for questions */
};

struct asks;

/* `socket` (borrowed) is where questions go; -1 unless WATCH_APPROVE_ASK. Returns 0 and what the
 * caller owns, or negative. */
int asks_new(enum watch_approve approve, int socket, struct asks **out, struct error *err);

enum asking {
	ASKED_YES,
	ASKED_NO,
	ASKED_LATER, /* the notice was taken over, and comes back when the answer is there */
};

/* Whether the call in hand may do this. The same question while it waits is asked once. */
enum asking ask_about(struct asks *asks, struct notice *notice, const struct question *question);

/* The call was answered: what was said of it alone is forgotten. */
void ask_forget(struct asks *asks, uint64_t call);

/* An answered question, for the log; texts are the question's own. */
typedef void ask_record(void *data, const struct question *question, const struct answer *answer);

/* Called for each call that can be looked at again; it takes the notice over. */
typedef void ask_again(void *data, struct notice *notice);

/* Takes an answer in: records it, and hands back what waited for it. Unknown ones are passed
 * over. */
void ask_answer(struct asks *asks, const struct answer *answer, ask_record *record,
                ask_again *again, void *data);

/* Nobody answers any more: everything that waits, and that is asked later, is refused. */
void ask_close(struct asks *asks, ask_record *record, ask_again *again, void *data);

#endif
