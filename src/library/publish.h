/* --publish: ports of the host's 127.0.0.1 that lead into the sandbox. */
#ifndef REMIT_LIBRARY_PUBLISH_H
#define REMIT_LIBRARY_PUBLISH_H

#include "base/error.h"
#include "network/network.h"

struct publish {
	struct network_publish items[NETWORK_PUBLISH_MOST];
	size_t count;
};

/* Listens on each port of `texts` ("HOSTPORT:PORT"; ends with NULL, may be NULL itself). Returns 0;
 * negative where one is not understood or cannot be had. Either way the caller closes. */
int publish_open(const char *const *texts, struct publish *out, struct error *err);
void publish_close(struct publish *publish);

#endif
