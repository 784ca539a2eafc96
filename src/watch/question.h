/* What the watch asks where a verdict is `ask`, and what it is answered. The call waits meanwhile.
 *
 * Questions go over a socket of their own (SOCK_SEQPACKET) to whoever holds the approver, one
 * datagram each; answers come back in any order. */
#ifndef REMIT_WATCH_QUESTION_H
#define REMIT_WATCH_QUESTION_H

#include "base/error.h"
#include "policy/effect.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Nothing is owned by who fills it in. Texts may hold any byte but NUL; unknown ones are NULL. */
struct question {
	uint64_t id;
	enum effect effect; /* EFFECT_WRITE or EFFECT_CONNECT */
	bool protected;     /* a protected path: only a person or a program may permit it */
	pid_t pid;          /* as the host numbers it */
	const char *comm;
	const char *exe;       /* path inside */
	const char *operation; /* as records name it: "open", "rename", "connect" */
	const char *target;    /* whole path or peer */
	const char *because;   /* the line that asks */
};

enum answer_scope {
	ANSWER_NO,     /* not this target, also when it is asked for again */
	ANSWER_NO_ALL, /* nothing more of this run */
	ANSWER_ONCE,   /* this operation */
	ANSWER_FOLDER, /* writing in the folder of the target and below; connect: the host */
	ANSWER_EFFECT, /* all of this effect; never speaks of protected paths */
};

enum {
	QUESTION_MOST = 32768, /* bytes of one datagram */
	ANSWER_WHO = 64,
};

struct answer {
	uint64_t id;
	enum answer_scope scope;
	char who[ANSWER_WHO];  /* "tty", "exec:PROGRAM", "timeout"; ends with NUL */
	uint64_t microseconds; /* that it took */
};

/* Each sends or receives one whole datagram. Negative where the other side is gone, or sent what is
 * none: nothing is permitted then. What is received of a question lies in `memory`, QUESTION_MOST
 * bytes that the caller provides. A target that does not fit is an error, never cut. Sending never
 * waits: where the other side has let the socket fill up, it fails. */
int question_send(int socket, const struct question *question, struct error *err);
int question_receive(int socket, char *memory, struct question *out, struct error *err);
int answer_send(int socket, const struct answer *answer, struct error *err);
int answer_receive(int socket, struct answer *out, struct error *err);

#endif
