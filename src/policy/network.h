/* Verdicts on peers: a name, one of its addresses, a port. Pure. */
#ifndef REMIT_POLICY_NETWORK_H
#define REMIT_POLICY_NETWORK_H

#include "policy/policy.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	NETWORK_NAME_MOST = 253,   /* bytes of a host name */
	NETWORK_TARGET_SIZE = 264, /* of a text "host:port", with its NUL */
};

/* An address of either family: the older kind is written into the newer (::ffff:a.b.c.d), so that
 * there is one spelling of each. */
struct network_address {
	struct in6_addr bytes;
};

/* Whether the address is of the older kind. */
bool network_address_is_four(const struct network_address *address);

/* Whether anybody on the internet may have it (see peer_is_special). */
bool network_address_is_public(const struct network_address *address);

/* "192.0.2.1:443", "[2001:db8::1]:443"; without brackets and port where `port` is 0. */
void network_address_text(const struct network_address *address, uint16_t port,
                          char out[NETWORK_TARGET_SIZE]);

/* 0.0.0.0 and :: mean this machine to connect(2): its address instead. */
void network_address_normalize(struct network_address *address);

/* Any spelling that inet_pton(3) takes, normalized. False where `text` is no address. */
bool network_address_parse(const char *text, struct network_address *out);

/* The verdict on a connection to `address`, which is known to be one of `name` (NULL: of nobody).
 * A refusal of either holds; a permitted name does not open an address that is not public. */
void network_decide(const struct policy *policy, const char *name,
                    const struct network_address *address, uint16_t port, struct decision *out);

/* The verdict on `name` spoken to a peer that was reached by its address alone: what refuses the
 * name holds, and else what permits the address. */
void network_decide_spoken(const struct policy *policy, const char *name,
                           const struct network_address *address, uint16_t port,
                           struct decision *out);

/* Whether the client has to name whom it speaks to (TLS, HTTP). Not where a rule names the address,
 * or permits all addresses and none refuses a name; nor where one names this port, and it is none
 * of the web's: ssh and databases name nobody. Only rules count that come to a verdict of at least
 * `least`: VERDICT_ALLOW, or VERDICT_ASK where somebody was asked about `name` and permits it. */
bool network_must_name(const struct policy *policy, const char *name,
                       const struct network_address *address, uint16_t port, enum verdict least);

/* Whether the operator names the address: then it counts, whatever else it is. */
bool network_names_address(const struct policy *policy, const struct network_address *address,
                           uint16_t port);

/* The same of any port. */
bool network_opens_address(const struct policy *policy, const struct network_address *address);

/* Whether some port of `name` may be reached or asked for: else nobody looks the name up. The
 * decision is that of the most permissive port. */
void network_decide_name(const struct policy *policy, const char *name, struct decision *out);

/* Whether a rule names `name` exactly, so that looking it up tells nobody anything. */
bool network_name_is_exact(const struct policy *policy, const char *name);

/* Whether any peer may be reached at all, by a verdict of at least `least`; `decision` is about the
 * first such rule. */
bool network_permits(const struct policy *policy, enum verdict least, struct decision *decision,
                     const char **peer);

#endif
