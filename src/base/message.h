/* Datagrams over local sockets between the processes of a run, perhaps with a descriptor; most are
 * of one byte. */
#ifndef REMIT_BASE_MESSAGE_H
#define REMIT_BASE_MESSAGE_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/* A pair of connected sockets (SOCK_SEQPACKET, close-on-exec), both owned by the caller. */
int message_pair(int ends[2], struct error *err);

/* Sends `size` bytes as one datagram, and perhaps a descriptor (else -1) with it. Waits until it is
 * sent. Returns 0, or -1 with errno. */
int message_put(int socket, const void *data, size_t size, int descriptor);

/* Receives one datagram of at most `size` bytes; a descriptor that came with it (-1: none) is owned
 * by the caller and closed on exec. `flags` as of recv(2). Returns its size, 0 at the end of the
 * other side, or -1 with errno. */
ssize_t message_take(int socket, void *data, size_t size, int *descriptor, int flags);

/* `descriptor` may be -1. Waits until it is sent. */
int message_send(int socket, char what, int descriptor, struct error *err);

/* Waits for a message that must be `what`; a descriptor that came with it is owned by the caller,
 * `*descriptor` is -1 where there was none. `descriptor` may be NULL where none is expected: one
 * that came is closed. Negative where another message or the end of the other side came. */
int message_expect(int socket, char what, int *descriptor, struct error *err);

#endif
