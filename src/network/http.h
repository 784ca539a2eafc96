/* Requests of HTTP/1 (RFC 9112), one behind the other on one connection: where each begins, whom it
 * names, where its body ends. Stricter than the standard: what servers may read in two ways is
 * refused. */
#ifndef REMIT_NETWORK_HTTP_H
#define REMIT_NETWORK_HTTP_H

#include "policy/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_step {
	HTTP_MORE, /* the head is not whole yet */
	HTTP_HEAD, /* `used` bytes are a head; `name` is whom it names ("": nobody) */
	HTTP_BODY, /* `used` bytes belong to a body */
	HTTP_BAD,
};

enum {
	HTTP_HEAD_MOST = 65536,
};

enum http_part {
	HTTP_IN_HEAD,
	HTTP_IN_BODY,    /* `left` bytes */
	HTTP_IN_CHUNK,   /* `left` bytes, and the line's end behind them */
	HTTP_IN_SIZE,    /* the line before a chunk */
	HTTP_IN_TRAILER, /* lines behind the last chunk */
};

/* All zero before the first request. */
struct http {
	enum http_part part;
	uint64_t left;
	/* of the last head: */
	char name[NETWORK_NAME_MOST + 1]; /* lower case; an address without brackets */
	uint16_t port;                    /* that its first line names, for a proxy; 0: none */
	bool tunnel;    /* CONNECT: what follows an answer that agrees is no HTTP */
	bool websocket; /* asks for that protocol: the same */
	size_t upgrade; /* where the head asks for any other one, by a field of this place; 0:
	                   nowhere */
};

/* Looks at `size` bytes that follow what was used before. */
enum http_step http_read(struct http *http, const char *data, size_t size, size_t *used);

/* Whether `size` bytes may be the beginning of a request by one of the usual methods. */
bool http_looks_like(const char *data, size_t size);

/* The same of HTTP/2 without TLS. */
bool http_looks_like_two(const char *data, size_t size);

#endif
