/* The process that asks the host's name servers. It is told names, and tells addresses; it parses
 * what servers send, so it is apart from everything else. */
#ifndef REMIT_NETWORK_RESOLVER_H
#define REMIT_NETWORK_RESOLVER_H

#include "base/error.h"
#include "network/dns.h"
#include "plan/plan.h"

#include <sys/types.h>

enum resolver_status {
	RESOLVER_FOUND,
	RESOLVER_NO_NAME,
	RESOLVER_NO_DATA, /* the name exists, without addresses of this kind */
	RESOLVER_FAILED,
};

struct resolver_question {
	uint64_t id;
	uint16_t type; /* DNS_TYPE_A or DNS_TYPE_AAAA */
	char name[NETWORK_NAME_MOST + 1];
};

struct resolver_answer {
	uint64_t id;
	enum resolver_status status;
	uint32_t seconds; /* that the addresses hold */
	size_t count;
	struct network_address addresses[DNS_ADDRESSES];
};

/* Starts it. Questions and answers go over `*channel` (SOCK_SEQPACKET, owned by the caller), one
 * datagram each, in any order; its end of file is the resolver's end, and the other way round. */
int resolver_start(const struct plan_identity *identity, pid_t *pid, int *channel,
                   struct error *err);

#endif
