/* The server name in the first message of TLS (RFC 8446, RFC 6066). */
#ifndef REMIT_NETWORK_HELLO_H
#define REMIT_NETWORK_HELLO_H

#include "policy/network.h"

#include <stdbool.h>
#include <stddef.h>

enum hello {
	HELLO_MORE,   /* not whole yet */
	HELLO_NAME,   /* `name` is set: lower case, no dot at its end */
	HELLO_NONE,   /* it names nobody */
	HELLO_HIDDEN, /* it names somebody else in what only the server reads (ECH) */
	HELLO_BAD,    /* no such message, or one that can be read in two ways */
};

enum {
	HELLO_MOST = 65536, /* bytes of a message that is waited for */
	HELLO_ANSWER = 43,  /* of a server's answer, with which its kind is known */
};

/* Reads what a client sent first: whole records, in which the message may be split as it likes.
 * `*used` bytes are the records of a message that is whole. */
enum hello hello_read(const unsigned char *data, size_t size, size_t *used,
                      char name[NETWORK_NAME_MOST + 1]);

/* Whether a server's first bytes may be its answer to that message (they are at least up to
 * HELLO_ANSWER), and whether they ask for another one (HelloRetryRequest, RFC 8446, 4.1.4). */
bool hello_may_answer(const unsigned char *data, size_t size);
bool hello_is_retry(const unsigned char *data, size_t size);

#endif
