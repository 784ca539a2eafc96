/* One byte, and perhaps a descriptor with it, over a local socket between processes of a run. */
#ifndef REMIT_BASE_MESSAGE_H
#define REMIT_BASE_MESSAGE_H

#include "base/error.h"

/* A pair of connected sockets (SOCK_SEQPACKET, close-on-exec), both owned by the caller. */
int message_pair(int ends[2], struct error *err);

/* `descriptor` may be -1. Waits until it is sent. */
int message_send(int socket, char what, int descriptor, struct error *err);

/* Waits for a message that must be `what`; a descriptor that came with it is owned by the caller,
 * `*descriptor` is -1 where there was none. `descriptor` may be NULL where none is expected: one
 * that came is closed. Negative where another message or the end of the other side came. */
int message_expect(int socket, char what, int *descriptor, struct error *err);

#endif
