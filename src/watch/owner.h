/* Who holds a socket. It describes, for records; nothing rests on it. */
#ifndef REMIT_WATCH_OWNER_H
#define REMIT_WATCH_OWNER_H

#include <stdint.h>
#include <sys/types.h>

/* The process that holds the UDP socket with this port in the network of `inside` (a process there,
 * as the host numbers it); 0 where none is found. */
pid_t owner_of_datagrams(pid_t inside, uint16_t port);

/* The process behind a pidfd; 0 where that cannot be read. */
pid_t owner_number(int process);

#endif
