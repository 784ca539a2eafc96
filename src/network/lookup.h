/* The resolver inside: answers the tool's questions of names, those that are permitted. */
#ifndef REMIT_NETWORK_LOOKUP_H
#define REMIT_NETWORK_LOOKUP_H

#include "base/error.h"
#include "network/dns.h"
#include "network/loop.h"
#include "network/names.h"

#include <netinet/in.h>

enum {
	LOOKUPS_MOST =
	        256, /* questions that wait; more are dropped, and asked again by whoever asks */
	LOOKUP_STREAMS = 32,
	/* Names below wildcards that are looked up in a run: each of them tells the domain's
	 * servers as many bytes as it has. */
	LOOKUP_WILD_MOST = 1024,
	LOOKUP_SECONDS = 60, /* that an answer holds at most */
};

/* A question that waits for the resolver, or for its record. */
struct lookup {
	uint64_t id; /* even; 0: free */
	struct dns_query query;
	int stream; /* place in `streams`, or -1: by datagram */
	uint64_t stream_number;
	struct sockaddr_in from;
	bool approved; /* somebody was asked, and permits it */
	unsigned code; /* of the answer, where a record is waited for */
};

struct lookup_stream {
	struct loop_source source;
	int socket; /* -1: free */
	uint64_t number;
	size_t size;
	unsigned char data[2 + DNS_DATAGRAM];
};

struct lookups {
	struct loop *loop;
	const struct policy *policy;
	struct names *names;
	int channel;  /* to the watch */
	int resolver; /* to the resolver */
	int datagrams, listener;
	struct loop_source datagram_source, listener_source, resolver_source;
	struct lookup waiting[LOOKUPS_MOST];
	struct lookup_stream streams[LOOKUP_STREAMS];
	uint64_t ids, stream_numbers;
	size_t wild;
};

int lookups_start(struct lookups *lookups, struct error *err);

/* The refusal of that number is recorded; or somebody was asked, and permits the name. */
void lookups_recorded(struct lookups *lookups, uint64_t id, bool approved);

#endif
