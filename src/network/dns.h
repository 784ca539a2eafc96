/* Questions and answers of the domain name system (RFC 1035), as the resolver inside speaks them.
 */
#ifndef REMIT_NETWORK_DNS_H
#define REMIT_NETWORK_DNS_H

#include "policy/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DNS_DATAGRAM = 512, /* bytes of an answer by UDP; ours are never longer */
	DNS_ADDRESSES = 15, /* that fit into one */
	DNS_QUESTION = 260, /* bytes of a name, type and class */

	DNS_TYPE_A = 1,
	DNS_TYPE_AAAA = 28,

	DNS_NO_ERROR = 0,
	DNS_SERVER_FAILURE = 2,
	DNS_NO_NAME = 3,
};

struct dns_query {
	uint16_t id;
	bool recursion;
	uint16_t type;
	bool internet; /* class IN */
	bool plain;    /* a host name: letters, digits, `-` and `_`, and no address */
	char name[NETWORK_NAME_MOST + 1]; /* lower case, no dot at its end; odd bytes are `?` */
	unsigned char question[DNS_QUESTION];
	size_t question_size;
};

/* Takes a message apart. False where it is no question that can be answered: it is dropped. */
bool dns_parse(const unsigned char *message, size_t size, struct dns_query *out);

/* Writes the answer: at most DNS_ADDRESSES addresses, those of the other kind than was asked for
 * are left out. Returns its bytes. */
size_t dns_answer(const struct dns_query *query, unsigned code,
                  const struct network_address *addresses, size_t count, uint32_t seconds,
                  unsigned char out[DNS_DATAGRAM]);

/* Whether `name` is a host name as above. */
bool dns_is_host_name(const char *name);

#endif
