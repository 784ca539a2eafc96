/* Patterns over network peers: `host`, `*.domain` (not the domain itself), `*`, addresses and
 * address ranges (`10.0.0.0/8`, `[2001:db8::/32]`), each with an optional `:port`, `:low-high` or
 * `:*`. Hosts match without regard to case or a trailing dot. */
#ifndef REMIT_POLICY_PEER_H
#define REMIT_POLICY_PEER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Returns 0 where `text` is such a pattern, negative with what is wrong. */
int peer_check(const char *text, struct error *err);

/* True when `pattern` covers the whole of `target` (itself a host or a pattern; without a port it
 * means every port). Never allocates. */
bool peer_covers(const char *pattern, const char *target);

/* The same for refusals, which also hold where only a port of the target is meant: a target
 * without a port is touched by a refusal of any of its ports. */
bool peer_touches(const char *pattern, const char *target);

/* True where the host of `text` is an address or a range of addresses. */
bool peer_is_address(const char *text);

/* True where it is one, and not all of it is public: this machine, its link, private and carrier
 * networks, metadata services, what the registries keep for documents and tests. */
bool peer_is_special(const char *text);

/* The host of `text`, as it stands before a port: an address of the newer kind in brackets. False
 * where there is no room. */
bool peer_host(const char *text, char *out, size_t size);

/* True where `text` names no port, or only those of the web (80, 443). */
bool peer_is_web(const char *text);

/* The ports that `text` names; false where it names none. */
bool peer_ports(const char *text, unsigned *low, unsigned *high);

#endif
