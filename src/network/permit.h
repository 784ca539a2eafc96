/* Who may be reached: what the rules say of an address and of the names that were looked up for it.
 */
#ifndef REMIT_NETWORK_PERMIT_H
#define REMIT_NETWORK_PERMIT_H

#include "network/relay.h"

#include <stdbool.h>
#include <stdint.h>

/* The best verdict that one of the address' names gives, or the address itself. `*name` is that
 * name, or NULL; it belongs to the table. */
void permit_decide(struct relay *relay, const struct network_address *address, uint16_t port,
                   struct decision *decision, const char **name);

/* Whether what is said first on a connection to there must name a permitted peer. `approved` is the
 * name that somebody was asked about and permits, or NULL. */
bool permit_needs_name(struct relay *relay, const struct network_address *address, uint16_t port,
                       const char *approved);

/* Whether somebody who was asked permits it, and what they were asked about is still so. */
bool permit_was_given(const struct relay *relay, const struct network_message *message);

/* Whether the peer may be called `name`, at `port`: it must be a permitted name that has this
 * address, or the address itself is permitted. Refuses where not. */
bool permit_name(struct connection *connection, const char *name, uint16_t port);

#endif
